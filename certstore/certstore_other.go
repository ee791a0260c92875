//go:build !linux && !windows && !darwin

package certstore

import (
	"context"
	"fmt"
	"runtime"
)

// Open fails with [ErrUnavailable]: there is no adapter for the stores of this
// system. Everything else compiles and works on files.
func Open(ctx context.Context, opts Options) (Store, error) {
	return nil, &Error{Op: "open", Location: User, Err: fmt.Errorf("%w: not supported on %s", ErrUnavailable, runtime.GOOS)}
}
