// Package machine is a small Debian with systemd as its first program, cgroup v2 and PSI, which runs in an emulator
// of the device's processor, for tests of what only such a system shows: that the units work, that the watchdog
// strikes, that memory limits hold. It has as much memory as the device has. Its disk is forgotten when it ends.
package machine

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// What the machine has.
const (
	memory     = "512M"
	processors = "4"
)

// The ports in the machine that can be reached from outside.
const (
	agentPort   = 80
	commandPort = 2
)

// Machine is one that runs.
type Machine struct {
	// Agent is where the agent answers, as "http://127.0.0.1:1234".
	Agent string

	emulator *exec.Cmd
	ended    chan struct{} // closed when the emulator has
	commands string        // the URL for commands
	console  *console
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
	if err := m.boot(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("boot the machine: %w; its last words were:\n%s", err, m.console.tail()), m.Close())
	}
	return m, nil
}

// launch starts the emulator and learns the ports that the host gave.
func launch(parts Parts, archive string) (*Machine, error) {
	// It lives on after Start, so no context ends it: Close does, and the kernel when this program is killed.
	cmd := exec.Command(emulator,
		"-machine", "virt", "-cpu", "cortex-a53", "-accel", "tcg,thread=multi", "-smp", processors, "-m", memory,
		"-nodefaults", "-display", "none", "-no-reboot",
		"-kernel", parts.kernel, "-initrd", parts.initramfs,
		"-append", "console=ttyAMA0 net.ifnames=0 panic=-1 systemd.show_status=0 systemd.log_color=0 quiet",
		"-drive", "if=none,id=root,format=raw,snapshot=on,file="+parts.root, "-device", "virtio-blk-pci,drive=root",
		"-drive", "if=none,id=files,format=raw,readonly=on,file="+archive, "-device", "virtio-blk-pci,drive=files",
		"-netdev", fmt.Sprintf("user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:0-:%d,hostfwd=tcp:127.0.0.1:0-:%d", agentPort, commandPort),
		"-device", "virtio-net-pci,netdev=net,romfile=",
		"-device", "virtio-rng-pci",
		"-serial", "file:/dev/fd/3", "-monitor", "stdio")
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.ExtraFiles = []*os.File{write}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	monitor, err := converse(cmd)
	if err != nil {
		return nil, err
	}
	m := &Machine{emulator: cmd, ended: make(chan struct{}), console: newConsole(read)}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, read.Close(), write.Close())
	}
	// Waiting closes what the monitor reads, as soon as the emulator has ended.
	ports, err := monitor.ports()
	go func() {
		defer close(m.ended)
		_ = cmd.Wait() // killed, as a rule; else its console tells more
	}()
	if err := errors.Join(err, write.Close()); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	m.Agent = url(ports[agentPort])
	m.commands = url(ports[commandPort])
	return m, nil
}

// boot waits until the machine runs commands.
func (m *Machine) boot(ctx context.Context) error {
	select {
	case <-m.console.ready:
		return nil
	case <-m.ended:
		return errors.New("the emulator ended")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close ends the machine, as if its plug was pulled.
func (m *Machine) Close() error {
	if err := m.emulator.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("end the emulator: %w", err)
	}
	<-m.ended
	return nil
}

// Run runs a script of bash in the machine, as root, and returns what it printed on both of its outputs. A script
// that fails is an error that holds what it printed. It is killed when the context ends.
func (m *Machine) Run(ctx context.Context, script string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.commands, strings.NewReader(script))
	if err != nil {
		return "", fmt.Errorf("run a command: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", fmt.Errorf("run %q: %w; the machine's last words were:\n%s", script, err, m.console.tail())
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
func (m *Machine) Console() string { return m.console.tail() }

// console keeps the last words of a machine, and knows when it runs commands.
type console struct {
	ready chan struct{}

	mu   sync.Mutex
	text []byte
}

// The most that is kept of a console, in bytes.
const maxConsole = 32 << 10

func newConsole(f *os.File) *console {
	c := &console{ready: make(chan struct{})}
	go c.read(f)
	return c
}

// read ends when the emulator has, whose end of the pipe closes then.
func (c *console) read(f *os.File) {
	defer f.Close()
	ready := sync.OnceFunc(func() { close(c.ready) })
	for lines := bufio.NewScanner(f); lines.Scan(); {
		c.mu.Lock()
		c.text = append(append(c.text, lines.Bytes()...), '\n')
		c.text = c.text[max(0, len(c.text)-maxConsole):]
		c.mu.Unlock()
		if strings.Contains(lines.Text(), "machine: ready") {
			ready()
		}
	}
}

func (c *console) tail() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.text)
}

// monitor is the emulator's command line.
type monitor struct {
	in  io.Writer
	out *bufio.Scanner
}

func converse(cmd *exec.Cmd) (*monitor, error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = cmd.Stdout
	return &monitor{in, bufio.NewScanner(out)}, nil
}

// ports asks which ports of the host lead into the machine, by the machine's.
func (m *monitor) ports() (map[int]int, error) {
	if _, err := io.WriteString(m.in, "info usernet\n"); err != nil {
		return nil, fmt.Errorf("ask for the ports: %w", err)
	}
	forward := regexp.MustCompile(`TCP\[HOST_FORWARD\] +\d+ +127\.0\.0\.1 +(\d+) +[\d.]+ +(\d+) `)
	ports := map[int]int{}
	var said []string
	for len(ports) < 2 && m.out.Scan() {
		said = append(said, m.out.Text())
		found := forward.FindStringSubmatch(m.out.Text())
		if found == nil {
			continue
		}
		host, err := strconv.Atoi(found[1])
		if err != nil {
			return nil, fmt.Errorf("ask for the ports: %w", err)
		}
		guest, err := strconv.Atoi(found[2])
		if err != nil {
			return nil, fmt.Errorf("ask for the ports: %w", err)
		}
		ports[guest] = host
	}
	if len(ports) < 2 {
		return nil, fmt.Errorf("ask for the ports: the emulator said %q", said)
	}
	return ports, nil
}

func url(port int) string {
	return "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

// Until runs a script again and again until it succeeds, and returns how long that took.
func (m *Machine) Until(ctx context.Context, script string) (time.Duration, error) {
	begin := time.Now()
	_, err := m.Run(ctx, "until { "+script+"\n} >/dev/null 2>&1; do sleep 0.2; done")
	return time.Since(begin), err
}
