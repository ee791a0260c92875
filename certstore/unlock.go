package certstore

import (
	"context"
	"errors"
	"fmt"

	"certdesk/internal/certfile"
)

// unlock opens a PKCS#8 EncryptedPrivateKeyInfo, or a PKCS#12 file, and returns
// the PrivateKeyInfo in it.
func unlock(locked []byte, password string) ([]byte, error) {
	contents, err := certfile.Read(context.Background(), locked, certfile.Password{Given: true, Text: []byte(password)})
	if err != nil {
		return nil, fmt.Errorf("the key that the system gave out: %w", err)
	}
	if len(contents.Keys) != 1 || contents.Keys[0].PKCS8 == nil {
		contents.Wipe()
		return nil, errors.New("the system gave out something else than the key")
	}
	return contents.Keys[0].PKCS8, nil
}
