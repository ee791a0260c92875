//go:build !linux && !windows

package certstore

import (
	"context"
	"fmt"
	"runtime"
)

// Open fails with [ErrUnavailable]: the stores of this system are not
// supported yet.
func Open(ctx context.Context, opts Options) (Store, error) {
	return nil, &Error{Op: "open", Location: User, Err: fmt.Errorf("%w: not supported yet on %s", ErrUnavailable, runtime.GOOS)}
}
