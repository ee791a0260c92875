package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/ui/model"
	"certdesk/ui/parts"
)

const longValue = 6 // lines of a value that are shown before a button for the rest

// fields is everything in the certificate, each line with a copy button.
func (v *detailView) fields() fyne.CanvasObject {
	list := parts.VBox(0)
	fields := model.Fields(v.detail.Certificate)
	copyAll := parts.SmallButton("copy", lang.X("fields.copyAll", "Copy everything"), func() { v.shell.copyText(fieldsText(fields)) })
	list.Add(parts.Pad(8, 6, 14, 12, parts.HBox(0, copyAll)))
	for _, f := range fields {
		list.Add(parts.FaintHLine())
		list.Add(v.field(f))
	}
	return parts.Page(list)
}

func (v *detailView) field(f model.Field) fyne.CanvasObject {
	name := parts.VBox(2, parts.SmallPara(lang.X("field."+f.Key, f.Name)))
	if f.Critical {
		name.Add(parts.Start(parts.Chip(lang.X("field.critical", "Critical"), parts.KindInfo)))
	}
	text, all := f.Value, true
	if rows := strings.Split(text, "\n"); len(rows) > longValue {
		text, all = strings.Join(rows[:longValue], "\n"), false
	}
	para := parts.NewParagraph(text, 13, parts.Text)
	if f.Mono {
		para = parts.NewParagraph(text, 12, parts.Text).Mono()
	}
	value := parts.VBox(2, para)
	if !all {
		var more *parts.Button
		more = parts.LinkButton(lang.X("field.more", "Show all"), func() {
			para.SetText(f.Value)
			more.Hide()
			v.body.Refresh()
			relayout(v.body)
		})
		value.Add(parts.Start(more))
	}
	copyIt := parts.VBox(0, parts.IconButton("copy", lang.X("button.copyNamed", "Copy {{.What}}", words{"What": f.Name}), func() { v.shell.copyText(f.Value) }))
	return parts.Pad(4, 4, 14, 10, parts.Border(nil, nil, parts.Fixed(176, -1, parts.Pad(1, 0, 0, 10, name)), copyIt, parts.Pad(1, 0, 0, 8, value)))
}

// relayout places the content of a container again after heights changed in
// it.
func relayout(c *fyne.Container) {
	s := c.Size()
	c.Resize(s.AddWidthHeight(0, 1))
	c.Resize(s)
}

func fieldsText(fields []model.Field) string {
	var b strings.Builder
	for _, f := range fields {
		b.WriteString(f.Name)
		if f.Critical {
			b.WriteString(" (critical)")
		}
		b.WriteString(":\n    " + strings.ReplaceAll(f.Value, "\n", "\n    ") + "\n")
	}
	return b.String()
}
