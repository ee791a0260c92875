package inventory

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"certdesk/internal/certificate"
)

// Why an id names no certificate, or more than one.
var (
	ErrNotFound  = errors.New("no such certificate")
	ErrAmbiguous = errors.New("more than one certificate fits")
)

// A LookupError says which id could not be resolved.
type LookupError struct {
	ID         string
	Err        error  // ErrNotFound or ErrAmbiguous
	Candidates []*Row // with ErrAmbiguous
}

// Error returns the id, the cause and the candidates.
func (e *LookupError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "find %q: %v", e.ID, e.Err)
	for _, r := range e.Candidates {
		fmt.Fprintf(&b, "\n  %s  %s/%s  %s", r.Certificate.Fingerprint(), r.Location, r.Store, r.Certificate.CommonName())
	}
	return b.String()
}

// OneCertificate reports whether the candidates are one certificate in several
// places.
func (e *LookupError) OneCertificate() bool {
	return len(e.Candidates) > 0 && !slices.ContainsFunc(e.Candidates, func(r *Row) bool {
		return r.Certificate.Fingerprint() != e.Candidates[0].Certificate.Fingerprint()
	})
}

// Unwrap returns the cause.
func (e *LookupError) Unwrap() error { return e.Err }

// Resolve returns the rows of the one certificate that id names: a SHA-256 or
// SHA-1 thumbprint or a serial number in any spelling, or an unambiguous
// prefix of at least 8 hex digits. The certificate may be in several places;
// keep picks those that are wanted, nil means all. What the user's store only
// shows of the machine's is left out where the machine's own row is found.
// Errors are [*LookupError].
func (inv *Inventory) Resolve(id string, keep func(*Row) bool) ([]*Row, error) {
	wanted, ok := certificate.ParseID(id)
	if !ok {
		return nil, &LookupError{ID: id, Err: ErrNotFound}
	}
	var exact, prefix []*Row
	for _, r := range inv.Rows {
		if keep != nil && !keep(r) {
			continue
		}
		switch r.Certificate.Match(wanted) {
		case certificate.MatchExact:
			exact = append(exact, r)
		case certificate.MatchPrefix:
			prefix = append(prefix, r)
		}
	}
	found := exact
	if len(found) == 0 {
		found = prefix
	}
	if len(found) == 0 {
		return nil, &LookupError{ID: id, Err: ErrNotFound}
	}
	for _, r := range found[1:] {
		if r.Certificate.Fingerprint() != found[0].Certificate.Fingerprint() {
			return nil, &LookupError{ID: id, Err: ErrAmbiguous, Candidates: found}
		}
	}
	if slices.ContainsFunc(found, func(r *Row) bool { return !r.Inherited }) {
		found = slices.DeleteFunc(found, func(r *Row) bool { return r.Inherited })
	}
	return found, nil
}

// Matches reports whether the row answers to a search: part of a name, an
// address or a friendly name, or of a serial number or thumbprint in any
// spelling. The empty text matches every row.
func (r *Row) Matches(text string) bool {
	text = strings.TrimSpace(text)
	if text == "" {
		return true
	}
	c := r.Certificate
	r.fold.Do(func() { // names are decoded once, not at every key that is typed
		names := []string{r.FriendlyName, c.Subject().String(), c.Issuer().String()}
		for _, a := range c.AltNames {
			names = append(names, a.Value)
		}
		r.folded = strings.ToLower(strings.Join(names, "\x00"))
	})
	if strings.Contains(r.folded, strings.ToLower(text)) {
		return true
	}
	id, ok := certificate.ParseID(text)
	if !ok {
		return false
	}
	if c.MatchSerial(id) {
		return true
	}
	digits := id.Digits
	if len(digits) < 4 {
		return false
	}
	serial, stripped := hex.EncodeToString(c.SerialNumber), strings.TrimLeft(digits, "0")
	return strings.Contains(serial, digits) || stripped != "" && strings.Contains(serial, stripped) ||
		strings.HasPrefix(certificate.SerialInt(c.SerialNumber).String(), digits) ||
		strings.Contains(c.SHA1(), digits) || strings.Contains(c.Fingerprint().String(), digits)
}
