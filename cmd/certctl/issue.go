package main

import (
	"cmp"
	"context"
	"crypto"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"certdesk/internal/certfile"
	"certdesk/internal/csr"
	"certdesk/internal/testca"
)

type issueFlags struct {
	newFileFlags
	ca, user, purpose, keyType, request, fault, crl string
	format                                          string
	names                                           []string
	days                                            int
	subject                                         csr.Subject
	noNote                                          bool
}

func (a *app) issueCommand() *cobra.Command {
	var x issueFlags
	cmd := &cobra.Command{
		Use:   "issue",
		Short: "issue a server, client, S/MIME or code-signing certificate, right or deliberately wrong",
		Long: `issue makes a key and a certificate of an authority (certctl ca init) and writes
them as a PFX file; or, with --csr, answers a request that somebody sent.

--user NAME writes NAME.pfx with a made-up password that is printed once, and
NAME.md, the note to hand over with it, in which no password stands.

--fault makes a certificate with exactly one thing wrong, to see what a system
says about it:
` + faultHelp(),
		Example: `  certctl issue --user jdoe --password-file ca.txt
  certctl issue --purpose server --cn www.example.test -o www.pfx --password-file ca.txt --new-password-file pw.txt
  certctl issue --user nosign --fault no-digital-signature --password-file ca.txt
  certctl issue --csr partner.csr --purpose client -o partner.pem --password-file ca.txt`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.issue(cmd.Context(), x) },
	}
	f := cmd.Flags()
	f.StringVar(&x.ca, "ca", "", "the authority, when there are several")
	f.StringVar(&x.user, "user", "", "a person's log-on name: writes NAME.pfx and the note to hand over")
	f.StringVar(&x.purpose, "purpose", "", "client, server, email or code; client if not given, the request's with --csr")
	f.StringVar(&x.subject.CommonName, "cn", "", "common name; the user's if not given")
	f.StringVar(&x.subject.Organization, "org", "", "organization (O)")
	f.StringVar(&x.subject.Unit, "unit", "", "organizational unit (OU)")
	f.StringVar(&x.subject.Country, "country", "", "country (C), two letters")
	f.StringArrayVar(&x.names, "san", nil, "alternative name: a DNS name, IP or mail address, URI, or upn:user@domain; may be repeated")
	f.StringVar(&x.keyType, "key-type", string(csr.RSA2048), "RSA 2048, RSA 3072, RSA 4096, P-256, P-384, P-521 or Ed25519")
	f.StringVar(&x.request, "csr", "", "a PKCS#10 request to answer: its subject, names and key")
	f.StringVar(&x.format, "format", "", "with --csr: pem or p7b with the chain, or der; pem if not given")
	f.StringVar(&x.fault, "fault", "", "what is to be wrong; see above")
	f.IntVar(&x.days, "days", 0, "how long it is valid; 397 if not given, 825 for email")
	f.StringVar(&x.crl, "crl-url", "", "where the CRL will be found")
	f.BoolVar(&x.noNote, "no-note", false, "with --user: do not write the note")
	x.add(a, f, string(certfile.Modern))
	return cmd
}

func faultHelp() string {
	var b strings.Builder
	for _, f := range testca.Faults {
		var ids []string
		for _, p := range csr.Purposes {
			if l := f.Findings[p.Purpose]; l != nil {
				ids = append(ids, string(p.Purpose)+" "+strings.Join(l, "+"))
			}
		}
		fmt.Fprintf(&b, "  %-21s %s (%s)\n", f.Fault, f.Text, strings.Join(ids, ", "))
	}
	return strings.TrimRight(b.String(), "\n")
}

type jsonIssued struct {
	File        string          `json:"file"`
	Note        string          `json:"note,omitempty"` // the file to hand over
	CA          string          `json:"ca"`
	Fault       testca.Fault    `json:"fault,omitempty"`
	Certificate jsonCertificate `json:"certificate"`
	PrivateKey  bool            `json:"privateKey"`
	Notes       []string        `json:"notes,omitempty"`
	Password    string          `json:"password,omitempty"` // only a generated one
}

// spec reads the flags.
func (x *issueFlags) spec(a *app) (csr.Spec, crypto.PublicKey, error) {
	s := csr.Spec{Subject: x.subject, Purposes: []csr.Purpose{csr.Purpose(strings.ToLower(cmp.Or(x.purpose, string(csr.Client))))}}
	s.Subject.CommonName = cmp.Or(s.Subject.CommonName, x.user)
	var public crypto.PublicKey
	if x.request != "" {
		data, err := a.readBounded(x.request)
		if err != nil {
			return s, nil, err
		}
		r, err := csr.Read(data)
		if err != nil {
			return s, nil, fmt.Errorf("%s: %w", x.request, err)
		}
		public, s = r.Public, r.For(csr.Purpose(strings.ToLower(x.purpose)))
		if x.subject.CommonName != "" {
			s.RawSubject, s.Subject = nil, x.subject
		}
	}
	if _, ok := s.Purposes[0].Info(); !ok {
		return s, nil, usage("--purpose %s: there are client, server, email and code", x.purpose)
	}
	for _, n := range x.names {
		if err := s.Names.ParseName(n); err != nil {
			return s, nil, usage("%v", err)
		}
	}
	var err error
	if s.Key, err = csr.ParseKeyType(x.keyType); err != nil {
		return s, nil, usage("%v", err)
	}
	return s, public, nil
}

func (a *app) issue(ctx context.Context, x issueFlags) error {
	if x.user != "" && x.out == "" {
		x.out = testca.FileName(x.user, ".pfx")
		x.generate = x.generate || !a.newPassword.set()
	}
	profile, spec, err := x.read()
	if err != nil {
		return err
	}
	s, public, err := x.spec(a)
	if err != nil {
		return err
	}
	d := testca.Delivery{Path: x.out, User: x.user, Profile: profile, KeySpec: spec, Format: strings.ToLower(x.format)}
	if x.format != "" && public == nil {
		return usage("--format is for the answer to a request (--csr)")
	}
	if x.noNote || public != nil {
		d.User = ""
	}
	if old := d.Existing(); !x.force && len(old) > 0 {
		return fmt.Errorf("write %s: the file exists; --force replaces it", old[0])
	}
	ca, err := a.authority(x.ca)
	if err != nil {
		return err
	}
	var pw []byte
	if public == nil {
		if pw, err = a.newFilePassword(x.out, x.generate); err != nil {
			return err
		}
		defer clear(pw)
	}
	signer, err := a.issuer(ctx, ca)
	if err != nil {
		return err
	}
	r, err := ca.IssueTo(testca.Request{Spec: s, Days: x.days, Fault: testca.Fault(x.fault), Public: public, CRLURL: x.crl, Now: a.now}, d, pw, signer)
	if err != nil {
		return err
	}
	j := jsonIssued{File: x.out, CA: ca.Name, Fault: r.Fault, Certificate: ofCertificate(r.Certificate), PrivateKey: public == nil, Note: d.Note(), Notes: r.Notes}
	if x.generate && public == nil {
		j.Password = string(pw)
	}
	if a.json {
		return a.printJSON(j)
	}
	for _, n := range r.Notes {
		fmt.Fprintln(a.stderr, n)
	}
	fmt.Fprintf(a.stdout, "wrote %s: %s, serial number %s, valid until %s\n", x.out, r.Subject, r.Serial, r.End.Format("2006-01-02"))
	if r.Fault != "" {
		fmt.Fprintf(a.stdout, "  WRONG ON PURPOSE: %s\n", r.Fault)
	}
	if j.Note != "" {
		fmt.Fprintf(a.stdout, "  %s is the note to hand over; the password goes another way\n", j.Note)
	}
	if j.Password != "" {
		fmt.Fprintf(a.stdout, "  password %s   (shown this once)\n", j.Password)
	}
	return nil
}
