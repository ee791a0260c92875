package keychain_test

import (
	"strings"
	"testing"

	"certdesk/certstore/internal/keychain"
	"certdesk/certstore/internal/keychain/dylib"
	"certdesk/certstore/internal/keychain/standin"
)

func load(t *testing.T) *keychain.Library { return standin.Load(t).Library }

func TestErrorWithoutSentence(t *testing.T) {
	if err := load(t).Check("SecItemUpdate", -7); err.Error() != "SecItemUpdate: error -7" {
		t.Errorf("a number without a sentence is %q", err)
	}
}

// TestFaults makes the mistakes that the stand-in is there to notice.
func TestFaults(t *testing.T) {
	l := standin.Load(t)
	p := l.NewPool()
	for _, tt := range []struct {
		want    string
		mistake func()
	}{
		{"CFRelease: NULL", func() { p.CFRelease(0) }},
		{"CFRelease: an object of type 7 is used after its last release", func() {
			r := p.String("twice")
			p.Drain()
			p.CFRelease(r)
		}},
		{"CFDataGetLength: an object of type 7 where one of type 20", func() { p.CFDataGetLength(p.String("s")) }},
		{"CFArrayGetValueAtIndex: 3 of 0", func() { p.CFArrayGetValueAtIndex(p.Array(), 3) }},
		{"without callbacks", func() {
			key := p.KSecClass
			p.Own(p.CFDictionaryCreate(0, &key, &key, 1, 0, 0))
		}},
	} {
		tt.mistake()
		if got := standin.Faults(); !strings.Contains(got, tt.want) {
			t.Errorf("faults %q, want %q", got, tt.want)
		}
	}
	before := standin.Live()
	kept := l.CFNumberCreate(0, keychain.NumberSInt32, new(int32))
	if standin.Live() != before+1 {
		t.Error("an object that is not released is not counted")
	}
	l.CFRelease(kept)
	p.Drain()
}

func TestMissingSymbols(t *testing.T) {
	standin.Skip(t)
	path, err := standin.Build(t.TempDir(), "-DSecItemImport=SecItemImportOf1999", "-DkSecValueRef=kSecValueRefOf1999")
	if err != nil {
		t.Fatal(err)
	}
	_, err = dylib.Load(path, path)
	if err == nil || !strings.Contains(err.Error(), "kSecValueRef") || !strings.Contains(err.Error(), "SecItemImport") || strings.Contains(err.Error(), "SecItemExport") {
		t.Errorf("%v, want the two symbols that are missing and no others", err)
	}
	if _, err := dylib.Load("/nowhere/CoreFoundation", path); err == nil || !strings.Contains(err.Error(), "/nowhere/CoreFoundation") {
		t.Errorf("%v, want the library that is missing", err)
	}
}
