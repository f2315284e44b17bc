package emulator

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
)

// monitor is the emulator's side channel, which speaks QMP: one JSON object after the other.
type monitor struct {
	complaints words

	mu  sync.Mutex
	in  io.WriteCloser
	out *json.Decoder
}

// greet waits until the emulator has set up its machine, and leaves the state in which it only greets.
func (m *monitor) greet() error {
	var greeting struct{ QMP json.RawMessage }
	if err := m.out.Decode(&greeting); err != nil {
		return fmt.Errorf("%w: %s", err, m.complaints.String())
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
	for {
		var said struct {
			Return json.RawMessage
			Error  *struct{ Desc string }
		}
		if err := m.out.Decode(&said); err != nil {
			return nil, fmt.Errorf("%w: %s", err, m.complaints.String())
		}
		switch {
		case said.Error != nil:
			return nil, fmt.Errorf("it answered %q", said.Error.Desc)
		case said.Return != nil:
			return said.Return, nil
		}
		// Something has happened meanwhile; nobody here waits for that.
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
