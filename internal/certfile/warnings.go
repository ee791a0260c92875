package certfile

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A mark is what the reader saw on its way and the warnings need.
type mark struct {
	noMAC      bool
	mac        string // the MAC's digest
	macOK      bool
	enveloped  bool   // a safe is encrypted to accounts of a domain
	sid        string // one of them
	closedSafe bool   // an encrypted safe was not opened
	trailing   int    // octets after the end
	fewest     int64  // rounds of the weakest derivation
	parameters []byte // EC parameters of a PEM file
}

func (m *mark) rounds(n int64) {
	if n > 0 && (m.fewest == 0 || n < m.fewest) {
		m.fewest = n
	}
}

// warn fills Warnings. The ids are those of facts/certificates.md section 4.4:
// all of them but F-13, which needs the name of the file, and F-14 for octets
// after the end. Their parameters:
//
//	F-01 algorithm   F-02 mac   F-03 algorithm, iterations (the fewest)
//	F-05 provider    F-07 usage F-09 form   F-11 sid   F-14 bytes
//	F-08 case (no-certificate, several-keys, chain-gap, root-included,
//	     unrelated) and what, a sentence
func (r *reader) warn() {
	if r.c.Format == PKCS12 {
		r.warnProtection()
	}
	r.warnKeys()
	r.warnPassword()
	if r.mark.enveloped {
		r.add("F-11", "sid", r.mark.sid)
	}
	if r.c.Format == PKCS12 && !r.mark.closedSafe && r.javaSeesNothing() {
		r.add("F-12")
	}
	if r.mark.trailing > 0 {
		r.add("F-14", "bytes", strconv.Itoa(r.mark.trailing))
	}
}

// add adds a warning; params are names and values in turn.
func (r *reader) add(id string, params ...string) {
	w := Warning{ID: id, Params: map[string]string{}}
	for i := 0; i+1 < len(params); i += 2 {
		w.Params[params[i]] = params[i+1]
	}
	r.c.Warnings = append(r.c.Warnings, w)
}

func (r *reader) warnProtection() {
	var modern, weak []string
	for _, name := range r.c.Encryption {
		if modernCipher(name) {
			modern = append(modern, name)
		} else {
			weak = append(weak, name)
		}
	}
	if len(modern) > 0 {
		r.add("F-01", "algorithm", strings.Join(modern, ", "))
	}
	if r.mark.mac != "" && r.mark.mac != "sha1" {
		r.add("F-02", "mac", r.mark.mac)
	}
	if r.mark.mac == "sha1" || r.mark.mac == "md5" {
		weak = append(weak, strings.ToUpper(r.mark.mac)+" MAC")
	}
	if len(weak) > 0 {
		r.add("F-03", "algorithm", strings.Join(weak, ", "), "iterations", strconv.FormatInt(r.mark.fewest, 10))
	}
	if r.mark.noMAC {
		r.add("F-04")
	}
}

// modernCipher reports whether a file is protected with a cipher of 128-bit
// blocks, which old Windows does not know.
func modernCipher(scheme string) bool {
	name, pbes2 := strings.CutPrefix(scheme, "PBES2 ")
	return pbes2 && !strings.HasSuffix(name, "-ECB") && slices.ContainsFunc([]string{"AES-", "Camellia-", "ARIA-", "SEED-", "SM4-"}, func(p string) bool {
		return strings.HasPrefix(name, p)
	})
}

func (r *reader) warnKeys() {
	var providers, usages []string
	machine := false
	for _, k := range r.c.Keys {
		machine = machine || k.MachineKeySet
		if k.Provider != "" && !slices.Contains(providers, k.Provider) {
			providers = append(providers, k.Provider)
		}
		if u := hex.EncodeToString(k.KeyUsageAttr); u != "" && !slices.Contains(usages, u) {
			usages = append(usages, u)
		}
	}
	for _, p := range providers {
		r.add("F-05", "provider", p)
	}
	if machine {
		r.add("F-06")
	}
	for _, u := range usages {
		r.add("F-07", "usage", u)
	}
	if !r.c.Locked { // else the list is not complete
		r.warnPairs()
	}
}

// warnPairs tells what does not fit together among keys and certificates.
func (r *reader) warnPairs() {
	if len(r.c.Keys) == 0 || r.c.Format == PKCS8 {
		return
	}
	walk := newChainWalk(r.c.Certificates)
	roots, intermediates := countCAs(r.c.Certificates)
	alone, gap := 0, ""
	for _, k := range r.c.Keys {
		if k.Certificate < 0 {
			alone++
			continue
		}
		walk.mark(k.Certificate)
		if gap == "" {
			gap = walk.gap(k.Certificate, intermediates)
		}
	}
	if alone > 0 {
		r.pairs("no-certificate", plural(alone, "key has", "keys have")+" no certificate in the file.")
	}
	if n := len(r.c.Keys); n > 1 {
		r.pairs("several-keys", fmt.Sprintf("The file holds %d keys.", n))
	}
	if gap != "" {
		r.pairs("chain-gap", fmt.Sprintf("The file has intermediate certificates, but not the issuer %q.", gap))
	}
	if roots > 0 {
		r.pairs("root-included", plural(roots, "certificate is a root CA.", "certificates are root CAs."))
	}
	unrelated := 0
	for _, used := range walk.used {
		if !used {
			unrelated++
		}
	}
	if unrelated > 0 && alone < len(r.c.Keys) {
		r.pairs("unrelated", plural(unrelated, "certificate belongs", "certificates belong")+" to the chain of no key.")
	}
}

// countCAs counts the self-issued CAs among certs and the other CAs.
func countCAs(certs []Cert) (roots, intermediates int) {
	for _, c := range certs {
		switch {
		case !c.Certificate.IsCA():
		case c.Certificate.SelfIssued():
			roots++
		default:
			intermediates++
		}
	}
	return roots, intermediates
}

func (r *reader) pairs(which, what string) { r.add("F-08", "case", which, "what", what) }

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// A chainWalk follows certificates to their issuers within the file.
type chainWalk struct {
	certs     []Cert
	bySubject map[string][]int
	used      []bool
}

func newChainWalk(certs []Cert) *chainWalk {
	w := &chainWalk{certs, map[string][]int{}, make([]bool, len(certs))}
	for i, c := range certs {
		subject := string(c.Certificate.RawSubject)
		w.bySubject[subject] = append(w.bySubject[subject], i)
	}
	return w
}

// issuer returns the index of the issuer of the certificate at i, -1 if the
// file has none.
func (w *chainWalk) issuer(i int) int {
	c := w.certs[i].Certificate
	candidates := w.bySubject[string(c.RawIssuer)]
	for _, j := range candidates[:min(len(candidates), 16)] {
		id := w.certs[j].Certificate.SubjectKeyID
		if j != i && (c.AuthorityKey == nil || id == nil || bytes.Equal(c.AuthorityKey, id)) {
			return j
		}
	}
	return -1
}

// mark marks the certificate at i and its issuers as used.
func (w *chainWalk) mark(i int) {
	for i >= 0 && !w.used[i] {
		w.used[i] = true
		if w.certs[i].Certificate.SelfIssued() {
			return
		}
		i = w.issuer(i)
	}
}

// gap returns the issuer that the certificate at leaf lacks although the file
// holds intermediates, "" if none.
func (w *chainWalk) gap(leaf int, intermediates int) string {
	c := w.certs[leaf].Certificate
	if c.SelfIssued() || intermediates == 0 || c.IsCA() && intermediates == 1 || w.issuer(leaf) >= 0 {
		return ""
	}
	return c.IssuerName()
}

func (r *reader) warnPassword() {
	if r.c.EmptyForm != "" {
		r.add("F-09", "form", r.c.EmptyForm)
	}
	if r.proven && !r.pw.ascii() {
		r.add("F-10")
	}
}

// javaSeesNothing reports whether there are certificates only, none of them
// marked as trusted, which is what keytool wants to see.
func (r *reader) javaSeesNothing() bool {
	for _, c := range r.c.Certificates {
		if c.JavaTrusted {
			return false
		}
	}
	return len(r.c.Keys) == 0 && len(r.c.Certificates) > 0
}
