package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"certdesk/internal/version"
)

// readPlist reads one of Apple's property lists: dictionaries, arrays, texts
// and booleans. There is no plutil here.
func readPlist(t *testing.T, path string) map[string]any {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d := xml.NewDecoder(f)
	next := func() xml.Token {
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			if text, ok := token.(xml.CharData); ok && strings.TrimSpace(string(text)) == "" {
				continue
			}
			switch token.(type) {
			case xml.StartElement, xml.EndElement, xml.CharData:
				return token
			}
		}
	}
	text := func(name string) string {
		s := ""
		for token := next(); ; token = next() {
			switch token := token.(type) {
			case xml.CharData:
				s += string(token)
				continue
			case xml.EndElement:
				return s
			}
			t.Fatalf("%s: <%s> holds more than text", path, name)
		}
	}
	var value func(e xml.StartElement) any
	value = func(e xml.StartElement) any {
		switch e.Name.Local {
		case "string", "integer", "key":
			return text(e.Name.Local)
		case "true", "false":
			next()
			return e.Name.Local == "true"
		case "array", "dict":
			list, dict := []any{}, map[string]any{}
			for {
				child, ok := next().(xml.StartElement)
				switch {
				case !ok && e.Name.Local == "array":
					return list
				case !ok:
					return dict
				case e.Name.Local == "array":
					list = append(list, value(child))
				case child.Name.Local != "key":
					t.Fatalf("%s: a <%s> in a dictionary where a key belongs", path, child.Name.Local)
				default:
					key := text("key")
					of, ok := next().(xml.StartElement)
					if _, twice := dict[key]; !ok || twice || of.Name.Local == "key" {
						t.Fatalf("%s: the key %q has no value, or two", path, key)
					}
					dict[key] = value(of)
				}
			}
		}
		t.Fatalf("%s: <%s> is not known", path, e.Name.Local)
		return nil
	}
	root, ok := next().(xml.StartElement)
	if !ok || root.Name.Local != "plist" {
		t.Fatalf("%s: no property list", path)
	}
	dict, _ := next().(xml.StartElement)
	return value(dict).(map[string]any)
}

// TestInfoPlist compares the bundle of macOS with the program: its name, its
// version, and the endings that it opens, as on Windows.
func TestInfoPlist(t *testing.T) {
	plist := readPlist(t, "../../bundling/darwin/Info.plist")
	for key, want := range map[string]any{
		"CFBundleIdentifier": appID, "CFBundleShortVersionString": version.Number, "CFBundleExecutable": "certdesk",
		"CFBundlePackageType": "APPL", "NSHighResolutionCapable": true,
	} {
		if plist[key] != want {
			t.Errorf("%s is %v, want %v", key, plist[key], want)
		}
	}
	endings := map[string][]string{}
	for _, of := range []string{"UTImportedTypeDeclarations", "UTExportedTypeDeclarations"} {
		for _, d := range plist[of].([]any) {
			d := d.(map[string]any)
			id := d["UTTypeIdentifier"].(string)
			if own := strings.HasPrefix(id, "io.certdesk."); own != (of == "UTExportedTypeDeclarations") {
				t.Errorf("%s stands among %s", id, of)
			}
			for _, e := range d["UTTypeTagSpecification"].(map[string]any)["public.filename-extension"].([]any) {
				endings[id] = append(endings[id], "."+e.(string))
			}
		}
	}
	var opens []string
	for _, d := range plist["CFBundleDocumentTypes"].([]any) {
		d := d.(map[string]any)
		if d["CFBundleTypeRole"] != "Viewer" || d["LSHandlerRank"] != "Alternate" { // Keychain Access stays the one that opens them, until a person says otherwise
			t.Errorf("%s: role %s, rank %s", d["CFBundleTypeName"], d["CFBundleTypeRole"], d["LSHandlerRank"])
		}
		for _, id := range d["LSItemContentTypes"].([]any) {
			if endings[id.(string)] == nil {
				t.Errorf("%s is opened and not declared", id)
			}
			opens = append(opens, endings[id.(string)]...)
		}
	}
	var want []string
	for _, ft := range fileTypes {
		want = append(want, ft.endings...)
	}
	slices.Sort(opens)
	slices.Sort(want)
	if !slices.Equal(opens, want) {
		t.Errorf("macOS opens %v, Windows %v", opens, want)
	}
	if !strings.Contains(strings.Join(endings["com.rsa.pkcs-12"], " "), ".pfx") {
		t.Errorf("com.rsa.pkcs-12 has the endings %v", endings["com.rsa.pkcs-12"])
	}
}

// TestEntitlements keeps out those that would lock the program out of the
// keychains, or have it killed.
func TestEntitlements(t *testing.T) {
	for key := range readPlist(t, "../../bundling/darwin/certdesk.entitlements") {
		t.Errorf("the entitlement %s: say in the file why it is needed, and here", key)
	}
}

// TestBundleScript wants a script that a shell can read and that names nobody.
func TestBundleScript(t *testing.T) {
	const path = "../../bundling/darwin/bundle.sh"
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("bash is not installed")
	}
	if out, err := exec.Command("bash", "-n", path).CombinedOutput(); err != nil {
		t.Errorf("bash -n: %v: %s", err, out)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, variable := range []string{"CERTDESK_SIGN_IDENTITY", "CERTDESK_NOTARY_PROFILE", "CERTDESK_VERSION", "CERTDESK_BUILD", "CERTDESK_ARCHS"} {
		if strings.Count(string(text), variable) < 2 {
			t.Errorf("%s is not used and explained", variable)
		}
	}
	for _, step := range []string{"--options runtime", "--entitlements", "codesign --verify", "notarytool submit", "stapler staple"} {
		if !strings.Contains(string(text), step) {
			t.Errorf("there is no %s", step)
		}
	}
	for _, person := range []string{"Developer ID Application:", "--password", "--apple-id", "--team-id"} {
		if strings.Contains(string(text), person) {
			t.Errorf("it names somebody: %s", person)
		}
	}
}
