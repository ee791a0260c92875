package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/csr"
	"certdesk/internal/request"
)

// keyFlags say where the key of a request is made.
type keyFlags struct {
	keyType, keyIn, location, provider, kdf, out, profile string
	exportable, generate, force                           bool
}

func (x *keyFlags) add(a *app, f *pflag.FlagSet) {
	f.StringVar(&x.profile, "profile", "general", "what the CA or the system takes; see --help of request")
	f.StringVar(&x.keyType, "key-type", "", "rsa2048, rsa3072, rsa4096, p-256, p-384, p-521 or ed25519; the profile's if not given")
	f.StringVar(&x.keyIn, "key-in", string(request.InStore), "store: the key is made in the certificate store and stays there; file: an encrypted key file beside the request")
	f.StringVar(&x.location, "location", "user", "whose store: user or machine")
	f.StringVar(&x.provider, "provider", "", "Windows: who keeps the key: cng, tpm or capi")
	f.BoolVar(&x.exportable, "exportable", true, "the key may leave the store later, if the store can make such keys")
	f.StringVar(&x.kdf, "kdf", string(certfile.PBKDF2), "of the key file: pbkdf2 (600,000 rounds) or scrypt")
	f.StringVarP(&x.out, "output", "o", "", "file for the request; a key file goes beside it, with the same name and .key")
	f.BoolVar(&x.generate, "generate-password", false, "make up a password for the key file and print it once")
	f.BoolVar(&x.force, "force", false, "replace files that exist")
	a.newPassword.add(f, "new-", "the password for the key file")
}

// options completes o by the flags.
func (x *keyFlags) options(f *pflag.FlagSet, o *request.Options) (err error) {
	if o.Profile, err = csr.FindProfile(x.profile); err != nil {
		return usage("--%v", err)
	}
	switch {
	case x.keyType != "":
		if o.Spec.Key, err = csr.ParseKeyType(x.keyType); err != nil {
			return usage("--key-type: %v", err)
		}
	case o.Spec.Key == "":
		o.Spec.Key = o.Profile.Keys[0]
	}
	o.KeyIn = request.KeyPlace(strings.ToLower(x.keyIn))
	if o.KeyIn != request.InStore && o.KeyIn != request.InFile {
		return usage("--key-in %s: there are store and file", x.keyIn)
	}
	o.KDF = certfile.KDF(strings.ToLower(x.kdf))
	if o.KDF != certfile.PBKDF2 && o.KDF != certfile.Scrypt {
		return usage("--kdf %s: there are pbkdf2 and scrypt", x.kdf)
	}
	if o.Location == "" || f.Changed("location") {
		if o.Location, err = location(x.location); err != nil {
			return err
		}
	}
	o.Provider = certstore.Provider(strings.ToLower(x.provider))
	if f.Changed("exportable") {
		o.Exportable = &x.exportable
	}
	o.Force = x.force
	if x.out == "" && o.KeyIn == request.InFile {
		return usageError{"name the file for the request with -o", "The key goes beside it: -o client.csr makes client.key too."}
	}
	if x.out != "" {
		o.File, err = filepath.Abs(x.out)
	}
	return err
}

func (a *app) requestCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "request",
		Short: "make a certificate request, and complete it with the CA's answer",
		Long: `request makes a private key and a certificate request (PKCS#10) for a CA or a
portal. The key is made in the certificate store and stays there, or goes into
an encrypted file beside the request. The request waits until its answer comes;
"certctl request complete" brings the two together.

Profiles say what a CA or a system takes:
` + requestProfiles(),
		Example: `  certctl request --cn clm.example.com --org "Example GmbH" --country DE --profile globalsign-atlas-mtls -o clm.csr
  certctl request --cn www.example.com --san www2.example.com --purpose server --key-type p-256 --key-in file -o www.csr
  certctl request complete answer.pem
  certctl request list`,
		Args: cobra.NoArgs,
	}
	a.newRequest(cmd)
	fresh := &cobra.Command{Use: "new", Short: "make a request; the same as request without a word", Args: cobra.NoArgs,
		Example: `  certctl request new --cn jane.doe --email jane@example.com --purpose client --purpose email -o jane.csr`}
	a.newRequest(fresh)
	cmd.AddCommand(fresh, a.requestListCommand(), a.requestShowCommand(), a.requestCompleteCommand(), a.requestDiscardCommand())
	return cmd
}

func requestProfiles() string {
	var b strings.Builder
	for _, p := range csr.Profiles {
		names := make([]string, len(p.Keys))
		for i, k := range p.Keys {
			names[i] = string(k)
		}
		fmt.Fprintf(&b, "  %-22s %s\n%25s%s\n", p.ID, p.Text, "", strings.Join(names, ", "))
	}
	return strings.TrimRight(b.String(), "\n")
}

// newRequest makes cmd the command that makes a request.
func (a *app) newRequest(cmd *cobra.Command) {
	var subject csr.Subject
	var key keyFlags
	var sans, purposes, attributes []string
	f := cmd.Flags()
	f.StringVar(&subject.CommonName, "cn", "", "common name: host name, person or program; scheme, port and path are taken away")
	f.StringVar(&subject.Organization, "org", "", "organization (O)")
	f.StringVar(&subject.Unit, "unit", "", "organizational unit (OU); public CAs take none")
	f.StringVar(&subject.Locality, "locality", "", "locality (L)")
	f.StringVar(&subject.State, "state", "", "state or province (ST)")
	f.StringVar(&subject.Country, "country", "", "country (C), two letters")
	f.StringVar(&subject.Email, "email", "", "mail address; for --purpose email it is an alternative name too")
	f.StringVar(&subject.SerialNumber, "subject-serial", "", "serial number of the subject")
	f.StringArrayVar(&attributes, "attribute", nil, "another attribute, OID=VALUE or such as givenName=Jane; may be repeated")
	f.StringArrayVar(&sans, "san", nil, "alternative name: a host name, address, or dns:, ip:, email:, uri:, upn: and the name; may be repeated")
	f.StringArrayVar(&purposes, "purpose", nil, "client, server, email or code; may be repeated; the profile's if not given")
	key.add(a, f)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var o request.Options
		o.Spec.Subject = subject
		if err := key.options(cmd.Flags(), &o); err != nil {
			return err
		}
		for _, s := range attributes {
			x, err := csr.ParseOther(s)
			if err != nil {
				return usage("--attribute: %v", err)
			}
			o.Spec.Subject.Other = append(o.Spec.Subject.Other, x)
		}
		for _, s := range sans {
			for _, name := range strings.Split(s, ",") {
				if err := o.Spec.Names.ParseName(name); err != nil {
					return usage("--san: %v", err)
				}
			}
		}
		for _, p := range purposes {
			purpose := csr.Purpose(strings.ToLower(p))
			if _, ok := purpose.Info(); !ok {
				return usage("--purpose %s: there are client, server, email and code", p)
			}
			o.Spec.Purposes = append(o.Spec.Purposes, purpose)
		}
		if len(purposes) == 0 {
			o.Spec.Purposes = []csr.Purpose{o.Profile.Default}
		}
		spec, notes := o.Spec.Prepare()
		o.Spec = spec
		return a.makeRequest(cmd.Context(), o, notes, key.generate)
	}
}

type jsonCSR struct {
	ID        string             `json:"id"`
	Status    request.Status     `json:"status"`
	Time      string             `json:"time"`
	Subject   string             `json:"subject"`
	Names     []string           `json:"names"`
	Purposes  []csr.Purpose      `json:"purposes"`
	KeyType   csr.KeyType        `json:"keyType"`
	Profile   string             `json:"profile,omitempty"`
	KeyIn     request.KeyPlace   `json:"keyIn"`
	Location  certstore.Location `json:"location"`
	Container string             `json:"container,omitempty"` // of a key in the store
	KeyFile   string             `json:"keyFile,omitempty"`
	File      string             `json:"file,omitempty"`
	KeyHash   string             `json:"publicKeySHA256,omitempty"`
	Renews    string             `json:"renews,omitempty"` // SHA-256
	SameKey   bool               `json:"sameKey,omitempty"`
	Answer    *request.Answered  `json:"answer,omitempty"`
	Notes     []string           `json:"notes,omitempty"`
	CSR       string             `json:"csr,omitempty"`
	Password  string             `json:"password,omitempty"` // only a generated one
}

func ofRequest(r request.Record) jsonCSR {
	j := jsonCSR{ID: r.ID, Status: r.Status, Time: rfc3339(r.Time), Subject: r.Subject, Names: r.Names, Purposes: r.Purposes, KeyType: r.KeyType,
		Profile: r.Profile, KeyIn: r.KeyIn, Location: r.Location, KeyFile: r.KeyFile, File: r.File, Renews: r.Renews, SameKey: r.SameKey, Answer: r.Answer}
	if r.Names == nil {
		j.Names = []string{}
	}
	if r.Key != nil {
		j.Container = r.Key.Container
	}
	if len(r.Request) > 0 {
		j.KeyHash, j.CSR = r.KeyHash(), string(r.PEM())
	}
	return j
}

func (a *app) requests(ctx context.Context) (*request.Service, error) {
	imp, err := a.importer(ctx)
	if err != nil {
		return nil, err
	}
	return request.Open(imp, a.getenv, runtime.GOOS)
}

// makeRequest makes a request and says what comes next.
func (a *app) makeRequest(ctx context.Context, o request.Options, notes []string, generate bool) error {
	if err := request.Check(o.Spec, o.Profile); err != nil { // before asking for a password in vain
		if _, ok := errors.AsType[*csr.Forbidden](err); ok {
			return usageError{err.Error(), "Do what the profile asks, or take another one: --profile general takes everything."}
		}
		return usage("%v", err)
	}
	s, err := a.requests(ctx)
	if err != nil {
		return err
	}
	if generate && (o.KeyIn != request.InFile || o.SameKey) {
		return usage("--generate-password is for --key-in file")
	}
	if o.KeyIn == request.InFile && !o.SameKey {
		if generate {
			o.Password, err = a.newFilePassword("the key", true)
		} else {
			o.Password, err = a.askNewPassword("the key "+filepath.Base(request.KeyFileFor(o.File)), true)
		}
		if err != nil {
			return err
		}
		defer clear(o.Password)
	}
	r, err := s.New(ctx, o)
	if err != nil {
		return err
	}
	j := ofRequest(r)
	j.Notes = notes
	if generate {
		j.Password = string(o.Password)
	}
	for _, n := range notes {
		fmt.Fprintf(a.stderr, "note: %s\n", n)
	}
	if a.json {
		return a.printJSON(j)
	}
	if o.File == "" {
		fmt.Fprint(a.stdout, j.CSR)
	} else {
		fmt.Fprintf(a.stdout, "wrote %s: request %s for %s\n", j.File, j.ID, j.Subject)
	}
	fmt.Fprintf(a.stderr, "key: %s, %s\n", r.KeyType, keyWords(r))
	if generate {
		fmt.Fprintf(a.stdout, "password of the key: %s   (shown this once)\n", j.Password)
	}
	fmt.Fprintf(a.stderr, "Give the request to the CA. When the answer comes: certctl request complete ANSWER\n")
	return nil
}

// keyWords says where a request's key is.
func keyWords(r request.Record) string {
	switch {
	case r.SameKey:
		return "the one of the old certificate, in the " + string(r.Location) + "'s store"
	case r.KeyIn == request.InFile:
		return "encrypted in " + r.KeyFile
	case r.Key != nil:
		return "in the " + string(r.Location) + "'s store as " + r.Key.Container
	}
	return "in the " + string(r.Location) + "'s store"
}

func (a *app) requestListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "list the requests: those that wait, and those that were completed",
		Example: "  certctl request list --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.requests(cmd.Context())
			if err != nil {
				return err
			}
			all, err := s.List()
			if err != nil {
				return err
			}
			if a.json {
				out := make([]jsonCSR, len(all))
				for i, r := range all {
					out[i] = ofRequest(r)
				}
				return a.printJSON(out)
			}
			cells := [][]string{{"ID", "STATUS", "COMMON NAME", "PURPOSE", "KEY", "KEY IN", "MADE"}}
			for _, r := range all {
				var ps []string
				for _, p := range r.Purposes {
					ps = append(ps, string(p))
				}
				in := string(r.Location) + "'s store"
				if r.KeyIn == request.InFile {
					in = r.KeyFile
				}
				cells = append(cells, []string{r.ID, string(r.Status), cut(r.CommonName, 40), strings.Join(ps, ","), string(r.KeyType), in, r.Time.Local().Format("2006-01-02 15:04")})
			}
			a.columns(cells)
			return nil
		},
	}
}

// findRequest returns the request that id names, and the service that has it.
func (a *app) findRequest(ctx context.Context, id string) (*request.Service, request.Record, error) {
	s, err := a.requests(ctx)
	if err != nil {
		return nil, request.Record{}, err
	}
	r, err := s.Find(id)
	return s, r, err
}

func (a *app) requestShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "show a request: the text for the CA, and where its key is",
		Example: "  certctl request show clm.example.com",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, r, err := a.findRequest(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			j := ofRequest(r)
			if a.json {
				return a.printJSON(j)
			}
			fmt.Fprintf(a.stdout, "request     %s\nstatus      %s\nsubject     %s\n", r.ID, r.Status, r.Subject)
			for _, n := range r.Names {
				fmt.Fprintf(a.stdout, "name        %s\n", n)
			}
			fmt.Fprintf(a.stdout, "key         %s, %s\n", r.KeyType, keyWords(r))
			if j.KeyHash != "" {
				fmt.Fprintf(a.stdout, "public key  SHA-256 %s\n", j.KeyHash)
			}
			if r.Renews != "" {
				fmt.Fprintf(a.stdout, "renews      %s\n", r.Renews)
			}
			if r.Answer != nil {
				fmt.Fprintf(a.stdout, "answer      %s\n", r.Answer.Certificate)
			}
			fmt.Fprint(a.stdout, j.CSR)
			return nil
		},
	}
}

func (a *app) requestDiscardCommand() *cobra.Command {
	return &cobra.Command{
		Use: "discard ID", Short: "delete a request that is not wanted any more, with its private key",
		Long: `discard deletes a request that waits, and its private key: an answer that comes
later is worthless then. Of a completed request only the record is deleted.`,
		Example: "  certctl request discard 20261122-101500-a1b2c3",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, r, err := a.findRequest(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			question := fmt.Sprintf("Discard the request %s for %s, and delete its private key (%s)?", r.ID, r.CommonName, keyWords(r))
			if r.Status == request.Completed || r.SameKey {
				question = fmt.Sprintf("Delete the record of request %s for %s? The key stays.", r.ID, r.CommonName)
			}
			if err := a.confirm(question); err != nil {
				return err
			}
			left, err := s.Discard(cmd.Context(), r)
			if err != nil {
				return err
			}
			if left {
				fmt.Fprintf(a.stderr, "%s was changed since and is left alone\n", r.KeyFile)
			}
			if a.json {
				return a.printJSON(map[string]any{"id": r.ID, "discarded": true, "keyFileLeft": left})
			}
			fmt.Fprintf(a.stdout, "discarded %s\n", r.ID)
			return nil
		},
	}
}
