package ui

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fyne.io/fyne/v2"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/ui/parts"
	"certdesk/ui/uitest"
)

// paste types into a lookup and waits for the answer.
func (l *lookup) paste(text string) {
	l.field.SetText(text)
	uitest.Rest(2 * typingPause)
}

func TestExplainDialog(t *testing.T) {
	_, leaf, ca, root := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newStoreShell(t)
		put(t, s, certstore.Root, ca, false) // an issued certificate among the roots
		put(t, s, certstore.Root, root, false)
		put(t, s, certstore.My, leaf, true)
		load(t, s, leaf.Certificate)
		if names := s.toolItems(); len(names) < 3 || names[0].Label != "Explain an error code…" {
			t.Errorf("menu %v", names)
		}
		l := s.openExplain("")
		uitest.Settle()
		if !l.copyIt.Disabled() {
			t.Error("there is nothing to copy yet")
		}
		l.paste("2026-11-22 09:14:02 10.0.0.5 GET /orders - 443 - 10.0.0.9 Mozilla - 403 16 2148204809 31\n")
		sees(t, s, "403.16  Client certificate untrusted or invalid", "0x800b0109  CERT_E_UNTRUSTEDROOT", "On this computer", "Issued certificates among the trusted roots")
		l.copyIt.OnTapped()
		if got := s.app.Clipboard().Content(); !strings.Contains(got, "[applies] Issued certificates among the trusted roots") || !strings.Contains(got, ca.CommonName()) {
			t.Errorf("copied %q", got)
		}
		s.app.Clipboard().SetContent(strings.Repeat("x", 1<<20))
		l.field.SetText("")
		l.field.TypedShortcut(&fyne.ShortcutPaste{Clipboard: s.app.Clipboard()})
		if n := len(l.field.Text); n != parts.MaxPaste {
			t.Errorf("pasted %d bytes", n)
		}
		l.paste("0x800b0199")
		sees(t, s, "no code that is known here", "0x800b0109 CERT_E_UNTRUSTEDROOT")
		press(s, fyne.KeyEscape)
		if parts.TopDialog(s.win.Canvas()) != nil {
			t.Error("Escape does not close it")
		}
	})
}

func TestIdentifyDialog(t *testing.T) {
	_, leaf, _, _ := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newStoreShell(t)
		put(t, s, certstore.My, leaf, true)
		load(t, s, leaf.Certificate)
		l := s.openIdentify("")
		line := certfile.OneLineBase64(leaf.Raw)
		l.paste(`<add userName="x" certificate="` + line + `"/>`)
		sees(t, s, "It is written as it should be.", "On this computer: client.example (Personal, Current user)")
		l.paste(`<add userName="x" certificate="-----BEGIN CERTIFICATE-----` + line[:300] + `"/>`)
		sees(t, s, "cut off", "(0x80093102)", "It is the beginning of client.example")
		l.paste("hello")
		sees(t, s, "There is no certificate in it")
	})
}

func TestHealthDialog(t *testing.T) {
	_, leaf, ca, root := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newStoreShell(t)
		put(t, s, certstore.Root, ca, false)
		put(t, s, certstore.Root, root, false)
		put(t, s, certstore.My, leaf, true)
		load(t, s, leaf.Certificate)
		s.openHealth()
		uitest.Settle()
		sees(t, s, "1 error, 0 warnings, 0 notes", "Issued certificates among the trusted roots (1)", "Move…", "Not looked at")
		home := t.TempDir()
		t.Setenv("HOME", home)
		r, err := s.tools().Health(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second has another name
			if _, err := s.tools().SaveHealth(r); err != nil {
				t.Fatal(err)
			}
		}
		if files, _ := filepath.Glob(filepath.Join(home, "*")); len(files) != 4 {
			t.Errorf("wrote %v", files)
		}
		if data, err := os.ReadFile(filepath.Join(home, "certificate-health-"+r.At.Format(time.DateOnly)+".html")); err != nil || !strings.Contains(string(data), ca.CommonName()) {
			t.Errorf("the page: %v", err)
		}
	})
}

// TestActionWords says that what the window advises is done in the window.
func TestActionWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStoreShell(t)
		l := s.openExplain("403.16 0x80090308 0x8009310b")
		uitest.Settle()
		uitest.Rest(time.Second)
		text := texts(parts.TopDialog(s.win.Canvas())) + l.report
		if strings.ContainsAny(text, "«»") || strings.Contains(text, "certctl") {
			t.Errorf("advice of the command line:\n%s", text)
		}
		if !strings.Contains(text, "What is this? under Diagnose") {
			t.Errorf("no action of the window:\n%s", text)
		}
	})
}

// TestSentence: what Windows says ends in a full stop, our own errors do not.
func TestSentence(t *testing.T) {
	for said, want := range map[string]string{"": "", "open x: File not found.": "Open x: File not found", "no such account": "No such account"} {
		if got := sentence(errors.New(said)); got != want {
			t.Errorf("%q becomes %q, want %q", said, got, want)
		}
	}
}
