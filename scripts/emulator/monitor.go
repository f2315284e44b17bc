package emulator

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
)

// monitor is the emulator's side channel, which speaks QMP: one JSON object after the other.
type monitor struct {
	complaints words

	mu sync.Mutex // held for as long as a question is open
	in io.WriteCloser

	answers chan said     // the greeting, and one for each question
	silent  chan struct{} // closed when it says nothing more
	ended   chan struct{} // closed when its emulator has ended, after all that it complains of
	reset   atomic.Bool   // the machine was reset, by itself or by a question
}

// said is what a monitor says: an answer, or that something has happened. See
// https://www.qemu.org/docs/master/interop/qemu-qmp-ref.html.
type said struct {
	QMP    json.RawMessage
	Return json.RawMessage
	Error  *struct{ Desc string }
	Event  string
	Data   struct{ Reason string }
}

func newMonitor() *monitor {
	return &monitor{answers: make(chan said, 1), silent: make(chan struct{}), ended: make(chan struct{})}
}

// listen reads all that the monitor says, until its emulator ends.
func (m *monitor) listen(from *json.Decoder) {
	defer close(m.silent)
	for {
		var s said
		if err := from.Decode(&s); err != nil {
			return
		}
		switch {
		case s.Event == "":
			select {
			case m.answers <- s:
			default: // nobody asked
			}
		case s.Event == "SHUTDOWN" && (s.Data.Reason == "guest-reset" || s.Data.Reason == "guest-panic" || s.Data.Reason == "host-qmp-system-reset"):
			m.reset.Store(true)
		}
	}
}

// wasReset tells, of an emulator that has ended, whether it was because its machine was reset.
func (m *monitor) wasReset() bool {
	<-m.ended
	return m.reset.Load()
}

// greet waits until the emulator has set up its machine, and leaves the state in which it only greets.
func (m *monitor) greet() error {
	if _, err := m.hear(); err != nil {
		return err
	}
	_, err := m.ask("qmp_capabilities", nil)
	return err
}

func (m *monitor) ask(command string, arguments any) (json.RawMessage, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	question := map[string]any{"execute": command}
	if arguments != nil {
		question["arguments"] = arguments
	}
	if err := json.NewEncoder(m.in).Encode(question); err != nil {
		return nil, fmt.Errorf("%w: %s", err, m.complaints.String())
	}
	answer, err := m.hear()
	if err == nil && answer.Error != nil {
		err = fmt.Errorf("it answered %q", answer.Error.Desc)
	}
	return answer.Return, err
}

// hear waits for an answer.
func (m *monitor) hear() (said, error) {
	select {
	case s := <-m.answers:
		return s, nil
	case <-m.ended:
	}
	select {
	case s := <-m.answers: // its last one
		return s, nil
	default:
		return said{}, fmt.Errorf("%w: %s", io.ErrUnexpectedEOF, m.complaints.String())
	}
}

// words keeps the beginning of what a program complains of.
type words struct {
	mu   sync.Mutex
	text strings.Builder
}

// The most that is kept of complaints, in bytes.
const maxWords = 4 << 10

func (w *words) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text.Write(p[:min(len(p), maxWords-w.text.Len())])
	return len(p), nil
}

func (w *words) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.TrimSpace(w.text.String())
}
