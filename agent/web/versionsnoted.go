package web

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"calendarbot/agent/durable"
	"calendarbot/agent/slot"
)

// notedFile keeps up to when a person took note of how trials ended, by their kind, and of the conflicts.
const notedFile = "noted.json"

const mostNoted = 4096 // bytes

// noted reads it; nothing where nobody took note of anything.
func (p Places) noted() (map[slot.Kind]time.Time, error) {
	file, err := os.Open(filepath.Join(p.State, notedFile))
	if absent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read what was taken note of: %w", err)
	}
	defer file.Close()
	var noted map[slot.Kind]time.Time
	if err := json.NewDecoder(io.LimitReader(file, mostNoted)).Decode(&noted); err != nil {
		return nil, fmt.Errorf("read what was taken note of: %w", err)
	}
	return noted, nil
}

// note keeps that a person took note of how the last trial of a kind ended. What cannot be read gives way.
func (p Places) note(k slot.Kind, until time.Time) error {
	was, err := p.noted()
	noted := make(map[slot.Kind]time.Time, 4)
	for _, one := range append(slot.Kinds(), conflictsNoted) {
		if at, there := was[one]; there && err == nil {
			noted[one] = at
		}
	}
	noted[k] = until
	text, err := json.Marshal(noted)
	if err == nil {
		err = durable.Write(filepath.Join(p.State, notedFile), append(text, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("note that somebody knows: %w", err)
	}
	return nil
}
