package certstore_test

import (
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"certdesk/certstore"
	"certdesk/internal/certtest"
)

// anchorScratch is a scratch whose trust anchors have a bundle, which an
// update script makes of the distribution's roots and the anchors directory.
func anchorScratch(t *testing.T, shipped ...certtest.Issuer) (sc *scratch, script string) {
	t.Helper()
	sc = newScratch(t)
	dir := t.TempDir()
	script, bundle, roots := filepath.Join(dir, "update"), filepath.Join(dir, "bundle.pem"), filepath.Join(dir, "shipped.pem")
	var data []byte
	for _, i := range shipped {
		data = append(data, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.Raw})...)
	}
	for _, path := range []string{bundle, roots} {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text := "#!/bin/sh\ncat " + roots + " " + sc.anchors + "/*.crt > " + bundle + " 2>/dev/null; true\n"
	if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	sc.env["CERTDESK_ANCHORS_UPDATE"] = script
	sc.env["CERTDESK_ANCHORS_BUNDLE"] = bundle
	return sc, script
}

func TestAnchors(t *testing.T) {
	shipped, own := certtest.Root(t, "Shipped"), certtest.Root(t, "Own: Root / ü")
	sc, script := anchorScratch(t, shipped)
	s, ctx := sc.open(t), t.Context()
	item := certstore.Item{DER: own.Raw}
	if err := s.Put(ctx, certstore.Machine, certstore.Root, item); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(sc.anchors + "/*")
	if err != nil || len(files) != 1 || !strings.HasSuffix(files[0], "-"+own.Fingerprint().String()[:8]+".crt") || strings.ContainsAny(filepath.Base(files[0]), " :/ü") {
		t.Errorf("files %q, %v", files, err)
	} else if st, err := os.Stat(files[0]); err != nil || st.Mode().Perm() != 0o644 {
		t.Errorf("mode %v, %v", st.Mode(), err)
	}
	listed := map[string]bool{} // common name: read-only
	for e, err := range s.Entries(ctx, certstore.Machine) {
		if err != nil || e.Store != certstore.Root || !e.Trusted {
			t.Errorf("%+v, %v", e, err)
		}
		listed[map[bool]string{true: "own", false: "shipped"}[e.Fingerprint() == own.Fingerprint()]] = e.ReadOnly
	}
	if ro, ok := listed["own"]; !ok || ro {
		t.Error("the administrator's anchor is missing or read-only")
	}
	if ro, ok := listed["shipped"]; !ok || !ro || len(listed) != 2 {
		t.Errorf("listed %v", listed)
	}
	if err := s.Put(ctx, certstore.Machine, certstore.Root, item); !errors.Is(err, certstore.ErrExists) {
		t.Errorf("second Put = %v", err)
	}
	err = s.Delete(ctx, certstore.Ref{Location: certstore.Machine, Store: certstore.Root, Fingerprint: shipped.Fingerprint()}, certstore.DeleteAll)
	if !errors.Is(err, certstore.ErrNotPossible) || !strings.Contains(certstore.Advice(err), "ca-certificates.conf") {
		t.Errorf("Delete of a shipped root = %v", err)
	}
	before, err := s.State(ctx, certstore.Machine, own.Raw)
	if err != nil || !before.Certificate || before.Store != certstore.Root {
		t.Errorf("State = %+v, %v", before, err)
	}
	if err := s.Restore(ctx, certstore.Machine, own.Raw, certstore.State{}); err != nil {
		t.Fatal(err)
	}
	if st, err := s.State(ctx, certstore.Machine, own.Raw); err != nil || st != (certstore.State{}) {
		t.Errorf("State after Restore = %+v, %v", st, err)
	}
	if err := s.Restore(ctx, certstore.Machine, own.Raw, before); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(ctx, certstore.Ref{Location: certstore.Machine, Store: certstore.Root, Fingerprint: own.Fingerprint()}, certstore.DeleteAll); err != nil {
		t.Fatal(err)
	}
	// An update that fails, or that answers success and does nothing.
	for _, text := range []string{"#!/bin/sh\necho no rights >&2; exit 2\n", "#!/bin/sh\nexit 0\n"} {
		if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := s.Put(ctx, certstore.Machine, certstore.Root, item); err == nil {
			t.Error("Put succeeds though the bundle was not made")
		}
		if files, _ := filepath.Glob(sc.anchors + "/*"); len(files) != 0 {
			t.Errorf("left over: %q", files)
		}
	}
}
