// Package machine is a small Debian with systemd as its first program, cgroup v2 and PSI, which runs in an emulator
// of the device's processor, for tests of what only such a system shows: that the units work, that the watchdog
// strikes, that memory limits hold. It has as much memory as the device has. Its disk is forgotten when it ends.
package machine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"calendarbot/scripts/emulator"
)

// What the machine has.
const (
	memory     = "512M"
	processors = "4"
)

// lastWords is how many lines of the console are told when something goes wrong.
const lastWords = 400

// The ports in the machine that can be reached from outside.
const (
	agentPort   = 80
	commandPort = 2
)

// Machine is one that runs.
type Machine struct {
	// Agent is where the agent answers, as "http://127.0.0.1:1234".
	Agent string

	emulator *emulator.Emulator
	commands string // the URL for commands
}

// Start boots a machine that has some files more than Debian's, and returns when it runs commands. Emulating a
// processor takes its time: about twenty seconds on a quick host that does nothing else.
func Start(ctx context.Context, parts Parts, files []File) (_ *Machine, err error) {
	folder, err := os.MkdirTemp("", "machine")
	if err != nil {
		return nil, fmt.Errorf("start the machine: %w", err)
	}
	// The emulator holds its files open; a folder without a name is not left behind by a test that is killed.
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	archive := filepath.Join(folder, "files.tar")
	if err := writeFiles(archive, append(parts.files, files...)); err != nil {
		return nil, fmt.Errorf("write the machine's files: %w", err)
	}
	m, err := launch(parts, archive)
	if err != nil {
		return nil, fmt.Errorf("start the emulator: %w", err)
	}
	if _, _, err := m.emulator.Console.Until(ctx, 0, "machine: ready"); err != nil {
		return nil, errors.Join(fmt.Errorf("boot the machine: %w; its last words were:\n%s", err, m.Console()), m.Close())
	}
	return m, nil
}

// launch starts the emulator and learns the ports that the host gave.
func launch(parts Parts, archive string) (*Machine, error) {
	e, err := emulator.Start(qemu,
		"-machine", "virt", "-cpu", "cortex-a53", "-accel", "tcg,thread=multi", "-smp", processors, "-m", memory,
		"-nodefaults", "-display", "none", "-no-reboot",
		"-kernel", parts.kernel, "-initrd", parts.initramfs,
		"-append", "console=ttyAMA0 net.ifnames=0 panic=-1 systemd.show_status=0 systemd.log_color=0 quiet",
		"-drive", "if=none,id=root,format=raw,snapshot=on,file="+parts.root, "-device", "virtio-blk-pci,drive=root",
		"-drive", "if=none,id=files,format=raw,readonly=on,file="+archive, "-device", "virtio-blk-pci,drive=files",
		"-netdev", fmt.Sprintf("user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:0-:%d,hostfwd=tcp:127.0.0.1:0-:%d", agentPort, commandPort),
		"-device", "virtio-net-pci,netdev=net,romfile=",
		"-device", "virtio-rng-pci")
	if err != nil {
		return nil, err
	}
	ports, err := e.Ports()
	if err == nil && (ports[agentPort] == 0 || ports[commandPort] == 0) {
		err = fmt.Errorf("find the machine's ports: got %v", ports)
	}
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return &Machine{Agent: url(ports[agentPort]), commands: url(ports[commandPort]), emulator: e}, nil
}

// Close ends the machine, as if its plug was pulled.
func (m *Machine) Close() error { return m.emulator.Close() }

// Run runs a script of bash in the machine, as root, and returns what it printed on both of its outputs. A script
// that fails is an error that holds what it printed. It is killed when the context ends.
func (m *Machine) Run(ctx context.Context, script string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.commands, strings.NewReader(script))
	if err != nil {
		return "", fmt.Errorf("run a command: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", fmt.Errorf("run %q: %w; the machine's last words were:\n%s", script, err, m.Console())
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", fmt.Errorf("run %q: %w", script, err)
	}
	if status := resp.Header.Get("Status"); status != "0" {
		return string(out), fmt.Errorf("run %q: status %s: %s", script, status, out)
	}
	return string(out), nil
}

// Console is what the machine printed on its console of late.
func (m *Machine) Console() string { return m.emulator.Console.Last(lastWords) }

func url(port int) string {
	return "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

// Until runs a script again and again until it succeeds, and returns how long that took.
func (m *Machine) Until(ctx context.Context, script string) (time.Duration, error) {
	begin := time.Now()
	_, err := m.Run(ctx, "until { "+script+"\n} >/dev/null 2>&1; do sleep 0.2; done")
	return time.Since(begin), err
}
