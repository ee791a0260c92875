package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"certdesk/internal/combiner"
	"certdesk/internal/outfile"
)

func (a *app) splitCommand() *cobra.Command {
	var dir string
	var plain, generate, force bool
	cmd := &cobra.Command{
		Use:   "split FILE -o FOLDER",
		Short: "take a PFX file apart: certificate, encrypted private key and chain as PEM",
		Long: `split writes key.pem (encrypted PKCS#8, readable by you alone), certificate.pem
and chain.pem into a folder.`,
		Example: `  certctl split client.pfx -o pieces --password-file pw.txt --new-password-file key-pw.txt
  certctl split server.pfx -o nginx --unencrypted-key       # for servers that cannot ask for a password`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.split(cmd.Context(), args[0], dir, plain, generate, force)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&dir, "output", "o", "", "folder for the pieces; it is made if it is not there")
	f.BoolVar(&plain, "unencrypted-key", false, "write the key without a password")
	f.BoolVar(&generate, "generate-password", false, "make up a password for the key and print it once")
	f.BoolVar(&force, "force", false, "replace files that exist")
	a.password.add(f, "", "the file's password")
	a.newPassword.add(f, "new-", "the password for the key")
	return cmd
}

type jsonSplit struct {
	Source   string      `json:"source"`
	Files    []jsonPiece `json:"files"`
	OpenSSL  []string    `json:"openssl"`
	Password string      `json:"password,omitempty"` // only a generated one
}

type jsonPiece struct {
	File       string `json:"file"`
	Holds      string `json:"holds"`
	PrivateKey bool   `json:"privateKey"`
}

func (a *app) split(ctx context.Context, path, dir string, plain, generate, force bool) error {
	if dir == "" {
		return usage("name the folder for the pieces with -o")
	}
	if plain && (generate || a.newPassword.set()) {
		return usage("--unencrypted-key and a password for the key contradict each other")
	}
	_, c, err := a.readFile(ctx, path)
	if err != nil {
		return err
	}
	defer c.Wipe()
	var pw []byte
	if len(c.Keys) > 0 && !plain {
		if pw, err = a.newFilePassword("the key", generate); err != nil {
			return err
		}
		defer clear(pw)
	}
	pieces, err := combiner.Split(c, pw, plain)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer func() {
		for _, p := range pieces {
			clear(p.Data)
		}
	}()
	for _, p := range pieces {
		if name := filepath.Join(dir, p.Name); !force && outfile.Exists(name) {
			return fmt.Errorf("write %s: the file exists; --force replaces it", name)
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("write to %s: %w", dir, err)
	}
	j := jsonSplit{Source: path, OpenSSL: combiner.SplitCommands(path)}
	for _, p := range pieces {
		name, mode := filepath.Join(dir, p.Name), outfile.Public
		if p.Secret {
			mode = outfile.Private
		}
		if err := outfile.WriteUntil(a.interrupted, name, p.Data, mode); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		j.Files = append(j.Files, jsonPiece{name, p.Holds, p.Secret})
	}
	if generate && pw != nil {
		j.Password = string(pw)
	}
	if a.json {
		return a.printJSON(j)
	}
	for _, f := range j.Files {
		fmt.Fprintf(a.stdout, "wrote %s: %s\n", f.File, f.Holds)
	}
	fmt.Fprintf(a.stdout, "the same with openssl:\n  %s\n", strings.Join(j.OpenSSL, "\n  "))
	if j.Password != "" {
		fmt.Fprintf(a.stdout, "password of the key: %s   (shown this once)\n", j.Password)
	}
	return nil
}
