package trial

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"calendarbot/agent/slot"
)

// Names of systemd's.
const (
	ProgramUnit = "calendarbot.service"       // the program that shows the pages
	JudgeUnit   = "calendarbot-trial.service" // which watches what is on trial
)

// Where things are on the device.
const (
	slotsFolder  = "data/slots"
	programs     = "data/agent" // a and b, each with the program
	bakedProgram = "usr/bin/calendarbot"
	programLink  = "run/calendarbot-agent/calendarbot" // to the one that was started
	bootState    = "usr/lib/calendarbot/boot-state"
	bootSector   = "etc/fw_env.config" // the device alone has a boot state
	foundData    = "run/calendarbot-boot/data"
	foundConfig  = "run/calendarbot-boot/config"
	bootName     = "proc/sys/kernel/random/boot_id" // another one with each start of the device
	unitGroup    = "sys/fs/cgroup/calendarbot.slice/" + ProgramUnit
)

const (
	pageTime = 10 * time.Second // for one answer
	maxPage  = 1 << 20          // bytes
	readyTag = `<meta name="calendarbot-ready"`

	commandTime = time.Minute // for systemd and the boot state
	writable    = 2           // W_OK of access(2)
)

// Device is the machine: its files under a root, systemd, the boot state and its own page.
type Device struct {
	Root      string // in front of all files; "/" on the device
	Page      string // address of the page, such as http://127.0.0.1
	Systemctl string // the program; "" for the one of the system
}

func (d Device) path(parts ...string) string {
	return filepath.Join(append([]string{d.Root}, parts...)...)
}

// Slots is where the states are.
func (d Device) Slots() slot.Folder { return slot.Folder(d.path(slotsFolder)) }

// Program is the file of a program; that of the system for slot.Baked.
func (d Device) Program(n slot.Name) string {
	if n == slot.Baked {
		return d.path(bakedProgram)
	}
	return d.path(programs, string(n), "calendarbot")
}

// systemctl has systemd do something, and returns what it said.
func (d Device) systemctl(ctx context.Context, words ...string) (string, error) {
	name := d.Systemctl
	if name == "" {
		name = "systemctl"
	}
	return output(ctx, name, words...)
}

// output is what a program prints, in bounded time.
func output(ctx context.Context, name string, words ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, words...)
	cmd.WaitDelay = time.Second
	said := &bytes.Buffer{}
	cmd.Stderr = said
	text, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %.400s", filepath.Base(name), strings.Join(words, " "), errors.Join(err, ctx.Err()), strings.TrimSpace(said.String()))
	}
	return strings.TrimSpace(string(text)), nil
}

// startAgain has the program started anew, as it is chosen now, whatever became of it before.
func (d Device) startAgain(ctx context.Context) error { return d.anew(ctx, ProgramUnit) }

func (d Device) anew(ctx context.Context, unit string) error {
	_, first := d.systemctl(ctx, "reset-failed", unit)
	_, second := d.systemctl(ctx, "--no-block", "restart", unit)
	if second == nil {
		return nil // a unit that did not fail has nothing to reset
	}
	return errors.Join(first, second)
}

// restart has the device started anew.
func (d Device) restart(ctx context.Context) error {
	_, err := d.systemctl(ctx, "reboot")
	return err
}

// watch has the judge look, anew where it did: one that is about to end would not see what comes now. The starts that this takes say nothing against it.
func (d Device) watch(ctx context.Context) error { return d.anew(ctx, JudgeUnit) }

// unit is what systemd said of the program's unit, and of which processes that was.
type unit struct {
	state     string // "active" once the program said that it is ready
	restarts  int
	processes string
}

// ask is the unit as it is now. As long as a unit that is active has the same processes, it is as systemd said: to start a program only to hear that
// again would cost more than all else that is looked at.
func (u unit) ask(ctx context.Context, d Device) unit {
	processes := d.text(unitGroup, "cgroup.procs")
	if u.state == "active" && processes != "" && processes == u.processes {
		return u
	}
	u = unit{processes: processes}
	text, err := d.systemctl(ctx, "show", "--property=ActiveState,NRestarts", ProgramUnit)
	if err != nil {
		u.state = err.Error()
	}
	for word := range strings.FieldsSeq(text) {
		switch key, value, _ := strings.Cut(word, "="); key {
		case "ActiveState":
			u.state = value
		case "NRestarts":
			u.restarts = count(value)
		}
	}
	return u
}

// Look is how the device is now, with what systemd says of the program's unit.
func (d Device) Look(ctx context.Context, u unit) Observation {
	o := Observation{Unit: u.state, Restarts: u.restarts}
	if o.Unit == "active" {
		o.Page = d.ask(ctx, "/", readyTag)
		o.Alive = d.ask(ctx, "/healthz", "")
	}
	// What takes too much is kept just below memory.high by the kernel, which packs the rest away: that is its memory as well. What it keeps
	// of files, and drops when it wants to, is not: that of a large database reaches memory.high without harm.
	current, cache := count(d.first(unitGroup, "memory.current")), 0
	for line := range strings.Lines(d.text(unitGroup, "memory.stat")) {
		if size, ok := strings.CutPrefix(line, "inactive_file "); ok {
			cache = count(strings.TrimSpace(size))
		}
	}
	o.Memory = int64(current-min(cache, current)) + int64(count(d.first(unitGroup, "memory.swap.current")))
	o.High = int64(count(d.first(unitGroup, "memory.high")))
	for line := range strings.Lines(d.text(unitGroup, "memory.events")) {
		if kills, ok := strings.CutPrefix(line, "oom_kill "); ok {
			o.Kills = count(strings.TrimSpace(kills))
		}
	}
	o.Data = d.data()
	return o
}

// ask says what is wrong with an answer of the program's, which is to be whole and to have a text in it.
func (d Device) ask(ctx context.Context, path, part string) string {
	client := http.Client{
		Timeout:       pageTime,
		Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true}, // no proxy
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.Page+path, nil)
	if err != nil {
		return err.Error()
	}
	answer, err := client.Do(request)
	if err != nil {
		return fmt.Sprintf("%s does not answer: %v", path, err)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxPage))
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return fmt.Sprintf("%s breaks off: %v", path, err)
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Sprintf("%s answers with %s", path, answer.Status)
	}
	if !strings.Contains(string(body), part) {
		return path + " is not the page of a program that is ready"
	}
	return ""
}

// data says what is wrong with the data partition.
func (d Device) data() string {
	if strings.Contains(d.text(foundData), "lost") {
		return "/data could not be mounted"
	}
	if err := syscall.Access(d.path("data"), writable); err != nil {
		return fmt.Sprintf("/data cannot be written: %v", err)
	}
	return ""
}

// mounted is the configuration slot that was mounted at the start; slot.Baked when that is not known.
func (d Device) mounted() slot.Name {
	if n := slot.Name(d.first(foundConfig)); n == slot.A || n == slot.B {
		return n
	}
	return slot.Baked
}

// text is what a small file says; "" when it cannot be read.
func (d Device) text(parts ...string) string {
	text, err := os.ReadFile(d.path(parts...))
	if err != nil {
		return ""
	}
	return string(text)
}

// first is the first word of a small file.
func (d Device) first(parts ...string) string {
	words := strings.Fields(d.text(parts...))
	if len(words) == 0 {
		return ""
	}
	return words[0]
}

// count is a number from 0; 0 for what is none.
func count(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// systems is how the two systems stand by the boot state.
type systems struct {
	running slot.Name
	first   slot.Name // which U-Boot tries first
	left    map[slot.Name]int
}

const confirmed = 9 // starts that are left: U-Boot counts no longer

// systems reads the boot state; nil where there is none.
func (d Device) systems(ctx context.Context) (*systems, error) {
	if _, err := os.Stat(d.path(bootSector)); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	text, err := output(ctx, d.path(bootState), "show")
	if err != nil {
		return nil, fmt.Errorf("read the boot state: %w", err)
	}
	said := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		said[key] = value
	}
	first, _, _ := strings.Cut(said["BOOT_ORDER"], " ")
	s := &systems{
		running: slot.Name(strings.ToLower(said["SLOT"])), first: slot.Name(strings.ToLower(first)),
		left: map[slot.Name]int{slot.A: count(said[leftOf(slot.A)]), slot.B: count(said[leftOf(slot.B)])},
	}
	if s.running != slot.A && s.running != slot.B {
		return nil, fmt.Errorf("read the boot state: it runs from slot %q, which there is not", said["SLOT"])
	}
	return s, nil
}

// copied tells whether a slot whose system was left for a reason holds a copy of the one that runs by now: one that was left may not be
// booted, a copy may, and is not confirmed.
func (b systems) copied(s slot.State, n slot.Name) bool {
	return s.Trial == nil && s.Active != n && b.running != n && s.Last != nil && s.Last.Slot == n && !s.Last.Kept &&
		b.left[n] > 0 && b.left[n] < confirmed && b.left[b.running] == confirmed
}

// awaits tells whether what is on trial is to be started for the first time with the next start of the device.
func (b systems) awaits(t slot.Trial) bool {
	return b.running != t.Slot && b.first == t.Slot && b.left[t.Slot] >= t.Tries+t.Started
}

// setLeft writes how many starts a system has left.
func (d Device) setLeft(ctx context.Context, n slot.Name, left int) error {
	_, err := output(ctx, d.path(bootState), "set", leftOf(n), strconv.Itoa(left))
	return err
}

// choose has U-Boot start a system first, with so many starts left, and the other one with so many.
func (d Device) choose(ctx context.Context, n slot.Name, left, others int) error {
	order := strings.ToUpper(string(n) + " " + string(n.Other()))
	_, err := output(ctx, d.path(bootState), "set", "BOOT_ORDER", order, leftOf(n), strconv.Itoa(left), leftOf(n.Other()), strconv.Itoa(others))
	return err
}

func leftOf(n slot.Name) string { return "BOOT_" + strings.ToUpper(string(n)) + "_LEFT" }
