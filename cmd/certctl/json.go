package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"runtime"
	"slices"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/chain"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
)

// jsonFinding is a finding as the contract has it.
type jsonFinding struct {
	ID       string           `json:"id"`
	Severity finding.Severity `json:"severity"`
	Purpose  finding.Purpose  `json:"purpose,omitempty"`
	Message  string           `json:"message"`
	Source   string           `json:"source"`
	Fix      string           `json:"fix,omitempty"`
	Evidence *jsonEvidence    `json:"evidence,omitempty"` // the field that proves it
	Action   finding.Fix      `json:"action,omitempty"`   // what this program can do: move, trust, import, grant, relink, ask
	Request  string           `json:"request,omitempty"`  // ask: the sentence to send to the CA
}

type jsonEvidence struct {
	Field string `json:"field"`
	Value string `json:"value"`
}

func jsonFindings(fs []finding.Finding) []jsonFinding {
	out := make([]jsonFinding, len(fs))
	for i, f := range fs {
		w := finding.WordsOf(f)
		out[i] = jsonFinding{ID: f.ID, Severity: f.Severity, Purpose: f.Purpose, Message: w.Message, Source: f.Source, Fix: w.Advice, Action: f.Fix}
		if f.Evidence.Field != "" {
			out[i].Evidence = &jsonEvidence{f.Evidence.Field, f.Evidence.Value}
		}
		if f.Fix == finding.FixAsk {
			out[i].Request = w.Request
		}
	}
	return out
}

// jsonCertificate is a certificate, in a store or in a file. A field whose
// extension is absent from the certificate is left out.
type jsonCertificate struct {
	Location           certstore.Location `json:"location,omitempty"`
	Store              certstore.Name     `json:"store,omitempty"`
	Subject            string             `json:"subject"`
	Issuer             string             `json:"issuer"`
	CommonName         string             `json:"commonName"`
	FriendlyName       string             `json:"friendlyName"`
	Serial             string             `json:"serial"`
	SHA1               string             `json:"sha1"`
	SHA256             string             `json:"sha256"`
	NotBefore          string             `json:"notBefore"`
	NotAfter           string             `json:"notAfter"`
	Role               certificate.Role   `json:"role"`
	IsCA               bool               `json:"isCA"`
	Key                certstore.KeyState `json:"key"`
	Exportable         bool               `json:"exportable"`
	KeyType            string             `json:"keyType"`
	SignatureAlgorithm string             `json:"signatureAlgorithm"`
	KeyUsage           []string           `json:"keyUsage,omitzero"`
	ExtKeyUsage        []string           `json:"extKeyUsage,omitzero"`
	Misplaced          certstore.Name     `json:"misplaced,omitempty"`
	Inherited          bool               `json:"inherited"`
	Provided           certstore.Provided `json:"provided,omitempty"` // by whom, where nobody here can change it
	Archived           bool               `json:"archived,omitempty"` // out of sight on Windows
	Trusted            bool               `json:"trusted"`
	Findings           []jsonFinding      `json:"findings"`

	*jsonMore
}

// jsonMore is what show adds to list.
type jsonMore struct {
	Serials          certificate.Serials `json:"serials"`
	SubjectAltNames  []jsonAltName       `json:"subjectAltNames,omitzero"`
	BasicConstraints *jsonBasic          `json:"basicConstraints,omitempty"`
	SubjectKeyID     string              `json:"subjectKeyId,omitempty"`
	AuthorityKeyID   string              `json:"authorityKeyId,omitempty"`
	KeyUsageText     string              `json:"keyUsageText,omitempty"` // as Windows prints it
	Origin           string              `json:"origin,omitempty"`
	Places           []jsonPlace         `json:"places,omitempty"` // everywhere the certificate stands
	Chain            []jsonLink          `json:"chain"`
	Paths            []jsonPath          `json:"paths"`                 // all of them, best first; chain is the first
	SystemChain      *jsonSystemChain    `json:"systemChain,omitempty"` // what Windows says of the chain
	PEM              string              `json:"pem"`
}

type jsonAltName struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

type jsonBasic struct {
	CA      bool `json:"ca"`
	PathLen *int `json:"pathLen,omitempty"`
}

type jsonPlace struct {
	Location certstore.Location `json:"location"`
	Store    certstore.Name     `json:"store"`
}

func rfc3339(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func ofCertificate(c *certificate.Certificate) jsonCertificate {
	subject := c.Subject().String()
	issuer := subject
	if !c.SelfIssued() {
		issuer = c.Issuer().String()
	}
	j := jsonCertificate{
		Subject: subject, Issuer: issuer, CommonName: c.CommonName(),
		Serial: hex.EncodeToString(c.SerialNumber), SHA1: c.SHA1(), SHA256: c.Fingerprint().String(),
		NotBefore: rfc3339(c.NotBefore), NotAfter: rfc3339(c.NotAfter), Role: c.Role(), IsCA: c.IsCA(),
		Key: certstore.KeyNone, KeyType: c.KeyType(), SignatureAlgorithm: c.SignatureAlgorithm(), KeyUsage: c.KeyUsageNames(),
		Findings: []jsonFinding{},
	}
	if c.ExtKeyUsage != nil {
		j.ExtKeyUsage = make([]string, len(c.ExtKeyUsage))
		for i, oid := range c.ExtKeyUsage {
			j.ExtKeyUsage[i] = certificate.ExtKeyUsageName(oid)
		}
	}
	return j
}

func ofRow(r *inventory.Row) jsonCertificate {
	j := ofCertificate(r.Certificate)
	j.Location, j.Store, j.FriendlyName, j.Key, j.Exportable = r.Location, r.Store, r.FriendlyName, r.Key, r.Exportable
	j.Misplaced, j.Inherited, j.Provided, j.Trusted = r.Misplaced, r.Inherited, r.Provided, r.Anchor()
	j.Archived, j.Findings = r.Archived, jsonFindings(r.Findings)
	return j
}

func moreOf(c *certificate.Certificate, inv *inventory.Inventory, extra []*certificate.Certificate, now time.Time) *jsonMore {
	m := &jsonMore{Serials: c.Serials(), SubjectKeyID: hex.EncodeToString(c.SubjectKeyID), AuthorityKeyID: hex.EncodeToString(c.AuthorityKey),
		KeyUsageText: c.WindowsKeyUsage(), Chain: []jsonLink{},
		PEM: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))}
	if c.AltNames != nil {
		m.SubjectAltNames = []jsonAltName{}
		for _, a := range c.AltNames {
			m.SubjectAltNames = append(m.SubjectAltNames, jsonAltName{a.Type, a.Value})
		}
	}
	if b := c.Basic; b != nil {
		m.BasicConstraints = &jsonBasic{CA: b.CA}
		if b.PathLen >= 0 {
			m.BasicConstraints.PathLen = &b.PathLen
		}
	}
	for _, r := range inv.At(c.Fingerprint()) {
		m.Places = append(m.Places, jsonPlace{r.Location, r.Store})
	}
	paths := chain.Build(inv, c, chain.Options{Now: now, Extra: chain.FromFile(extra)})
	m.Chain = jsonLinks(paths.Best())
	m.Paths = jsonPaths(paths)
	return m
}

// printJSON prints one document.
func (a *app) printJSON(v any) error {
	out := bufio.NewWriterSize(a.stdout, 1<<16)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	return out.Flush()
}

// printJSONList prints an array, one compact element a line. Several
// processors render it, some lines ahead of the one that writes.
func (a *app) printJSONList(rows []*inventory.Row) error {
	const chunk = 128 // rows rendered at a time
	type text struct {
		data []byte
		err  error
	}
	workers := runtime.GOMAXPROCS(0)
	queue := make(chan chan text, 2*workers) // in the order of rows
	slots := make(chan struct{}, workers)
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		defer close(queue)
		for part := range slices.Chunk(rows, chunk) {
			done := make(chan text, 1)
			select {
			case queue <- done:
			case <-stop:
				return
			}
			slots <- struct{}{}
			go func() {
				data, err := jsonLines(part)
				<-slots
				done <- text{data, err}
			}()
		}
	}()
	out := bufio.NewWriterSize(a.stdout, 1<<16)
	out.WriteString("[")
	separator := "\n"
	for done := range queue {
		t := <-done
		if t.err != nil {
			return t.err
		}
		out.WriteString(separator)
		if _, err := out.Write(t.data); err != nil {
			return err
		}
		separator = ",\n"
	}
	out.WriteString("\n]\n")
	return out.Flush()
}

// jsonLines renders rows, with commas and line ends between them.
func jsonLines(rows []*inventory.Row) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(len(rows) << 11)
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for i, r := range rows {
		if i > 0 {
			b.Truncate(b.Len() - 1) // Encode ends each with a line end
			b.WriteString(",\n")
		}
		if err := enc.Encode(ofRow(r)); err != nil {
			return nil, err
		}
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
