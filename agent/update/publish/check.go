package publish

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"calendarbot/agent/slot"
	"calendarbot/agent/update"
	"golang.org/x/mod/semver"
)

// Check tells in a sentence what of a release cannot be published, whatever the repository has: what it says of itself, and its files. It writes nothing.
func (r Release) Check() error {
	if v := "v" + r.Version; !semver.IsValid(v) || semver.Build(v) != "" || semver.Canonical(v) != v {
		return fmt.Errorf("the version %q is no semantic version, such as 1.2.3 or 1.2.3-beta.1", r.Version)
	}
	if r.Agent == "" && r.System == "" {
		return errors.New("a release has an agent, a system, or both; this has neither")
	}
	if r.Channel == "" || strings.Trim(r.Channel, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return fmt.Errorf("the channel %q is not of lower-case letters, digits and -", r.Channel)
	}
	if r.Agent != "" {
		if err := r.checkAgent(); err != nil {
			return err
		}
	}
	if r.System == "" {
		return nil
	}
	return r.checkSystem()
}

func (r Release) checkAgent() error {
	if err := r.checkOffer(slot.Agent); err != nil {
		return err
	}
	size, err := sizeOf(r.Agent)
	if err != nil {
		return err
	}
	if size == 0 || size > update.MostContent {
		return fmt.Errorf("%s has %d bytes; allowed are 1 to %d", r.Agent, size, update.MostContent)
	}
	for _, name := range r.From {
		if _, err := sizeOf(name); err != nil {
			return err
		}
	}
	return nil
}

func (r Release) checkSystem() error {
	if err := r.checkOffer(slot.System); err != nil {
		return err
	}
	size, err := sizeOf(r.System)
	if err != nil {
		return err
	}
	if size == 0 {
		return fmt.Errorf("%s is empty", r.System)
	}
	f, err := os.Open(r.System)
	if err != nil {
		return err
	}
	defer f.Close()
	switch version, err := bundledVersion(f, size); {
	case err != nil:
		return fmt.Errorf("%s: %w", r.System, err)
	case version != r.Version:
		return fmt.Errorf("%s says that it is version %q; a device would take it again and again", r.System, version)
	}
	return nil
}

// checkOffer refuses what a device would refuse.
func (r Release) checkOffer(kind slot.Kind) error {
	custom, sum := r.says(kind), digest(nil)
	if kind == slot.Agent {
		custom.Content = update.Content{SHA256: sum, Size: 1} // what it really is decides nothing here
	}
	text, err := json.Marshal(custom)
	if err != nil {
		return err
	}
	_, err = update.ParseOffer(r.name(kind), 1, sum, text)
	return err
}

// says is what is said of both of a release.
func (r Release) says(kind slot.Kind) update.Custom {
	return update.Custom{
		Kind: kind, Version: r.Version, Channel: r.Channel, Percent: r.Percent, Notes: r.Notes,
		MinAgent: r.MinAgent, MinSystem: r.MinSystem, ConfigFormats: r.ConfigFormats,
	}
}

// name is what the agent or the system of a release is called in the repository.
func (r Release) name(kind slot.Kind) string {
	if kind == slot.Agent {
		return "agent/calendarbot-" + r.Version + "-arm64.zst"
	}
	return "system/calendarbot-" + r.Version + "-pizero2w.raucb"
}

// sizeOf is how many bytes a file has.
func sizeOf(name string) (int64, error) {
	info, err := os.Stat(name)
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, fmt.Errorf("%s is no file", name)
	}
	return info.Size(), nil
}
