package config

import (
	"context"
	"fmt"
	"strings"
)

// EmergencyFile is the key under which Note is told that the emergency file came (to is There) or went (from is There).
const (
	EmergencyFile = "features.emergency_file"
	There         = "there"
)

// Note adds a change to the audit log that is none of a setting here: of a calendar that a person added, changed or removed, with
// the key "sources." and its ID, or of the emergency file. From and to are words as they may be shown, "" for nothing; of
// addresses among them no more than scheme and host is kept. Undo does not take it back. A note that cannot be written down now is an
// error (ErrNotKept), and is written with the next change.
func (l *Live) Note(ctx context.Context, key, from, to string, by By) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := Change{At: l.now(), By: by, Key: key, Layer: File, From: withoutAddresses(from), To: withoutAddresses(to), Had: from != "", Has: to != ""}
	if strings.HasPrefix(key, sourcesStart) {
		c.Layer = Runtime
	}
	if err := l.keeper.keep(context.WithoutCancel(ctx), urgentTime, l.in.Runtime, []Change{c}, nil); err != nil {
		l.keeper.owe([]Change{c})
		return fmt.Errorf("note a change of %s: %w", key, err)
	}
	return nil
}

// withoutAddresses is one line of at most 200 signs in which addresses are shortened to what may be shown.
func withoutAddresses(text string) string {
	const most = 200
	words := strings.Fields(text)
	for i, word := range words {
		if strings.Contains(word, "://") {
			words[i] = Redact(word)
		}
	}
	line := []rune(strings.Join(words, " "))
	return string(line[:min(len(line), most)])
}

// notUndone tells in words why a change cannot be taken back here, and where it can; nil when it can.
func notUndone(c Change) error {
	switch {
	case strings.HasPrefix(c.Key, sourcesStart) && c.Layer == Runtime:
		return fmt.Errorf("change %d is of a calendar: allowed is to change it on the page of calendars, or through /api/v1/sources", c.ID)
	case c.Key == EmergencyFile && c.Layer == File && (c.From == There || c.To == There):
		return fmt.Errorf("change %d is of the emergency file: allowed is to make or remove that file", c.ID)
	case c.Layer != Runtime:
		return fmt.Errorf("change %d was made in the configuration file: allowed is to take it back there", c.ID)
	}
	return nil
}
