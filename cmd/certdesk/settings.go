package main

import (
	"encoding/json"
	"os"
	"path/filepath"

	"certdesk/ui"
)

// settingsPath returns where the settings are kept. The toolkit's own
// preferences are not used: they are not written in one piece.
func settingsPath() (string, error) {
	dir := os.Getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) {
		var err error
		if dir, err = os.UserConfigDir(); err != nil {
			return "", err
		}
	}
	return filepath.Join(dir, "certdesk", "settings.json"), nil
}

// loadSettings returns the settings of the last time; the defaults if there
// are none or they cannot be read.
func loadSettings() ui.Settings {
	var s ui.Settings
	path, err := settingsPath()
	if err != nil {
		return s
	}
	data, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(data, &s) != nil {
		return ui.Settings{}
	}
	return s
}

// saveSettings writes the settings beside the old ones and renames them: a
// crash leaves one or the other.
func saveSettings(s ui.Settings) error {
	path, err := settingsPath()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".settings-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails after the rename, as it should
	if _, err = f.Write(append(data, '\n')); err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
