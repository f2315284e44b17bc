package main

import (
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// closing closes a listener as the test ends.
func closing(t *testing.T, l net.Listener) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestLocalSocketIsMadeWithItsDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "run", "calendarbot", "control.sock")
	l, err := listenLocal(file)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode() != fs.ModeSocket|0o660 {
		t.Errorf("the socket: %v, %v", info.Mode(), err)
	}
	if info, err := os.Stat(filepath.Dir(file)); err != nil || info.Mode().Perm()&^0o755 != 0 {
		t.Errorf("its directory: %v, %v", info.Mode(), err)
	}
	c, err := net.Dial("unix", file)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	closing(t, l)
	if _, err := os.Lstat(file); !os.IsNotExist(err) {
		t.Errorf("it is left behind: %v", err)
	}
}

func TestSocketLeftBehindIsReplaced(t *testing.T) {
	file := filepath.Join(t.TempDir(), "control.sock")
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: file, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	closing(t, dead)
	l, err := listenLocal(file)
	if err != nil {
		t.Fatal(err)
	}
	closing(t, l)
}

func TestSocketThatIsInUseIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "control.sock")
	live, err := listenLocal(file)
	if err != nil {
		t.Fatal(err)
	}
	defer closing(t, live)
	plain := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(plain, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, words := range map[string]string{
		file:                              "another program listens there",
		plain:                             "no socket; remove it, or name another as web.socket",
		dir:                               "no socket",
		filepath.Join(plain, "a.sock"):    "not a directory",
		"/proc/calendarbot/a.sock":        "web.socket",
		"/" + strings.Repeat("a", 107):    "its name has 108 bytes; allowed are 107",
		filepath.Join(dir, "missing\x00"): "web.socket",
	} {
		l, err := listenLocal(name)
		if err == nil {
			closing(t, l)
			t.Errorf("%s: it listens", name)
		} else if !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v, want %q", name, err, words)
		}
	}
	c, err := net.Dial("unix", file)
	if err != nil {
		t.Fatalf("the one in use was taken away: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(plain); err != nil || string(text) != "mine" {
		t.Errorf("the file was changed: %q, %v", text, err)
	}
}

func TestWithoutANameThereIsNoSocket(t *testing.T) {
	if l, err := listenLocal(""); l != nil || err != nil {
		t.Errorf("%v, %v", l, err)
	}
}

func TestProgramServesWithoutASocketOfItsOwn(t *testing.T) {
	env := []string{"CALENDARBOT_WEB_SOCKET=" + socketFile(t)}
	startProgram(t, env, "--store", filepath.Join(t.TempDir(), "first.db"))
	second := startProgram(t, env, "--store", filepath.Join(t.TempDir(), "second.db"))
	if status, _ := second.get("/healthz"); status != 200 {
		t.Errorf("the second program answers %d", status)
	}
	if log := second.stderr(); !strings.Contains(log, "will not reach this program") || !strings.Contains(log, "another program listens there") {
		t.Errorf("its log:\n%s", log)
	}
}
