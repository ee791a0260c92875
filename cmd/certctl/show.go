package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/check"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
	"certdesk/internal/keyusage"
)

func (a *app) showCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show ID|FILE",
		Short: "show a certificate, or what is in a file",
		Example: `  certctl show 4ff4a1beb76c7f9bce9faf552cefbd10588bcea8
  certctl show client.pfx --password-file pw.txt --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if isFile(args[0]) {
				return a.showFile(cmd.Context(), args[0])
			}
			inv, err := a.loadRows(cmd.Context(), "", inventory.Options{Bare: true}) // one row of many is judged
			if err != nil {
				return err
			}
			rows, err := inv.Resolve(args[0], nil)
			if err != nil {
				return err
			}
			rows[0].Judge(a.now)
			j := ofRow(rows[0])
			j.jsonMore = moreOf(rows[0].Certificate, inv, nil, a.now)
			j.Origin = rows[0].Origin
			_, j.SystemChain = a.systemChain(cmd.Context(), check.Subject{Certificate: rows[0].Certificate, Row: rows[0]})
			return a.showOne(j)
		},
	}
	a.password.add(cmd.Flags(), "", "the file's password")
	return cmd
}

// isFile reports whether arg names a file rather than a certificate: there is
// one, or it looks like a path and not like a number.
func isFile(arg string) bool {
	if st, err := os.Stat(arg); err == nil && !st.IsDir() {
		return true
	}
	_, number := certificate.ParseID(arg)
	return strings.ContainsAny(arg, "/\\") || !number && strings.Contains(arg, ".")
}

// jsonFile is what is in a file.
type jsonFile struct {
	File         string            `json:"file"`
	Format       string            `json:"format"`
	Encoding     string            `json:"encoding,omitempty"`
	Armor        string            `json:"armor,omitempty"`
	MAC          string            `json:"mac,omitempty"`
	Encryption   []string          `json:"encryption"`
	Locked       bool              `json:"locked,omitempty"`
	Warnings     []jsonFinding     `json:"warnings"`
	Certificates []jsonCertificate `json:"certificates"`
	Keys         []jsonKey         `json:"keys"`
	Other        []string          `json:"other"`
}

type jsonKey struct {
	Algorithm     string            `json:"algorithm"`
	FriendlyName  string            `json:"friendlyName"`
	Certificate   *string           `json:"certificate"`
	State         certfile.KeyState `json:"state"`
	Provider      *string           `json:"provider"`
	MachineKeySet bool              `json:"machineKeySet"`
}

func (a *app) showFile(ctx context.Context, path string) error {
	data, contents, err := a.readFile(ctx, path)
	locked := errors.Is(err, certfile.ErrNoPassword)
	if locked {
		contents, err = certfile.Inspect(data)
	}
	if err != nil {
		return err
	}
	defer contents.Wipe()
	if !locked && contents.Format != certfile.PKCS12 && contents.Format != certfile.PKCS7 && len(contents.Certificates) == 1 && len(contents.Keys) == 0 && len(contents.Other) == 0 {
		inv, _ := a.load(ctx, "")
		j := a.ofFile(contents, 0, inv)
		if inv != nil {
			_, j.SystemChain = a.systemChain(ctx, check.Subject{Certificate: contents.Certificates[0].Certificate})
		}
		return a.showOne(j)
	}
	j := a.fileJSON(path, contents)
	j.Locked = locked
	if a.json {
		err = a.printJSON(j)
	} else {
		a.printFile(j)
	}
	if err == nil && locked {
		return fmt.Errorf("%s: %w", path, errLocked)
	}
	return err
}

func (a *app) fileJSON(path string, c *certfile.Contents) jsonFile {
	j := jsonFile{File: path, Format: c.Format, Encoding: c.Encoding, Armor: c.Armor, MAC: c.MAC, Encryption: c.Encryption,
		Warnings: jsonFindings(check.FileFindings(path, c, keyusage.AnyConsumer)), Certificates: []jsonCertificate{}, Keys: []jsonKey{}, Other: c.Other}
	if j.Encryption == nil {
		j.Encryption = []string{}
	}
	if j.Other == nil {
		j.Other = []string{}
	}
	for i := range c.Certificates {
		j.Certificates = append(j.Certificates, a.ofFile(c, i, nil))
	}
	for _, k := range c.Keys {
		jk := jsonKey{Algorithm: k.Algorithm, FriendlyName: k.FriendlyName, State: k.State, MachineKeySet: k.MachineKeySet}
		if k.Certificate >= 0 {
			s := c.Certificates[k.Certificate].Certificate.Fingerprint().String()
			jk.Certificate = &s
		}
		if k.Provider != "" {
			jk.Provider = &k.Provider
		}
		j.Keys = append(j.Keys, jk)
	}
	return j
}

// ofFile renders certificate i of a file; with an inventory, its chain too.
func (a *app) ofFile(c *certfile.Contents, i int, inv *inventory.Inventory) jsonCertificate {
	cert := c.Certificates[i]
	j := ofCertificate(cert.Certificate)
	j.FriendlyName = cert.FriendlyName
	for _, k := range c.Keys {
		if k.Certificate == i {
			j.Key, j.Exportable = certstore.KeyPresent, true
			if k.State == certfile.KeyLocked {
				j.Key = certstore.KeyLocked
			}
		}
	}
	j.Findings = jsonFindings(check.Survey(c, i, a.now))
	if inv != nil {
		var extra []*certificate.Certificate
		for n, x := range c.Certificates {
			if n != i {
				extra = append(extra, x.Certificate)
			}
		}
		j.jsonMore = moreOf(cert.Certificate, inv, extra, a.now)
	}
	return j
}

func (a *app) printFile(j jsonFile) {
	fields := [][]string{{"File", j.File}, {"Format", strings.TrimSpace(j.Format + " " + j.Encoding)}}
	if j.MAC != "" {
		fields = append(fields, []string{"MAC", j.MAC})
	}
	if len(j.Encryption) > 0 {
		fields = append(fields, []string{"Encryption", strings.Join(j.Encryption, ", ")})
	}
	for _, k := range j.Keys {
		text := string(k.State)
		if k.Algorithm != "" {
			text = k.Algorithm + ", " + text
		}
		switch {
		case k.Certificate != nil:
			text += ", of certificate " + (*k.Certificate)[:16]
		case k.State != certfile.KeyLocked:
			text += ", no certificate in this file"
		}
		fields = append(fields, []string{"Key", text})
	}
	for _, o := range j.Other {
		fields = append(fields, []string{"Other", o})
	}
	a.columns(fields)
	for _, w := range j.Warnings {
		fmt.Fprintf(a.stdout, "%s %s: %s\n", strings.ToUpper(string(w.Severity)), w.ID, w.Message)
	}
	for _, c := range j.Certificates {
		fmt.Fprintln(a.stdout)
		a.printOne(c)
	}
}

func (a *app) showOne(j jsonCertificate) error {
	if a.json {
		return a.printJSON(j)
	}
	a.printOne(j)
	return nil
}

func (a *app) printOne(j jsonCertificate) {
	orAny := func(list []string, absent string) string {
		if list == nil {
			return absent
		}
		return strings.Join(list, ", ")
	}
	fields := [][]string{{"Name", j.CommonName}, {"Subject", j.Subject}, {"Issuer", j.Issuer}}
	if j.FriendlyName != "" {
		fields = append(fields, []string{"Friendly name", j.FriendlyName})
	}
	if j.Store != "" {
		where := string(j.Location) + "/" + string(j.Store)
		if j.Archived {
			where += ", archived"
		}
		fields = append(fields, []string{"Store", where})
		if j.Provided != "" && j.jsonMore != nil {
			fields = append(fields, []string{"Kept in", j.Origin})
		}
	}
	fields = append(fields, []string{"Valid", j.NotBefore + " to " + j.NotAfter}, []string{"Role", string(j.Role)},
		[]string{"Private key", string(j.Key)}, []string{"Public key", j.KeyType}, []string{"Signature", j.SignatureAlgorithm},
		[]string{"Key usage", orAny(j.KeyUsage, "absent: everything is allowed")}, []string{"Purposes", orAny(j.ExtKeyUsage, "absent: everything is allowed")})
	octets, _ := hex.DecodeString(j.Serial)
	s := certificate.SerialsOf(octets)
	fields = append(fields, []string{"Serial, Windows", s.Windows}, []string{"  OpenSSL, Apache", s.OpenSSL}, []string{"  NSS, Firefox", s.Colon},
		[]string{"  decimal", s.Decimal}, []string{"SHA-1", j.SHA1}, []string{"SHA-256", j.SHA256})
	if m := j.jsonMore; m != nil {
		for _, n := range m.SubjectAltNames {
			fields = append(fields, []string{"Alternative name", n.Type + ":" + n.Value})
		}
		for i, p := range m.Paths {
			label := "Chain"
			if i > 0 {
				label = "Another path"
			}
			for _, l := range p.Links {
				fields = append(fields, []string{label, l.text()})
				label = ""
			}
		}
	}
	if m := j.jsonMore; m != nil && m.SystemChain != nil {
		fields = append(fields, []string{"", m.SystemChain.text()})
	}
	if j.Misplaced != "" {
		fields = append(fields, []string{"Belongs in", string(j.Misplaced)})
	}
	a.columns(fields)
	a.printFindings(j.Findings)
}

func (a *app) printFindings(fs []jsonFinding) {
	for _, f := range fs {
		fmt.Fprintf(a.stdout, "%-7s %s: %s\n", strings.ToUpper(string(f.Severity)), f.ID, f.Message)
		if e := f.Evidence; e != nil && f.Severity != finding.Info {
			fmt.Fprintf(a.stdout, "        %s: %s\n", e.Field, e.Value)
		}
		if f.Fix != "" && f.Severity != finding.Info {
			fmt.Fprintf(a.stdout, "        %s\n", f.Fix)
		}
	}
}
