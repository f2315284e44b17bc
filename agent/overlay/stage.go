package overlay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/durable"
	"calendarbot/agent/slot"
)

// Stage makes a candidate in the idle slot: what was changed on the device in the active one, over what came with the idle one.
// A power cut leaves the former candidate or the new one.
func Stage(root string, now time.Time) (Done, error) {
	return device(root).stage(now, func(merge merging) ([]byte, []config.Conflict, error) { return merge() })
}

// StageText is Stage with a whole calendarbot.yaml of a person in the place of the merged one. It is refused, with the lines, when
// something is wrong with it.
func StageText(root string, text []byte, now time.Time) (Done, error) {
	if len(text) > mostText {
		return Done{}, fmt.Errorf("the configuration file is larger than %d bytes; a configuration is not", mostText)
	}
	return device(root).stage(now, func(merging) ([]byte, []config.Conflict, error) { return text, nil, nil })
}

// Set is Stage with some settings changed: dotted key -> text.
func Set(root string, settings map[string]string, now time.Time) (Done, error) {
	var wrong []error
	for key, text := range settings {
		wrong = append(wrong, config.Check(key, text))
	}
	if err := errors.Join(wrong...); err != nil {
		return Done{}, err
	}
	return device(root).stage(now, func(merge merging) ([]byte, []config.Conflict, error) {
		text, conflicts, err := merge()
		if err != nil {
			return nil, nil, err
		}
		text, err = config.Merge(text, settings, nil)
		conflicts = slices.DeleteFunc(conflicts, func(c config.Conflict) bool {
			_, chosen := settings[c.Key]
			return chosen
		})
		return text, conflicts, err
	})
}

// merging makes the text of the candidate of what a person changed in the active slot and what came with the idle one.
type merging func() ([]byte, []config.Conflict, error)

// making makes the text of a candidate, with the conflicts to be told.
type making func(merging) ([]byte, []config.Conflict, error)

// idle is the slot in which a candidate is made.
func (d device) idle(s slot.State) (slot.Name, error) {
	n := s.Active.Other()
	switch {
	case s.Trial != nil:
		return "", fmt.Errorf("slot %s is on trial with %s; keep it or go back first", s.Trial.Slot, s.Trial.Version)
	case d.mounted() == n:
		return "", fmt.Errorf("slot %s is still in use until the device is restarted", n)
	}
	return n, nil
}

// stage makes a candidate.
func (d device) stage(now time.Time, text making) (done Done, err error) {
	err = d.alone(func() error {
		state, err := d.states().Read(slot.Config)
		if err != nil {
			return err
		}
		to, err := d.idle(state)
		if err != nil {
			return err
		}
		done, err = d.stageIn(state, to, now, text)
		return err
	})
	if err != nil {
		return Done{}, fmt.Errorf("stage a configuration: %w", err)
	}
	return done, nil
}

func (d device) stageIn(state slot.State, to slot.Name, now time.Time, text making) (Done, error) {
	part := d.slot(to) + partEnd
	conflicts, err := d.build(part, state.Active, to, text)
	if err != nil {
		return Done{}, errors.Join(err, remove(part))
	}
	sum, err := digest(filepath.Join(part, etcFolder))
	if err != nil {
		return Done{}, errors.Join(err, remove(part))
	}
	content := slot.Content{Version: "config-" + sum[:12], Digest: sum, Format: config.Format, At: now}
	if _, err := state.Stage(to, content); err != nil {
		return Done{}, errors.Join(err, remove(part))
	}
	note, err := json.Marshal(content)
	if err == nil {
		err = durable.Write(filepath.Join(part, stagedFile), append(note, '\n'), 0o644)
	}
	if err != nil {
		return Done{}, errors.Join(err, remove(part))
	}
	if err := d.exchange(to); err != nil {
		return Done{}, err
	}
	words := fmt.Sprintf("The candidate %s is in configuration slot %s.", content.Version, to)
	return Done{Words: words, Slot: to, Version: content.Version, Conflicts: conflicts}, nil
}

// build makes the folder of a candidate.
func (d device) build(part string, from, to slot.Name, text making) ([]config.Conflict, error) {
	upper, base := filepath.Join(d.slot(from), etcFolder), filepath.Join(d.slot(from), baseFolder, etcFolder)
	if !there(base) {
		base = d.baked(from)
	}
	untouched := func(name string) bool { // what is as it came with one slot is to be as it came with the other
		mine, errMine := itemAt(upper, name)
		came, errCame := itemAt(base, name)
		return errors.Join(errMine, errCame) == nil && mine.kind == came.kind && (mine.kind == file || mine.kind == large || mine.kind == link) && mine.same(came)
	}
	leave := func(name string) bool { return name == agentFile || untouched(name) }
	if err := copyTree(upper, filepath.Join(part, etcFolder), leave); err != nil {
		return nil, err
	}
	conflicts, err := d.buildText(part, base, from, to, text)
	if err != nil {
		return nil, err
	}
	if err := copyTree(d.baked(to), filepath.Join(part, baseFolder, etcFolder), leaveNone); err != nil {
		return nil, err
	}
	if len(conflicts) > 0 {
		if err := writeConflicts(filepath.Join(part, conflictsFile), conflicts); err != nil {
			return nil, err
		}
	}
	return conflicts, nil
}

// buildText makes the candidate's calendarbot.yaml.
func (d device) buildText(part, base string, from, to slot.Name, text making) ([]config.Conflict, error) {
	came, errCame := settings(base)
	mine, errMine := settings(filepath.Join(d.slot(from), etcFolder))
	comes, errComes := settings(d.baked(to))
	if err := errors.Join(errCame, errMine, errComes); err != nil {
		return nil, err
	}
	if mine.kind != file {
		mine.text = came.text
	}
	made, conflicts, err := text(func() ([]byte, []config.Conflict, error) {
		merged, conflicts, err := config.Merge3(came.text, mine.text, comes.text)
		if err != nil {
			return nil, nil, fmt.Errorf("bring the changes of slot %s to slot %s: %w", from, to, err)
		}
		return merged, conflicts, nil
	})
	if err != nil {
		return nil, err
	}
	if _, _, err := config.Load(config.Input{Path: "calendarbot.yaml", Text: append([]byte{}, made...)}); err != nil {
		return nil, fmt.Errorf("the configuration is not usable:\n%w", err)
	}
	if mine.kind != file && bytes.Equal(made, comes.text) {
		return conflicts, nil
	}
	name := filepath.Join(part, etcFolder, agentFile)
	if err := durable.MakeFolder(filepath.Dir(name), 0o755); err != nil {
		return nil, err
	}
	return conflicts, d.putText(name, made, mine)
}

// putText writes a calendarbot.yaml with the mode and owner that it had, or so that the agent may read it and strangers may not.
func (d device) putText(name string, text []byte, like item) error {
	if like.kind == file {
		return put(name, like.info, bytes.NewReader(text))
	}
	f, err := durable.Create(name, 0o640)
	if err != nil {
		return err
	}
	if group := d.group(); group > 0 && os.Geteuid() == 0 {
		err = f.Chown(0, group)
	}
	if err == nil {
		_, err = f.Write(text)
	}
	if err != nil {
		return errors.Join(err, f.Abandon())
	}
	return f.Commit()
}

// group is that of the agent's user; 0 when there is none.
func (d device) group() int {
	text, err := durable.Read(d.path("etc/passwd"), mostText)
	if err != nil {
		return 0
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if fields := strings.Split(line, ":"); len(fields) == 7 && fields[0] == "calendarbot" {
			if group, err := strconv.Atoi(fields[3]); err == nil {
				return group
			}
		}
	}
	return 0
}
