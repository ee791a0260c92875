package parts

import (
	"time"

	"fyne.io/fyne/v2"
)

// An Offer says over the window what was done, with a button that takes it
// back, and goes away after a while.
type Offer struct {
	label *Label
	slot  *fyne.Container
	box   *fyne.Container
	shown int // counts calls, so that an old timer hides nothing new
}

const offerTime = 10 * time.Second

// NewOffer returns a hidden offer.
func NewOffer() *Offer {
	o := &Offer{label: NewLabel("", 13, Text), slot: Stack()}
	row := HBox(12, Middle(KindIcon(KindOK, 16)), Middle(o.label), o.slot)
	card := Stack(Outlined(Content, ChipLine, 6), Pad(7, 7, 14, 8, row))
	o.box = Border(nil, Pad(0, 40, 0, 0, Center(card)), nil, nil)
	o.box.Hide()
	return o
}

// Object returns what to lay over the content.
func (o *Offer) Object() fyne.CanvasObject { return o.box }

// Show says text; action is the word on the button, "" for none.
func (o *Offer) Show(text, action string, do func()) {
	o.shown++
	mine := o.shown
	o.label.SetText(text)
	o.slot.Objects = nil
	if action != "" {
		o.slot.Objects = []fyne.CanvasObject{Middle(SmallButton("undo", action, func() { o.box.Hide(); do() }))}
	}
	o.box.Show()
	o.box.Refresh()
	time.AfterFunc(offerTime, func() {
		fyne.Do(func() {
			if o.shown == mine {
				o.box.Hide()
			}
		})
	})
}
