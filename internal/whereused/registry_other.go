//go:build !windows

package whereused

import "context"

// registry is Windows'.
func (s *search) registry(context.Context) error { return nil }
