package ui

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/internal/certificate"
	"certdesk/internal/finding"
	"certdesk/internal/tlsprobe"
	"certdesk/ui/parts"
)

const (
	casListed  = 12 // names of CAs that the connection test lists
	mineListed = 40 // of the person's certificates
)

// right is what the server wants, and which certificates fit.
func (v *probeView) right(r *tlsprobe.Report, issued []int) fyne.CanvasObject {
	box := parts.VBox(8)
	if r.Request == nil {
		if r.Server != nil {
			box.Add(parts.Body(lang.X("probe.noRequest", "No client certificate was asked for")).Bold())
			box.Add(parts.SmallPara(lang.X("probe.noRequestText", "A certificate is only ever sent to a server that asks. Some ask for certain addresses only.")))
		}
		v.serverChain(box, r)
		return box
	}
	box.Add(parts.Body(lang.X("probe.cas", "Certificate authorities the server accepts")).Bold())
	var rows []fyne.CanvasObject
	for i, n := range issued {
		name := certificate.ParseName(r.Request.CAs[i])
		title := name.Value("CN")
		if title == "" {
			title = name.String()
		}
		kind, text := parts.KindOK, plural(n, lang.X("probe.issued1", "Issued 1 of yours"), lang.X("probe.issued", "Issued {{.N}} of yours", words{"N": strconv.Itoa(n)}))
		if n == 0 {
			kind, text = parts.KindPlain, lang.X("probe.issued0", "None of yours")
		}
		rows = append(rows, probeRow(kind, title, text, false, nil))
	}
	if more := len(r.Request.CAs) - len(issued); more > 0 {
		rows = append(rows, parts.Pad(7, 7, 12, 12, parts.Small(lang.X("probe.moreCAs", "and {{.N}} more", words{"N": strconv.Itoa(more)}))))
	}
	if len(rows) == 0 {
		rows = append(rows, probeRow(parts.KindOK, lang.X("probe.anyCA", "It names none"), lang.X("probe.anyCAText", "Every certificate that can sign may be sent"), false, nil))
	}
	box.Add(parts.List(rows...))
	box.Add(parts.Gap(1, 4))
	box.Add(parts.Body(lang.X("probe.mine", "Your certificates")).Bold())
	rows = nil
	for _, m := range r.Mine[:min(mineListed, len(r.Mine))] {
		kind, text := parts.KindOK, lang.X("probe.fits", "Would be offered")
		if !m.Fits {
			w := finding.WordsOf(m.Findings[0])
			kind, text = parts.KindError, lang.X("probe.left", "Left out: {{.Why}}", words{"Why": w.Title})
		}
		sent := r.Sent != nil && r.Sent.Certificate.Fingerprint() == m.Row.Certificate.Fingerprint()
		if sent {
			text = lang.X("probe.sent", "Sent in this test")
			if !m.Fits {
				text += ". " + finding.WordsOf(m.Findings[0]).Title
			}
		}
		row := m.Row
		rows = append(rows, probeRow(kind, m.Row.Certificate.CommonName(), text, sent, func() {
			for i, c := range v.model.Choices {
				if c.Certificate.Fingerprint() == row.Certificate.Fingerprint() {
					v.pick.SetSelected(i + 1)
				}
			}
		}))
	}
	if len(rows) == 0 {
		rows = append(rows, probeRow(parts.KindWarning, lang.X("probe.noMine", "You have none"), lang.X("probe.noMineText", "Import the PFX file with the certificate and its key"), false, nil))
	}
	box.Add(parts.List(rows...))
	v.serverChain(box, r)
	return box
}

// serverChain adds the server's own chain, leaf first.
func (v *probeView) serverChain(box *fyne.Container, r *tlsprobe.Report) {
	if r.Server == nil {
		return
	}
	box.Add(parts.Gap(1, 4))
	box.Add(parts.Body(lang.X("probe.server", "The server's certificate")).Bold())
	var rows []fyne.CanvasObject
	for _, l := range r.Server.Paths.Best().Links {
		text, kind := linkWords(l)
		if l.Certificate != nil {
			text += ", " + lang.X("chain.validTo", "valid to {{.Date}}", words{"Date": date(l.Certificate.NotAfter)})
		}
		rows = append(rows, probeRow(kind, l.Name, text, false, nil))
	}
	box.Add(parts.List(rows...))
}

func probeRow(kind parts.Kind, title, text string, marked bool, tapped func()) fyne.CanvasObject {
	icon := parts.KindIcon(kind, 16)
	if kind == parts.KindPlain {
		icon = parts.NewIcon("skip", 16, parts.Text3)
	}
	body := parts.Pad(6, 6, 12, 12, parts.Border(nil, nil, parts.Pad(0, 0, 0, 9, parts.Middle(icon)), nil,
		parts.VBox(0, parts.Body(title).Shrink(), parts.Small(text).Shrink())))
	fill := parts.Content
	if marked {
		fill = parts.AccentSoft
	}
	if tapped == nil {
		return parts.Stack(parts.Fill(fill), body)
	}
	return parts.NewPress(body, fill, "", 0, tapped)
}
