package parts

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// A Button is a [Press] with an icon and a word.
type Button struct {
	Press
	icon  *Icon
	label *Label
	word  *fyne.Container // the label in its place

	iconRole, labelRole fyne.ThemeColorName
}

func newButton(iconName, text string, iconSize float32, iconRole, labelRole, fill, edge fyne.ThemeColorName,
	pad [4]float32, tapped func()) *Button {
	b := &Button{iconRole: iconRole, labelRole: labelRole}
	row := HBox(wordGap)
	if iconName != "" {
		b.icon = NewIcon(iconName, iconSize, iconRole)
		row.Add(Middle(b.icon))
	}
	if text != "" {
		b.label = NewLabel(text, 13, labelRole)
		b.word = Middle(b.label)
		row.Add(b.word)
	}
	b.setUp(Center(Pad(pad[0], pad[1], pad[2], pad[3], row)), fill, edge, 4, tapped)
	b.onState = b.paintState
	b.ExtendBaseWidget(b)
	return b
}

func (b *Button) paintState(disabled bool) {
	icon, label := b.iconRole, b.labelRole
	if disabled {
		icon, label = Text3, Text3
	}
	if b.icon != nil {
		b.icon.SetRole(icon)
	}
	if b.label != nil {
		b.label.SetRole(label)
	}
}

// SetText changes the word on the button.
func (b *Button) SetText(text string) {
	if b.label != nil && b.label.full != text {
		b.label.SetText(text)
		b.Refresh()
	}
}

// Text returns the word on the button.
func (b *Button) Text() string {
	if b.label == nil {
		return ""
	}
	return b.label.full
}

// wordGap is between icon and word.
const wordGap = 6

// WordWidth returns how much narrower the button is without its word.
func (b *Button) WordWidth() float32 {
	if b.word == nil {
		return 0
	}
	return b.word.MinSize().Width + wordGap
}

// ShowWord shows the word beside the icon, or the icon alone.
func (b *Button) ShowWord(on bool) {
	switch {
	case b.word == nil || b.word.Visible() == on:
		return
	case on:
		b.word.Show()
	default:
		b.word.Hide()
	}
	b.Refresh()
}

// Primary returns the button of the thing most people want here. Use one.
func Primary(iconName, text string, tapped func()) *Button {
	b := newButton(iconName, text, 16, OnAccent, OnAccent, Accent, "", [4]float32{5, 5, 13, 14}, tapped)
	b.hover = AccentHover
	b.label.Bold()
	return b
}

// Danger returns the button that destroys something, once it was confirmed.
func Danger(iconName, text string, tapped func()) *Button {
	b := newButton(iconName, text, 16, OnBadge, OnBadge, Err, "", [4]float32{5, 5, 13, 14}, tapped)
	b.hover = ErrHover
	b.label.Bold()
	return b
}

// Secondary returns an outlined button.
func Secondary(iconName, text string, tapped func()) *Button {
	return newButton(iconName, text, 15, Text2, Text, Content, ChipLine, [4]float32{5, 5, 12, 12}, tapped)
}

// SmallButton returns a low outlined button for rows and cards.
func SmallButton(iconName, text string, tapped func()) *Button {
	b := newButton(iconName, text, 13, Text2, Text, Content, ChipLine, [4]float32{2, 2, 8, 8}, tapped)
	b.label.Sized(12)
	return b
}

// ToolButton returns a flat button for the toolbar.
func ToolButton(iconName, text string, tapped func()) *Button {
	return newButton(iconName, text, 17, Text2, Text, Clear, "", [4]float32{5, 5, 9, 10}, tapped)
}

// IconButton returns a flat button without a word; name says in one word what
// it does, for tests and for what will read the window to people.
func IconButton(iconName, name string, tapped func()) *Button {
	b := newButton(iconName, "", 15, Text2, Text, Clear, "", [4]float32{4, 4, 4, 4}, tapped)
	b.label = NewLabel(name, 13, Text)
	return b
}

// LinkButton returns a word that acts when clicked.
func LinkButton(text string, tapped func()) *Button {
	return newButton("", text, 13, Accent, Accent, Clear, "", [4]float32{1, 1, 2, 2}, tapped)
}

// A Dropdown shows its choice and offers the others in a menu below it.
type Dropdown struct {
	Button
	options  []string
	selected int
	// OnChanged is called with the index chosen.
	OnChanged func(int)
}

// NewDropdown returns a dropdown of options with one of them chosen.
func NewDropdown(options []string, selected int, changed func(int)) *Dropdown {
	d := &Dropdown{options: options, selected: selected, OnChanged: changed}
	text := ""
	if selected >= 0 && selected < len(options) {
		text = options[selected]
	}
	d.label = Body(text).Shrink()
	longest := float32(0)
	for _, o := range options {
		longest = max(longest, fyne.MeasureText(o, 13, fyne.TextStyle{}).Width)
	}
	row := Border(nil, nil, nil, Pad(0, 0, 6, 0, Middle(NewIcon("chevron-down", 13, Text2))), Middle(d.label))
	d.setUp(Pad(0, 0, 9, 8, Fixed(min(round(longest)+22, 260), 30, row)), Input, ChipLine, 4, d.open)
	d.labelRole, d.iconRole = Text, Text2
	d.onState = d.paintState
	d.OnKey = d.key
	d.ExtendBaseWidget(d)
	return d
}

// Selected returns the index of the choice.
func (d *Dropdown) Selected() int { return d.selected }

// SetSelected changes the choice without calling OnChanged.
func (d *Dropdown) SetSelected(i int) {
	if i >= 0 && i < len(d.options) {
		d.selected = i
		d.label.SetText(d.options[i])
	}
}

func (d *Dropdown) choose(i int) {
	if i < 0 || i >= len(d.options) || i == d.selected {
		return
	}
	d.SetSelected(i)
	if d.OnChanged != nil {
		d.OnChanged(i)
	}
}

func (d *Dropdown) key(k fyne.KeyName) {
	switch k {
	case fyne.KeyDown:
		d.choose(d.selected + 1)
	case fyne.KeyUp:
		d.choose(d.selected - 1)
	}
}

func (d *Dropdown) open() {
	c := canvasOf(d)
	if c == nil {
		return
	}
	items := make([]*fyne.MenuItem, len(d.options))
	for i, o := range d.options {
		items[i] = fyne.NewMenuItem(o, func() { d.choose(i) })
		items[i].Checked = i == d.selected
	}
	PopUpMenu(c, fyne.CurrentApp().Driver().AbsolutePositionForObject(d).AddXY(0, d.Size().Height+2), items...)
}

// PopUpMenu shows a menu at a place of the canvas.
func PopUpMenu(c fyne.Canvas, at fyne.Position, items ...*fyne.MenuItem) {
	widget.ShowPopUpMenuAtPosition(fyne.NewMenu("", items...), c, at)
}
