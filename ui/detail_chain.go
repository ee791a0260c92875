package ui

import (
	"encoding/hex"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/certstore"
	"certdesk/internal/chain"
	"certdesk/ui/parts"
)

// chain is a picture of the chain: a card for each certificate, the root on
// top.
func (v *detailView) chain() fyne.CanvasObject {
	says := parts.Stack()
	says.Hide()
	v.askSystem(says)
	return parts.Page(parts.Pad(12, 12, 14, 16, parts.VBox(12, says, v.chainCards(), v.acceptance(), v.network(), v.otherPaths())))
}

// askSystem shows what the system itself says of the chain, as soon as it
// does.
func (v *detailView) askSystem(says *fyne.Container) {
	if _, ok := v.shell.services.Store.(certstore.ChainChecker); !ok {
		return
	}
	d := v.detail
	go func() {
		st := d.System(v.shell.ctx, v.shell.services.Store)
		if st == nil {
			return
		}
		fyne.Do(func() {
			if v.detail == d {
				says.Objects = []fyne.CanvasObject{systemBanner(st)}
				says.Show()
				v.body.Refresh()
			}
		})
	}()
}

// systemBanner says whether the system accepts a chain, and why not.
func systemBanner(st *certstore.ChainStatus) fyne.CanvasObject {
	w := words{"System": st.System}
	if st.Trusted() {
		return parts.Banner(parts.KindOK, lang.X("chain.accepted", "{{.System}} accepts this chain", w), lang.X("chain.noRevocation", "Revocation was not asked for.", w), nil)
	}
	var why []string
	for _, p := range st.Problems {
		why = append(why, p.Text)
	}
	return parts.Banner(parts.KindWarning, lang.X("chain.refused", "{{.System}} does not accept this chain", w), strings.Join(why, " "), nil)
}

func (v *detailView) chainCards() fyne.CanvasObject {
	list := parts.VBox(0)
	links := v.detail.Chain
	for i := len(links) - 1; i >= 0; i-- {
		list.Add(v.chainCard(links[i], i == 0))
		if i > 0 {
			role := parts.ChipLine
			if links[i].Status == chain.Missing {
				role = parts.Warn
			}
			list.Add(parts.Pad(0, 0, 20, 0, parts.HBox(0, parts.Fixed(2, 14, parts.Fill(role)))))
		}
	}
	return list
}

func (v *detailView) chainCard(l chain.Link, leaf bool) fyne.CanvasObject {
	text, kind := linkWords(l)
	role, _ := kind.Roles()
	icon, sub := "search", lang.X("chain.missingText", "This issuer is not on this computer")
	if l.KeyID != nil {
		sub += lang.X("chain.keyId", "; key identifier {{.ID}}", words{"ID": hex.EncodeToString(l.KeyID)})
	}
	if c := l.Certificate; c != nil {
		icon = certIcon(c)
		sub = roleName(c) + ", " + lang.X("chain.validTo", "valid to {{.Date}}", words{"Date": date(c.NotAfter)})
		if l.Row != nil {
			sub += ", " + placeName(l.Row.Location, l.Row.Store)
		} else if l.Found == chain.Fetched {
			sub += ", " + lang.X("chain.fetched", "fetched from {{.URL}}", words{"URL": l.URL})
		} else if i := v.detail.Row; i == nil && !leaf {
			sub += ", " + lang.X("chain.inFile", "in the file")
		}
	}
	fill, edge := parts.Content, parts.Line
	if leaf {
		fill, edge = parts.AccentSoft, parts.Accent
	}
	state := parts.HBox(6, parts.Middle(parts.NewLabel(text, 12, role)), parts.Middle(parts.KindIcon(kind, 16)))
	body := parts.Pad(8, 8, 11, 11, parts.Border(nil, nil, parts.Middle(parts.NewIcon(icon, 20, parts.Text2)), parts.Middle(state),
		parts.Pad(0, 0, 10, 8, parts.VBox(1, parts.Body(l.Name).Bold().Shrink(), parts.Small(sub).Shrink()))))
	press := parts.NewPress(body, fill, edge, 6, func() {
		if l.Row != nil && !leaf {
			v.shell.goTo(l.Row)
		}
	})
	return press
}
