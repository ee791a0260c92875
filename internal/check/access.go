package check

import (
	"context"
	"errors"
	"os/user"
	"slices"
	"strings"

	"certdesk/certstore"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
)

// Access returns K-07 when an account may not use the private key of a row,
// by the permissions that the store tells; nothing where it tells none, or
// where there is no key. A group that the account may or may not be in makes
// it a warning.
func Access(ctx context.Context, store certstore.Store, row *inventory.Row, account string) ([]finding.Finding, error) {
	k, ok := store.(certstore.KeyPermitter)
	if !ok || row == nil || row.Key == certstore.KeyNone || account == "" {
		return nil, nil
	}
	p, err := k.KeyPermissions(ctx, row.Ref())
	if err != nil {
		return nil, err
	}
	yes, unsure := mayUse(p, account)
	if yes {
		return nil, nil
	}
	var names []string
	for _, u := range p.Users {
		if !u.Denied {
			names = append(names, u.Account)
		}
	}
	f := finding.Finding{ID: "K-07", Severity: finding.Error, Source: "NTE_PERM 0x80090010, access denied", Fix: finding.FixGrant,
		Evidence: finding.Evidence{Field: "keyPermissions", Value: strings.Join(names, ", ")},
		Params:   map[string]string{"account": account, "advice": "Let the account use the key: certctl key permissions, with --grant."}}
	if unsure {
		f.Severity = finding.Warning
	}
	if p.Fixed != nil && !errors.Is(p.Fixed, certstore.ErrDenied) { // an administrator can
		f.Fix, f.Params["advice"] = finding.FixNone, certstore.Advice(p.Fixed)
	}
	return []finding.Finding{f}, nil
}

// mayUse reports whether permissions let an account use a key, and whether a
// group that may could hold the account.
func mayUse(p certstore.KeyPermissions, account string) (yes, unsure bool) {
	is := func(u certstore.KeyUser) bool {
		_, short, qualified := strings.Cut(u.Account, `\`)
		return strings.EqualFold(u.Account, account) || u.SID != "" && strings.EqualFold(u.SID, account) || qualified && strings.EqualFold(short, account)
	}
	if slices.ContainsFunc(p.Users, func(u certstore.KeyUser) bool { return u.Denied && is(u) }) {
		return false, false
	}
	groups, known := groupsOf(account)
	for _, u := range p.Users {
		group, isGroup := strings.CutPrefix(u.Account, "group ")
		switch {
		case u.Denied:
		case is(u), u.Account == "everybody", isGroup && slices.Contains(groups, group):
			return true, false
		case isGroup && !known, strings.HasPrefix(u.SID, "S-1-5-32-"), strings.HasPrefix(u.SID, "S-1-5-21-"), u.SID == "S-1-1-0", u.SID == "S-1-5-11":
			unsure = true
		}
	}
	return p.Everybody, unsure
}

// groupsOf returns the names of the groups an account is in, as far as the
// system tells.
func groupsOf(account string) (names []string, known bool) {
	u, err := user.Lookup(account)
	if err != nil {
		return nil, false
	}
	ids, err := u.GroupIds()
	for _, id := range ids {
		if g, err := user.LookupGroupId(id); err == nil {
			names = append(names, g.Name)
		}
	}
	return names, err == nil
}
