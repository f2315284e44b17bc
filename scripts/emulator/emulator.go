// Package emulator runs QEMU beside this program: what the machine in it says on its console is kept and can be waited
// for, its monitor answers, and it ends when it is told to and with this program.
package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
)

// Emulator is one that runs.
type Emulator struct {
	// Console is what the machine says on the serial port that Start gave it.
	Console *Console

	process *os.Process
	monitor *monitor
	ended   chan struct{}
}

// Start runs a QEMU with options. It gets one serial port more than they name, which is the console, and its monitor. It
// lives until Close or until its machine is switched off, and no longer than this program.
func Start(program string, options ...string) (*Emulator, error) {
	cmd := exec.Command(program, append(options[:len(options):len(options)], "-serial", "file:/dev/fd/3", "-qmp", "stdio")...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start the emulator: %w", err)
	}
	defer write.Close() // the emulator has its own
	cmd.ExtraFiles = []*os.File{write}
	e := &Emulator{ended: make(chan struct{}), monitor: &monitor{}}
	cmd.Stderr = &e.monitor.complaints
	e.monitor.in, err = cmd.StdinPipe()
	if err == nil {
		var out io.Reader
		out, err = cmd.StdoutPipe()
		e.monitor.out = json.NewDecoder(out)
	}
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the emulator: %w", err), read.Close())
	}
	e.process = cmd.Process
	e.Console = newConsole(read)
	go func() {
		defer close(e.ended)
		_ = cmd.Wait() // killed, as a rule; else its console and its complaints tell more
	}()
	if err := e.monitor.greet(); err != nil {
		return nil, errors.Join(fmt.Errorf("start the emulator: %w", err), e.Close())
	}
	return e, nil
}

// Ended is closed when the emulator has ended: it was closed, or its machine switched itself off.
func (e *Emulator) Ended() <-chan struct{} { return e.ended }

// Close ends the emulator, as if the machine's plug was pulled.
func (e *Emulator) Close() error {
	if err := e.process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("end the emulator: %w", err)
	}
	<-e.ended
	return nil
}

// Ask has the monitor carry out a command of QMP, with its arguments or nil, and returns its answer.
func (e *Emulator) Ask(command string, arguments any) (json.RawMessage, error) {
	answer, err := e.monitor.ask(command, arguments)
	if err != nil {
		return nil, fmt.Errorf("ask the emulator for %s: %w", command, err)
	}
	return answer, nil
}

// Ports tells which ports of the host lead into the machine, by the machine's: those of hostfwd=tcp:127.0.0.1:0-:PORT.
func (e *Emulator) Ports() (map[int]int, error) {
	answer, err := e.Ask("human-monitor-command", map[string]string{"command-line": "info usernet"})
	if err != nil {
		return nil, err
	}
	var table string
	if err := json.Unmarshal(answer, &table); err != nil {
		return nil, fmt.Errorf("read the ports: %w", err)
	}
	return forwards(table)
}

func forwards(table string) (map[int]int, error) {
	forward := regexp.MustCompile(`TCP\[HOST_FORWARD\] +\d+ +127\.0\.0\.1 +(\d+) +[\d.]+ +(\d+) `)
	ports := map[int]int{}
	for line := range strings.Lines(table) {
		found := forward.FindStringSubmatch(line)
		if found == nil {
			continue
		}
		host, err := strconv.Atoi(found[1])
		if err != nil {
			return nil, fmt.Errorf("read the ports: %w", err)
		}
		guest, err := strconv.Atoi(found[2])
		if err != nil {
			return nil, fmt.Errorf("read the ports: %w", err)
		}
		ports[guest] = host
	}
	return ports, nil
}
