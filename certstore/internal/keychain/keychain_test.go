//go:build linux || darwin

package keychain_test

import (
	"bytes"
	"strings"
	"testing"

	"certdesk/certstore/internal/keychain"
)

func TestValues(t *testing.T) {
	p := load(t).NewPool()
	defer p.Drain()
	for _, s := range []string{"", "Tax portal ü", "a\x00b", "日本"} {
		if got := p.Text(p.String(s)); got != s {
			t.Errorf("String(%q) comes back as %q", s, got)
		}
	}
	for _, b := range [][]byte{nil, {0}, bytes.Repeat([]byte{1, 2}, 5000)} {
		if got := p.Bytes(p.Data(b)); !bytes.Equal(got, b) {
			t.Errorf("Data of %d octets comes back with %d", len(b), len(got))
		}
	}
	for _, n := range []int32{0, 1, -25300, 1<<31 - 1} {
		if got, ok := p.Int(p.Number(n)); !ok || got != n {
			t.Errorf("Number(%d) comes back as %d, %t", n, got, ok)
		}
	}
	if v, ok := p.Bool(p.KCFBooleanTrue); !v || !ok {
		t.Error("kCFBooleanTrue is not true")
	}
	if v, ok := p.Bool(p.KCFBooleanFalse); v || !ok {
		t.Error("kCFBooleanFalse is not false")
	}
	a := p.Array(p.String("x"), p.Number(7))
	d := p.Dictionary(p.String("key"), a, p.KSecClass, p.KSecClassKey)
	if got := p.Values(p.Value(d, p.String("key"))); len(got) != 2 || p.Text(got[0]) != "x" {
		t.Errorf("the array in the dictionary is %v", got)
	}
	if p.Value(d, p.KSecClass) != p.KSecClassKey || p.Value(d, p.String("none")) != 0 {
		t.Error("the dictionary does not hold what it was made of")
	}
	if len(p.Values(p.Array())) != 0 || p.CFDictionaryGetCount(p.Dictionary()) != 0 {
		t.Error("an empty array or dictionary holds something")
	}
}

// TestOtherTypes asks objects for what they are not: Apple's functions would
// crash, ours look at the type first.
func TestOtherTypes(t *testing.T) {
	p := load(t).NewPool()
	defer p.Drain()
	for _, r := range []keychain.Ref{0, p.String("s"), p.Data([]byte{1}), p.Number(1), p.KCFBooleanTrue, p.Array(), p.Dictionary()} {
		p.Text(r)
		p.Bytes(r)
		p.Int(r)
		p.Bool(r)
		p.Values(r)
		p.Value(r, p.KSecClass)
	}
}

func TestErrors(t *testing.T) {
	l := load(t)
	if err := l.Check("SecItemUpdate", 0); err != nil {
		t.Errorf("success is %v", err)
	}
	err := l.Check("SecItemUpdate", keychain.ErrItemNotFound)
	if text := err.Error(); !strings.HasPrefix(text, "SecItemUpdate: The specified item could not be found in the keychain") || !strings.HasSuffix(text, " (-25300)") {
		t.Errorf("%q is not the system's sentence with the number", text)
	}
	if !keychain.IsStatus(err, keychain.ErrUserCanceled, keychain.ErrItemNotFound) || keychain.IsStatus(err, keychain.ErrUserCanceled) || keychain.IsStatus(nil, 0) {
		t.Error("IsStatus does not tell the numbers apart")
	}
	if err := l.CheckCFError("SecKeyCreateSignature", 0); err == nil || !strings.Contains(err.Error(), "no reason") {
		t.Errorf("no reason is %v", err)
	}
}
