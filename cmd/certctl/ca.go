package main

import (
	"context"
	"crypto"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"certdesk/internal/certfile"
	"certdesk/internal/csr"
	"certdesk/internal/secret"
	"certdesk/internal/testca"
)

func (a *app) caCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ca",
		Short: "a certification authority for tests and small organizations",
		Long: `ca keeps certification authorities: a root, an intermediate below it, and what
they issue. Their keys are files encrypted with a password, or stay in the
certificate store. Nothing is trusted without a question.`,
		Example: `  certctl ca demo www.example.test
  certctl ca init office --cn "Example Office" --org Example --country DE --generate-password
  certctl ca issue --user jdoe --password-file ca.txt`,
	}
	cmd.AddCommand(a.caInitCommand(), a.caListCommand(), a.caExportCommand(), a.issueCommand(), a.caRevokeCommand(), a.caCRLCommand(), a.caDemoCommand())
	return cmd
}

func (a *app) authorities() (testca.Dir, error) {
	path, err := testca.DefaultPath(a.getenv)
	if err != nil {
		return testca.Dir{}, err
	}
	return testca.Open(path), nil
}

func (a *app) authority(name string) (*testca.Authority, error) {
	d, err := a.authorities()
	if err != nil {
		return nil, err
	}
	return d.Load(name)
}

// issuer opens the key of the level that issues.
func (a *app) issuer(ctx context.Context, ca *testca.Authority) (crypto.Signer, error) {
	if ca.KeyInStore() {
		s, err := a.open(ctx)
		if err != nil {
			return nil, err
		}
		return ca.IssuingSigner(ctx, s, nil)
	}
	pw, err := a.given(a.password, "CERTCTL_PASSWORD")
	if err != nil {
		return nil, err
	}
	defer func() { clear(pw.Text) }()
	if !pw.Given {
		if !a.terminal() {
			return nil, fmt.Errorf("key of %q: %w", ca.Name, certfile.ErrNoPassword)
		}
		if pw.Text, err = a.prompt(fmt.Sprintf("Password of the certification authority %q: ", ca.Name)); err != nil {
			return nil, err
		}
	}
	return ca.IssuingSigner(ctx, nil, pw.Text)
}

func (a *app) caInitCommand() *cobra.Command {
	var s testca.Spec
	var keyType, keyIn string
	var generate, single bool
	cmd := &cobra.Command{
		Use:   "init NAME",
		Short: "make a certification authority",
		Long: `init makes a root and an intermediate that issues. The root's certificate is
not trusted by this: ca export writes it for those who are to trust it.`,
		Example: `  certctl ca init office --cn "Example Office" --org Example --country DE --new-password-file ca.txt
  certctl ca init lab --cn Lab --key-type P-256 --key-in store`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s.Name, s.Intermediate, s.Now = args[0], !single, a.now
			if s.Subject.CommonName == "" {
				s.Subject.CommonName = args[0]
			}
			var err error
			if s.Key, err = csr.ParseKeyType(keyType); err != nil {
				return usage("%v", err)
			}
			return a.caInit(cmd.Context(), s, strings.ToLower(keyIn), generate)
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.Subject.CommonName, "cn", "", "name of the authority; \"Root CA\" and \"Issuing CA\" are put after it")
	f.StringVar(&s.Subject.Organization, "org", "", "organization (O)")
	f.StringVar(&s.Subject.Country, "country", "", "country (C), two letters")
	f.StringVar(&keyType, "key-type", string(csr.RSA3072), "RSA 2048, RSA 3072, RSA 4096, P-256, P-384, P-521 or Ed25519")
	f.StringVar(&keyIn, "key-in", "file", "file (encrypted) or store")
	f.BoolVar(&single, "no-intermediate", false, "let the root issue")
	f.IntVar(&s.RootDays, "root-days", 0, "how long the root is valid; ten years if not given")
	f.IntVar(&s.InterDays, "days", 0, "how long the intermediate is valid; five years if not given")
	f.BoolVar(&generate, "generate-password", false, "make up the password and print it once")
	a.newPassword.add(f, "new-", "the password for the authority's keys")
	a.password.add(f, "", "the same as --new-password-…, as there is no old password here")
	return cmd
}

type jsonCA struct {
	Name     string     `json:"name"`
	Path     string     `json:"path"`
	Created  time.Time  `json:"created"`
	KeyIn    string     `json:"keyIn"` // "file" or "store"
	Root     jsonCACert `json:"root"`
	Issuing  jsonCACert `json:"issuing"`
	Issued   int        `json:"issued"`
	Revoked  int        `json:"revoked"`
	Password string     `json:"password,omitempty"` // only a generated one
}

type jsonCACert struct {
	Subject  string    `json:"subject"`
	SHA256   string    `json:"sha256"`
	NotAfter time.Time `json:"notAfter"`
}

func ofAuthority(ca *testca.Authority) (jsonCA, error) {
	cert := func(l testca.Level) jsonCACert {
		c := ca.Certificate(l)
		return jsonCACert{c.Subject().String(), c.Fingerprint().String(), c.NotAfter}
	}
	j := jsonCA{Name: ca.Name, Path: ca.Path(), Created: ca.Created, KeyIn: "file", Root: cert(testca.Root), Issuing: cert(ca.Issuing())}
	if ca.KeyInStore() {
		j.KeyIn = "store"
	}
	issued, err := ca.Issued()
	for _, i := range issued {
		j.Issued++
		if i.Revoked != nil {
			j.Revoked++
		}
	}
	return j, err
}

func (a *app) caInit(ctx context.Context, s testca.Spec, keyIn string, generate bool) error {
	d, err := a.authorities()
	if err != nil {
		return err
	}
	var ca *testca.Authority
	var pw []byte
	switch keyIn {
	case "store":
		if generate || a.newPassword.set() || a.password.set() {
			return usage("--key-in store and a password contradict each other: the store protects the key")
		}
		ca, err = a.caInStore(ctx, d, s)
	case "file":
		if generate {
			pw, err = secret.Password(), nil
		} else {
			pw, err = a.askNewPassword("the certification authority", true)
		}
		if err == nil {
			defer clear(pw)
			ca, err = d.Init(s, pw, nil, nil)
		}
	default:
		return usage("--key-in %s: there are file and store", keyIn)
	}
	if err != nil {
		return err
	}
	j, err := ofAuthority(ca)
	if err != nil {
		return err
	}
	if generate {
		j.Password = string(pw)
	}
	if a.json {
		return a.printJSON(j)
	}
	fmt.Fprintf(a.stdout, "made the certification authority %q in %s\n  root     %s, SHA-256 %s\n  issuing  %s\n  keys     in the %s\n",
		ca.Name, ca.Path(), j.Root.Subject, j.Root.SHA256, j.Issuing.Subject, map[string]string{"file": "folder, encrypted", "store": "certificate store"}[j.KeyIn])
	if generate {
		fmt.Fprintf(a.stdout, "  password %s   (shown this once)\n", pw)
	}
	fmt.Fprintf(a.stdout, "Nothing trusts it yet: certctl ca export %s -o root.pem writes the root for those who should.\n", ca.Name)
	return nil
}

// caInStore makes the keys in the user's certificate store.
func (a *app) caInStore(ctx context.Context, d testca.Dir, s testca.Spec) (*testca.Authority, error) {
	store, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	return testca.InitInStore(ctx, d, s, store)
}
