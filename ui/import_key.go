package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/certstore"
	"certdesk/internal/importer"
	"certdesk/internal/placement"
	"certdesk/internal/target"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// keyOptions asks how a private key is to be kept. What only Windows can do
// is asked there only.
type keyOptions struct {
	object    *fyne.Container
	exports   *parts.Check
	provider  *parts.Segments // nil where there is no choice
	protected *parts.Check
	honour    *parts.Check
}

var keyProviders = []certstore.Provider{certstore.ProviderDefault, certstore.ProviderCNG, certstore.ProviderCAPI}

// keeperNames are what Windows calls those of its providers that can be chosen.
var keeperNames = map[certstore.Provider]string{certstore.ProviderCNG: "CNG", certstore.ProviderCAPI: "CryptoAPI"}

func keySetName(l certstore.Location) string {
	if l == certstore.Machine {
		return lang.X("plan.machineKeys", "the computer's key set")
	}
	return lang.X("plan.userKeys", "your key set")
}

func newKeyOptions(v *importView) *keyOptions {
	set := func(f func(*importer.Options)) { v.model.SetOptions(f) }
	windows := v.shell.services.System == "windows"
	hint := lang.X("import.exportableHint", "A mark that this program heeds; other programs that use the same NSS database do not.")
	if windows || v.shell.services.System == "darwin" { // these keep such keys in earnest
		hint = lang.X("import.exportableWindows", "Leave off unless you have to move it to another computer later.")
	}
	k := &keyOptions{}
	k.exports = parts.NewCheck(lang.X("import.exportable", "Allow the private key to be exported again"), hint,
		func(on bool) { set(func(o *importer.Options) { o.Exportable = on }) })
	k.object = parts.VBox(8, k.exports)
	if !windows {
		return k
	}
	k.protected = parts.NewCheck(lang.X("import.protected", "Strong protection: Windows asks at every use of the key"),
		lang.X("import.protectedHint", "Not for services, which have nobody to ask."),
		func(on bool) { set(func(o *importer.Options) { o.Protected = on }) })
	k.honour = parts.NewCheck(lang.X("import.honour", "Keep the key with the provider that the file names"),
		lang.X("import.honourHint", "Otherwise that wish is left out."),
		func(on bool) { set(func(o *importer.Options) { o.HonourCSP = on }) })
	k.provider = parts.NewSegments([]string{lang.X("import.usual", "As usual"), keeperNames[certstore.ProviderCNG], keeperNames[certstore.ProviderCAPI]},
		func(i int) { set(func(o *importer.Options) { o.Provider = keyProviders[i] }) })
	label := parts.NewLabel(lang.X("import.provider", "How Windows keeps the key"), 13, parts.Text2)
	k.object.Add(k.protected)
	k.object.Add(k.honour)
	k.object.Add(parts.HBox(12, parts.Middle(label), k.provider.Object()))
	return k
}

func (k *keyOptions) show(st *model.ImportState) {
	setVisible(k.object, st.Options.Target == nil || st.Options.Target.Kind == target.Keyed) // others leave the key out
	k.exports.SetChecked(st.Options.Exportable)
	if k.provider == nil {
		return
	}
	k.protected.SetChecked(st.Options.Protected)
	k.honour.SetChecked(st.Options.HonourCSP)
	setVisible(k.honour, st.FileProvider() != "")
	for i, p := range keyProviders {
		if st.Options.Provider == p {
			k.provider.SetSelected(i)
		}
	}
}

// keyPlanBox says how a key of the plan will be kept, and what became of what
// the file asks for.
func keyPlanBox(k *placement.KeyPlan) fyne.CanvasObject {
	facts := []string{keySetName(k.KeySet), lang.X("plan.notExportable", "not exportable")}
	if k.Exportable {
		facts[1] = lang.X("plan.exportable", "exportable")
	}
	if k.Protected {
		facts = append(facts, lang.X("plan.protected", "strong protection"))
	}
	if k.Name != "" {
		facts = append([]string{k.Name}, facts...)
	}
	text := parts.VBox(1, parts.NewParagraph(lang.X("plan.key", "Key: {{.Facts}}", words{"Facts": strings.Join(facts, ", ")}), 12, parts.Text))
	if k.Reason != "" {
		text.Add(parts.SmallPara(k.Reason))
	}
	if k.FileReason != "" {
		text.Add(parts.SmallPara(k.FileReason))
	}
	return parts.Border(nil, nil, parts.Pad(1, 0, 0, 7, parts.VBox(0, parts.NewIcon("key", 14, parts.Text2))), nil, text)
}
