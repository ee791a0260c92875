package certstoretest

import (
	"certdesk/certstore"
	"certdesk/internal/certtest"
)

func relink(s *suite) {
	k, ok := s.store.(certstore.Relinker)
	if !ok {
		s.Skip("this store does not find the keys of certificates")
	}
	other, partner := s.client("Client Two"), certtest.Client(s, s.inter, "Partner")
	s.put(certstore.User, certstore.People, certificate(partner))
	item := s.item(s.leaf)
	item.FriendlyName = "by name"
	s.put(certstore.User, certstore.My, item)
	s.put(certstore.User, certstore.My, s.item(other))
	r := ref(certstore.User, certstore.My, s.leaf)
	find := func(r certstore.Ref) certstore.FoundKey {
		s.Helper()
		found, err := k.FindKeys(s.ctx, certstore.User, r, ref(certstore.User, certstore.People, partner))
		s.ok(err, "FindKeys")
		if len(found) != 1 || found[0].Ref != r {
			s.Fatalf("FindKeys = %+v, want the key of %v", found, r)
		}
		return found[0]
	}
	healthy := find(r)
	if healthy.Lost() || healthy.Found == (certstore.KeyLink{}) {
		s.Errorf("FindKeys = %+v, want the link that it has", healthy)
	}
	if found, err := k.FindKeys(s.ctx, certstore.Machine, r); err != nil || len(found) > 0 {
		s.Errorf("FindKeys elsewhere = %+v, %v", found, err)
	}

	broken := healthy.Found
	broken.Container = "00"
	s.ok(k.Unlink(s.ctx, r, healthy.Found, broken), "Unlink")
	var lost certstore.Entry
	for _, e := range s.list(certstore.User) {
		if e.Fingerprint() == s.leaf.Fingerprint() {
			lost = e
		}
	}
	if lost.Key != certstore.KeyNone && lost.Key != certstore.KeyUnusable || lost.FriendlyName != "by name" {
		s.Fatalf("without its link the entry is %+v", lost)
	}
	was := find(lost.Ref())
	if was.Was != broken || was.Found != healthy.Found {
		s.Errorf("FindKeys = %+v, want %+v found again", was, healthy.Found)
	}

	wrong := find(ref(certstore.User, certstore.My, other)).Found
	s.want(k.Relink(s.ctx, lost.Ref(), healthy.Found, healthy.Found), certstore.ErrChanged, "Relink from what it does not lead to")
	s.want(k.Relink(s.ctx, lost.Ref(), broken, wrong), certstore.ErrKey, "Relink to another's key")
	if now := find(lost.Ref()); now != was {
		s.Errorf("a relinking that failed leaves %+v", now)
	}
	s.want(k.Relink(s.ctx, ref(certstore.User, certstore.My, s.inter), broken, healthy.Found), certstore.ErrNotFound, "Relink of nothing")
	s.ok(k.Relink(s.ctx, lost.Ref(), broken, healthy.Found), "Relink")
	if e := s.entry(certstore.User, certstore.My, s.leaf); e.Key != certstore.KeyPresent || e.FriendlyName != "by name" {
		s.Errorf("after Relink the entry is %+v", e)
	}
	s.sign(r)
	s.sign(ref(certstore.User, certstore.My, other))
	s.count(certstore.User, 3)
}
