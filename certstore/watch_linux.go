package certstore

import (
	"context"
	"os"
	"path/filepath"
	"time"
)

// watchInterval is how often the files are looked at; inotify does not see
// changes that others make over a network file system.
const watchInterval = 2 * time.Second

// Changes implements [Watcher] by watching the databases' files and the
// trust anchors.
func (s *linuxStore) Changes(ctx context.Context) <-chan struct{} {
	changes := make(chan struct{}, 1)
	last := s.stamp()
	go func() {
		defer close(changes)
		tick := time.NewTicker(watchInterval)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			now := s.stamp()
			if now == last {
				continue
			}
			last = now
			select {
			case changes <- struct{}{}:
			default: // one is waiting to be received already
			}
		}
	}()
	return changes
}

// A fileStamp changes when its file does.
type fileStamp struct {
	time time.Time
	size int64
}

// stamp returns the state of all files that matter.
func (s *linuxStore) stamp() (stamps [6]fileStamp) {
	paths := [...]string{
		filepath.Join(s.user.Dir, "cert9.db"), filepath.Join(s.user.Dir, "key4.db"),
		filepath.Join(s.machine.Dir, "cert9.db"), filepath.Join(s.machine.Dir, "key4.db"),
		s.anchors.dir, s.anchors.bundle,
	}
	for i, p := range paths {
		if st, err := os.Stat(p); err == nil {
			stamps[i] = fileStamp{st.ModTime(), st.Size()}
		}
	}
	return stamps
}
