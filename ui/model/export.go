package model

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/exporter"
	"certdesk/internal/inventory"
	"certdesk/internal/outfile"
)

// An Export is what the export dialog works on: certificates, and where they
// stand. Methods block; a view calls them in goroutines.
type Export struct {
	Rows     []*inventory.Row
	Settings exporter.Settings // for the formats of [exporter.Snippets]

	store certstore.Store
	inv   *inventory.Inventory
	now   time.Time
}

// NewExport returns an export of rows, whose chains are looked up in inv.
func NewExport(store certstore.Store, inv *inventory.Inventory, rows []*inventory.Row, now time.Time) *Export {
	return &Export{Rows: rows, store: store, inv: inv, now: now}
}

// Formats returns the formats there are for the rows. PFX is among them for
// one row with a key, even if that may not leave the store: see [Export.Key].
func (e *Export) Formats() []exporter.Format {
	all := append(slices.Clone(exporter.Formats), exporter.Snippets...)
	return slices.DeleteFunc(all, func(f exporter.Format) bool {
		switch f {
		case exporter.DER, exporter.Base64:
			return len(e.Rows) != 1
		case exporter.PFX:
			return len(e.Rows) != 1 || e.Rows[0].Key == certstore.KeyNone || e.Rows[0].Key == ""
		}
		return f.Snippet() && len(e.Rows) != 1
	})
}

// Key returns why the private key cannot be exported, nil if it can.
func (e *Export) Key() error {
	if _, ok := e.store.(certstore.KeyExporter); !ok || len(e.Rows) != 1 {
		return exporter.ErrNoKey
	}
	switch r := e.Rows[0]; {
	case r.Key == certstore.KeyNone || r.Key == "" || r.Key == certstore.KeyUnusable:
		return exporter.ErrNoKey
	case !r.Exportable && r.Key != certstore.KeyLocked:
		return certstore.ErrNotExportable
	}
	return nil
}

// A Preview is an export without key, to be looked at before it is written.
type Preview struct {
	Format exporter.Format
	Data   []byte
	Lines  []string // at most [PreviewLines]; wrapped for display only where Wrapped
	More   int      // lines that are not in Lines
	// Wrapped is true when the lines are shorter here than in the file, Dump
	// when they are a hex dump of binary data.
	Wrapped, Dump bool
	Names         []string // of the certificates in it
}

const (
	previewWidth = 64
	// PreviewLines bounds what a dialog has to draw.
	PreviewLines = 200
)

// Preview renders the export that [Export.Write] would write.
func (e *Export) Preview(f exporter.Format) (*Preview, error) {
	certs := make([]*certificate.Certificate, len(e.Rows))
	for i, r := range e.Rows {
		certs[i] = r.Certificate
	}
	data, err := exporter.Public(f, certs, e.inv, e.now, e.Settings)
	if err != nil {
		return nil, err
	}
	p := &Preview{Format: f, Data: data}
	if f == exporter.P7B || f == exporter.Chain {
		certs = exporter.WithChain(certs, e.inv, e.now)
	}
	for _, c := range certs {
		p.Names = append(p.Names, c.CommonName())
	}
	switch {
	case f == exporter.Base64:
		p.Wrapped = true
		for chunk := range slices.Chunk(data, previewWidth) {
			p.Lines = append(p.Lines, string(chunk))
		}
	case f.Text():
		p.Lines = strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	default:
		p.Dump = true
		offset := 0
		for chunk := range slices.Chunk(data, 16) {
			p.Lines = append(p.Lines, fmt.Sprintf("%05x  % x", offset, chunk))
			offset += len(chunk)
		}
	}
	if n := len(p.Lines); n > PreviewLines {
		p.Lines, p.More = p.Lines[:PreviewLines], n-PreviewLines
	}
	return p, nil
}

// FileName proposes a name.
func (e *Export) FileName(f exporter.Format) string {
	return exporter.FileName(e.Rows[0].Certificate, f)
}

// Write renders the certificates without any key and writes them.
func (e *Export) Write(f exporter.Format, path string) error {
	p, err := e.Preview(f)
	if err != nil {
		return err
	}
	return write(path, p.Data, outfile.Public)
}

// WriteWithKey writes certificate, key and chain as a PFX file that only the
// user may read, and wipes password.
func (e *Export) WriteWithKey(ctx context.Context, path string, password []byte, profile certfile.Profile) error {
	defer clear(password)
	data, err := exporter.WithKey(ctx, e.store, e.Rows[0], e.inv, password, profile, e.now)
	if err != nil {
		return err
	}
	return write(path, data, outfile.Private)
}

func write(path string, data []byte, mode fs.FileMode) error {
	if err := outfile.Write(path, data, mode); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
