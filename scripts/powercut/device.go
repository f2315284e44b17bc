package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"calendarbot/agent/slot"
	"calendarbot/agent/update"
	"calendarbot/agent/update/install"
)

// device is one in a folder.
type device struct {
	*tools
	root string
}

// What a person has on the device, and must have after every cut.
const (
	personsFile   = "data/config/a/etc/calendarbot/calendarbot.yaml"
	personsKey    = "time_zone: Europe/Vienna"
	personsText   = "# stable\nfeatures:\n  request_pipeline: 0%\ndevice:\n  " + personsKey + "\n"
	personsWiFi   = "data/config/a/etc/wpa_supplicant/wpa_supplicant-wlan0.conf"
	personsEvents = "var/lib/calendarbot/calendarbot.db"
)

// newDevice lays out a device as it comes, with what a person changed.
func newDevice(ctx context.Context, t *tools, root string) (device, error) {
	d := device{t, root}
	if err := os.RemoveAll(root); err != nil {
		return d, err
	}
	files := map[string]string{
		"usr/share/calendarbot/overlay/a/etc/calendarbot/calendarbot.yaml": "# stable\nfeatures:\n  request_pipeline: 0%\n",
		"usr/share/calendarbot/overlay/b/etc/calendarbot/calendarbot.yaml": "# candidate\nfeatures:\n  request_pipeline: 100%\n",
		"etc/passwd":                    "root:x:0:0::/:/bin/sh\n",
		"etc/machine-id":                "0123456789abcdef0123456789abcdef\n",
		personsFile:                     personsText,
		personsWiFi:                     "network={ssid=\"home\"}\n",
		personsEvents:                   strings.Repeat("events ", 1000),
		update.RootFile:                 string(t.root),
		install.Program("", slot.Baked): string(t.programs[baked]),
	}
	for name, text := range files {
		name = filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o755)); err != nil {
			return d, err
		}
	}
	return d, start().whole(ctx, d)
}

// command is a program of the device, with its arguments; the root and what tests say of the world are added.
func (d device) command(ctx context.Context, words []string, more ...string) *exec.Cmd {
	name := d.agent
	if words[0] == "update" {
		name, words = d.updater, append(words[1:len(words):len(words)], "--url", d.url)
		if words[0] == "status" {
			words = words[:1]
		}
	}
	if strings.Join(words, " ") == "slots select agent" {
		words = append(words, "--link", filepath.Join(d.root, "run/calendarbot-agent/calendarbot"))
	}
	c := exec.CommandContext(ctx, name, append(words[:len(words):len(words)], "--root", d.root)...)
	c.Env = append([]string{"PATH=" + d.fake + ":" + os.Getenv("PATH"), "HOME=/", "CALENDARBOT_TEST_TIME=" + d.now.Format(time.RFC3339)}, more...)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return c
}

// runs runs a program of the device to its end, and returns what it printed.
func (d device) runs(ctx context.Context, words []string, more ...string) (string, error) {
	var out, said bytes.Buffer
	c := d.command(ctx, words, more...)
	c.Stdout, c.Stderr = &out, &said
	if err := c.Run(); err != nil {
		return out.String(), fmt.Errorf("%s: %w: %s", strings.Join(words, " "), err, strings.TrimSpace(said.String()))
	}
	return out.String(), nil
}

// chosen is the version of the program that a start chooses, by its bytes. Choosing counts a trial down; that is taken back.
func (d device) chosen(ctx context.Context) (version string, err error) {
	state := filepath.Join(d.root, "data/slots/agent.json")
	before, failed := os.ReadFile(state)
	link := filepath.Join(d.root, "run/calendarbot-agent/calendarbot")
	if _, err := d.runs(ctx, []string{"slots", "select", "agent"}); err != nil {
		return "", err
	}
	if failed == nil {
		if err := os.WriteFile(state, before, 0o644); err != nil {
			return "", err
		}
	}
	text, err := os.ReadFile(link)
	if err != nil {
		return "", err
	}
	for version, whole := range d.programs {
		if bytes.Equal(whole, text) {
			return version, nil
		}
	}
	return "", fmt.Errorf("the program that is chosen is none of those that there are: %d bytes, %x", len(text), sha256.Sum256(text))
}

// states are those of programs and configurations, without times.
type states struct{ agent, config slot.State }

func (d device) states() (states, error) {
	f := slot.Folder(filepath.Join(d.root, install.SlotsFolder))
	agent, wrong := f.Read(slot.Agent)
	config, err := f.Read(slot.Config)
	return states{agent, config}, errors.Join(wrong, err)
}

// text is the states in one text, without times.
func (s states) text() (string, error) {
	agent, err := json.Marshal(s.agent)
	if err != nil {
		return "", err
	}
	config, err := json.Marshal(s.config)
	return moments.ReplaceAllString(string(agent)+string(config), "T"), err
}

// check looks whether the device is whole: each state can be read, one whole program is chosen, what a person has is there. It returns the
// version that is chosen.
func (d device) check(ctx context.Context) (string, error) {
	s, err := d.states()
	if err != nil {
		return "", err
	}
	if _, err := update.ReadStatus(d.root); err != nil {
		return "", err
	}
	broken, err := filepath.Glob(filepath.Join(d.root, "data/*/*.broken"))
	if err != nil || len(broken) > 0 {
		return "", fmt.Errorf("%v was put aside, %w", broken, err)
	}
	if _, err := d.runs(ctx, []string{"update", "status"}); err != nil {
		return "", err
	}
	wifi, one := os.ReadFile(filepath.Join(d.root, personsWiFi))
	events, two := os.ReadFile(filepath.Join(d.root, personsEvents))
	text, three := os.ReadFile(filepath.Join(d.root, "data/config", string(s.config.Runs()), "etc/calendarbot/calendarbot.yaml"))
	if err := errors.Join(one, two, three); err != nil {
		return "", fmt.Errorf("what a person had: %w", err)
	}
	if !strings.Contains(string(wifi), "home") || len(events) != 7000 || !strings.Contains(string(text), personsKey) {
		return "", fmt.Errorf("what a person had is not there: %q, %d bytes of events, %q", wifi, len(events), text)
	}
	version, err := d.chosen(ctx)
	if err != nil {
		return "", err
	}
	if want := s.agent.Slots[s.agent.Runs()].Version; s.agent.Runs() != slot.Baked && version != want {
		return "", fmt.Errorf("version %s is chosen, and %s is noted", version, want)
	}
	return version, nil
}

// halfDone names what tells that something was cut in the middle: a slot that is being made.
func (d device) halfDone() []string {
	var all []string
	for _, pattern := range []string{"data/agent/*/*.new", "data/config/*.part", "data/config/*.next", "data/config/*.past"} {
		if found, err := filepath.Glob(filepath.Join(d.root, pattern)); err == nil {
			all = append(all, found...)
		}
	}
	return all
}

// fetched is what was downloaded and not used yet.
func (d device) fetched() []string {
	found, err := filepath.Glob(filepath.Join(d.root, "data/update/part/*"))
	if err != nil {
		return nil
	}
	return found
}

// steps is how many durable steps a command made.
func readSteps(name string) (int, error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

// copyTree copies a device to another folder, in the place of what is there.
func copyTree(ctx context.Context, from, to string) error {
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	if said, err := exec.CommandContext(ctx, "cp", "-a", from, to).CombinedOutput(); err != nil {
		return fmt.Errorf("copy a device: %w: %s", err, said)
	}
	return nil
}
