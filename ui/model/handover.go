package model

import (
	"strings"
	"time"

	"certdesk/internal/certificate"
	"certdesk/internal/exporter"
	"certdesk/internal/handover"
	"certdesk/internal/inventory"
)

// A Handover is what the dialog of the hand-over sheet works on. Methods
// block; a view calls them in goroutines.
type Handover struct {
	Certificate *certificate.Certificate
	System      handover.System
	Days        int // of the reminder, before the end

	chain []*certificate.Certificate
	now   time.Time
}

// NewHandover returns the sheet of c, whose issuers are looked up in extra,
// what came with it, and in inv.
func NewHandover(c *certificate.Certificate, extra []*certificate.Certificate, inv *inventory.Inventory, now time.Time) *Handover {
	return &Handover{Certificate: c, System: handover.Windows, Days: handover.UsualDays, now: now, chain: exporter.WithChainFrom(c, extra, inv, now)[1:]}
}

// Make makes the sheet as f.
func (h *Handover) Make(f handover.Form) ([]byte, error) {
	return handover.Make(f, h.Certificate, h.chain, handover.Options{System: h.System, Now: h.now}, h.Days)
}

// Preview returns what a person can read of the sheet as f: the calendar
// file as it is, of the others the text, in at most [PreviewLines] lines.
func (h *Handover) Preview(f handover.Form) ([]string, error) {
	if f != handover.FormReminder {
		f = handover.FormMarkdown
	}
	data, err := h.Make(f)
	lines := strings.Split(strings.TrimRight(string(data), "\r\n"), "\n")
	return lines[:min(PreviewLines, len(lines))], err
}

// Save writes the sheet as f.
func (h *Handover) Save(f handover.Form, path string) error {
	data, err := h.Make(f)
	if err != nil {
		return err
	}
	return writeFile(path, data)
}
