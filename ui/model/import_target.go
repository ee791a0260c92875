package model

import "certdesk/internal/target"

// SetTarget says who will use the certificate; nil for nobody in particular.
func (m *Import) SetTarget(t *target.Target) {
	m.change(func(s *ImportState) {
		s.Chosen = true
		s.setTarget(t)
	})
}

func (s *ImportState) setTarget(t *target.Target) {
	s.Options.Target = t
	if t != nil {
		s.Options.Location = t.Location
	}
}

// preset picks the most likely target until a person chose: the first for a
// file with a key, none for one without.
func (s *ImportState) preset(keyed bool) {
	switch {
	case s.Chosen:
	case keyed && len(s.Targets) > 0:
		s.setTarget(&s.Targets[0])
	default:
		s.setTarget(nil)
	}
}

// FileProvider returns the provider that the file names for a key, "" if it
// names none.
func (s *ImportState) FileProvider() string {
	if s.Known != nil {
		for _, k := range s.Known.Keys {
			if k.Provider != "" {
				return k.Provider
			}
		}
	}
	return ""
}
