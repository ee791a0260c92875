package check_test

import (
	"context"
	"errors"
	"testing"

	"certdesk/certstore"
	"certdesk/internal/check"
	"certdesk/internal/finding"
)

// A permitter is a store that tells who may use its keys.
type permitter struct {
	certstore.Store
	list certstore.KeyPermissions
}

func (p permitter) KeyPermissions(context.Context, certstore.Ref) (certstore.KeyPermissions, error) {
	return p.list, nil
}

func (p permitter) PlanKeyPermissions(context.Context, certstore.Ref, certstore.KeyChange) (a, b certstore.KeyPermissions, err error) {
	return a, b, certstore.ErrNotPossible
}

func (p permitter) SetKeyPermissions(context.Context, certstore.Ref, []byte, []byte) error {
	return certstore.ErrNotPossible
}

// TestAccess is the pair of K-07.
func TestAccess(t *testing.T) {
	m := newMaker(t)
	_, row := m.ec(ku(signs), forTLS).inventory(t)
	users := func(list ...certstore.KeyUser) certstore.KeyPermissions { return certstore.KeyPermissions{Users: list} }
	system := certstore.KeyUser{Account: `NT AUTHORITY\SYSTEM`, SID: "S-1-5-18"}
	admins := certstore.KeyUser{Account: `BUILTIN\Administrators`, SID: "S-1-5-32-544"}
	service := certstore.KeyUser{Account: `CORP\BTSSvc`, SID: "S-1-5-80-1"}
	denied := service
	denied.Denied = true
	root := certstore.KeyUser{Account: "root"}
	fixed := users(root)
	fixed.Fixed = &certstore.Error{Op: "permissions", Err: certstore.ErrNotPossible, Advise: "Copy it."}
	closed := users(root)
	closed.Fixed = &certstore.Error{Op: "permissions", Err: certstore.ErrDenied}
	for _, tt := range []struct {
		name, account string
		p             certstore.KeyPermissions
		want          finding.Severity // "" for no finding
		fix           finding.Fix
	}{
		{"named", "btssvc", users(system, service), "", ""},
		{"named in full", `CORP\BTSSvc`, users(system, service), "", ""},
		{"named by SID", "S-1-5-80-1", users(system, service), "", ""},
		{"not named", "other", users(system, service), finding.Error, finding.FixGrant},
		{"perhaps in a group", "other", users(system, admins), finding.Warning, finding.FixGrant},
		{"denied", "btssvc", users(denied, admins, service), finding.Error, finding.FixGrant},
		{"no list", "other", certstore.KeyPermissions{Everybody: true}, "", ""},
		{"everybody on Linux", "other", users(root, certstore.KeyUser{Account: "everybody"}), "", ""},
		{"cannot be changed", "daemon", fixed, finding.Error, finding.FixNone},
		{"can be changed by an administrator", "daemon", closed, finding.Error, finding.FixGrant},
		{"a group of one's own", "daemon", users(root, certstore.KeyUser{Account: "group daemon"}), "", ""},
	} {
		fs, err := check.Access(t.Context(), permitter{list: tt.p}, row, tt.account)
		switch {
		case err != nil || (len(fs) == 0) != (tt.want == ""):
			t.Errorf("%s: %v, %v", tt.name, fs, err)
		case tt.want != "":
			checkWords(t, fs[0])
			if fs[0].ID != "K-07" || fs[0].Severity != tt.want || fs[0].Fix != tt.fix {
				t.Errorf("%s: %+v", tt.name, fs[0])
			}
		}
	}
	if fs, err := check.Access(t.Context(), certstore.NewMemory(), row, ""); fs != nil || err != nil {
		t.Errorf("nobody asked for: %v, %v", fs, errors.Join(err))
	}
}
