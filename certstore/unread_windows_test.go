package certstore

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/sys/windows/registry"

	"certdesk/certstore/internal/wincrypt"
	"certdesk/internal/certificate"
	"certdesk/internal/certtest"
)

// register writes a serialized certificate where Windows keeps those of a
// store, and returns the name of its key. A property is its number and octets.
func register(t *testing.T, y systemStore, der []byte, props ...any) string {
	t.Helper()
	root := registry.CURRENT_USER
	if y.loc == Machine {
		root = registry.LOCAL_MACHINE
	}
	var blob []byte
	for i := 0; i+1 < len(props); i += 2 {
		value := props[i+1].([]byte)
		for _, n := range []uint32{uint32(props[i].(int)), 1, uint32(len(value))} {
			blob = binary.LittleEndian.AppendUint32(blob, n)
		}
		blob = append(blob, value...)
	}
	path := certificatesKey + `\` + y.windows
	name := strings.ToUpper(certificate.Parse(der).SHA1())
	key, _, err := registry.CreateKey(root, path+`\Certificates\`+name, registry.WRITE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, k := range []string{`\Certificates\` + name, `\Certificates`, ``} {
			_ = registry.DeleteKey(root, path+k) // one that has others in it stays for scratch
		}
	})
	if err := key.SetBinaryValue("Blob", blob); err != nil {
		t.Fatal(err)
	}
	if err := key.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}

func wideText(s string) (b []byte) {
	for _, u := range utf16.Encode([]rune(s + "\x00")) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// TestUnread lists what stands in the registry and Windows does not give out:
// octets that are no certificate, and under Wine what it knows a property of
// not. Nothing is trusted for it, and a change says what it is.
func TestUnread(t *testing.T) {
	s := scratch(t)
	garbage := []byte("\x30\x0anot a cert")
	odd, plain := certtest.Root(t, "Archived"), certtest.Root(t, "Plain")
	for _, loc := range []Location{User, Machine} {
		y := systemStore{loc, Root, s.prefix + "Root", 0}
		register(t, y, garbage, wincrypt.CERT_CERT_PROP_ID, garbage)
		register(t, y, []byte("cut off"), wincrypt.CERT_FRIENDLY_NAME_PROP_ID, wideText("No certificate"))
		archived := register(t, y, odd.Raw, wincrypt.CERT_ARCHIVED_PROP_ID, []byte{}, wincrypt.CERT_FRIENDLY_NAME_PROP_ID, wideText("Früher"), wincrypt.CERT_CERT_PROP_ID, odd.Raw)
		register(t, y, plain.Raw, wincrypt.CERT_FRIENDLY_NAME_PROP_ID, wideText("Jetzt"), wincrypt.CERT_CERT_PROP_ID, plain.Raw)
		got := map[string]Entry{}
		for e, err := range s.Entries(t.Context(), loc) {
			if err != nil {
				t.Fatal(err)
			}
			if !e.Inherited {
				got[hex.EncodeToString(e.DER)] = e
			}
		}
		if len(got) != 3 {
			t.Errorf("%s: %d entries, want 3", loc, len(got))
		}
		e := got[hex.EncodeToString(garbage)]
		if e.Provided != ByRegistry || !e.ReadOnly || e.Trusted || e.Archived || !e.Unused() {
			t.Errorf("%s: what is no certificate is %+v", loc, e)
		}
		err := s.Delete(t.Context(), e.Ref(), DeleteAll)
		if !errors.Is(err, ErrNotPossible) || !strings.Contains(Advice(err), `reg delete "`+e.Origin+`"`) {
			t.Errorf("%s: Delete = %v; %s", loc, err, Advice(err))
		}
		e = got[hex.EncodeToString(odd.Raw)]
		if !e.Archived || e.FriendlyName != "Früher" {
			t.Errorf("%s: the archived one is %+v", loc, e)
		}
		if wincrypt.OnWine() != "" && (e.Provided != ByRegistry || !strings.HasSuffix(e.Origin, `Root\Certificates\`+archived)) {
			t.Errorf("%s: Wine reads archived certificates now: %+v", loc, e)
		}
		e = got[hex.EncodeToString(plain.Raw)]
		if e.Archived || e.Provided != "" || !e.Trusted || e.FriendlyName != "Jetzt" {
			t.Errorf("%s: the plain one is %+v", loc, e)
		}
		if st, err := s.State(t.Context(), loc, garbage); err != nil || st != (State{}) {
			t.Errorf("%s: State = %+v, %v", loc, st, err)
		}
	}
}

// TestSerialized reads lengths that lead out of the value.
func TestSerialized(t *testing.T) {
	whole := append(binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, 32), 1), 2), "ab"...)
	for n := range whole {
		if p := serialized(whole[:n]); len(p) != 0 {
			t.Errorf("%d octets: %v", n, p)
		}
	}
	if p := serialized(append(whole, 1, 2, 3)); string(p[32]) != "ab" || len(p) != 1 {
		t.Errorf("%v", p)
	}
	if got := text([]byte{'a', 0, 'b'}); got != "a" {
		t.Errorf("%q", got)
	}
}

// TestSameName changes entries of a store that Windows calls as AddressBook is
// called here.
func TestSameName(t *testing.T) {
	s := scratch(t)
	c := rsaCertificate(t, "Partner")
	for _, loc := range []Location{User, Machine} {
		y := systemStore{loc, "windows-people", s.prefix + "People", 0}
		if err := y.add(c.Certificate, nil, properties{}); err != nil {
			t.Fatal(err)
		}
		var refs []Ref
		for e, err := range s.Entries(t.Context(), loc) {
			if err != nil {
				t.Fatal(err)
			}
			if !e.Inherited {
				refs = append(refs, e.Ref())
			}
		}
		if len(refs) != 1 || refs[0].Store != y.name {
			t.Fatalf("%s: %v", loc, refs)
		}
		if err := s.Move(t.Context(), refs[0], loc, People); err != nil {
			t.Errorf("%s: Move: %v", loc, err)
		}
		if st, err := s.State(t.Context(), loc, c.Raw); err != nil || st.Store != People {
			t.Errorf("%s: State = %+v, %v", loc, st, err)
		}
	}
}

// TestGoneKey says what to do where a certificate leads to a container that is
// not there.
func TestGoneKey(t *testing.T) {
	s := scratch(t)
	c := rsaCertificate(t, "Client")
	if err := s.Put(t.Context(), User, My, Item{DER: c.Raw, Key: c.PKCS8(t), Exportable: true}); err != nil {
		t.Fatal(err)
	}
	if err := deleteKey(linkOf(t, s, User, c)); err != nil {
		t.Fatal(err)
	}
	ref := Ref{User, My, c.Fingerprint()}
	_, sign := s.Signer(t.Context(), ref)
	_, export := s.ExportKey(t.Context(), ref)
	_, permissions := s.KeyPermissions(t.Context(), ref)
	for what, err := range map[string]error{"Signer": sign, "ExportKey": export, "KeyPermissions": permissions} {
		if !errors.Is(err, ErrKey) || !strings.Contains(Advice(err), "relink") {
			t.Errorf("%s = %v; %s", what, err, Advice(err))
		}
	}
}
