package certfile

import (
	"bytes"
	"context"
	stdpbkdf2 "crypto/pbkdf2"
	"encoding/hex"
	"errors"
	"testing"
	"time"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// TestPBKDF2 is RFC 6070, but for its test of 16,777,216 rounds.
func TestPBKDF2(t *testing.T) {
	for _, tt := range []struct {
		password, salt string
		rounds         int
		want           string
	}{
		{"password", "salt", 1, "0c60c80f961f0e71f3a9b524af6012062fe037a6"},
		{"password", "salt", 2, "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"},
		{"password", "salt", 4096, "4b007901b765489abead49d926f721d065a429c1"},
		{"passwordPASSWORDpassword", "saltSALTsaltSALTsaltSALTsaltSALTsalt", 4096, "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038"},
		{"pass\x00word", "sa\x00lt", 4096, "56fa6aa75548099dcc37d7f03425e0c3"},
	} {
		got, err := pbkdf2Key(tt.password, tt.salt, tt.rounds, len(tt.want)/2)
		if err != nil || hex.EncodeToString(got) != tt.want {
			t.Errorf("%q, %d rounds: %x, %v; want %s", tt.password, tt.rounds, got, err, tt.want)
		}
	}
}

func pbkdf2Key(password, salt string, rounds, size int) ([]byte, error) {
	return pbkdf2(context.Background(), sha1Digest, []byte(password), []byte(salt), rounds, size)
}

// TestPBKDF2Std compares every PRF with crypto/pbkdf2.
func TestPBKDF2Std(t *testing.T) {
	for id, d := range prfs {
		want, err := stdpbkdf2.Key(d.new, "Grüße", []byte("saltsalt"), 1000, 45)
		if err != nil {
			t.Fatal(err)
		}
		got, err := pbkdf2Sum(d, "Grüße", 1000, 45)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s (%s): %x, %v; want %x", d.name, id, got, err, want)
		}
	}
}

func pbkdf2Sum(d digest, password string, rounds, size int) ([]byte, error) {
	return pbkdf2(context.Background(), d, []byte(password), []byte("saltsalt"), rounds, size)
}

// TestPKCS12KDF holds the vectors that PKCS#12 implementations pass around,
// for the passwords "smeg" and "queeg". Every digest is compared with OpenSSL
// in TestVisible.
func TestPKCS12KDF(t *testing.T) {
	for _, tt := range []struct {
		password, salt string
		id             byte
		rounds         int
		want           string
	}{
		{"smeg", "0a58cf64530d823f", forKey, 1, "8aaae6297b6cb04642ab5b077851284eb7128f1a2a7fbca3"},
		{"smeg", "0a58cf64530d823f", forIV, 1, "79993dfe048d3b76"},
		{"smeg", "642b99ab44fb4b1f", forKey, 1, "f3a95fec48d7711e985cfe67908c5ab79fa3d7c5caa5d966"},
		{"smeg", "3d83c0e4546ac140", forMAC, 1, "8d967d88f6caa9d714800ab3d48051d63f73a312"},
		{"queeg", "05dec959acff72f7", forKey, 1000, "ed2034e36328830ff09df1e1a07dd357185dac0d4f9eb3d4"},
	} {
		got, err := pkcs12KDF(t.Context(), sha1Digest, tt.id, bmpString([]byte(tt.password)), unhex(tt.salt), tt.rounds, len(tt.want)/2)
		if err != nil || hex.EncodeToString(got) != tt.want {
			t.Errorf("%s %s: %x, %v; want %s", tt.password, tt.salt, got, err, tt.want)
		}
	}
}

// TestDerivationsStop lets the context end during derivations that would take
// minutes.
func TestDerivationsStop(t *testing.T) {
	const forever = 1 << 40
	for name, derive := range map[string]func(context.Context) error{
		"PKCS#12": func(ctx context.Context) error {
			_, err := pkcs12KDF(ctx, sha256Hash, forKey, nil, nil, forever, 32)
			return err
		},
		"PBKDF1": func(ctx context.Context) error {
			_, err := pbkdf1(ctx, md5Digest, nil, nil, forever, 16)
			return err
		},
		"PBKDF2": func(ctx context.Context) error {
			_, err := pbkdf2(ctx, sha3x512, nil, nil, forever, 32)
			return err
		},
		"scrypt": func(ctx context.Context) error {
			_, err := scryptKey(ctx, nil, nil, 1<<17, 8, 1, 32)
			return err
		},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if err := derive(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
	}
}

func BenchmarkPBKDF2_600000(b *testing.B) {
	for b.Loop() {
		if _, err := pbkdf2Sum(sha256Hash, "password", 600_000, 32); err != nil {
			b.Fatal(err)
		}
	}
}
