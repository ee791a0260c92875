// Package icons holds the pictures of the window: the program's own icon and
// a set of stroke icons on a 24 unit grid.
//
// The files in set are plain SVG. Their strokes are "currentColor"; the mark
// on a filled shape is "white". [Resource] replaces both, because the toolkit
// recolours fills only.
package icons

import (
	"embed"
	"fmt"
	"image/color"
	"strings"
	"sync"

	"fyne.io/fyne/v2"
)

//go:embed set/*.svg
var set embed.FS

//go:embed icon.png
var appIcon []byte

// App is the program's icon.
var App fyne.Resource = fyne.NewStaticResource("icon.png", appIcon)

var (
	mu     sync.Mutex
	cached = map[string]fyne.Resource{}
)

// Resource returns the icon name drawn in colour line, with marks on filled
// shapes in colour ground. An unknown name gives an empty picture.
func Resource(name string, line, ground color.Color) fyne.Resource {
	key := name + hex(line) + hex(ground) + ".svg"
	mu.Lock()
	defer mu.Unlock()
	if r, ok := cached[key]; ok {
		return r
	}
	svg, err := set.ReadFile("set/" + name + ".svg")
	if err != nil {
		svg = []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24"></svg>`)
	}
	text := strings.NewReplacer("currentColor", hex(line), `"white"`, `"`+hex(ground)+`"`).Replace(string(svg))
	r := fyne.NewStaticResource(key, []byte(text))
	cached[key] = r
	return r
}

// Has reports whether there is an icon of this name.
func Has(name string) bool {
	_, err := set.ReadFile("set/" + name + ".svg")
	return err == nil
}

func hex(c color.Color) string {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	return fmt.Sprintf("#%02x%02x%02x", n.R, n.G, n.B)
}
