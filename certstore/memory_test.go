package certstore_test

import (
	"testing"

	"certdesk/certstore"
	"certdesk/certstore/certstoretest"
)

func TestMemory(t *testing.T) {
	certstoretest.TestStore(t, func(*testing.T) certstore.Store { return certstore.NewMemory() })
}
