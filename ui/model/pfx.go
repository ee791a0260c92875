package model

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"certdesk/internal/certfile"
	"certdesk/internal/combiner"
	"certdesk/internal/inventory"
	"certdesk/internal/outfile"
	"certdesk/internal/request"
)

// A PFXFile is a file that goes into a PKCS#12 file, or is one.
type PFXFile struct {
	Path     string
	Data     []byte
	Contents *certfile.Contents // what is in it; with Err what can be known without its password
	Err      error              // why it cannot be opened
}

// Name returns the file's name without its folder.
func (f *PFXFile) Name() string { return filepath.Base(f.Path) }

// Locked reports whether a password is what is missing.
func (f *PFXFile) Locked() bool { return errors.Is(f.Err, certfile.ErrPassword) }

// Open opens the file, with pw if it needs one, and wipes that. It blocks.
func (f *PFXFile) Open(ctx context.Context, pw certfile.Password) {
	defer clear(pw.Text)
	f.Wipe()
	f.Contents, f.Err = certfile.Read(ctx, f.Data, pw)
	if f.Err != nil {
		f.Contents, _ = certfile.Inspect(f.Data) // what is no file at all has no contents
	}
}

// Wipe overwrites the keys.
func (f *PFXFile) Wipe() {
	if f.Contents != nil {
		f.Contents.Wipe()
	}
	f.Contents = nil
}

// Sources returns opened files as the combiner takes them, or why one is not
// open.
func Sources(files []*PFXFile) ([]combiner.Source, error) {
	var out []combiner.Source
	for _, f := range files {
		if f.Err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name(), f.Err)
		}
		out = append(out, combiner.Source{Name: f.Path, Contents: f.Contents})
	}
	return out, nil
}

// Combine joins certificate, key and chain of files. Only what Write then
// gets is written.
func Combine(files []*PFXFile, inv *inventory.Inventory, friendlyName string, now time.Time) (*combiner.Result, error) {
	sources, err := Sources(files)
	if err != nil {
		return nil, err
	}
	return combiner.Combine(sources, inv, combiner.Options{FriendlyName: friendlyName, Now: now})
}

// WriteCombined writes the result of [Combine] and returns the openssl
// command that does the same. It wipes the password.
func WriteCombined(files []*PFXFile, r *combiner.Result, f request.NewFile) (command string, err error) {
	sources, err := Sources(files)
	if err != nil {
		return "", err
	}
	return combiner.CombineCommand(sources, r, f.Path, f.Profile), writeBundle(r.Bundle, f)
}

func writeBundle(b certfile.Bundle, f request.NewFile) error {
	defer clear(f.Password)
	data, err := certfile.EncodePKCS12(b, f.Password, f.Profile)
	if err != nil {
		return err
	}
	defer clear(data)
	return write(f.Path, data, outfile.Private)
}

// Rewrite writes a file anew. It returns what changed in sentences, and the
// openssl command that does the same, and wipes the password.
func (f *PFXFile) Rewrite(to request.NewFile, spec certfile.KeySpec) (changes []string, command string, err error) {
	b, changes, err := combiner.Repair(f.Contents, to.Profile, spec)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", f.Name(), err)
	}
	return changes, combiner.RewriteCommand(f.Path, to.Path, to.Profile), writeBundle(b, to)
}

// Pieces are the names of the files that Split writes.
func (f *PFXFile) Pieces(folder string) ([]string, error) {
	pieces, err := combiner.Split(f.Contents, nil, true)
	var names []string
	for _, p := range pieces {
		clear(p.Data)
		names = append(names, filepath.Join(folder, p.Name))
	}
	return names, err
}

// Split writes the pieces of a PKCS#12 file as PEM into a folder that exists,
// keys encrypted under password, which it wipes. It returns what each file
// holds, and the openssl commands that do the same.
func (f *PFXFile) Split(folder string, password []byte) (holds, commands []string, err error) {
	defer clear(password)
	pieces, err := combiner.Split(f.Contents, password, false)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	for _, p := range pieces {
		defer clear(p.Data)
		mode := outfile.Public
		if p.Secret {
			mode = outfile.Private
		}
		path := filepath.Join(folder, p.Name)
		if err := write(path, p.Data, mode); err != nil {
			return holds, nil, err
		}
		holds = append(holds, path+": "+p.Holds)
	}
	return holds, combiner.SplitCommands(f.Path), nil
}
