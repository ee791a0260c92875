package blockcipher

import (
	"bytes"
	"crypto/cipher"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
)

var ciphers = []struct {
	name, openssl string // %d is the bits of the key
	sizes         []int  // octets
	fresh         func([]byte) (cipher.Block, error)
}{
	{"Camellia", "camellia-%d", []int{16, 24, 32}, NewCamellia},
	{"ARIA", "aria-%d", []int{16, 24, 32}, NewARIA},
	{"SEED", "seed", []int{16}, NewSEED},
	{"DES-X", "desx", []int{24}, NewDESX},
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestVectors has the vectors of RFC 3713 appendix A, RFC 5794 appendix A and
// RFC 4269 appendix B.
func TestVectors(t *testing.T) {
	for _, tt := range []struct {
		name, key, plain, want string
		fresh                  func([]byte) (cipher.Block, error)
	}{
		{"Camellia-128", "0123456789abcdeffedcba9876543210", "0123456789abcdeffedcba9876543210", "67673138549669730857065648eabe43", NewCamellia},
		{"Camellia-192", "0123456789abcdeffedcba98765432100011223344556677", "0123456789abcdeffedcba9876543210", "b4993401b3e996f84ee5cee7d79b09b9", NewCamellia},
		{"Camellia-256", "0123456789abcdeffedcba987654321000112233445566778899aabbccddeeff", "0123456789abcdeffedcba9876543210", "9acc237dff16d76c20ef7c919e3a7509", NewCamellia},
		{"ARIA-128", "000102030405060708090a0b0c0d0e0f", "00112233445566778899aabbccddeeff", "d718fbd6ab644c739da95f3be6451778", NewARIA},
		{"ARIA-192", "000102030405060708090a0b0c0d0e0f1011121314151617", "00112233445566778899aabbccddeeff", "26449c1805dbe7aa25a468ce263a9e79", NewARIA},
		{"ARIA-256", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "00112233445566778899aabbccddeeff", "f92bd7c79fb72e2f2b8f80c1972d24fc", NewARIA},
		{"SEED B.1", "00000000000000000000000000000000", "000102030405060708090a0b0c0d0e0f", "5ebac6e0054e166819aff1cc6d346cdb", NewSEED},
		{"SEED B.2", "000102030405060708090a0b0c0d0e0f", "00000000000000000000000000000000", "c11f22f20140505084483597e4370f43", NewSEED},
		{"SEED B.3", "4706480851e61be85d74bfb3fd956185", "83a2f8a288641fb9a4e9a5cc2f131c7d", "ee54d13ebcae706d226bc3142cd40d4a", NewSEED},
		{"SEED B.4", "28dbc3bc49ffd87dcfa509b11d422be7", "b41e6be2eba84a148e2eed84593c5ec7", "9b9b7bfcd1813cb95d0b3618f40f5122", NewSEED},
	} {
		block, err := tt.fresh(unhex(t, tt.key))
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		plain, want, got := unhex(t, tt.plain), unhex(t, tt.want), make([]byte, 16)
		if block.Encrypt(got, plain); !bytes.Equal(got, want) {
			t.Errorf("%s: %x, want %x", tt.name, got, want)
		}
		if block.Decrypt(got, got); !bytes.Equal(got, plain) { // in place
			t.Errorf("%s decrypted: %x, want %x", tt.name, got, plain)
		}
	}
}

// TestRC2 is RFC 2268 section 5.
func TestRC2(t *testing.T) {
	for _, tt := range []struct {
		key         string
		bits        int
		plain, want string
	}{
		{"0000000000000000", 63, "0000000000000000", "ebb773f993278eff"},
		{"ffffffffffffffff", 64, "ffffffffffffffff", "278b27e42e2f0d49"},
		{"3000000000000000", 64, "1000000000000001", "30649edf9be7d2c2"},
		{"88", 64, "0000000000000000", "61a8a244adacccf0"},
		{"88bca90e90875a", 64, "0000000000000000", "6ccf4308974c267f"},
		{"88bca90e90875a7f0f79c384627bafb2", 64, "0000000000000000", "1a807d272bbe5db1"},
		{"88bca90e90875a7f0f79c384627bafb2", 128, "0000000000000000", "2269552ab0f85ca6"},
		{"88bca90e90875a7f0f79c384627bafb216f80a6f85920584c42fceb0be255daf1e", 129, "0000000000000000", "5b78d3a43dfff1f1"},
	} {
		c, err := NewRC2(unhex(t, tt.key), tt.bits)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 8)
		c.Encrypt(got, unhex(t, tt.plain))
		if hex.EncodeToString(got) != tt.want {
			t.Errorf("key %s, %d bits: %x, want %s", tt.key, tt.bits, got, tt.want)
		}
		c.Decrypt(got, got)
		if hex.EncodeToString(got) != tt.plain {
			t.Errorf("key %s, %d bits: decrypts to %x", tt.key, tt.bits, got)
		}
	}
	if _, err := NewRC2(nil, 40); err == nil {
		t.Error("an empty key is accepted")
	}
}

// TestOpenSSL compares many blocks under random keys with openssl enc.
func TestOpenSSL(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("needs openssl")
	}
	source := rand.NewChaCha8([32]byte([]byte("the same keys in every run, 32 b")))
	for _, c := range ciphers {
		for _, size := range c.sizes {
			for range 4 {
				key, plain := make([]byte, size), make([]byte, 256*16)
				source.Read(key)
				source.Read(plain)
				block, err := c.fresh(key)
				if err != nil {
					t.Fatal(err)
				}
				iv := make([]byte, block.BlockSize())
				source.Read(iv)
				name := strings.Replace(c.openssl, "%d", fmt.Sprint(size*8), 1) + "-cbc"
				cmd := exec.CommandContext(t.Context(), "openssl", "enc", "-"+name, "-K", hex.EncodeToString(key), "-iv", hex.EncodeToString(iv), "-nopad", "-provider", "legacy", "-provider", "default")
				cmd.Stdin = bytes.NewReader(plain)
				want, err := cmd.Output()
				if err != nil {
					t.Fatalf("openssl enc -%s: %v", name, err)
				}
				got := make([]byte, len(plain))
				if cipher.NewCBCEncrypter(block, iv).CryptBlocks(got, plain); !bytes.Equal(got, want) {
					t.Errorf("%s, key %x: openssl encrypts otherwise", name, key)
				}
				if cipher.NewCBCDecrypter(block, iv).CryptBlocks(got, want); !bytes.Equal(got, plain) {
					t.Errorf("%s, key %x: does not decrypt what openssl encrypted", name, key)
				}
			}
		}
	}
}

// TestKeySizes refuses every other length of key.
func TestKeySizes(t *testing.T) {
	for _, c := range ciphers {
		for n := range 40 {
			_, err := c.fresh(make([]byte, n))
			fits := false
			for _, size := range c.sizes {
				fits = fits || n == size
			}
			if fits != (err == nil) {
				t.Errorf("%s with a key of %d octets: %v", c.name, n, err)
			}
		}
	}
}
