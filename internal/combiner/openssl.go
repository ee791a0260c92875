package combiner

import (
	"bytes"
	"strings"

	"certdesk/internal/certfile"
	"certdesk/internal/shell"
)

// The commands below do with openssl what was done here, for those who want
// to see or to script it. Passwords are left to openssl's prompts.

// protection are the options of openssl pkcs12 -export for a profile.
func protection(p certfile.Profile) []string {
	if info, _ := p.Info(); strings.HasPrefix(info.Protection, "3DES") {
		return []string{"-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "SHA1"}
	}
	return []string{"-keypbe", "AES-256-CBC", "-certpbe", "AES-256-CBC", "-macalg", "SHA256", "-iter", "10000"}
}

// CombineCommand returns the one that makes out of what r was made of. What
// came from the stores stands in chain.pem, to be exported first.
func CombineCommand(sources []Source, r *Result, out string, p certfile.Profile) string {
	var key, cert, rest string
	for _, s := range sources {
		for _, k := range s.Contents.Keys {
			if key == "" && bytes.Equal(k.PKCS8, r.Bundle.Keys[0].PKCS8) {
				key = s.Name
			}
		}
		for _, c := range s.Contents.Certificates {
			switch {
			case bytes.Equal(c.Certificate.Raw, r.Leaf.Raw):
				if cert == "" {
					cert = s.Name
				}
			case rest == "" && contains(r.Chain, c.Certificate):
				rest = s.Name
			}
		}
	}
	words := []string{"openssl", "pkcs12", "-export", "-in", cert, "-inkey", key}
	switch {
	case len(r.Added) > 0:
		words = append(words, "-certfile", "chain.pem")
	case rest != "" && rest != cert:
		words = append(words, "-certfile", rest)
	}
	words = append(words, "-name", r.Names[0])
	return shell.Line(append(append(words, protection(p)...), "-out", out)...)
}

// SplitCommands returns those that take a PKCS#12 file apart.
func SplitCommands(file string) []string {
	return []string{
		shell.Line("openssl", "pkcs12", "-legacy", "-in", file, "-nocerts", "-out", "key.pem"),
		shell.Line("openssl", "pkcs12", "-legacy", "-in", file, "-clcerts", "-nokeys", "-out", "certificate.pem"),
		shell.Line("openssl", "pkcs12", "-legacy", "-in", file, "-cacerts", "-nokeys", "-out", "chain.pem"),
	}
}

// RewriteCommand returns the ones that write a PKCS#12 file anew. The file
// between them holds the key under a password; it is deleted at the end.
func RewriteCommand(file, out string, p certfile.Profile) string {
	return shell.Line("openssl", "pkcs12", "-legacy", "-in", file, "-out", "all.pem") + " && " +
		shell.Line(append(append([]string{"openssl", "pkcs12", "-export", "-in", "all.pem"}, protection(p)...), "-out", out)...) + " && " + shell.Remove("all.pem")
}
