package ui

import (
	"strings"

	"fyne.io/fyne/v2/lang"
)

// actionWords says where the window does what a command of certctl does.
func actionWords(command string) string {
	w := strings.Fields(command)
	has := func(flag string) bool { return strings.Contains(command, flag) }
	file := has("FILE")
	switch {
	case w[0] == "import":
		return lang.X("action.import", "Import… in the toolbar")
	case w[0] == "move":
		return lang.X("action.move", "Move to in the menu of the certificate")
	case w[0] == "tidy":
		return lang.X("action.tidy", "Tidy… in the toolbar")
	case w[0] == "delete":
		return lang.X("action.delete", "Delete in the menu of the certificate")
	case w[0] == "check" && has("--revocation"):
		return lang.X("action.revocation", "Chain in the details of the certificate")
	case (w[0] == "check" || w[0] == "show") && file:
		return lang.X("action.file", "a drop of the file on the window")
	case w[0] == "check":
		return lang.X("action.check", "Findings in the details of the certificate")
	case w[0] == "probe":
		return lang.X("action.probe", "Test… in the toolbar")
	case w[0] == "identify":
		return lang.X("action.identify", "What is this? under Diagnose")
	case w[0] == "export":
		return lang.X("action.export", "Export… in the menu of the certificate")
	case w[0] == "list":
		return lang.X("action.search", "the search field")
	case w[0] == "combine":
		return lang.X("action.combine", "PFX from certificate and key under New")
	case w[0] == "change-password":
		return lang.X("action.password", "Change the password of a PFX under New")
	case w[0] == "undo":
		return lang.X("action.undo", "Undo in the toolbar")
	case w[0] == "ca":
		return lang.X("action.ca", "Certification authorities under New")
	case w[0] == "request":
		return lang.X("action.requests", "Pending requests under New")
	}
	return "certctl " + command
}
