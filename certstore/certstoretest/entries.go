package certstoretest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"testing"

	"certdesk/certstore"
	parse "certdesk/internal/certificate"
	"certdesk/internal/certtest"
)

func move(s *suite) {
	friend := certtest.Client(s, s.inter, "Friend")
	s.put(certstore.User, certstore.People, certificate(friend))
	s.put(certstore.User, certstore.CA, certificate(s.root))
	s.put(certstore.User, certstore.My, s.item(s.leaf))
	for _, tt := range []struct {
		of       certtest.Issuer
		from, to certstore.Name
	}{
		{friend, certstore.People, certstore.TrustedPeople},
		{friend, certstore.TrustedPeople, certstore.Disallowed},
		{friend, certstore.Disallowed, certstore.People},
		{s.root, certstore.CA, certstore.Root},
		{s.root, certstore.Root, certstore.Disallowed},
		{s.root, certstore.Disallowed, certstore.CA},
	} {
		before := s.entry(certstore.User, tt.from, tt.of)
		s.ok(s.store.Move(s.ctx, ref(certstore.User, tt.from, tt.of), certstore.User, tt.to), "Move from "+string(tt.from)+" to "+string(tt.to))
		if after := s.entry(certstore.User, tt.to, tt.of); after.FriendlyName != before.FriendlyName {
			s.Errorf("Move to %s changes the friendly name from %q to %q", tt.to, before.FriendlyName, after.FriendlyName)
		}
		s.count(certstore.User, 3)
	}
	for _, tt := range []struct {
		of       certtest.Issuer
		from, to certstore.Name
		target   error
	}{
		{friend, certstore.People, certstore.My, certstore.ErrNotPossible},
		{friend, certstore.People, certstore.Root, certstore.ErrNotPossible},
		{s.root, certstore.CA, certstore.People, certstore.ErrNotPossible},
		{s.root, certstore.Root, certstore.CA, certstore.ErrNotFound}, // it is not there
	} {
		s.want(s.store.Move(s.ctx, ref(certstore.User, tt.from, tt.of), certstore.User, tt.to), tt.target, "Move from "+string(tt.from)+" to "+string(tt.to))
	}
	s.count(certstore.User, 3)
}

func moveBetweenLocations(s *suite) {
	ca := s.item(s.leaf)
	ca.FriendlyName = "Portal"
	s.put(certstore.User, certstore.My, ca)
	s.put(certstore.User, certstore.CA, certificate(s.inter))
	s.ok(s.store.Move(s.ctx, ref(certstore.User, certstore.My, s.leaf), certstore.Machine, certstore.My), "Move with key")
	s.ok(s.store.Move(s.ctx, ref(certstore.User, certstore.CA, s.inter), certstore.Machine, certstore.CA), "Move of a CA")
	s.count(certstore.User, 0)
	if st, err := s.store.State(s.ctx, certstore.User, s.leaf.Raw); err != nil || st != (certstore.State{}) {
		s.Errorf("State at the source = %+v, %v", st, err)
	}
	if e := s.entry(certstore.Machine, certstore.My, s.leaf); e.FriendlyName != "Portal" || e.Key != certstore.KeyPresent || !e.Exportable {
		s.Errorf("after the move: %q, key %s, exportable %t", e.FriendlyName, e.Key, e.Exportable)
	}
	s.sign(ref(certstore.Machine, certstore.My, s.leaf))
	s.put(certstore.User, certstore.CA, certificate(s.root))
	s.ok(s.store.Move(s.ctx, ref(certstore.User, certstore.CA, s.root), certstore.Machine, certstore.Root), "Move to the machine's roots")
	s.count(certstore.User, 0)
	s.entry(certstore.Machine, certstore.Root, s.root)
	s.ok(s.store.Move(s.ctx, ref(certstore.Machine, certstore.Root, s.root), certstore.User, certstore.CA), "Move from the machine's roots")
	s.count(certstore.User, 1)
	s.count(certstore.Machine, 2)
}

func notExportable(s *suite) {
	item := s.item(s.leaf)
	item.Exportable = false
	s.put(certstore.User, certstore.My, item)
	r := ref(certstore.User, certstore.My, s.leaf)
	if s.entry(certstore.User, certstore.My, s.leaf).Exportable {
		s.Error("the entry is exportable")
	}
	if x, ok := s.store.(certstore.KeyExporter); ok {
		_, err := x.ExportKey(s.ctx, r)
		s.want(err, certstore.ErrNotExportable, "ExportKey")
	}
	s.want(s.store.Move(s.ctx, r, certstore.Machine, certstore.My), certstore.ErrNotExportable, "Move to the machine")
	s.sign(r)
	s.count(certstore.Machine, 0)
}

func deleteEntry(s *suite) {
	s.put(certstore.User, certstore.My, s.item(s.leaf))
	s.put(certstore.User, certstore.Root, certificate(s.root))
	s.ok(s.store.Delete(s.ctx, ref(certstore.User, certstore.My, s.leaf), certstore.DeleteAll), "Delete")
	s.ok(s.store.Delete(s.ctx, ref(certstore.User, certstore.Root, s.root), certstore.DeleteAll), "Delete of a root")
	s.count(certstore.User, 0)
	for _, i := range []certtest.Issuer{s.leaf, s.root} {
		if st, err := s.store.State(s.ctx, certstore.User, i.Raw); err != nil || st != (certstore.State{}) {
			s.Errorf("State after Delete = %+v, %v", st, err)
		}
	}
	s.put(certstore.User, certstore.CA, certificate(s.root)) // trust must not come back
	s.entry(certstore.User, certstore.CA, s.root)
	s.want(s.store.Delete(s.ctx, ref(certstore.User, certstore.My, s.leaf), certstore.DeleteAll), certstore.ErrNotFound, "second Delete")

	s.put(certstore.User, certstore.My, s.item(s.leaf))
	s.ok(s.store.Delete(s.ctx, ref(certstore.User, certstore.My, s.leaf), certstore.DeleteKeepKey), "Delete but the key")
	if st, err := s.store.State(s.ctx, certstore.User, s.leaf.Raw); err != nil || !st.Key || st.Certificate {
		s.Errorf("State after DeleteKeepKey = %+v, %v", st, err)
	}
	s.put(certstore.User, certstore.My, certificate(s.leaf)) // the key is there already
	s.sign(ref(certstore.User, certstore.My, s.leaf))
}

func deleteShared(s *suite) {
	renewed := certtest.MakeWithKey(s, &s.inter, "Client One", s.leaf.Key)
	s.put(certstore.User, certstore.My, s.item(s.leaf))
	s.put(certstore.User, certstore.My, s.item(renewed))
	if st, err := s.store.State(s.ctx, certstore.User, renewed.Raw); err != nil || !st.KeyShared {
		s.Errorf("State of a renewal = %+v, %v", st, err)
	}
	s.ok(s.store.Delete(s.ctx, ref(certstore.User, certstore.My, s.leaf), certstore.DeleteAll), "Delete")
	s.count(certstore.User, 1)
	s.sign(ref(certstore.User, certstore.My, renewed))
	s.ok(s.store.Restore(s.ctx, certstore.User, s.leaf.Raw, certstore.State{}), "Restore")
	s.sign(ref(certstore.User, certstore.My, renewed))
}

func signer(s *suite) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	s.ok(err, "GenerateKey")
	leaf := certtest.MakeWithKey(s, &s.inter, "RSA client", key)
	s.put(certstore.User, certstore.My, s.item(leaf))
	s.sign(ref(certstore.User, certstore.My, leaf))
	s.Run("PSS", func(t *testing.T) { // s.sign makes them where they can be made
		if s.limits.NoPSS != "" {
			t.Skip(s.limits.NoPSS)
		}
	})
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		s.Run(curve.Params().Name, func(t *testing.T) {
			if s.limits.NoEC != "" {
				t.Skip(s.limits.NoEC)
			}
			key, err := ecdsa.GenerateKey(curve, rand.Reader)
			s.ok(err, "GenerateKey")
			leaf := certtest.MakeWithKey(t, &s.inter, curve.Params().Name, key)
			s.put(certstore.User, certstore.My, s.item(leaf))
			s.sign(ref(certstore.User, certstore.My, leaf))
		})
	}
	s.put(certstore.User, certstore.CA, certificate(s.inter))
	_, err = s.store.Signer(s.ctx, ref(certstore.User, certstore.CA, s.inter))
	s.want(err, certstore.ErrNotFound, "Signer without a key")
}

func exportKey(s *suite) {
	x, ok := s.store.(certstore.KeyExporter)
	if !ok {
		s.Skip("this store exports no keys")
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	s.ok(err, "GenerateKey")
	for _, i := range []certtest.Issuer{s.leaf, certtest.MakeWithKey(s, &s.inter, "RSA client", key)} {
		s.put(certstore.User, certstore.My, s.item(i))
		out, err := x.ExportKey(s.ctx, ref(certstore.User, certstore.My, i))
		s.ok(err, "ExportKey")
		second := certstore.Item{DER: i.Raw, Key: out, Exportable: true} // good enough to be put elsewhere
		s.put(certstore.Machine, certstore.My, second)
		s.sign(ref(certstore.Machine, certstore.My, i))
	}
}

func stateAndRestore(s *suite) {
	friend := certtest.Client(s, s.inter, "Friend")
	items := []struct {
		of   certtest.Issuer
		name certstore.Name
		item certstore.Item
	}{
		{s.inter, certstore.CA, certificate(s.inter)},
		{s.root, certstore.Root, certificate(s.root)},
		{friend, certstore.TrustedPeople, certificate(friend)},
		{s.leaf, certstore.My, s.item(s.leaf)},
	}
	for _, it := range items {
		before, err := s.store.State(s.ctx, certstore.User, it.of.Raw)
		s.ok(err, "State")
		s.put(certstore.User, it.name, it.item)
		after, err := s.store.State(s.ctx, certstore.User, it.of.Raw)
		s.ok(err, "State")
		if !after.Certificate || after.Store != it.name || after.Key != (it.name == certstore.My) || after.FriendlyName == "" && !s.limits.FreeNames {
			s.Errorf("State after Put(%s) = %+v", it.name, after)
		}
		s.ok(s.store.Restore(s.ctx, certstore.User, it.of.Raw, after), "Restore of what is")
		if again, err := s.store.State(s.ctx, certstore.User, it.of.Raw); err != nil || again != after {
			s.Errorf("Restore of what is changes %+v to %+v, %v", after, again, err)
		}
		s.ok(s.store.Restore(s.ctx, certstore.User, it.of.Raw, before), "Restore")
		if again, err := s.store.State(s.ctx, certstore.User, it.of.Raw); err != nil || again != before {
			s.Errorf("after Restore of %+v: %+v, %v", before, again, err)
		}
		s.count(certstore.User, 0)
		err = s.store.Restore(s.ctx, certstore.User, it.of.Raw, after) // gone, comes back
		if after.Key {
			if err == nil {
				s.Error("Restore claims to give a key back")
			}
			continue
		}
		s.ok(err, "Restore of what is gone")
		if again, err := s.store.State(s.ctx, certstore.User, it.of.Raw); err != nil || again != after {
			s.Errorf("Restore of what was gone: %+v, %v, want %+v", again, err, after)
		}
		s.ok(s.store.Restore(s.ctx, certstore.User, it.of.Raw, before), "Restore")
	}
}

func restorePieces(s *suite) {
	// What a Put that was killed leaves is at most a key without a certificate.
	s.put(certstore.User, certstore.My, s.item(s.leaf))
	s.ok(s.store.Delete(s.ctx, ref(certstore.User, certstore.My, s.leaf), certstore.DeleteKeepKey), "Delete")
	s.ok(s.store.Restore(s.ctx, certstore.User, s.leaf.Raw, certstore.State{}), "Restore")
	if st, err := s.store.State(s.ctx, certstore.User, s.leaf.Raw); err != nil || st != (certstore.State{}) {
		s.Errorf("State after Restore = %+v, %v", st, err)
	}
	// The certificate was there before its key came.
	s.put(certstore.User, certstore.People, certificate(s.leaf))
	before, err := s.store.State(s.ctx, certstore.User, s.leaf.Raw)
	s.ok(err, "State")
	s.put(certstore.User, certstore.My, s.item(s.leaf))
	s.ok(s.store.Restore(s.ctx, certstore.User, s.leaf.Raw, before), "Restore")
	if st, err := s.store.State(s.ctx, certstore.User, s.leaf.Raw); err != nil || st != before {
		s.Errorf("State after Restore = %+v, %v, want %+v", st, err, before)
	}
}

// Malformed returns certificates that Go's parser refuses and that stores
// hold all the same, by what is wrong with them.
func Malformed(t testing.TB, issuer certtest.Issuer) map[string][]byte {
	t.Helper()
	leaf := certtest.Client(t, issuer, "Malformed").Raw
	negative := bytes.Clone(leaf)
	serial := parse.Parse(leaf).SerialNumber
	at := bytes.Index(negative, serial)
	negative[at] = negative[at]&^0x40 | 0x80 // not 0xff, which may be one octet too many
	other := certtest.Client(t, issuer, "Unknown curve").Raw
	p256 := []byte{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}
	unknown := certtest.Patch(t, other, p256, []byte{0x06, 0x08, 0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01}) // brainpool arc
	return map[string][]byte{"negative serial number": negative, "unknown curve": unknown}
}

func malformed(s *suite) {
	for what, der := range Malformed(s, s.inter) {
		c := parse.Parse(der)
		if c.Problem() == nil {
			s.Errorf("%s: Go does not refuse it", what)
		}
		i := certtest.Issuer{Certificate: c}
		s.put(certstore.User, certstore.People, certificate(i))
		if e := s.entry(certstore.User, certstore.People, i); !bytes.Equal(e.DER, der) {
			s.Errorf("%s: the DER is not what was put", what)
		}
		s.ok(s.store.Move(s.ctx, ref(certstore.User, certstore.People, i), certstore.User, certstore.TrustedPeople), what+": Move")
		s.ok(s.store.Move(s.ctx, ref(certstore.User, certstore.TrustedPeople, i), certstore.Machine, certstore.People), what+": Move to the machine")
		s.entry(certstore.Machine, certstore.People, i)
		s.ok(s.store.Delete(s.ctx, ref(certstore.Machine, certstore.People, i), certstore.DeleteAll), what+": Delete")
		s.count(certstore.User, 0)
		s.count(certstore.Machine, 0)
	}
}

func friendlyNames(s *suite) {
	item := s.item(s.leaf)
	item.FriendlyName = "Tax portal ü"
	s.put(certstore.User, certstore.My, item)
	if e := s.entry(certstore.User, certstore.My, s.leaf); e.FriendlyName != "Tax portal ü" {
		s.Errorf("friendly name %q, want that of the item", e.FriendlyName)
	}
	renewed := s.client("Client One") // same subject
	s.put(certstore.User, certstore.My, s.item(renewed))
	if e := s.entry(certstore.User, certstore.My, renewed); e.FriendlyName == "" && !s.limits.FreeNames {
		s.Error("a renewal has no friendly name")
	}
	namesake := s.client("Somebody else")
	item = s.item(namesake)
	item.FriendlyName = "Tax portal ü"
	s.put(certstore.User, certstore.My, item) // another subject of the same name
	s.count(certstore.User, 3)
	if rn, ok := s.store.(certstore.Renamer); ok {
		s.ok(rn.Rename(s.ctx, ref(certstore.User, certstore.My, s.leaf), "New name"), "Rename")
		if e := s.entry(certstore.User, certstore.My, s.leaf); e.FriendlyName != "New name" {
			s.Errorf("friendly name %q after Rename", e.FriendlyName)
		}
		s.sign(ref(certstore.User, certstore.My, s.leaf))
		err := rn.Rename(s.ctx, ref(certstore.User, certstore.My, namesake), "New name")
		if s.limits.FreeNames {
			s.ok(err, "Rename to a name in use")
		} else {
			s.want(err, certstore.ErrNameInUse, "Rename to a name in use")
		}
	}
}
