// Package parts is the toolkit of the window: layouts without hidden padding,
// texts that can shrink, buttons that the keyboard reaches, dialogs inside the
// window. It knows nothing of certificates.
//
// Nothing here holds a colour. Parts name a role, and read its colour from the
// current theme whenever they are refreshed; so a change between light and
// dark needs no code of its own.
package parts

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// The roles a colour can have. Package ui gives each a light and a dark value.
const (
	Content   fyne.ThemeColorName = "certdesk.content"   // behind tables and text
	Chrome    fyne.ThemeColorName = "certdesk.chrome"    // toolbar, sidebar, footers
	Header    fyne.ThemeColorName = "certdesk.header"    // table header
	Line      fyne.ThemeColorName = "certdesk.line"      // between areas
	FaintLine fyne.ThemeColorName = "certdesk.faintLine" // between rows
	Input     fyne.ThemeColorName = "certdesk.input"     // behind typed text

	Text  fyne.ThemeColorName = "certdesk.text"
	Text2 fyne.ThemeColorName = "certdesk.text2" // labels, second lines
	Text3 fyne.ThemeColorName = "certdesk.text3" // hints, what is off

	Accent      fyne.ThemeColorName = "certdesk.accent"
	AccentHover fyne.ThemeColorName = "certdesk.accentHover"
	OnAccent    fyne.ThemeColorName = "certdesk.onAccent"
	AccentSoft  fyne.ThemeColorName = "certdesk.accentSoft"

	Hover        fyne.ThemeColorName = "certdesk.hover" // laid over anything
	RowHover     fyne.ThemeColorName = "certdesk.rowHover"
	Selected     fyne.ThemeColorName = "certdesk.selected"
	SelectedIdle fyne.ThemeColorName = "certdesk.selectedIdle" // selected, without the keyboard
	Ring         fyne.ThemeColorName = "certdesk.ring"         // around what has the keyboard

	OK       fyne.ThemeColorName = "certdesk.ok"
	OKSoft   fyne.ThemeColorName = "certdesk.okSoft"
	Warn     fyne.ThemeColorName = "certdesk.warn"
	WarnSoft fyne.ThemeColorName = "certdesk.warnSoft"
	Err      fyne.ThemeColorName = "certdesk.err"
	ErrSoft  fyne.ThemeColorName = "certdesk.errSoft"
	ErrHover fyne.ThemeColorName = "certdesk.errHover"
	Info     fyne.ThemeColorName = "certdesk.info"
	InfoSoft fyne.ThemeColorName = "certdesk.infoSoft"

	ChipFill fyne.ThemeColorName = "certdesk.chip"
	ChipLine fyne.ThemeColorName = "certdesk.chipLine"
	OnBadge  fyne.ThemeColorName = "certdesk.onBadge"

	Menu   fyne.ThemeColorName = "certdesk.menu"
	Scrim  fyne.ThemeColorName = "certdesk.scrim" // over the window, under a dialog
	Shadow fyne.ThemeColorName = "certdesk.shadow"
	Clear  fyne.ThemeColorName = "certdesk.clear" // nothing at all
)

// Roles lists every role, for whoever makes a palette.
var Roles = []fyne.ThemeColorName{Content, Chrome, Header, Line, FaintLine, Input, Text, Text2, Text3,
	Accent, AccentHover, OnAccent, AccentSoft, Hover, RowHover, Selected, SelectedIdle, Ring,
	OK, OKSoft, Warn, WarnSoft, Err, ErrSoft, ErrHover, Info, InfoSoft, ChipFill, ChipLine, OnBadge,
	Menu, Scrim, Shadow, Clear}

// ColorOf returns the colour that the current theme gives a role.
func ColorOf(role fyne.ThemeColorName) color.Color {
	if role == "" {
		return color.Transparent
	}
	return theme.Color(role)
}

// A Kind is the tone of a chip, badge or banner.
type Kind string

// The kinds.
const (
	KindOK      Kind = "ok"
	KindWarning Kind = "warning"
	KindError   Kind = "error"
	KindInfo    Kind = "info"
	KindSkip    Kind = "skip" // left out, not known, not relevant
	KindPlain   Kind = ""
)

// Roles returns the roles of a kind's foreground and of its soft background.
func (k Kind) Roles() (line, soft fyne.ThemeColorName) {
	switch k {
	case KindOK:
		return OK, OKSoft
	case KindWarning:
		return Warn, WarnSoft
	case KindError:
		return Err, ErrSoft
	case KindInfo:
		return Info, InfoSoft
	case KindSkip:
		return Text3, ChipFill
	}
	return Text, ChipFill
}

// IconName returns the icon that goes with the kind, "" for KindPlain.
func (k Kind) IconName() string { return string(k) }
