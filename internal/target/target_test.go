package target_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"certdesk/certstore"
	"certdesk/internal/target"
)

// TestWindows is the whole answer to "who will use this certificate?".
func TestWindows(t *testing.T) {
	for _, tt := range []struct {
		id       target.ID
		place    string
		keySet   certstore.Location
		provider certstore.Provider
		source   string
	}{
		{target.Browser, "user/my", certstore.User, certstore.ProviderCNG, "client_cert_store_win"},
		{target.UserApp, "user/my", certstore.User, certstore.ProviderCNG, "System Store Locations"},
		{target.BizTalkSendPort, "user/my", certstore.User, certstore.ProviderCAPI, "WCF Adapters"},
		{target.BizTalkPartner, "machine/people", "", "", "BizTalk Server Uses"},
		{target.IISSite, "machine/my", certstore.Machine, certstore.ProviderCNG, "netsh"},
		{target.IISClientTrust, "machine/root", "", "", "2802568"},
		{target.WindowsService, "machine/my", certstore.Machine, certstore.ProviderCNG, "CRYPT_MACHINE_KEYSET"},
	} {
		got, err := target.Find(strings.ToUpper(string(tt.id)), "windows")
		if err != nil {
			t.Errorf("%s: %v", tt.id, err)
			continue
		}
		if got.Place() != tt.place || got.KeySet != tt.keySet || got.Provider != tt.provider || !strings.Contains(got.Source, tt.source) {
			t.Errorf("%s = %s, key set %q, provider %q, source %q", tt.id, got.Place(), got.KeySet, got.Provider, got.Source)
		}
		if (got.KeySet == "") != (got.Kind != target.Keyed) || got.KeySet != "" && got.KeySet != got.Location {
			t.Errorf("%s: key set %q in %s", tt.id, got.KeySet, got.Location)
		}
	}
	if n := len(target.For("windows")); n != len(target.IDs) {
		t.Errorf("%d targets, want %d", n, len(target.IDs))
	}
}

// TestComplete wants all words of every target, once.
func TestComplete(t *testing.T) {
	for _, system := range []string{"windows", "linux", "darwin"} {
		var ids []target.ID
		for _, x := range target.For(system) {
			if x.Title == "" || x.Line == "" || x.Reason == "" || x.Source == "" || !strings.HasSuffix(x.Reason, ".") {
				t.Errorf("%s, %s lacks words: %+v", system, x.ID, x)
			}
			if x.Provider == certstore.ProviderCAPI && x.ProviderWhy == "" {
				t.Errorf("%s: nobody says why CryptoAPI", x.ID)
			}
			if slices.Contains(ids, x.ID) || !slices.Contains(target.IDs, x.ID) {
				t.Errorf("%s: the id %s", system, x.ID)
			}
			ids = append(ids, x.ID)
		}
	}
}

func TestElsewhere(t *testing.T) {
	for _, tt := range []struct{ id, system, says, advice string }{
		{"iis-site", "linux", "Windows only, and this is Linux", "--location machine"},
		{"biztalk-partner", "darwin", "this is macOS", "browser and user-app"},
		{"toaster", "linux", "no such target", "browser, user-app."},
		{"toaster", "windows", "no such target", "windows-service."},
	} {
		_, err := target.Find(tt.id, tt.system)
		e, ok := errors.AsType[*target.Error](err)
		if !ok || !strings.Contains(err.Error(), tt.says) || !strings.Contains(e.Advice(), tt.advice) {
			t.Errorf("%s on %s: %v", tt.id, tt.system, err)
		}
	}
}

func TestHelp(t *testing.T) {
	for _, system := range []string{"windows", "linux"} {
		lines := strings.Split(strings.TrimSpace(target.Help(system)), "\n")
		if len(lines) != len(target.IDs) {
			t.Errorf("%s: %d lines, want one for each of %d", system, len(lines), len(target.IDs))
		}
		for i, l := range lines {
			if !strings.HasPrefix(strings.TrimSpace(l), string(target.IDs[i])+" ") || !strings.Contains(l, "/") {
				t.Errorf("%s: line %q", system, l)
			}
		}
	}
	if h := target.Help("linux"); strings.Count(h, "Windows only") != 5 {
		t.Errorf("on Linux five are Windows' only:\n%s", h)
	}
}

// TestCommand wants the account's command where the account matters.
func TestCommand(t *testing.T) {
	for _, x := range target.For("windows") {
		c := target.Command(x, `C:\Program Files\Certdesk\certdesk.exe`, `C:\My files\client.pfx`)
		if (c != "") != (x.ID == target.BizTalkSendPort) {
			t.Errorf("%s: command %q", x.ID, c)
		}
		if want := `runas /user:DOMAIN\ACCOUNT "cmd /k \"\"C:\Program Files\Certdesk\certctl.exe\" import \"C:\My files\client.pfx\" --target biztalk-send-port\""`; c != "" && c != want {
			t.Errorf("%s: %s, want %s", x.ID, c, want)
		}
	}
}
