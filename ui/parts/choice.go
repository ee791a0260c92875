package parts

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// A Check is a box to tick, with a label and perhaps a sentence below it.
type Check struct {
	Press
	// OnChanged is called when a person changed it.
	OnChanged func(bool)

	checked bool
	box     *Surface
	tick    *Icon
	label   *Label
	note    *Paragraph
}

// NewCheck returns an unticked box; note may be "".
func NewCheck(text, note string, changed func(bool)) *Check {
	c := &Check{OnChanged: changed, label: Body(text), box: Outlined(Input, Text3, 3), tick: NewIcon("tick", 14, Clear)}
	row := HBox(8, Middle(Fixed(16, 16, c.box, Center(c.tick))), Middle(c.label))
	body := VBox(1, row)
	if note != "" {
		c.note = SmallPara(note)
		body.Add(Pad(0, 0, 24, 0, c.note))
	}
	c.setUp(Pad(2, 2, 2, 2, body), Clear, "", 3, func() { c.SetChecked(!c.checked); c.tell() })
	c.hover = Clear
	c.onState = func(bool) { c.paint() }
	c.ExtendBaseWidget(c)
	return c
}

func (c *Check) tell() {
	if c.OnChanged != nil {
		c.OnChanged(c.checked)
	}
}

// Checked reports whether the box is ticked.
func (c *Check) Checked() bool { return c.checked }

// SetChecked ticks the box or not, without calling OnChanged.
func (c *Check) SetChecked(on bool) { c.checked = on; c.paint() }

func (c *Check) paint() {
	fill, edge, tick, label := Input, Text3, Clear, Text
	if c.checked {
		fill, edge, tick = Accent, Accent, OnAccent
	}
	if c.disabled {
		label, edge = Text3, ChipLine
		if c.checked {
			fill, tick = SelectedIdle, Text3
		}
	}
	c.box.SetRoles(fill, edge)
	c.tick.SetRole(tick)
	c.label.SetRole(label)
}

// A radio is the round mark of a choice.
type radio struct {
	outer, inner *Surface
}

func newRadio() *radio { return &radio{Outlined(Input, Text3, 8), Outlined(Clear, "", 3)} }

func (r *radio) object() fyne.CanvasObject {
	return Fixed(16, 16, r.outer, Center(Fixed(6, 6, r.inner)))
}

func (r *radio) set(on bool) {
	if on {
		r.outer.SetRoles(Accent, Accent)
		r.inner.SetRoles(OnAccent, "")
		return
	}
	r.outer.SetRoles(Input, Text3)
	r.inner.SetRoles(Clear, "")
}

// An Option is one card of [Cards].
type Option struct {
	Title, Note string
	Icon        string // at the right; may be ""
	Foot        string // a line with the administrator's shield; may be ""
}

// Cards is a choice of one among options, each a card with a title and a
// sentence. Arrow keys move the choice.
type Cards struct {
	// OnChanged is called when a person chose another one.
	OnChanged func(int)

	object   fyne.CanvasObject
	selected int
	cards    []*Press
	radios   []*radio
}

// NewCards returns the options stacked, or side by side.
func NewCards(options []Option, sideBySide bool, selected int, changed func(int)) *Cards {
	columns := 1
	if sideBySide {
		columns = len(options)
	}
	return NewCardGrid(options, columns, selected, changed)
}

// NewCardGrid returns the options in rows of so many columns.
func NewCardGrid(options []Option, columns, selected int, changed func(int)) *Cards {
	c := &Cards{OnChanged: changed, selected: -1}
	var objects []fyne.CanvasObject
	down := columns // one step down
	if columns >= len(options) {
		down = 1
	}
	for i, o := range options {
		r := newRadio()
		title := Border(nil, nil, nil, nil, HBox(8, Middle(r.object()), Middle(Body(o.Title))))
		if o.Icon != "" {
			title = Border(nil, nil, nil, Middle(NewIcon(o.Icon, 18, Text2)), HBox(8, Middle(r.object()), Middle(Body(o.Title))))
		}
		body := VBox(3, title)
		if o.Note != "" {
			body.Add(Pad(0, 0, 24, 0, SmallPara(o.Note)))
		}
		if o.Foot != "" {
			body.Add(Pad(2, 0, 24, 0, HBox(5, Middle(NewIcon("admin", 13, Accent)), Middle(Small(o.Foot)))))
		}
		p := NewPress(Pad(9, 9, 12, 12, body), Content, "", 6, func() { c.choose(i) })
		p.OnKey = func(k fyne.KeyName) {
			switch k {
			case fyne.KeyRight:
				c.step(i + 1)
			case fyne.KeyLeft:
				c.step(i - 1)
			case fyne.KeyDown:
				c.step(i + down)
			case fyne.KeyUp:
				c.step(i - down)
			}
		}
		c.cards, c.radios = append(c.cards, p), append(c.radios, r)
		objects = append(objects, p)
	}
	c.object = grid(columns, objects)
	c.SetSelected(selected)
	return c
}

// grid puts objects into rows of so many columns of equal width.
func grid(columns int, objects []fyne.CanvasObject) fyne.CanvasObject {
	if columns <= 1 {
		return VBox(4, objects...)
	}
	shares := make([]float32, columns)
	for i := range shares {
		shares[i] = 1
	}
	rows := VBox(8)
	for len(objects) > 0 {
		row := make([]fyne.CanvasObject, columns)
		for i := range row {
			if row[i] = Gap(1, 1); i < len(objects) {
				row[i] = objects[i]
			}
		}
		rows.Add(Columns(12, shares, row...))
		objects = objects[min(columns, len(objects)):]
	}
	return rows
}

// Selected returns the index chosen, -1 for none.
func (c *Cards) Selected() int { return c.selected }

// SetSelected chooses without calling OnChanged.
func (c *Cards) SetSelected(selected int) {
	c.selected = selected
	for i, p := range c.cards {
		c.radios[i].set(i == selected)
		if i == selected {
			p.SetStyle(AccentSoft, Accent)
		} else {
			p.SetStyle(Content, ChipLine)
		}
		p.update()
	}
}

// SetEnabled enables or disables one option.
func (c *Cards) SetEnabled(i int, on bool) { c.cards[i].SetEnabled(on) }

func (c *Cards) choose(i int) {
	if i == c.selected {
		return
	}
	c.SetSelected(i)
	if c.OnChanged != nil {
		c.OnChanged(i)
	}
}

func (c *Cards) step(i int) {
	if i >= 0 && i < len(c.cards) && !c.cards[i].disabled {
		Focus(c.cards[i])
		c.choose(i)
	}
}

// Focus gives the keyboard to the option that is chosen.
func (c *Cards) Focus() { Focus(c.cards[max(0, c.selected)]) }

// Object returns what to put into a layout.
func (c *Cards) Object() fyne.CanvasObject { return c.object }

// Segments is a row of words of which one is chosen.
type Segments struct {
	// OnChanged is called when a person chose another one.
	OnChanged func(int)

	selected int
	buttons  []*Press
	labels   []*Label
	object   fyne.CanvasObject
}

// NewSegments returns the words as one control, the first chosen.
func NewSegments(names []string, changed func(int)) *Segments {
	s := &Segments{OnChanged: changed}
	row := HBox(0)
	for i, n := range names {
		l := NewLabel(n, 13, Text2)
		p := NewPress(Pad(3, 3, 11, 11, l), Clear, "", 4, func() { s.choose(i) })
		p.OnKey = func(k fyne.KeyName) {
			switch {
			case k == fyne.KeyRight && i+1 < len(names):
				Focus(s.buttons[i+1])
				s.choose(i + 1)
			case k == fyne.KeyLeft && i > 0:
				Focus(s.buttons[i-1])
				s.choose(i - 1)
			}
		}
		s.buttons, s.labels = append(s.buttons, p), append(s.labels, l)
		row.Add(p)
	}
	s.object = Stack(Outlined(Content, ChipLine, 5), Pad(2, 2, 2, 2, row))
	s.SetSelected(0)
	return s
}

// Object returns what to put into a layout.
func (s *Segments) Object() fyne.CanvasObject { return s.object }

// Selected returns the index chosen.
func (s *Segments) Selected() int { return s.selected }

// SetSelected chooses without calling OnChanged.
func (s *Segments) SetSelected(selected int) {
	s.selected = selected
	for i, p := range s.buttons {
		fill, text := Clear, Text2
		if i == selected {
			fill, text = AccentSoft, Accent
		}
		p.SetStyle(fill, "")
		p.update()
		s.labels[i].SetRole(text)
	}
}

func (s *Segments) choose(i int) {
	if i != s.selected {
		s.SetSelected(i)
		if s.OnChanged != nil {
			s.OnChanged(i)
		}
	}
}

// Tabs is a row of tabs over one page.
type Tabs struct {
	// OnChanged is called when a tab was chosen, by person or program.
	OnChanged func(int)

	selected int
	buttons  []*Press
	labels   []*Label
	under    []*Surface
	badges   []*Badge
	row      *fyne.Container
}

// NewTabs returns tabs of these names, the first chosen.
func NewTabs(names ...string) *Tabs {
	t := &Tabs{row: container.NewWithoutLayout()}
	t.row = HBox(2)
	for i, n := range names {
		l, u, b := NewLabel(n, 13, Text2).Steady(), Outlined(Clear, "", 1), NewBadge()
		p := NewPress(Border(nil, Pad(0, 0, 8, 8, Fixed(-1, 2, u)), nil, nil, Pad(6, 5, 10, 10, HBox(6, l, b))), Clear, "", 3,
			func() { t.Select(i) })
		p.OnKey = func(k fyne.KeyName) {
			switch {
			case k == fyne.KeyRight && i+1 < len(names):
				Focus(t.buttons[i+1])
				t.Select(i + 1)
			case k == fyne.KeyLeft && i > 0:
				Focus(t.buttons[i-1])
				t.Select(i - 1)
			}
		}
		t.buttons, t.labels, t.under, t.badges = append(t.buttons, p), append(t.labels, l), append(t.under, u), append(t.badges, b)
		t.row.Add(p)
	}
	t.paint()
	return t
}

// Object returns what to put into a layout.
func (t *Tabs) Object() fyne.CanvasObject { return t.row }

// Selected returns the index chosen.
func (t *Tabs) Selected() int { return t.selected }

// Select chooses a tab.
func (t *Tabs) Select(i int) {
	if i == t.selected {
		return
	}
	t.selected = i
	t.paint()
	if t.OnChanged != nil {
		t.OnChanged(i)
	}
}

// SetBadge puts a number on a tab; "" takes it away.
func (t *Tabs) SetBadge(i int, text string, kind Kind) {
	t.badges[i].Set(text, kind)
	t.row.Refresh()
}

func (t *Tabs) paint() {
	for i, l := range t.labels {
		role, under := Text2, Clear
		if i == t.selected {
			role, under = Text, Accent
		}
		l.SetBold(i == t.selected)
		l.SetRole(role)
		t.under[i].SetRoles(under, "")
	}
	t.row.Refresh()
}
