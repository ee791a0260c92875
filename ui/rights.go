package ui

import (
	"errors"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/certstore"
	"certdesk/internal/elevate"
	"certdesk/internal/inventory"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// Who lacks the rights for the machine's stores is offered what there is on
// this system: to continue as administrator, or the command for root.

func (s *shell) places() []certstore.Place {
	if snapshot, err := s.list.Snapshot.Get(); err == nil && snapshot != nil {
		return snapshot.Places
	}
	return nil
}

// wayOf returns how a row can be changed.
func (s *shell) wayOf(r *inventory.Row) elevate.Way {
	return s.services.Elevator.WayOf(r, s.places(), s.services.System)
}

// wayOfAll returns how rows can be changed together.
func (s *shell) wayOfAll(rows []*model.Row) elevate.Way {
	way := elevate.Direct
	for _, r := range rows {
		way = needs(way, s.wayOf(r.Row))
	}
	return way
}

// wayTo returns how something can be put into a store.
func (s *shell) wayTo(loc certstore.Location, store certstore.Name) elevate.Way {
	for _, p := range s.places() {
		if p.Location == loc && p.Name == store {
			return s.services.Elevator.WayTo(loc, p.ReadOnly, s.services.System)
		}
	}
	return elevate.Direct // whoever tries is told
}

// A hindrance is why something cannot be changed here: in few words, "" for
// nothing, and in full.
type hindrance struct{ short, text string }

// whyFixed returns why rows cannot be changed by anybody here.
func (s *shell) whyFixed(rows []*model.Row) hindrance {
	for _, r := range rows {
		if s.wayOf(r.Row) != elevate.Never {
			continue
		}
		if r.Inherited {
			return hindrance{lang.X("why.inherited", "belongs to the machine"),
				lang.X("why.inheritedText", "{{.Name}} is only seen through the user's store. It stands in the same store of {{.Place}}, and can be changed there.", words{"Name": r.Name, "Place": locationName(certstore.Machine)})}
		}
		if r.Provided != "" {
			return whyProvided(r)
		}
		if r.Shipped {
			return hindrance{lang.X("why.shipped", "part of the system"),
				lang.X("why.shippedText", "{{.Name}} came with the operating system, which keeps it up to date. It can be exported, not moved or deleted.", words{"Name": r.Name})}
		}
		for _, p := range s.places() {
			if p.Location == r.Location && p.Name == r.Store && p.ReadOnly != nil {
				return whyReadOnly(p.ReadOnly)
			}
		}
		return whyReadOnly(certstore.ErrDenied)
	}
	return hindrance{}
}

// whyProvided returns who put a row there that nobody can change here.
func whyProvided(r *model.Row) hindrance {
	w := words{"Name": r.Name, "Place": r.Origin}
	switch r.Provided {
	case certstore.ByGroupPolicy:
		return hindrance{lang.X("why.policy", "from a group policy"),
			lang.X("why.policyText", "A group policy put {{.Name}} into {{.Place}}. No administrator of this computer can change it: ask whoever manages the domain.", w)}
	case certstore.ByRegistry:
		return hindrance{lang.X("why.registry", "from the registry"),
			lang.X("why.registryText", "{{.Name}} stands in the registry, {{.Place}}, and Windows does not give it out: no program uses it. It can be deleted there.", w)}
	case certstore.ByEnterprise:
		return hindrance{lang.X("why.enterprise", "from Active Directory"),
			lang.X("why.enterpriseText", "Active Directory put {{.Name}} into {{.Place}}. No administrator of this computer can change it: ask whoever manages the domain.", w)}
	}
	return hindrance{lang.X("why.windows", "from Windows"), lang.X("why.windowsText", "Windows itself shows {{.Name}} in {{.Place}}. It cannot be changed by hand.", w)}
}

// whyReadOnly returns why nothing can be changed in a place.
func whyReadOnly(err error) hindrance {
	title, todo := problemText(err)
	h := hindrance{lang.X("why.notAvailable", "not available now"), strings.TrimSpace(title + ". " + todo)}
	if errors.Is(err, certstore.ErrDenied) {
		h.short = lang.X("why.denied", "needs administrator rights")
	}
	return h
}

// explain says in full why something cannot be done, and reports whether there
// was anything to say.
func (s *shell) explain(title string, h hindrance) bool {
	if h.short == "" {
		return false
	}
	d := parts.NewDialog(s.win.Canvas(), title, "", 520, 200)
	d.SetBody(parts.Page(parts.Pad(14, 14, 20, 20, parts.Para(h.text))))
	shut := parts.Primary("", lang.X("button.close", "Close"), d.Close)
	d.SetButtons(shut, shut)
	d.Show()
	return true
}

// usable reports whether this window can make a change.
func usable(w elevate.Way) bool { return w == elevate.Direct || w == elevate.Helper }

// needs returns which of two ways a change of both places takes.
func needs(a, b elevate.Way) elevate.Way {
	if a == elevate.Never || b == elevate.Never {
		return elevate.Never
	}
	return max(a, b)
}

// ask puts a question that says, where it is so, that Windows will ask too.
func (s *shell) ask(way elevate.Way, q question, do func()) {
	if way == elevate.Helper {
		q.yes, q.icon = lang.X("rights.continue", "Continue as administrator"), "shield"
		note := parts.NewParagraph(rightsText(), 12, parts.Text2)
		if q.more == nil {
			q.more = note
		} else {
			q.more = parts.VBox(10, q.more, note)
		}
		if q.height == 0 {
			q.height = 210
		}
		q.height += 40
	}
	s.confirm(q, do)
}

func rightsText() string {
	return lang.X("rights.text", "Windows will ask whether certctl.exe may make changes. It is given this change and nothing else, and ends afterwards.")
}

// openRoot shows the command that makes a change as root.
func (s *shell) openRoot(c elevate.Commands) {
	d := parts.NewDialog(s.win.Canvas(), lang.X("rights.root", "The machine's stores belong to root"), "", 620, 300)
	d.SetBody(parts.Page(parts.Pad(14, 14, 20, 20, s.rootBox(c))))
	shut := parts.Primary("", lang.X("button.close", "Close"), d.Close)
	d.SetButtons(shut, shut)
	d.Show()
}

// rootBox shows commands, to be copied.
func (s *shell) rootBox(c elevate.Commands) fyne.CanvasObject {
	box := parts.VBox(6)
	if len(c.Lines) > 0 {
		box.Add(parts.SmallPara(lang.X("rights.run", "Run this in a terminal:")))
		copyIt := parts.SmallButton("copy", lang.X("button.copy", "Copy"), func() { s.copyText(c.Text()) })
		lines := parts.VBox(4)
		for _, l := range c.Lines[:min(20, len(c.Lines))] {
			lines.Add(parts.NewParagraph(l, 12, parts.Text).Mono())
		}
		if n := len(c.Lines) - 20; n > 0 {
			lines.Add(parts.Small(lang.X("tidy.more", "… and {{.N}} more", words{"N": thousands(n)})))
		}
		box.Add(parts.Border(nil, nil, nil, parts.Pad(0, 0, 8, 0, parts.VBox(0, copyIt)), lines))
	}
	if c.Note != "" {
		box.Add(parts.SmallPara(c.Note))
	}
	return parts.SoftCard(parts.AccentSoft, parts.Pad(8, 8, 12, 12, box))
}
