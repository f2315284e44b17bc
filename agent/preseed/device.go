package preseed

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"calendarbot/agent/config"
	"calendarbot/agent/durable"
	"calendarbot/agent/network"
	"calendarbot/agent/slot"
)

// Where things are under the root of a configuration slot.
const (
	hostnameFile = "etc/hostname"
	zoneLink     = "etc/localtime"
	zones        = "../usr/share/zoneinfo/"
	keysFile     = "etc/ssh/authorized_keys"
	agentFile    = "etc/calendarbot/calendarbot.yaml"
)

// maxOwn is how long a file of the device's own may be, in bytes.
const maxOwn = 1 << 20

// device is what one configuration slot says, as values.
type device struct {
	hostname string
	zone     string
	wifi     network.Wifi
	keys     string
	agent    []byte
}

// mountedFile names the slot that the start mounted over /etc.
const mountedFile = "run/calendarbot-boot/config"

// slots are the root under which the /etc of the slot that is mounted lies, and that of the other one, which takes its place when
// the configuration is rolled back: it is to know the network and the calendars too. Where the start left no word, the active one is mounted;
// when that cannot be read either it is the first, as at the start.
func slots(root string) (active, idle string, idleName slot.Name, err error) {
	text, err := durable.Read(filepath.Join(root, mountedFile), maxOwn)
	mounted := slot.Name(strings.TrimSpace(string(text)))
	if mounted != slot.A && mounted != slot.B {
		var state slot.State
		state, err = slot.Folder(filepath.Join(root, "data/slots")).Read(slot.Config)
		mounted = state.Active
	}
	idleName = mounted.Other()
	return root, filepath.Join(root, "data/config", string(idleName)), idleName, err
}

// read reads what a slot says. The first of the agent's files that is there counts. What cannot be read is as if it were not there, and
// an error to tell of.
func read(root string, agent ...string) (device, error) {
	var d device
	var wrong []error
	text := func(name string) []byte {
		data, err := durable.Read(name, maxOwn)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			wrong = append(wrong, err)
		}
		return data
	}
	d.hostname = strings.TrimSpace(string(text(filepath.Join(root, hostnameFile))))
	d.keys = string(text(filepath.Join(root, keysFile)))
	if target, err := os.Readlink(filepath.Join(root, zoneLink)); err == nil {
		_, d.zone, _ = strings.Cut(target, "zoneinfo/")
	}
	var err error
	if d.wifi, err = network.Read(root); err != nil {
		wrong = append(wrong, err)
	}
	for _, name := range agent {
		if d.agent = text(name); d.agent != nil {
			break
		}
	}
	return d, errors.Join(wrong...)
}

// write makes a slot say what now says; what it said already is left alone.
func write(root string, was, now device, group int) error {
	var wrong []error
	put := func(name, text string, mode fs.FileMode, group int) {
		if err := replace(filepath.Join(root, name), []byte(text), mode, group); err != nil {
			wrong = append(wrong, fmt.Errorf("write /%s: %w", name, err))
		}
	}
	if now.hostname != was.hostname {
		put(hostnameFile, now.hostname+"\n", 0o644, 0)
	}
	if now.zone != was.zone {
		if err := relink(filepath.Join(root, zoneLink), zones+now.zone); err != nil {
			wrong = append(wrong, fmt.Errorf("write /%s: %w", zoneLink, err))
		}
	}
	if now.wifi.Country != was.wifi.Country || !slices.Equal(now.wifi.Networks, was.wifi.Networks) {
		wrong = append(wrong, network.Write(root, now.wifi))
	}
	if now.keys != was.keys {
		put(keysFile, now.keys, 0o600, 0)
	}
	if !bytes.Equal(now.agent, was.agent) {
		put(agentFile, string(now.agent), 0o640, group)
	}
	return errors.Join(wrong...)
}

// aside keeps a copy of the agent's file when it is no YAML, and returns the text to go on with.
func aside(root string, text []byte) ([]byte, error) {
	if _, err := config.Merge(text, nil, nil); !errors.Is(err, config.ErrUnreadable) {
		return text, nil
	}
	name := filepath.Join(root, agentFile+".unreadable")
	if err := replace(name, text, 0o600, 0); err != nil {
		return text, fmt.Errorf("put an unreadable configuration aside: %w", err)
	}
	return nil, fmt.Errorf("%s could not be read; it is kept as %s", filepath.Join("/", agentFile), filepath.Base(name))
}

// replace puts a text in the place of a file, or of none. Mode 0 is for the card, where permissions are not to be had; group 0 leaves it root's.
func replace(name string, text []byte, mode fs.FileMode, group int) error {
	if err := durable.MakeFolder(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := durable.Create(name, mode)
	if err != nil {
		return err
	}
	if group != 0 && os.Geteuid() == 0 {
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

// relink puts a link in the place of a file, or of none.
func relink(name, target string) error {
	if err := durable.MakeFolder(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return durable.Link(target, name)
}

// agentGroup is the group of the agent's user in root/etc/passwd; 0 when there is none.
func agentGroup(root string) int {
	text, err := durable.Read(filepath.Join(root, "etc/passwd"), maxOwn)
	if err != nil {
		return 0
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		fields := strings.Split(line, ":")
		if len(fields) == 7 && fields[0] == "calendarbot" {
			if group, err := strconv.Atoi(fields[3]); err == nil && group > 0 {
				return group
			}
		}
	}
	return 0
}
