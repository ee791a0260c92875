package certfile

import (
	"bytes"
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte/asn1"
)

// readFast reads data and ends the test if that takes longer than anyone
// would wait.
func readFast(t *testing.T, data []byte, pw Password) (*Contents, error) {
	t.Helper()
	type result struct {
		c   *Contents
		err error
	}
	done := make(chan result, 1)
	go func() {
		Inspect(data)
		c, err := Read(t.Context(), data, pw)
		done <- result{c, err}
	}()
	select {
	case r := <-done:
		return r.c, r.err
	case <-time.After(30 * time.Second): // the race detector makes it ten times slower
		t.Fatal("hangs")
		return nil, nil
	}
}

// nested wraps content in n elements of the given tag.
func nested(n int, tag asn1.Tag, content []byte) []byte {
	out := bytes.Clone(content)
	for range n {
		out = element(tag, out)
	}
	return out
}

// macWith is a MacData with a made-up digest and the given salt and rounds.
func macWith(salt []byte, rounds int64) []byte {
	return seq(seq(seq(oidOf("1.3.14.3.2.26"), []byte{5, 0}), oct(make([]byte, 20))), oct(salt), num(rounds))
}

func TestHostile(t *testing.T) {
	p := testPair()
	safe := seq(dataInfo(seq(certBag(p.cert))))
	encrypted := func(alg []byte) []byte { return pfxOf(seq(encryptedInfo(alg, make([]byte, 64)))) }
	pbkdf := func(params ...[]byte) []byte {
		return seq(oidOf(oidPBES2), seq(seq(oidOf(oidPBKDF2), seq(params...)), seq(oidOf(aes256CBC), oct(make([]byte, 16)))))
	}
	scryptOf := func(n, r, p int64) []byte {
		return seq(oidOf(oidPBES2), seq(seq(oidOf(oidScrypt), seq(oct([]byte("salt")), num(n), num(r), num(p))), seq(oidOf(aes256CBC), oct(make([]byte, 16)))))
	}
	bag := func(contents []byte) []byte { return seq(oidOf(oidSafeBag), tagged(0, contents)) }
	safeBags := certBag(p.cert)
	for range 9 {
		safeBags = bag(seq(safeBags))
	}
	shrouded := seq(oidOf(oidShroudedBag), tagged(0, seq(pbes2([]byte("salt"), 1_000_000, aes256CBC), oct(make([]byte, 64)))))

	for name, tt := range map[string]struct {
		data []byte
		err  error
	}{
		"100 MB of zeros":          {make([]byte, 100<<20), ErrTooMuch},
		"100 MB of ff":             {bytes.Repeat([]byte{0xff}, 100<<20), ErrTooMuch},
		"16 MB of ff":              {bytes.Repeat([]byte{0xff}, MaxSize), ErrUnknown},
		"sequences":                {nested(10_000, asn1.SEQUENCE, nil), ErrTooMuch},
		"indefinite sequences":     {bytes.Repeat([]byte{0x30, 0x80}, 10_000), ErrTooMuch},
		"millions of them":         {bytes.Repeat([]byte{0x30, 0x80}, MaxSize/2), ErrTooMuch},
		"octet strings":            {seq(num(3), seq(oidOf(oidData), tagged(0, nested(10_000, 0x24, oct(nil))))), ErrTooMuch},
		"SafeContents":             {pfx(safeBags), ErrTooMuch},
		"a PFX of tiny octets":     {seq(num(3), seq(oidOf(oidData), tagged(0, element(0x24, bytes.Repeat([]byte{4, 1, 0}, 5_000_000))))), ErrTooMuch},
		"500,000 bags":             {pfx(bytes.Repeat(seq(), 500_000)), ErrTooMuch},
		"500,000 unknown bags":     {pfx(bytes.Repeat(seq(oidOf("1.2"), tagged(0, num(1))), 500_000)), ErrTooMuch},
		"500,000 safes":            {pfxOf(seq(bytes.Repeat(dataInfo(seq()), 500_000))), ErrTooMuch},
		"MAC 2^31 rounds":          {pfxOf(safe, macWith(nil, 1<<31)), ErrTooMuch},
		"MAC 2^63-1 rounds":        {pfxOf(safe, macWith(nil, math.MaxInt64)), ErrTooMuch},
		"MAC 10^7+1 rounds":        {pfxOf(safe, macWith(nil, MaxIterations+1)), ErrTooMuch},
		"MAC 16 MB of salt":        {pfxOf(safe, macWith(make([]byte, 15<<20), 1)), ErrTooMuch},
		"negative rounds":          {pfxOf(safe, macWith(nil, -1)), ErrDamaged},
		"PBES2 2^31 rounds":        {encrypted(pbes2(nil, 1<<31, aes256CBC)), ErrTooMuch},
		"PBE 2^31 rounds":          {encrypted(seq(oidOf("1.2.840.113549.1.12.1.3"), seq(oct([]byte("salt")), num(1<<31)))), ErrTooMuch},
		"PBES1 2^31 rounds":        {encrypted(seq(oidOf("1.2.840.113549.1.5.3"), seq(oct([]byte("salt")), num(1<<31)))), ErrTooMuch},
		"PBKDF2 with a long key":   {encrypted(pbkdf(oct(nil), num(1), num(1<<40))), ErrTooMuch},
		"scrypt memory":            {encrypted(scryptOf(1<<22, 8, 1)), ErrTooMuch},
		"scrypt time":              {encrypted(scryptOf(1<<14, 8, 1000)), ErrTooMuch},
		"scrypt overflow":          {encrypted(scryptOf(1<<62, 1<<40, 1<<40)), ErrTooMuch},
		"20 keys of 10^6 rounds":   {pfx(bytes.Repeat(shrouded, 20)), ErrTooMuch},
		"a length of 2^63":         {append([]byte{0x30, 0x88}, bytes.Repeat([]byte{0xff}, 8)...), ErrUnknown},
		"a length of 2^1000":       {append([]byte{0x30, 0xfd}, bytes.Repeat([]byte{0xff}, 200)...), ErrUnknown},
		"PEM of BEGINs":            {[]byte(strings.Repeat(begin, MaxSize/len(begin))), ErrDamaged},
		"PEM of empty blocks":      {[]byte(strings.Repeat("-----BEGIN X-----", 900_000)), ErrTooMuch},
		"PEM, 500,000 parameters":  {[]byte(strings.Repeat("-----BEGIN X PARAMETERS-----", 500_000)), ErrTooMuch},
		"a PEM header of 16 MB":    {[]byte("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED" + strings.Repeat("a:\n ", 4_000_000)), ErrDamaged},
		"PKCS#7, 500,000 elements": {seq(oidOf(oidSignedData), tagged(0, seq(num(1), set(), seq(oidOf(oidData)), tagged(0, bytes.Repeat(seq(), 500_000)), set()))), ErrTooMuch},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := readFast(t, tt.data, password("secret"))
			if !errors.Is(err, tt.err) {
				t.Errorf("error %v, contents %v; want %v", err, c != nil, tt.err)
			}
		})
	}
}

// TestInspectBombs inspects at once what Read refuses to open.
func TestInspectBombs(t *testing.T) {
	p := testPair()
	safe := seq(dataInfo(seq(certBag(p.cert))))
	c, err := Inspect(pfxOf(safe, macWith(nil, math.MaxInt64)))
	if err != nil || c.Iterations != math.MaxInt64 || len(c.Certificates) != 1 || c.MAC != "sha1, 9223372036854775807 iterations" {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestCancelRead ends a Read in the middle of ten million rounds.
func TestCancelRead(t *testing.T) {
	p := testPair()
	data := pfxOf(seq(dataInfo(seq(certBag(p.cert)))), macWith(nil, MaxIterations))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := Read(ctx, data, password("secret")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("took %v", d)
	}
}

// TestCuts reads all beginnings of a file and all files with one bit changed;
// it looks for panics and for keys out of nowhere.
func TestCuts(t *testing.T) {
	p := testPair()
	plain := pfx(keyBag(p.key, attr(oidFriendlyName, bmp("x"))), certBag(p.cert))
	for _, data := range [][]byte{plain, indefinite(plain, 50), EncodePKCS7([][]byte{p.cert}), p.key, []byte(pemOf("PRIVATE KEY", p.key))} {
		for i := range data {
			Read(t.Context(), data[:i], Password{})
			changed := bytes.Clone(data)
			changed[i] ^= 1 << (i % 8)
			if c, err := Read(t.Context(), changed, Password{}); err == nil && len(c.Keys) > 1 {
				t.Errorf("bit %d: %d keys", i, len(c.Keys))
			}
		}
	}
}
