package update

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"calendarbot/agent/durable"
)

// SettingsFile is where the program notes, below its own folder of state, what holds for updates.
const SettingsFile = "update/settings.json"

// Settings are what holds for updates on this device: the configuration as the program runs with it, with what was changed while it
// ran. That lies in its database, to which the updater has no way; so the program notes it in a file.
type Settings struct {
	URL       string `json:"url"`
	Channel   string `json:"channel"`
	Automatic string `json:"automatic"`
	Window    string `json:"window"`
	Zone      string `json:"zone"` // IANA name, in which Window is meant
}

// NoteSettings leaves s in a program's folder of state for the updater. Nothing is written when that stands there already.
func NoteSettings(state string, s Settings) error {
	name := filepath.Join(state, SettingsFile)
	var stands Settings
	if read(name, &stands) == nil && stands == s {
		return nil
	}
	text, err := json.Marshal(s)
	if err == nil {
		err = durable.MakeFolder(filepath.Dir(name), 0o770)
	}
	if err == nil {
		err = durable.Write(name, append(text, '\n'), 0o640)
	}
	if err != nil {
		return fmt.Errorf("note what holds for updates: %w", err)
	}
	return nil
}

// NotedSettings reads what NoteSettings left. found is false where nothing was.
func NotedSettings(state string) (s Settings, found bool, err error) {
	if err := read(filepath.Join(state, SettingsFile), &s); errors.Is(err, fs.ErrNotExist) {
		return Settings{}, false, nil
	} else if err != nil {
		return Settings{}, false, fmt.Errorf("read what holds for updates: %w", err)
	}
	if _, err := ParseWindow(s.Window); err != nil {
		return Settings{}, false, fmt.Errorf("read what holds for updates: %w", err)
	}
	return s, true, nil
}
