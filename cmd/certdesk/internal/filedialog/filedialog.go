// Package filedialog shows the system's own dialogs for choosing files and
// folders: those of Windows, with network places, recent files and a path that
// can be typed, and on Linux those of the desktop, through the XDG portal.
package filedialog

// first returns the one path of a dialog that gives one.
func first(paths []string, err error) (string, error) {
	if len(paths) == 0 {
		return "", err
	}
	return paths[0], err
}
