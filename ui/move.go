package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/elevate"
	"certdesk/internal/finding"
	"certdesk/internal/importer"
	"certdesk/internal/inventory"
	"certdesk/internal/keyusage"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// A question is asked before something is changed.
type question struct {
	title, text string
	yes, icon   string
	danger      bool
	more        fyne.CanvasObject // under the text; may be nil
	height      float32           // of the dialog; 0 means a usual one
	note        string
}

// confirm asks, and does what was asked for after a yes. Enter says yes, but
// for what destroys: there it says no.
func (s *shell) confirm(q question, do func()) *parts.Dialog {
	height := q.height
	if height == 0 {
		height = 210
	}
	d := parts.NewDialog(s.win.Canvas(), q.title, "", 520, height)
	body := parts.VBox(10, parts.Para(q.text))
	if q.more != nil {
		body.Add(q.more)
	}
	d.SetBody(parts.Page(parts.Pad(14, 14, 20, 20, body)))
	act := func() { d.Close(); do() }
	cancel := parts.Secondary("", lang.X("button.cancel", "Cancel"), d.Close)
	yes := parts.Primary(q.icon, q.yes, act)
	if q.danger {
		yes = parts.Danger(q.icon, q.yes, act)
	}
	d.SetNote(q.note)
	d.SetButtons(yes, cancel, yes)
	if q.danger {
		d.SetButtons(cancel, cancel, yes)
	}
	d.Show()
	return d
}

// say tells what was done.
func (s *shell) say(text string) { s.sayWithUndo(text, "") }

// sayWithUndo tells what was done and offers to take it back; id is that of
// the journal, "" for what cannot be. The dialog on top, if any, says it too:
// it lies over the offer.
func (s *shell) sayWithUndo(text, id string) {
	if d := parts.TopDialog(s.win.Canvas()); d != nil {
		d.Toast(text)
	}
	if id == "" {
		s.dialogs.offerOn(s).Show(text, "", nil)
		return
	}
	s.dialogs.offerOn(s).Show(text, lang.X("button.undo", "Undo"), func() { s.undoNow(id) })
}

// dialogs are what the dialogs of this file and of import.go, undo.go and
// export.go have to know of each other.
type dialogs struct {
	wizard *importView  // the one that is open, or nil
	offer  *parts.Offer // made when it is first needed
}

func (d *dialogs) offerOn(s *shell) *parts.Offer {
	if d.offer == nil {
		d.offer = parts.NewOffer()
		if c, ok := s.win.Content().(*fyne.Container); ok {
			c.Add(d.offer.Object())
		}
	}
	return d.offer
}

func (s *shell) changes() *model.Changes {
	return &model.Changes{Service: s.importer, Elevator: s.services.Elevator}
}

// sha256Box shows a certificate's SHA-256, to be compared.
func sha256Box(c *certificate.Certificate) fyne.CanvasObject {
	return parts.SoftCard(parts.WarnSoft, parts.Pad(8, 9, 11, 11, parts.VBox(3,
		parts.SmallPara(lang.X("plan.compare", "Only after comparing its SHA-256 with what its owner publishes:")),
		parts.NewParagraph(grouped(c.Fingerprint().String()), 12, parts.Text).Mono())))
}

// openMove moves rows to a store, after a question where that gives trust or
// cannot be undone.
func (s *shell) openMove(rows []*model.Row, to certstore.Location, store certstore.Name) {
	if len(rows) == 0 {
		return
	}
	way := needs(s.wayOfAll(rows), s.wayTo(to, store))
	if way == elevate.Sudo {
		s.openRoot(elevate.MoveCommands(model.Moves(inner(rows), to, store)))
		return
	}
	keyed := 0
	for _, r := range rows {
		if r.Location != to && r.HasKey() {
			keyed++
		}
	}
	w := words{"Name": rows[0].Certificate.CommonName(), "N": len(rows), "Place": placeName(to, store)}
	name := plural(len(rows), rows[0].Certificate.CommonName(), lang.X("move.count", "{{.N}} certificates", w))
	w["Name"] = name
	do := func() { s.moveNow(way, rows, to, store) }
	switch {
	case store == certstore.Root:
		box := parts.VBox(8)
		for _, r := range rows {
			if len(rows) > 1 {
				box.Add(parts.Body(r.Certificate.CommonName()).Bold().Shrink())
			}
			box.Add(sha256Box(r.Certificate))
		}
		s.ask(way, question{title: lang.X("trust.title", "Trust {{.Name}}?", w), text: lang.X("trust.text",
			"Whoever holds the key of a trusted root can vouch for any server and any person, here: {{.Place}}.", w), yes: lang.X("trust.yes", "Trust"), icon: "shield",
			more: box, height: 320, danger: true}, do)
	case keyed > 0:
		s.ask(way, question{title: lang.X("move.title", "Move {{.Name}}?", w),
			text: lang.X("move.keyText", "Certificate and private key go to {{.Place}}, and are gone from where they are. Programs of the old place no longer see them. Undo cannot bring a key back: move it back instead.", w),
			yes:  lang.X("move.yes", "Move"), icon: "move"}, do)
	case len(rows) > 1 || way == elevate.Helper:
		s.ask(way, question{title: lang.X("move.title", "Move {{.Name}}?", w), text: plural(len(rows), lang.X("move.text1", "It goes to {{.Place}}.", w), lang.X("move.text", "They go to {{.Place}}.", w)), yes: lang.X("move.yes", "Move"), icon: "move",
			note: lang.X("grant.note", "You can undo this afterwards.")}, do)
	default:
		do()
	}
}

func (s *shell) moveNow(way elevate.Way, rows []*model.Row, to certstore.Location, store certstore.Name) {
	ctx, end := s.wait(way, lang.X("move.moving", "Moving…"))
	go func() {
		id, err := s.changes().Move(ctx, inner(rows), to, store)
		fyne.Do(func() {
			end()
			s.reload()
			if err != nil {
				s.showProblem(lang.X("move.problem", "Not moved"), cause(err))
				return
			}
			w := words{"Name": rows[0].Certificate.CommonName(), "N": len(rows), "Place": placeName(to, store)}
			s.sayWithUndo(plural(len(rows), lang.X("move.done1", "{{.Name}} moved to {{.Place}}", w), lang.X("move.done", "{{.N}} certificates moved to {{.Place}}", w)), id)
		})
	}()
}

// openTidy shows what is misplaced and where each goes.
func (s *shell) openTidy() {
	snapshot := s.whole()
	if snapshot == nil {
		return
	}
	moves, root, fixed := model.ToTidy(snapshot, s.services.Elevator, s.services.System)
	d := parts.NewDialog(s.win.Canvas(), lang.X("tidy.title", "Tidy"), lang.X("tidy.sub", "Certificates that stand in the wrong store"), 680, 460)
	shut := parts.Secondary("", lang.X("button.close", "Close"), d.Close)
	rest := parts.VBox(10) // what this window cannot move
	if len(root) > 0 {
		rest.Add(parts.Banner(parts.KindInfo, plural(len(root), lang.X("tidy.root1", "1 certificate in the machine's stores can be moved by root"),
			lang.X("tidy.root", "{{.N}} certificates in the machine's stores can be moved by root", words{"N": len(root)})), "", nil))
		rest.Add(s.rootBox(elevate.TidyCommands()))
	}
	if len(fixed) > 0 {
		rest.Add(fixedNote(fixed))
	}
	if len(moves) == 0 {
		body := parts.VBox(8, parts.Center(parts.NewIcon("ok", 34, parts.OK)), parts.Center(parts.NewLabel(lang.X("tidy.none", "Everything stands where it belongs"), 15, parts.Text).Bold()))
		d.SetBody(parts.Pad(20, 20, 20, 20, parts.Center(body)))
		if len(rest.Objects) > 0 {
			d.SetBody(parts.Page(parts.Pad(14, 14, 20, 20, rest)))
		}
		shut = parts.Primary("", lang.X("button.close", "Close"), d.Close)
		d.SetButtons(shut, shut)
		d.Show()
		return
	}
	const most = 300 // rows that a dialog shows
	var rows []fyne.CanvasObject
	for _, m := range moves[:min(most, len(moves))] {
		rows = append(rows, tidyRow(m))
	}
	body := parts.VBox(10, parts.List(rows...))
	if n := len(moves) - most; n > 0 {
		body.Add(parts.Small(lang.X("tidy.more", "… and {{.N}} more", words{"N": thousands(n)})))
	}
	if len(rest.Objects) > 0 {
		body.Add(rest)
	}
	way := elevate.Direct
	for _, m := range moves {
		way = needs(way, s.wayOf(m.Row))
	}
	if way == elevate.Helper {
		body.Add(parts.NewParagraph(rightsText(), 12, parts.Text2))
	}
	d.SetBody(parts.Page(parts.Pad(14, 14, 20, 20, body)))
	d.SetNote(lang.X("tidy.note", "You can undo this afterwards."))
	text := plural(len(moves), lang.X("tidy.move1", "Move 1"), lang.X("tidy.move", "Move {{.N}}", words{"N": len(moves)}))
	if way == elevate.Helper {
		text = lang.X("rights.continue", "Continue as administrator")
	}
	move := parts.Primary("tidy", text, func() {
		d.Close()
		s.tidyNow(way, moves)
	})
	d.SetButtons(move, shut, move)
	d.Show()
}

func tidyRow(m importer.Relocation) fyne.CanvasObject {
	c := m.Row.Certificate
	left := parts.Border(nil, nil, parts.Pad(1, 0, 0, 10, parts.VBox(0, parts.NewIcon(certIcon(c), 20, parts.Text2))), nil,
		parts.VBox(1, parts.Body(c.CommonName()).Bold().Shrink(), parts.SmallPara(model.WhyMisplaced(m.Row).Message)))
	right := parts.VBox(1, parts.Small(lang.X("tidy.from", "from {{.Place}}", words{"Place": placeName(m.Row.Location, m.Row.Store)})).Shrink(),
		parts.Border(nil, nil, parts.Pad(0, 0, 0, 6, parts.Middle(parts.NewIcon("arrow", 13, parts.Text3))), nil, parts.Body(placeName(m.Location, m.Store)).Shrink()))
	return parts.Pad(9, 9, 12, 12, parts.Columns(12, []float32{.58, .42}, left, right))
}

// fixedNote says what is misplaced and cannot be moved by this program.
func fixedNote(fixed []*model.Row) fyne.CanvasObject {
	var names []string
	for _, r := range fixed[:min(5, len(fixed))] {
		names = append(names, r.Name)
	}
	return parts.Banner(parts.KindInfo, plural(len(fixed), lang.X("tidy.fixed1", "1 misplaced certificate cannot be changed here"),
		lang.X("tidy.fixed", "{{.N}} misplaced certificates cannot be changed here", words{"N": len(fixed)})),
		lang.X("tidy.fixedText", "They belong to the system or to another location: {{.Names}}", words{"Names": strings.Join(names, ", ")}), nil)
}

func (s *shell) tidyNow(way elevate.Way, moves []importer.Relocation) {
	ctx, end := s.wait(way, lang.X("move.moving", "Moving…"))
	go func() {
		id, err := s.changes().Tidy(ctx, moves)
		fyne.Do(func() {
			end()
			s.reload()
			if err != nil {
				s.showProblem(lang.X("tidy.problem", "Not tidied"), cause(err))
				return
			}
			s.sayWithUndo(plural(len(moves), lang.X("tidy.done1", "1 certificate moved to where it belongs"),
				lang.X("tidy.done", "{{.N}} certificates moved to where they belong", words{"N": len(moves)})), id)
		})
	}()
}

// openTrust makes a root trusted in its location, after a question.
func (s *shell) openTrust(row *model.Row) {
	s.openMove([]*model.Row{row}, row.Location, certstore.Root)
}

// openDelete finds out what becomes of the keys, and asks.
func (s *shell) openDelete(rows []*model.Row) {
	if len(rows) == 0 || s.explain(lang.X("delete.cannot", "This cannot be deleted"), s.whyFixed(rows)) {
		return
	}
	if s.wayOfAll(rows) == elevate.Sudo {
		s.openRoot(elevate.DeleteCommands(inner(rows)))
		return
	}
	ctx, end := s.wait(elevate.Direct, lang.X("delete.looking", "Looking at the private key…"))
	go func() {
		fates, err := s.changes().Fates(ctx, inner(rows))
		fyne.Do(func() {
			switch {
			case end():
			case err != nil:
				s.showProblem(lang.X("delete.cannot", "This cannot be deleted"), err)
			default:
				s.askDelete(rows, fates)
			}
		})
	}()
}

func (s *shell) askDelete(rows []*model.Row, fates []model.KeyFate) {
	count := map[model.KeyFate]int{}
	for _, f := range fates {
		count[f]++
	}
	w := words{"Name": rows[0].Name, "N": len(rows), "Keys": count[model.KeyGoes] + count[model.KeyUnsure], "Place": placeName(rows[0].Location, rows[0].Store)}
	title := plural(len(rows), lang.X("delete.title1", "Delete {{.Name}}?", w), lang.X("delete.title", "Delete {{.N}} certificates?", w))
	text := plural(len(rows), lang.X("delete.text1", "It is deleted from {{.Place}}. This cannot be undone; the file it came from can be imported again.", w),
		lang.X("delete.text", "They are deleted from their stores. This cannot be undone; the files they came from can be imported again.", w))
	more := parts.VBox(10)
	var keep *parts.Check
	warned := 0 // keys that could still decrypt mail
	keys := count[model.KeyGoes] + count[model.KeyUnsure]
	if keys > 0 {
		more.Add(parts.Banner(parts.KindWarning, plural(keys, lang.X("delete.key1", "The private key is deleted too"), lang.X("delete.keys", "{{.Keys}} private keys are deleted too", w)),
			lang.X("delete.keyText", "Unless there is a copy, such as the PFX file, nobody can bring it back.", w), nil))
		for i, r := range rows {
			if fs := keyusage.BeforeDelete(r.Certificate, s.list.Now()); len(fs) > 0 && fates[i] != model.KeyStays && warned < 3 {
				warned++
				more.Add(parts.SmallPara(r.Name + ": " + finding.WordsOf(fs[0]).Message + " " + finding.WordsOf(fs[0]).Advice))
			}
		}
		keep = parts.NewCheck(plural(keys, lang.X("delete.keep1", "Keep the private key in the store"), lang.X("delete.keep", "Keep the private keys in the store")), "", nil)
		more.Add(keep)
	}
	if count[model.KeyStays] > 0 {
		more.Add(parts.SmallPara(lang.X("delete.shared", "A private key that another certificate uses stays.")))
	}
	if len(rows) > 1 {
		var names []fyne.CanvasObject
		for _, r := range rows[:min(50, len(rows))] {
			names = append(names, parts.Pad(4, 4, 10, 10, parts.Body(r.Name).Shrink()))
		}
		more.Add(parts.List(names...))
	}
	height := float32(210)
	if keys > 0 {
		height = 320 + 60*float32(warned)
	}
	if len(rows) > 1 {
		height += min(200, 27*float32(len(rows)))
	}
	s.ask(s.wayOfAll(rows), question{title: title, text: text, yes: lang.X("delete.yes", "Delete"), icon: "delete", danger: true, more: more, height: height},
		func() { s.deleteNow(rows, keep != nil && keep.Checked()) })
}

func (s *shell) deleteNow(rows []*model.Row, keepKey bool) {
	ctx, end := s.wait(s.wayOfAll(rows), lang.X("delete.deleting", "Deleting…"))
	go func() {
		done, err := s.changes().Delete(ctx, inner(rows), keepKey)
		fyne.Do(func() {
			end()
			s.reload()
			if err != nil {
				s.showProblem(lang.X("delete.problem", "{{.Done}} of {{.N}} deleted", words{"Done": done, "N": len(rows)}), err)
				return
			}
			s.say(plural(done, lang.X("delete.done1", "{{.Name}} deleted", words{"Name": rows[0].Name}), lang.X("delete.done", "{{.N}} certificates deleted", words{"N": done})))
		})
	}()
}

// openRename asks for another friendly name.
func (s *shell) openRename(row *model.Row) {
	way := s.wayOf(row.Row)
	if way == elevate.Sudo {
		s.openRoot(elevate.RenameCommands())
		return
	}
	d := parts.NewDialog(s.win.Canvas(), lang.X("rename.title", "Change friendly name"), row.Name, 460, 250)
	field := parts.NewField("")
	field.SetText(row.FriendlyName)
	problem := parts.VBox(0)
	d.SetBody(parts.Page(parts.Pad(14, 14, 20, 20, parts.VBox(8, parts.Labelled(lang.X("rename.label", "Friendly name"), field),
		parts.SmallPara(lang.X("rename.text", "It is a label in this store; the certificate itself is not changed.")), problem))))
	cancel := parts.Secondary("", lang.X("button.cancel", "Cancel"), d.Close)
	text := lang.X("rename.yes", "Change")
	if way == elevate.Helper {
		text = lang.X("rights.continue", "Continue as administrator")
	}
	ok := parts.Primary("", text, func() { s.renameNow(d, row.Row, strings.TrimSpace(field.Text), problem) })
	d.SetButtons(ok, cancel, ok)
	d.Show()
	s.win.Canvas().Focus(field) // it was not drawn yet, so parts.Focus would not find its canvas
}

func (s *shell) renameNow(d *parts.Dialog, row *inventory.Row, name string, problem *fyne.Container) {
	go func() {
		err := s.changes().Rename(s.ctx, row, name)
		fyne.Do(func() {
			if err != nil {
				problem.Objects = []fyne.CanvasObject{problemBanner(err, nil)}
				problem.Refresh()
				return
			}
			d.Close()
			s.reload()
			s.say(lang.X("rename.done", "The friendly name is {{.Name}} now", words{"Name": name}))
		})
	}()
}
