package certstore

import (
	"errors"
	"os/user"
	"strings"
	"testing"

	"golang.org/x/sys/windows"

	"certdesk/certstore/internal/secdesc"
)

// TestAccounts finds accounts as Windows' consoles and manuals write them, and
// none where a whole domain or nobody has the name.
func TestAccounts(t *testing.T) {
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	computer, err := windows.ComputerName()
	if err != nil {
		t.Fatal(err)
	}
	_, name, _ := strings.Cut(me.Username, `\`)
	for account, want := range map[string]secdesc.SID{
		`NT AUTHORITY\NETWORK SERVICE`: "S-1-5-20",
		"LocalSystem":                  secdesc.System,
		"NetworkService":               "S-1-5-20",
		"S-1-5-32-568":                 "S-1-5-32-568",
		me.Username:                    secdesc.SID(me.Uid),
		`.\` + name:                    secdesc.SID(me.Uid),
	} {
		if strings.HasPrefix(account, `.\`) && !strings.EqualFold(me.Username, computer+`\`+name) {
			continue // the account is a domain's
		}
		if got, err := windowsAccounts.find(account); err != nil || got != want {
			t.Errorf("%s = %s, %v, want %s", account, got, err, want)
		}
	}
	if got := windowsAccounts.name(secdesc.SID(me.Uid)); !strings.EqualFold(got, me.Username) {
		t.Errorf("%s is called %s, want %s", me.Uid, got, me.Username)
	}
	if got := windowsAccounts.name("S-1-5-82-1-2-3-4-5"); got != "S-1-5-82-1-2-3-4-5" {
		t.Errorf("a pool that is gone is called %s", got)
	}
	for _, account := range []string{"", "NoSuchAccount-certdesk", `.\NoSuchAccount-certdesk`, `NT SERVICE\NoSuchService`, computer + `\`} {
		if got, err := windowsAccounts.find(account); !errors.Is(err, ErrNoAccount) {
			t.Errorf("%q = %s, %v, want no account", account, got, err)
		}
	}
	if _, _, kind, err := windows.LookupSID("", computer); err == nil && kind == windows.SidTypeDomain { // not where an account is called so
		if got, err := windowsAccounts.find(computer); !errors.Is(err, ErrNoAccount) {
			t.Errorf("the computer %s itself = %s, %v, want no account", computer, got, err)
		}
	}
}
