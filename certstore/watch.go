package certstore

import (
	"context"
	"os"
	"time"
)

// watchInterval is how often the files are looked at; inotify does not see
// changes that others make over a network file system.
const watchInterval = 2 * time.Second

// watchStamps sends a value when what stamp returns has changed, until ctx
// ends.
func watchStamps[S comparable](ctx context.Context, stamp func() S) <-chan struct{} {
	changes := make(chan struct{}, 1)
	last := stamp()
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
			now := stamp()
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

// stampOf returns the state of a file, the zero one if it is not there.
func stampOf(path string) fileStamp {
	st, err := os.Stat(path)
	if err != nil {
		return fileStamp{}
	}
	return fileStamp{st.ModTime(), st.Size()}
}
