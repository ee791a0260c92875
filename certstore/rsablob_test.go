package certstore

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/binary"
	"errors"
	"testing"
)

func TestRSABlob(t *testing.T) {
	for _, bits := range []int{1024, 2048, 3072} {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		blob, err := rsaBlob(key)
		if err != nil {
			t.Fatal(err)
		}
		if want := 20 + bits/8*2 + bits/16*5; len(blob) != want {
			t.Errorf("%d bits make %d octets, want %d", bits, len(blob), want)
		}
		again, err := parseRSABlob(blob)
		if err != nil || !again.Equal(key) {
			t.Errorf("%d bits do not come back: %v", bits, err)
		}
		for _, bad := range [][]byte{nil, blob[:19], blob[:len(blob)-1], append([]byte{6}, blob[1:]...)} {
			if _, err := parseRSABlob(bad); err == nil {
				t.Errorf("%d octets of %d are taken", len(bad), len(blob))
			}
		}
	}
	odd, err := rsa.GenerateKey(rand.Reader, 1030)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rsaBlob(odd); !errors.Is(err, ErrKey) {
		t.Errorf("a key of 1030 bits = %v, want ErrKey", err)
	}
}

func TestPublicBlob(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	blob, err := rsaBlob(key)
	if err != nil {
		t.Fatal(err)
	}
	// A PUBLICKEYBLOB is the start of a PRIVATEKEYBLOB with another type and magic.
	public := blob[:20+256]
	public[0] = publicKeyBlob
	binary.LittleEndian.PutUint32(public[8:], magicRSA1)
	got, err := parsePublicBlob(public)
	if err != nil || !got.Equal(&key.PublicKey) {
		t.Errorf("parsePublicBlob = %v, %v", got, err)
	}
	for n := range public {
		if _, err := parsePublicBlob(public[:n]); err == nil {
			t.Fatalf("a blob cut to %d bytes is read", n)
		}
	}
}
