package certstore

import (
	"context"
	"path/filepath"
)

// Changes implements [Watcher] by watching the databases' files and the
// trust anchors.
func (s *linuxStore) Changes(ctx context.Context) <-chan struct{} {
	return watchStamps(ctx, s.stamp)
}

// stamp returns the state of all files that matter.
func (s *linuxStore) stamp() (stamps [6]fileStamp) {
	for i, p := range [...]string{
		filepath.Join(s.user.Dir, "cert9.db"), filepath.Join(s.user.Dir, "key4.db"),
		filepath.Join(s.machine.Dir, "cert9.db"), filepath.Join(s.machine.Dir, "key4.db"),
		s.anchors.dir, s.anchors.bundle,
	} {
		stamps[i] = stampOf(p)
	}
	return stamps
}
