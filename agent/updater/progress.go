package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"calendarbot/agent/update"
)

// progressEvery is how often a step that goes on is written down.
const progressEvery = time.Second

// progress is the file that tells how far an update is. It lies in memory: it means nothing after a restart.
type progress struct {
	name  string
	last  update.Progress
	wrote time.Time
}

// tell notes how far it is; a new step also for the log.
func (u *updater) tell(p update.Progress) {
	step := p.Step != u.progress.last.Step || p.Version != u.progress.last.Version
	if step {
		u.say("%s %s", p.Step, p.Version)
	} else {
		p.Since = u.progress.last.Since
	}
	if done := p.Total > 0 && p.Done == p.Total; step || done || time.Since(u.progress.wrote) >= progressEvery {
		if err := u.progress.write(p); err != nil && u.progress.wrote.IsZero() {
			u.say("how far it is cannot be told: %v", err)
		}
		u.progress.wrote = time.Now()
	}
	u.progress.last = p
}

func (p *progress) write(now update.Progress) error {
	text, err := json.Marshal(now)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(p.name), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(p.name+".new", text, 0o644); err != nil {
		return err
	}
	return os.Rename(p.name+".new", p.name)
}

// end says that nothing is under way any more.
func (p *progress) end() error {
	if err := os.Remove(p.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
