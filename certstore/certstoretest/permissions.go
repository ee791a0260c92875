package certstoretest

import (
	"bytes"
	"errors"
	"slices"

	"certdesk/certstore"
	"certdesk/internal/certtest"
)

const networkService = `NT AUTHORITY\NETWORK SERVICE` // an account that every Windows has

// mayUse reports whether p names the account NETWORK SERVICE.
func mayUse(p certstore.KeyPermissions) bool {
	return slices.ContainsFunc(p.Users, func(u certstore.KeyUser) bool { return u.SID == "S-1-5-20" && !u.Denied })
}

func permissions(s *suite) {
	k, ok := s.store.(certstore.KeyPermitter)
	if !ok {
		s.Skip("this store does not know who may use its keys")
	}
	partner := certtest.Client(s, s.inter, "Partner")
	s.put(certstore.User, certstore.People, certificate(partner))
	s.put(certstore.User, certstore.My, s.item(s.leaf))
	r := ref(certstore.User, certstore.My, s.leaf)

	_, err := k.KeyPermissions(s.ctx, ref(certstore.User, certstore.People, partner))
	s.want(err, certstore.ErrNotFound, "KeyPermissions without a key")
	_, err = k.KeyPermissions(s.ctx, ref(certstore.User, certstore.My, s.inter))
	s.want(err, certstore.ErrNotFound, "KeyPermissions of nothing")

	p, err := k.KeyPermissions(s.ctx, r)
	s.ok(err, "KeyPermissions")
	if p.Kind == "" || p.Path == "" || len(p.Users) == 0 && !p.Everybody {
		s.Errorf("KeyPermissions = %+v", p)
	}
	grant := certstore.KeyChange{Account: networkService}
	if p.Fixed != nil {
		_, _, err := k.PlanKeyPermissions(s.ctx, r, grant)
		if !errors.Is(err, certstore.ErrNotPossible) && !errors.Is(err, certstore.ErrDenied) || certstore.Advice(err) == "" {
			s.Errorf("PlanKeyPermissions = %v, want ErrNotPossible or ErrDenied with advice", err)
		}
		if k.SetKeyPermissions(s.ctx, r, p.Descriptor, p.Descriptor) == nil {
			s.Error("SetKeyPermissions works where it cannot")
		}
		return
	}
	_, _, err = k.PlanKeyPermissions(s.ctx, r, certstore.KeyChange{Account: `NT SERVICE\`})
	s.want(err, certstore.ErrNoAccount, "a grant to nobody")
	_, _, err = k.PlanKeyPermissions(s.ctx, r, certstore.KeyChange{Account: "S-1-5-18", Revoke: true})
	s.want(err, certstore.ErrNotPossible, "revoking SYSTEM")

	before, after, err := k.PlanKeyPermissions(s.ctx, r, grant)
	s.ok(err, "PlanKeyPermissions")
	if mayUse(before) || !mayUse(after) || len(after.Users) != len(before.Users)+1 {
		s.Errorf("a grant turns %+v into %+v", before.Users, after.Users)
	}
	if now, err := k.KeyPermissions(s.ctx, r); err != nil || mayUse(now) {
		s.Errorf("a plan changes the key: %+v, %v", now.Users, err)
	}
	s.ok(k.SetKeyPermissions(s.ctx, r, before.Descriptor, after.Descriptor), "SetKeyPermissions")
	now, err := k.KeyPermissions(s.ctx, r)
	s.ok(err, "KeyPermissions")
	if !mayUse(now) || len(now.Users) != len(after.Users) {
		s.Errorf("after the grant: %+v, want %+v", now.Users, after.Users)
	}
	s.sign(r)
	s.ok(k.SetKeyPermissions(s.ctx, r, before.Descriptor, after.Descriptor), "SetKeyPermissions again")
	again, still, err := k.PlanKeyPermissions(s.ctx, r, grant)
	s.ok(err, "PlanKeyPermissions of what is")
	if !bytes.Equal(again.Descriptor, still.Descriptor) {
		s.Error("a grant of what is granted changes something")
	}
	_, revoked, err := k.PlanKeyPermissions(s.ctx, r, certstore.KeyChange{Account: "S-1-5-20", Revoke: true})
	s.ok(err, "PlanKeyPermissions of a revocation")
	if mayUse(revoked) || len(revoked.Users) != len(before.Users) {
		s.Errorf("the revocation leaves %+v", revoked.Users)
	}
	_, other, err := k.PlanKeyPermissions(s.ctx, r, certstore.KeyChange{Account: "S-1-5-19"})
	s.ok(err, "PlanKeyPermissions of another account")
	s.want(k.SetKeyPermissions(s.ctx, r, before.Descriptor, other.Descriptor), certstore.ErrChanged, "SetKeyPermissions of a plan that is out of date")
	if s.limits.OnePermission != "" {
		s.Skip(s.limits.OnePermission)
	}
	s.ok(k.SetKeyPermissions(s.ctx, r, after.Descriptor, before.Descriptor), "taking it back")
	if now, err := k.KeyPermissions(s.ctx, r); err != nil || mayUse(now) {
		s.Errorf("after taking it back: %+v, %v", now.Users, err)
	}
	s.sign(r)
}
