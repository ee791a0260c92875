package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/certstore"
	"certdesk/internal/elevate"
	"certdesk/internal/importer"
	"certdesk/internal/target"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// importTarget asks who will use the certificate; location, store, key set
// and provider follow. The last choice is to name the location oneself.
type importTarget struct {
	view   *importView
	object *fyne.Container

	cards     *parts.Cards
	about     *fyne.Container // what follows from the choice
	shown     target.ID
	locations *fyne.Container
	where     *parts.Cards    // the locations
	placed    bool            // they know the places
	why       *fyne.Container // the location cannot be changed
}

// importLocations are the locations in the order of the cards.
var importLocations = []certstore.Location{certstore.User, certstore.Machine}

func newImportTarget(v *importView) *importTarget {
	t := &importTarget{view: v, about: parts.Stack(), locations: parts.Stack(), why: parts.Stack()}
	var options []parts.Option
	targets := v.model.State().Targets
	for _, x := range targets {
		options = append(options, parts.Option{Title: x.Title})
	}
	options = append(options, parts.Option{Title: lang.X("target.none", "I choose the place")})
	t.cards = parts.NewCardGrid(options, 3, 0, func(i int) {
		if i < len(targets) {
			v.model.SetTarget(&targets[i])
		} else {
			v.model.SetTarget(nil)
		}
	})
	t.object = parts.VBox(8, t.cards.Object(), t.about, t.locations, t.why)
	return t
}

// show brings the choice in line with the state, and says why the location
// cannot be changed.
func (t *importTarget) show(st *model.ImportState) {
	chosen := st.Options.Target
	selected := len(st.Targets)
	for i := range st.Targets {
		if chosen != nil && st.Targets[i].ID == chosen.ID {
			selected = i
		}
	}
	t.cards.SetSelected(selected)
	setVisible(t.about, chosen != nil)
	setVisible(t.locations, chosen == nil)
	if chosen == nil {
		t.showLocations(st)
	} else if t.shown != chosen.ID {
		t.shown = chosen.ID
		t.about.Objects = []fyne.CanvasObject{aboutTarget(chosen)}
		t.about.Refresh()
	}
	t.why.Objects = nil
	if err := st.ReadOnly(st.Options.Location); err != nil && t.view.shell.services.Elevator.WayTo(st.Options.Location, err, t.view.shell.services.System) != elevate.Helper {
		title, todo := problemText(err)
		t.why.Objects = []fyne.CanvasObject{parts.Banner(parts.KindWarning, title, todo, nil)}
	}
	setVisible(t.why, len(t.why.Objects) > 0)
	t.why.Refresh()
	t.object.Refresh()
}

// showLocations builds the cards of the locations once the places are known.
func (t *importTarget) showLocations(st *model.ImportState) {
	selected := 0
	if st.Options.Location == certstore.Machine {
		selected = 1
	}
	if t.where == nil || len(st.Places) > 0 && !t.placed {
		t.placed = len(st.Places) > 0
		options := []parts.Option{
			{Title: locationName(certstore.User), Icon: "user", Note: lang.X("import.forUser", "For you, in a browser or desktop program. Services cannot see it."),
				Foot: footOf(st.ReadOnly(certstore.User))},
			{Title: locationName(certstore.Machine), Icon: "machine", Note: lang.X("import.forMachine", "For services and scheduled tasks. Every account on this computer can see it."),
				Foot: footOf(st.ReadOnly(certstore.Machine))},
		}
		t.where = parts.NewCards(options, true, selected, func(i int) {
			t.view.model.SetOptions(func(o *importer.Options) { o.Location = importLocations[i] })
		})
		t.locations.Objects = []fyne.CanvasObject{t.where.Object()}
		t.locations.Refresh()
	}
	t.where.SetSelected(selected)
}

// aboutTarget says what follows from a target, before there is a plan.
func aboutTarget(x *target.Target) fyne.CanvasObject {
	place := placeName(x.Location, x.Store)
	if x.Kind == target.Issuers {
		place = lang.X("target.issuers", "{{.Root}} and {{.CA}}, {{.Location}}", words{"Root": storeName(certstore.Root), "CA": storeName(certstore.CA), "Location": locationName(x.Location)})
	}
	box := parts.VBox(2, parts.NewParagraph(place, 12, parts.Text).Bold(), parts.SmallPara(x.Reason),
		parts.NewParagraph(lang.X("target.source", "Source: {{.Source}}", words{"Source": x.Source}), 12, parts.Text2))
	if keeper := keeperNames[x.Provider]; keeper != "" {
		box.Add(parts.NewParagraph(lang.X("target.key", "Key: {{.Set}}; as usual: {{.Keeper}}", words{"Set": keySetName(x.KeySet), "Keeper": keeper}), 12, parts.Text))
	}
	return parts.SoftCard(parts.AccentSoft, parts.Pad(8, 8, 12, 12, box))
}

// targetBox says on the plan why the target looks there, after which document,
// and what else has to be done.
func (p *importPlan) targetBox(st *model.ImportState) fyne.CanvasObject {
	x := st.Plan.Options.Target
	box := parts.VBox(3, parts.NewParagraph(lang.X("target.for", "For: {{.Who}}", words{"Who": x.Title}), 12, parts.Text).Bold(), parts.SmallPara(x.Reason),
		parts.NewParagraph(lang.X("target.source", "Source: {{.Source}}", words{"Source": x.Source}), 12, parts.Text2))
	if x.Todo != "" {
		box.Add(parts.NewParagraph(x.Todo, 12, parts.Text))
	}
	if c := x.Command(st.Plan.Source.Path); c != "" {
		copyIt := parts.SmallButton("copy", lang.X("button.copy", "Copy"), func() { p.view.shell.copyText(c) })
		box.Add(parts.Border(nil, nil, nil, parts.Pad(0, 0, 8, 0, parts.VBox(0, copyIt)), parts.NewParagraph(c, 12, parts.Text).Mono()))
	}
	return parts.SoftCard(parts.AccentSoft, parts.Pad(8, 8, 12, 12, box))
}
