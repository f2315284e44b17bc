package emulator

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// pretended is a QEMU whose machine says its options, and does what it is asked for. It says "reset" of a machine that resets itself at once.
const pretended = `#!/bin/sh
echo '{"QMP": {}}'
read -r _
echo '{"return": {}}'
echo "$@" >&3
case "$*" in *reset-at-once*) echo '{"event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-reset"}}'; exit ;; esac
while read -r line; do
	echo '{"event": "STOP"}'
	echo '{"return": {}}'
	case $line in
	*system_reset*) echo '{"event": "SHUTDOWN", "data": {"guest": false, "reason": "host-qmp-system-reset"}}'; exit ;;
	*system_powerdown*) echo '{"event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-shutdown"}}'; exit ;;
	esac
done
`

func pretend(t *testing.T) (program string) {
	t.Helper()
	program = filepath.Join(t.TempDir(), "qemu")
	if err := os.WriteFile(program, []byte(pretended), 0o700); err != nil {
		t.Fatal(err)
	}
	return program
}

// numbered numbers the starts.
func numbered(more ...string) func(func(...string) error) error {
	starts := 0
	return func(on func(...string) error) error {
		starts++
		return on(append([]string{fmt.Sprintf("start=%d", starts)}, more...)...)
	}
}

func TestResetIsAFreshStart(t *testing.T) {
	e, err := StartAnew(pretend(t), numbered())
	if err != nil {
		t.Fatal(err)
	}
	said := 0
	for _, want := range []string{"start=1 -no-reboot", "start=2 -no-reboot", "start=3 -no-reboot"} {
		if _, said, err = e.Console.Until(t.Context(), said, want); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Ask("query-status", nil); err != nil {
			t.Fatal(err)
		}
		command := "system_reset"
		if strings.HasPrefix(want, "start=3") {
			command = "system_powerdown"
		}
		if _, err := e.Ask(command, nil); err != nil {
			t.Fatal(err)
		}
	}
	<-e.Ended()
	if _, _, err := e.Console.Until(t.Context(), said, "start="); !errors.Is(err, ErrEnded) {
		t.Errorf("it goes on after it was switched off: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

func TestResetsAreBounded(t *testing.T) {
	e, err := StartAnew(pretend(t), numbered("reset-at-once"))
	if err != nil {
		t.Fatal(err)
	}
	<-e.Ended()
	if last := e.Console.Last(2); !strings.Contains(last, fmt.Sprintf("start=%d ", maxResets+1)) || !strings.Contains(last, "stays off") {
		t.Errorf("its last words were %q", last)
	}
}

func TestResetThatCannotStartIsTold(t *testing.T) {
	starts := numbered()
	first := true
	e, err := StartAnew(pretend(t), func(on func(...string) error) error {
		if !first {
			return errors.New("the card is gone")
		}
		first = false
		return starts(on)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Ask("system_reset", nil); err != nil {
		t.Fatal(err)
	}
	<-e.Ended()
	if last := e.Console.Last(1); !strings.Contains(last, "the card is gone") {
		t.Errorf("its last words were %q", last)
	}
}

func TestCloseEndsWhatStartsAnew(t *testing.T) {
	e, err := StartAnew(pretend(t), numbered("reset-at-once"))
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := e.Console.Until(context.Background(), e.Console.Said(), "start="); !errors.Is(err, ErrEnded) {
		t.Error(err)
	}
}

func TestStartThatFailsIsToldWithItsComplaint(t *testing.T) {
	program := filepath.Join(t.TempDir(), "qemu")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho 'no such card' >&2\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(program); err == nil || !strings.Contains(err.Error(), "no such card") {
		t.Errorf("got %v", err)
	}
}
