package hwtest

import (
	"bytes"
	"context"
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
)

// Mode is how much of the table is run.
type Mode string

// The modes: three minutes in all, about an hour, or for hours.
const (
	Quick Mode = "quick"
	Whole Mode = "default"
	Soak  Mode = "soak"
)

// Options are what a person allows and says beside the mode.
type Options struct {
	Mode      Mode          `json:"mode"`
	Soak      time.Duration `json:"soak,omitempty"`
	Panic     bool          `json:"panic,omitempty"`    // the kernel may be made to panic
	Rollback  bool          `json:"rollback,omitempty"` // levels 2 and 3 may be taken, which restarts the device
	Wireless  bool          `json:"wireless,omitempty"` // the radio's connection may be cut for a moment
	Emulated  bool          `json:"emulated,omitempty"` // times and hardware are of an emulator: told, not judged
	UpdateURL string        `json:"update_url,omitempty"`
	Only      []string      `json:"only,omitempty"`
}

// Device is the subject of all steps. A test puts a folder, a server and programs of its own in the place of the real ones.
type Device struct {
	Options
	Root   string                          // in front of each path; "/" on a device
	Page   string                          // where pages are, without a slash at the end
	Path   string                          // where commands are looked for; "" as the system says
	Second time.Duration                   // how long a planned second is: less in tests
	Waits  float64                         // how much of each limit is waited for: 1, less in tests of what never comes
	Signal func(int, syscall.Signal) error // syscall.Kill
	Now    func() time.Time                // the wall clock
}

// NewDevice is the device that this program runs on.
func NewDevice(o Options) *Device {
	return &Device{Options: o, Root: "/", Page: "http://127.0.0.1", Second: time.Second, Waits: 1, Signal: syscall.Kill, Now: time.Now}
}

// at is a path of the device.
func (d *Device) at(name string) string { return filepath.Join(d.Root, name) }

// text is a file of /proc or /sys, trimmed of spaces and of the zero that ends a text of the device tree.
func (d *Device) text(name string) (string, error) {
	data, err := os.ReadFile(d.at(name))
	return strings.TrimSpace(strings.TrimRight(string(data), "\x00")), err
}

// number is a file with one number in it.
func (d *Device) number(name string) (float64, error) {
	text, err := d.text(name)
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", name, err)
	}
	return v, nil
}

// table is a file of "name value" lines, such as memory.stat and /proc/meminfo; colons and units are passed over.
func (d *Device) table(name string) (map[string]float64, error) {
	text, err := d.text(name)
	if err != nil {
		return nil, err
	}
	values := map[string]float64{}
	for line := range strings.Lines(text) {
		if fields := strings.Fields(line); len(fields) >= 2 {
			if v, err := strconv.ParseFloat(fields[1], 64); err == nil {
				values[strings.TrimSuffix(fields[0], ":")] = v
			}
		}
	}
	return values, nil
}

// there tells whether a path exists.
func (d *Device) there(name string) bool {
	_, err := os.Stat(d.at(name))
	return err == nil
}

// found are the paths that a pattern names, without the root.
func (d *Device) found(pattern string) []string {
	names, err := filepath.Glob(d.at(pattern))
	if err != nil {
		return nil // the patterns are our own
	}
	for i, name := range names {
		if rel, err := filepath.Rel(d.Root, name); err == nil {
			names[i] = "/" + rel
		}
	}
	return names
}

// command runs a program, for ten minutes at most, and returns what it printed.
func (d *Device) command(ctx context.Context, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	file := name
	if d.Path != "" {
		file = filepath.Join(d.Path, name)
	}
	c := exec.CommandContext(ctx, file, args...)
	var wrong bytes.Buffer
	c.Stderr = &wrong
	out, err := c.Output()
	switch {
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("%s: there is no such command on this device", name)
	case err != nil:
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.Join(strings.Fields(wrong.String()), " "))
	}
	return strings.TrimSpace(string(out)), nil
}

// show asks systemd for properties of a unit, or of itself for "".
func (d *Device) show(ctx context.Context, unit string, names ...string) (map[string]string, error) {
	args := []string{"show", "--property", strings.Join(names, ",")}
	if unit != "" {
		args = append(args, unit)
	}
	out, err := d.command(ctx, "systemctl", args...)
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for line := range strings.Lines(out) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			values[name] = value
		}
	}
	return values, nil
}

// pause waits.
func (d *Device) pause(ctx context.Context, length time.Duration) error {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// seconds is a planned length.
func (d *Device) seconds(n float64) time.Duration { return time.Duration(n * float64(d.Second)) }

// length is a planned length, shorter in quick mode.
func (d *Device) length(quick, whole float64) time.Duration {
	if d.Mode == Quick {
		return d.seconds(quick)
	}
	return d.seconds(whole)
}

// until asks again and again whether something is so, and returns how long it took. After the limit it returns the last reason why not.
func (d *Device) until(ctx context.Context, limit time.Duration, so func() (bool, error)) (time.Duration, error) {
	began := time.Now()
	limit = time.Duration(float64(limit) * d.Waits)
	if d.Emulated {
		limit *= 5 // what is judged of it is not its time
	}
	for {
		yes, err := so()
		took := time.Since(began)
		switch {
		case yes && err == nil:
			return took, nil
		case took > limit && err != nil:
			return took, fmt.Errorf("not within %s: %w", limit.Round(time.Millisecond), err)
		case took > limit:
			return took, fmt.Errorf("not within %s", limit.Round(time.Millisecond))
		}
		if err := d.pause(ctx, d.seconds(0.2)); err != nil {
			return took, err
		}
	}
}

// settled tells whether nothing is on trial: a program, a configuration, or the system of a new device. What stops or restarts meanwhile may
// be taken for its fault.
func (d *Device) settled(ctx context.Context) error {
	const judge = "calendarbot-trial.service" // it runs for as long
	_, err := d.until(ctx, time.Minute, func() (bool, error) {
		for _, kind := range []string{"config", "agent", "system"} {
			now, err := d.slot(kind)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return false, err
			}
			if now.Trial != nil {
				return false, fmt.Errorf("%s %s is on trial, or waits for the start with which it is tried", kind, now.Trial.Version)
			}
		}
		now, err := d.show(ctx, judge, "ActiveState")
		return now["ActiveState"] != "active" && now["ActiveState"] != "activating", err
	})
	return err
}

// unsettled is the verdict of a step that is not run while something is on trial.
func unsettled(err error) Verdict {
	return skip("something is on trial, on a new device its system: run it again once calendarbot-trial.service has ended (%v)", err)
}

// boot is the kernel's number of this start of the device.
func (d *Device) boot() (string, error) { return d.text("/proc/sys/kernel/random/boot_id") }

// uptime is how long the kernel runs.
func (d *Device) uptime() (time.Duration, error) {
	text, err := d.text("/proc/uptime")
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(text, " ")
	v, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return 0, fmt.Errorf("read /proc/uptime: %w", err)
	}
	return time.Duration(v * float64(time.Second)), nil
}

// write writes to a file of the kernel's.
func (d *Device) write(name, text string) error { return os.WriteFile(d.at(name), []byte(text), 0o200) }
