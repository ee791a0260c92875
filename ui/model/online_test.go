package model

import (
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"testing"

	"certdesk/certstore"
	"certdesk/internal/certtest"
	"certdesk/internal/chain"
	"certdesk/internal/check"
	"certdesk/internal/inventory"
)

// TestFetchIssuers fetches a missing intermediate from where the certificate
// says, through a proxy too, and says what was tried where there is none.
func TestFetchIssuers(t *testing.T) {
	root := certtest.Root(t, "Fetch Root")
	inter := certtest.Intermediate(t, root, "Fetch CA")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/ca.cer" {
			w.Write(inter.Certificate.Raw)
			return
		}
		http.NotFound(w, r)
	}))
	defer server.Close()
	store := certstore.NewMemory()
	if err := store.Put(t.Context(), certstore.User, certstore.Root, certstore.Item{DER: root.Certificate.Raw}); err != nil {
		t.Fatal(err)
	}
	inv, errs := inventory.Load(t.Context(), store, inventory.Options{Now: certtest.Now})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	s := &Snapshot{Inventory: inv}
	detail := func(url string) *Detail {
		leaf := certtest.Client(t, inter, "Fetcher", func(c *x509.Certificate) { c.IssuingCertificateURL = []string{url} })
		return DescribeFile(s, check.Subject{Certificate: leaf.Certificate}, certtest.Now)
	}
	for _, proxy := range []string{"", server.URL} {
		d := detail(server.URL + "/ca.cer")
		if d.Paths.Best().Complete() {
			t.Fatal("nothing is missing")
		}
		again, tried, err := d.FetchIssuers(t.Context(), s, proxy)
		if err != nil || !again.Complete() || len(again.Chain) != 3 || again.Chain[1].Found != chain.Fetched {
			t.Errorf("proxy %q: %v, tried %+v, chain %+v", proxy, err, tried, again)
		}
	}
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(root.Certificate.Raw) }))
	defer other.Close()
	if again, tried, err := detail(other.URL).FetchIssuers(t.Context(), s, ""); err != nil || again.Complete() || len(tried) != 1 || tried[0].Err == nil {
		t.Errorf("another certificate: %v %+v", err, tried)
	}
	d := detail(server.URL + "/nothing.cer")
	again, tried, err := d.FetchIssuers(t.Context(), s, "")
	if err != nil || again.Complete() || len(tried) != 1 || tried[0].Err == nil {
		t.Errorf("%v %+v %+v", err, tried, again)
	}
	if _, _, err := d.FetchIssuers(t.Context(), s, "ftp://x"); err == nil {
		t.Error("a proxy that is none was taken")
	}
	if _, err := d.AskRevocation(t.Context(), "ftp://x"); err == nil {
		t.Error("a proxy that is none was taken for revocation")
	}
}
