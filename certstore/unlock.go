package certstore

import (
	"context"
	"errors"
	"fmt"

	"certdesk/internal/certfile"
)

// unlock opens a PKCS#8 EncryptedPrivateKeyInfo and returns its PrivateKeyInfo.
func unlock(locked []byte, password string) ([]byte, error) {
	contents, err := certfile.Read(context.Background(), locked, certfile.Password{Given: true, Text: []byte(password)})
	if err != nil {
		return nil, fmt.Errorf("the key that Windows gave out: %w", err)
	}
	if len(contents.Keys) != 1 || contents.Keys[0].PKCS8 == nil {
		contents.Wipe()
		return nil, errors.New("Windows gave out something else than the key")
	}
	return contents.Keys[0].PKCS8, nil
}
