package run

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestChildTakesListener is the program that the tests below start with sockets; by itself it
// checks that nothing is taken where nothing is given.
func TestChildTakesListener(t *testing.T) {
	l, err := Listener()
	if os.Getenv("LISTENER_CHILD") == "" {
		if l != nil || err != nil {
			t.Errorf("got %v, %v without a service manager", l, err)
		}
		return
	}
	if err != nil {
		fmt.Println("error:", err)
		return
	}
	if again, err := Listener(); again != nil || err != nil {
		t.Errorf("taken twice: %v, %v", again, err)
	}
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "hello from the child"); err != nil {
		t.Error(err)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
}

// child starts this test's program as the service manager would: sockets from descriptor 3 on.
func child(t *testing.T, files ...*os.File) *exec.Cmd {
	t.Helper()
	script := fmt.Sprintf(`LISTEN_PID=$$ LISTEN_FDS=%d exec "$0" -test.run='^TestChildTakesListener$'`, len(files))
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script, os.Args[0])
	cmd.Env = append(os.Environ(), "LISTENER_CHILD=1")
	cmd.ExtraFiles = files
	return cmd
}

// socket opens one that listens and returns it as a file.
func socket(t *testing.T) (net.Addr, *os.File) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l.Addr(), f
}

func TestListenerIsTheServiceManagersSocket(t *testing.T) {
	addr, f := socket(t)
	cmd := child(t, f)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(conn)
	if err != nil || string(got) != "hello from the child" {
		t.Errorf("got %q, %v", got, err)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestListenerRefusesWhatItDidNotAskFor(t *testing.T) {
	_, one := socket(t)
	_, two := socket(t)
	plain, err := os.Create(t.TempDir() + "/file")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := plain.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, c := range []struct {
		name  string
		files []*os.File
		want  string
	}{
		{"two sockets", []*os.File{one, two}, "2 were given; allowed is one"},
		{"a file", []*os.File{plain}, "it is not one that listens"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := child(t, c.files...).CombinedOutput()
			if err != nil || !strings.Contains(string(out), c.want) {
				t.Errorf("got %s, %v", out, err)
			}
		})
	}
}

func TestOnlyOneListenerIsTaken(t *testing.T) {
	open := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	if l, err := only(nil); l != nil || err != nil {
		t.Errorf("of none: %v, %v", l, err)
	}
	one := open()
	if l, err := only([]net.Listener{one}); l != one || err != nil {
		t.Errorf("of one: %v, %v", l, err)
	}
	if l, err := only([]net.Listener{nil}); l != nil || err == nil {
		t.Errorf("of a file: %v, %v", l, err)
	}
	if l, err := only([]net.Listener{one, nil, open()}); l != nil || err == nil {
		t.Errorf("of several: %v, %v", l, err)
	}
	if err := one.Close(); err == nil {
		t.Error("what is not taken stays open")
	}
}
