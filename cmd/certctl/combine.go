package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/combiner"
	"certdesk/internal/inventory"
	"certdesk/internal/outfile"
	"certdesk/internal/secret"
)

// newFileFlags are those of every command that writes a PKCS#12 file.
type newFileFlags struct {
	out, profile, keySpec string
	generate, force       bool
}

func (x *newFileFlags) add(a *app, f *pflag.FlagSet, profile string) {
	f.StringVarP(&x.out, "output", "o", "", "file to write")
	f.StringVar(&x.profile, "profile", profile, "modern (AES-256), compatible (3DES: Server 2016, old macOS, old Java), java or macos")
	f.StringVar(&x.keySpec, "key-spec", "", "write how Windows' CryptoAPI may use an RSA key: exchange or signature")
	f.BoolVar(&x.generate, "generate-password", false, "make up a password for the new file and print it once")
	f.BoolVar(&x.force, "force", false, "replace a file that exists")
	a.password.add(f, "", "the password of the files that are there")
	a.newPassword.add(f, "new-", "the password for the new file")
}

// read returns the profile and key spec asked for.
func (x *newFileFlags) read() (certfile.Profile, certfile.KeySpec, error) {
	spec, ok := map[string]certfile.KeySpec{"": certfile.KeySpecNone, "exchange": certfile.KeySpecExchange, "signature": certfile.KeySpecSignature}[strings.ToLower(x.keySpec)]
	if !ok {
		return "", 0, usage("--key-spec %s: there are exchange and signature", x.keySpec)
	}
	profile := certfile.Profile(strings.ToLower(x.profile))
	if _, ok := profile.Info(); !ok && profile != "" {
		return "", 0, noProfile(x.profile)
	}
	if x.out == "" {
		return "", 0, usage("name the file to write with -o")
	}
	if !x.force && outfile.Exists(x.out) {
		return "", 0, fmt.Errorf("write %s: the file exists; --force replaces it", x.out)
	}
	return profile, spec, nil
}

func noProfile(name string) error {
	return usage("--profile %s: there are modern, compatible, java and macos", name)
}

// newFilePassword is the password for a new file, made up when asked to.
func (a *app) newFilePassword(out string, generate bool) ([]byte, error) {
	if !generate {
		return a.askNewPassword(out, false)
	}
	if a.newPassword.set() {
		return nil, usage("--generate-password makes the password; leave out --new-password-…")
	}
	return secret.Password(), nil
}

func (a *app) combineCommand() *cobra.Command {
	var x newFileFlags
	var name string
	var root, noChain bool
	cmd := &cobra.Command{
		Use:   "combine FILE... -o OUT",
		Short: "make a PKCS#12 file of a certificate, its private key and its chain",
		Long: `combine finds the private keys and certificates in the files, in any order and
any form (PEM, DER, PKCS#7, PKCS#8, PKCS#12, old encrypted PEM keys), joins them
by their public keys, orders the chain, completes it from the certificate
stores, and writes a PKCS#12 file. A key that does not belong to the
certificate is refused.

` + profileHelp(),
		Example: `  certctl combine certificate.crt your-pkcs8.pem chain.pem -o client.p12
  certctl combine client.crt client.key --profile compatible --generate-password -o client.pfx`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.combine(cmd.Context(), args, x, combiner.Options{FriendlyName: name, Root: root, Now: a.now}, noChain)
		},
	}
	f := cmd.Flags()
	x.add(a, f, string(certfile.Modern))
	f.StringVar(&name, "friendly-name", "", "the name (alias) of the entry; the common name if not given")
	f.BoolVar(&root, "include-root", false, "write the root too when only the stores have it")
	f.BoolVar(&noChain, "files-only", false, "do not complete the chain from the certificate stores")
	return cmd
}

func profileHelp() string {
	var b strings.Builder
	b.WriteString("Profiles:\n")
	for _, p := range certfile.Profiles {
		fmt.Fprintf(&b, "  %-11s %s\n              opens: %s\n", p.Profile, p.Protection, strings.Join(p.Opens, "; "))
	}
	return strings.TrimSpace(b.String())
}

type jsonNewFile struct {
	File         string            `json:"file"`
	Profile      string            `json:"profile"`
	Protection   string            `json:"protection"`
	Opens        []string          `json:"opens"`
	Refuses      []string          `json:"refuses"`
	Note         string            `json:"note,omitempty"`
	Keys         int               `json:"keys"`
	Certificate  string            `json:"certificate,omitempty"` // SHA-256 of the first key's
	Subject      string            `json:"subject,omitempty"`
	FriendlyName string            `json:"friendlyName,omitempty"`
	Chain        []jsonChainMember `json:"chain,omitempty"`
	Missing      string            `json:"missing,omitempty"`
	Unused       []string          `json:"unused,omitempty"`  // SHA-256
	Changes      []string          `json:"changes,omitempty"` // repair
	OpenSSL      string            `json:"openssl"`
	Password     string            `json:"password,omitempty"` // only a generated one
}

type jsonChainMember struct {
	Subject string `json:"subject"`
	SHA256  string `json:"sha256"`
	From    string `json:"from"` // "file" or "store"
}

func (a *app) combine(ctx context.Context, paths []string, x newFileFlags, opt combiner.Options, noChain bool) error {
	profile, spec, err := x.read()
	if err != nil {
		return err
	}
	opt.KeySpec = spec
	var sources []combiner.Source
	defer func() {
		for _, s := range sources {
			s.Contents.Wipe()
		}
	}()
	for _, p := range paths {
		_, c, err := a.readFile(ctx, p)
		if err != nil {
			return err
		}
		sources = append(sources, combiner.Source{Name: p, Contents: c})
	}
	inv := &inventory.Inventory{}
	if !noChain {
		loaded, err := a.load(ctx, "")
		if err != nil { // the files alone may do
			a.warn(err)
		}
		inv = loaded
	}
	r, err := combiner.Combine(sources, inv, opt)
	if err != nil {
		return fmt.Errorf("combine: %w", err)
	}
	j := jsonNewFile{Keys: len(r.Bundle.Keys), Certificate: r.Leaf.Fingerprint().String(), Subject: r.Leaf.Subject().String(),
		FriendlyName: r.Names[0], Missing: r.Missing}
	for _, c := range r.Chain {
		from := "file"
		for _, added := range r.Added {
			if added == c {
				from = "store"
			}
		}
		j.Chain = append(j.Chain, jsonChainMember{c.Subject().String(), c.Fingerprint().String(), from})
	}
	for _, c := range r.Unused {
		j.Unused = append(j.Unused, c.Fingerprint().String())
	}
	j.OpenSSL = combiner.CombineCommand(sources, r, x.out, profile)
	if len(r.Unused) > 0 {
		fmt.Fprintf(a.stderr, "left out, because in no chain of the key: %s\n", combiner.Describe(r.Unused))
	}
	if len(r.Added) > 0 {
		fmt.Fprintf(a.stderr, "added from the certificate stores: %s\n", combiner.Describe(r.Added))
	}
	switch {
	case r.Missing != "" && r.Last != "":
		fmt.Fprintf(a.stderr, "note: the chain ends at %q: its issuer %q is neither in the files nor in the stores. If that is the root, the file is as most servers want it\n", r.Last, r.Missing)
	case r.Missing != "":
		fmt.Fprintf(a.stderr, "warning: the chain is not complete: the issuer %q is neither in the files nor in the stores\n", r.Missing)
	}
	return a.writeBundle(r.Bundle, x, profile, j)
}

// writeBundle writes a PKCS#12 file and says what was written.
func (a *app) writeBundle(b certfile.Bundle, x newFileFlags, profile certfile.Profile, j jsonNewFile) error {
	info, _ := profile.Info()
	pw, err := a.newFilePassword(x.out, x.generate)
	if err != nil {
		return err
	}
	defer clear(pw)
	data, err := certfile.EncodePKCS12(b, pw, profile)
	if err != nil {
		return err
	}
	if err := outfile.WriteUntil(a.interrupted, x.out, data, outfile.Private); err != nil {
		return fmt.Errorf("write %s: %w", x.out, err)
	}
	j.File, j.Profile, j.Protection, j.Opens, j.Refuses, j.Note = x.out, string(profile), info.Protection, info.Opens, info.Refuses, info.Note
	if x.generate {
		j.Password = string(pw)
	}
	if len(pw) == 0 {
		fmt.Fprintln(a.stderr, "warning: the password is empty: who has the file has the key, and macOS refuses the file")
	}
	if a.json {
		return a.printJSON(j)
	}
	out := a.stdout
	fmt.Fprintf(out, "wrote %s: %d private %s, %d %s\n", x.out, len(b.Keys), plural(len(b.Keys), "key", "keys"), certificates(b), plural(certificates(b), "certificate", "certificates"))
	if j.Subject != "" {
		fmt.Fprintf(out, "  certificate   %s\n", j.Subject)
	}
	if j.FriendlyName != "" {
		fmt.Fprintf(out, "  friendly name %s\n", j.FriendlyName)
	}
	for _, c := range j.Chain {
		fmt.Fprintf(out, "  chain         %s (%s)\n", c.Subject, c.From)
	}
	for _, c := range j.Changes {
		fmt.Fprintf(out, "  %s\n", c)
	}
	fmt.Fprintf(out, "  protection    %s\n  opens in      %s\n  not in        %s\n", info.Protection, strings.Join(info.Opens, "; "), strings.Join(info.Refuses, "; "))
	if info.Note != "" {
		fmt.Fprintf(out, "  note          %s\n", info.Note)
	}
	fmt.Fprintf(out, "  the same with openssl: %s\n", j.OpenSSL)
	if x.generate {
		fmt.Fprintf(out, "  password      %s   (shown this once)\n", pw)
	}
	return nil
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// certificates counts those of a bundle, each once.
func certificates(b certfile.Bundle) int {
	seen := map[certificate.Fingerprint]bool{}
	for _, k := range b.Keys {
		if k.Certificate != nil {
			seen[certificate.FingerprintOf(k.Certificate)] = true
		}
	}
	for _, der := range b.Certificates {
		seen[certificate.FingerprintOf(der)] = true
	}
	return len(seen)
}

func (a *app) repairCommand() *cobra.Command {
	var x newFileFlags
	cmd := &cobra.Command{
		Use:   "repair FILE -o OUT",
		Short: "write a PFX file anew for the system that refuses it; the key stays the same",
		Long: `repair writes a PKCS#12 file with other protection, in DER, without the provider
name, machine key set and key usage attributes that make imports fail. The
private key is not changed.

` + profileHelp(),
		Example: `  certctl repair client.p12 --profile compatible -o client-2016.pfx --password-file pw.txt --new-password-file pw.txt`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.rewrite(cmd.Context(), args[0], x)
		},
	}
	x.add(a, cmd.Flags(), string(certfile.Compatible))
	return cmd
}

func (a *app) changePasswordCommand() *cobra.Command {
	var x newFileFlags
	cmd := &cobra.Command{
		Use:     "change-password FILE",
		Short:   "give a PFX file another password",
		Long:    "change-password writes a PKCS#12 file anew under another password: in its place, or to the file named with -o.",
		Example: `  certctl change-password client.pfx --password-file old.txt --new-password-file new.txt`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if x.out == "" {
				x.out, x.force = args[0], true
			}
			return a.rewrite(cmd.Context(), args[0], x)
		},
	}
	x.add(a, cmd.Flags(), "")
	cmd.Flag("profile").Usage = "modern, compatible, java or macos; the one nearest to the old protection if not given"
	return cmd
}

// rewrite is repair and change-password.
func (a *app) rewrite(ctx context.Context, path string, x newFileFlags) error {
	profile, spec, err := x.read()
	if err != nil {
		return err
	}
	_, c, err := a.readFile(ctx, path)
	if err != nil {
		return err
	}
	defer c.Wipe()
	if profile == "" {
		profile = c.Protect()
	}
	b, changes, err := combiner.Repair(c, profile, spec)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return a.writeBundle(b, x, profile, jsonNewFile{Keys: len(b.Keys), Changes: changes, OpenSSL: combiner.RewriteCommand(path, x.out, profile)})
}
