// Package emulator runs QEMU beside this program: what the machine in it says on its console is kept and can be waited
// for, its monitor answers, and it ends when it is told to and with this program.
package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// maxResets is how often a machine may reset itself: one that does nothing else ends some time.
const maxResets = 200

// Emulator is one that runs.
type Emulator struct {
	// Console is what the machine says on the serial port that Start gave it.
	Console *Console

	program string
	ended   chan struct{}

	mu     sync.Mutex
	run    *run // the newest QEMU
	closed bool
}

// power prepares a start, and calls what it is given, once, with the emulator's options. The files that they name are read when that
// returns.
type power = func(on func(options ...string) error) error

// Start runs a QEMU with options. It gets one serial port more than they name, which is the console, and its monitor. It
// lives until Close or until its machine is switched off, and no longer than this program.
func Start(program string, options ...string) (*Emulator, error) {
	return start(program, 0, func(on func(options ...string) error) error { return on(options...) })
}

// StartAnew is Start for a machine that resets itself, which is in a fresh QEMU then, as if it had been switched off and on: QEMU's own reset leaves
// some devices as they were. That is so 200 times; then the machine stays off. Power is called for each start: it prepares it, calls what it is given, once, with the
// options, and may remove afterwards what files they name. The options name the same ports of the host each time.
func StartAnew(program string, power func(on func(options ...string) error) error) (*Emulator, error) {
	return start(program, maxResets, func(on func(options ...string) error) error {
		return power(func(options ...string) error { return on(append(options[:len(options):len(options)], "-no-reboot")...) })
	})
}

func start(program string, resets int, power power) (*Emulator, error) {
	e := &Emulator{Console: newConsole(), program: program, ended: make(chan struct{})}
	if err := power(e.on); err != nil {
		e.off()
		return nil, fmt.Errorf("start the emulator: %w", err)
	}
	go e.attend(resets, power)
	return e, nil
}

// on starts a QEMU, unless the emulator was closed.
func (e *Emulator) on(options ...string) error {
	r, err := e.begin(options)
	if err != nil {
		return err
	}
	return r.monitor.greet()
}

func (e *Emulator) begin(options []string) (*run, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, errClosed
	}
	r, err := startRun(e.program, options, e.Console)
	if err == nil {
		e.run = r
	}
	return r, err
}

// errClosed says that nothing is started any more.
var errClosed = errors.New("it was closed")

// off ends what runs, if anything does.
func (e *Emulator) off() {
	if r := e.newest(); r != nil && r.kill() == nil {
		<-r.ended
	}
}

// attend follows one QEMU after the other, until the machine is off.
func (e *Emulator) attend(resets int, power power) {
	defer close(e.ended)
	defer e.Console.end()
	defer e.off()
	for range resets {
		r := e.newest()
		<-r.ended
		if !r.monitor.wasReset() {
			return
		}
		if err := power(e.on); err != nil {
			if !errors.Is(err, errClosed) {
				e.Console.say("the emulator does not start anew: " + err.Error())
			}
			return
		}
	}
	<-e.newest().ended
	if resets > 0 {
		e.Console.say(fmt.Sprintf("the machine reset itself more than %d times and stays off", resets))
	}
}

func (e *Emulator) newest() *run {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.run
}

// Ended is closed when the emulator has ended: it was closed, or its machine switched itself off.
func (e *Emulator) Ended() <-chan struct{} { return e.ended }

// Close ends the emulator, as if the machine's plug was pulled.
func (e *Emulator) Close() error {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	if err := e.newest().kill(); err != nil {
		return fmt.Errorf("end the emulator: %w", err)
	}
	<-e.ended
	return nil
}

// Ask has the monitor carry out a command of QMP, with its arguments or nil, and returns its answer.
func (e *Emulator) Ask(command string, arguments any) (json.RawMessage, error) {
	answer, err := e.newest().monitor.ask(command, arguments)
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
