package config

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// rewrite gives a file another text, as a whole.
func rewrite(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, name string) {
	t.Helper()
	if err := os.RemoveAll(name); err != nil {
		t.Fatal(err)
	}
}

func TestStart(t *testing.T) {
	name := written(t, "web:\n  port: 1001\n")
	kept := &memory{runtime: map[string]string{"display.days": "3"}}
	l := begun(t, Input{Path: name, Env: environment("TZ=UTC"), Runtime: map[string]string{"web.port": "1"}, Text: []byte("web: {port: 2}")}, kept)
	s := l.State()
	if s.Config.Web.Port != 1001 || s.Config.Display.Days != 3 || s.Revision != 1 || s.Problem != "" || s.Pending != nil || string(s.Text) != "web:\n  port: 1001\n" {
		t.Errorf("got %+v", s)
	}
	if got := find(t, s.Values, "display.days"); got != (Value{"display.days", "3", Runtime, "runtime"}) {
		t.Errorf("got %+v", got)
	}
	if string(kept.accepted) != string(s.Text) || len(kept.changes) != 0 || kept.runtime["display.days"] != "3" {
		t.Errorf("kept %q, %+v, %v", kept.accepted, kept.changes, kept.runtime)
	}
	begun(t, Input{Path: name}, kept)
	if kept.records != 1 {
		t.Errorf("%d records; the second start has nothing new", kept.records)
	}
}

// TestStartOnTheLastAcceptedFile makes the file on the disk unusable in each way.
func TestStartOnTheLastAcceptedFile(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, file string)
		want  string // in the words
	}{
		{"not YAML", func(t *testing.T, file string) { rewrite(t, file, "web: a: b\n") }, "calendarbot.yaml: not valid YAML: mapping values"},
		{"a value", func(t *testing.T, file string) { rewrite(t, file, "web:\n  port: x\n") }, `calendarbot.yaml:2: web.port: "x" is not allowed; allowed is a whole number from 0 to 65535`},
		{"beyond a ceiling", func(t *testing.T, file string) { rewrite(t, file, "http:\n  max_conns: 101\n") }, `calendarbot.yaml:2: http.max_conns: "101" is not allowed; allowed is a whole number from 1 to 100`},
		{"a source", func(t *testing.T, file string) { rewrite(t, file, "sources:\n  - name: x\n") }, "calendarbot.yaml:2: sources.url: a source needs its address"},
		{"a key", func(t *testing.T, file string) { rewrite(t, file, "web:\n  prot: 1\n") }, "did you mean web.port?"},
		{"missing", remove, "no such file or directory"},
		{"unreadable", func(t *testing.T, file string) {
			remove(t, file)
			if err := os.Mkdir(file, 0o700); err != nil {
				t.Fatal(err)
			}
		}, "is a directory; allowed is a regular file"},
		{"a pipe", func(t *testing.T, file string) {
			remove(t, file)
			if err := syscall.Mkfifo(file, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "is a named pipe; allowed is a regular file"},
		{"a device", func(t *testing.T, file string) {
			remove(t, file)
			if err := os.Symlink("/dev/zero", file); err != nil {
				t.Fatal(err)
			}
		}, "is a device; allowed is a regular file"},
		{"a socket", func(t *testing.T, file string) {
			remove(t, file)
			t.Chdir(filepath.Dir(file)) // a test's own folder may have too long a name for a socket
			l, err := net.Listen("unix", filepath.Base(file))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := l.Close(); err != nil {
					t.Error(err)
				}
			})
		}, "is a socket; allowed is a regular file"},
		{"a link to itself", func(t *testing.T, file string) {
			remove(t, file)
			if err := os.Symlink(filepath.Base(file), file); err != nil {
				t.Fatal(err)
			}
		}, "too many levels of symbolic links"},
		{"too large", func(t *testing.T, file string) { rewrite(t, file, strings.Repeat("#", maxFile+1)) }, "larger than 1 MiB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := written(t, "web:\n  port: 1001\n")
			kept := &memory{}
			begun(t, Input{Path: file}, kept)
			c.spoil(t, file)
			s := begun(t, Input{Path: file}, kept).State()
			if s.Config.Web.Port != 1001 || string(s.Text) != "web:\n  port: 1001\n" || s.Pending != nil {
				t.Errorf("got %+v", s)
			}
			const start = "the last accepted configuration holds, not what is on the disk:\n"
			if !strings.HasPrefix(s.Problem, start) || !strings.Contains(s.Problem, c.want) {
				t.Errorf("got %s", s.Problem)
			}
			if kept.records != 1 || string(kept.accepted) != "web:\n  port: 1001\n" {
				t.Errorf("accepted %q in %d records", kept.accepted, kept.records)
			}
		})
	}
}

func TestStartWithNothingToFallBackOn(t *testing.T) {
	for want, in := range map[string]Input{
		"web.port":                  {Path: written(t, "web:\n  port: x\n")},
		"no such file or directory": {Path: filepath.Join(t.TempDir(), "none.yaml")},
		"CALENDARBOT_WEB_PORT":      {Env: environment("CALENDARBOT_WEB_PORT=x")},
		"--port":                    {Flags: map[string]string{"web.port": "x"}},
	} {
		kept := &memory{}
		if _, err := Start(t.Context(), in, kept, someday); err == nil || !strings.Contains(err.Error(), want) || kept.records != 0 {
			t.Errorf("%s: got %v", want, err)
		}
	}
}

func TestStartRefusesFlagsAlways(t *testing.T) {
	_, err := Start(t.Context(), Input{Flags: map[string]string{"web.port": "x"}}, &memory{accepted: []byte{}}, someday)
	if err == nil || !strings.HasPrefix(err.Error(), "--port: web.port: ") {
		t.Errorf("got %v", err)
	}
}

// TestStartWithoutAFile accepts that there is none, so that a file that is broken later doesn't keep it from starting.
func TestStartWithoutAFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "calendarbot.yaml")
	kept := &memory{}
	in := Input{Path: name, Optional: true}
	if s := begun(t, in, kept).State(); s.Text != nil || s.Problem != "" || kept.accepted == nil {
		t.Errorf("got %+v, kept %v", s, kept.accepted)
	}
	rewrite(t, name, "nonsense\n")
	s := begun(t, in, kept).State()
	if s.Config.Web.Port != 8080 || !strings.Contains(s.Problem, "calendarbot.yaml:1: allowed are sections such as web:") {
		t.Errorf("got %+v", s)
	}
}

func TestStartRecordsWhatChangedMeanwhile(t *testing.T) {
	name := written(t, "web:\n  port: 1001\n")
	kept := &memory{}
	begun(t, Input{Path: name}, kept)
	rewrite(t, name, "web:\n  port: 1002\n")
	begun(t, Input{Path: name}, kept)
	want := []Change{{ID: 1, At: someday(), By: By{"the program", "the file was read at the start"}, Key: "web.port", Layer: File, From: "1001", To: "1002", Had: true, Has: true}}
	if !reflect.DeepEqual(kept.changes, want) || string(kept.accepted) != "web:\n  port: 1002\n" {
		t.Errorf("got %+v", kept.changes)
	}
}

func TestStartLeavesOutWhatIsAllowedNoMore(t *testing.T) {
	kept := &memory{
		runtime:  map[string]string{"cache.max_bytes": "60 MiB", "display.days": "3", "display.gallery": "serif", "web.pin": "12"},
		accepted: []byte("display:\n  scale: 5\n  clock: 12h\n"),
	}
	l := begun(t, Input{Path: written(t, "- a\n"), Env: environment("CALENDARBOT_WEB_PORT=x")}, kept)
	s := l.State()
	if s.Config.Cache.MaxBytes != 16<<20 || s.Config.Display.Days != 3 || s.Config.Display.Clock != "12h" || s.Config.Display.Scale != 1 || s.Config.Web.Port != 8080 || s.Config.Web.PIN != "" {
		t.Errorf("got %+v", s.Config)
	}
	const want = `the last accepted configuration holds, not what is on the disk:
calendarbot.yaml:1: allowed are sections such as web:
of the accepted one is left out:
calendarbot.yaml:2: display.scale: "5" is not allowed; allowed is a number from 0.7 to 1.3
CALENDARBOT_WEB_PORT: web.port: "x" is not allowed; allowed is a whole number from 0 to 65535; it is left out
runtime: cache.max_bytes: "60 MiB" is not allowed; allowed is from 64 KiB to 50 MiB, as in 500 KB, 20 MiB or a plain number of bytes; it is left out
runtime: "display.gallery" is not a setting; it is left out
runtime: web.pin: what is given (not shown here) is not allowed; allowed is empty, 4 to 64 characters on one line, or ` + hashAllowed + "; it is left out"
	if s.Problem != want {
		t.Errorf("got\n%s", s.Problem)
	}
	if len(kept.runtime) != 4 {
		t.Errorf("lost: %v", kept.runtime)
	}
	// What is left out is kept by other changes, and can be taken out.
	set(t, l, "display.theme", "dark")
	if kept.runtime["display.gallery"] != "serif" || len(kept.runtime) != 5 {
		t.Errorf("lost: %v", kept.runtime)
	}
	if s, err := l.Set(t.Context(), map[string]*string{"display.gallery": nil, "cache.max_bytes": nil}, By{}); err != nil || strings.Contains(s.Problem, "gallery") || len(kept.runtime) != 3 {
		t.Errorf("got %v, %v", kept.runtime, err)
	}
}

func TestStartWithAnArchiveThatFails(t *testing.T) {
	kept := &memory{broken: errFull}
	if _, err := Start(t.Context(), Input{}, kept, someday); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
	if _, err := Start(t.Context(), Input{}, &half{}, someday); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
}

// half is an archive that knows the runtime layer and nothing else.
type half struct{ memory }

func (*half) Accepted(context.Context) ([]byte, error) { return nil, errFull }

// readOnly is an archive on a disk that is full.
type readOnly struct{ memory }

func (*readOnly) Record(context.Context, map[string]string, []Change, []byte) error { return errFull }

func TestStartOnAFullDisk(t *testing.T) {
	l := begun(t, Input{Path: written(t, "web:\n  port: 1001\n")}, &readOnly{})
	if s := l.State(); s.Config.Web.Port != 1001 || s.Problem != "record the configuration file: no space left on device" {
		t.Errorf("got %+v", s)
	}
}

func TestReload(t *testing.T) {
	name := written(t, "web:\n  port: 1001\n  write_token: 12345678\ndisplay:\n  days: 3\nsources:\n  - {id: a, url: 'https://a.example/secret'}\n  - {id: b, url: 'https://b.example/secret'}\n  - {id: c, url: 'https://c.example/secret'}\n")
	kept := &memory{runtime: map[string]string{"display.theme": "dark"}}
	l := begun(t, Input{Path: name, Env: environment("CALENDARBOT_DISPLAY_DAYS=5")}, kept)
	before := l.State()

	if s, err := l.Reload(t.Context(), By{"Ada", "nothing"}); err != nil || s != before || kept.records != 1 {
		t.Errorf("without a difference: %v, %+v, %d records", err, s, kept.records)
	}

	text := "web:\n  port: 1002\n  write_token: 87654321\ndisplay:\n  days: 4\n  theme: light\n  clock: 24h\nsources:\n  - {id: c, url: 'https://c.example/secret'}\n  - {id: b, url: 'https://b.example/other'}\n  - {id: d, url: 'https://d.example/secret'}\n"
	rewrite(t, name, text)
	s, err := l.Reload(t.Context(), By{"Ada", "why not"})
	if err != nil || s != l.State() || s.Revision != 2 || s.Problem != "" || string(s.Text) != text || !slices.Equal(s.Pending, []string{"web.port"}) {
		t.Fatalf("got %+v, %v", s, err)
	}
	if c := s.Config; c.Web.Port != 1002 || c.Display.Days != 5 || c.Display.Theme != "dark" || len(c.Sources) != 3 {
		t.Errorf("got %+v", c)
	}
	if before.Config.Web.Port != 1001 || before.Revision != 1 {
		t.Error("the state before was changed")
	}
	change := func(id int64, key, from, to string, had, has bool) Change {
		return Change{ID: id, At: someday(), By: By{"Ada", "why not"}, Key: key, Layer: File, From: from, To: to, Had: had, Has: has}
	}
	want := []Change{
		change(1, "web.port", "1001", "1002", true, true),
		change(2, "web.write_token", "***", "***", true, true),
		change(3, "display.theme", "", "light", false, true),
		change(4, "display.clock", "", "24h", false, true),
		change(5, "display.days", "3", "4", true, true),
		change(6, "sources.a", "", "removed", true, false),
		change(7, "sources.b", "", "changed", true, true),
		change(8, "sources.d", "", "added", false, true),
	}
	if !reflect.DeepEqual(kept.changes, want) {
		t.Errorf("got  %+v\nwant %+v", kept.changes, want)
	}
	if strings.Contains(fmt.Sprintf("%+v", kept.changes[5:]), "secret") {
		t.Error("an address is in the log")
	}
	if string(kept.accepted) != text {
		t.Errorf("accepted %q", kept.accepted)
	}

	// A comment changes no value, but where each stands.
	rewrite(t, name, "# hello\n"+text)
	if s, err := l.Reload(t.Context(), By{}); err != nil || s.Revision != 3 || len(kept.changes) != 8 || find(t, s.Values, "web.port").Origin != "calendarbot.yaml:3" {
		t.Errorf("got %+v, %v", s, err)
	}
}

// TestReloadIsWholeOrNotAtAll gives a file with one mistake among what is allowed.
func TestReloadIsWholeOrNotAtAll(t *testing.T) {
	name := written(t, "web:\n  port: 1001\n")
	kept := &memory{}
	l := begun(t, Input{Path: name}, kept)
	before := l.State()
	for range 2 {
		rewrite(t, name, "web:\n  port: 1002\nlog:\n  level: loud\n  lever: 1\n")
		s, err := l.Reload(t.Context(), By{})
		if err == nil || strings.Count(err.Error(), "\n") != 1 || !strings.Contains(err.Error(), `calendarbot.yaml:4: log.level: "loud" is not allowed; allowed is debug, info, warn or error`) {
			t.Errorf("got %v", err)
		}
		if s != l.State() || s.Config.Web.Port != 1001 || s.Revision != 2 || !strings.HasSuffix(s.Problem, err.Error()) || s.Pending != nil {
			t.Errorf("got %+v", s)
		}
	}
	// What is set meanwhile goes by what holds, and the problem stays.
	if s := set(t, l, "display.days", "3"); s.Config.Web.Port != 1001 || s.Config.Display.Days != 3 || !strings.Contains(s.Problem, "loud") {
		t.Errorf("got %+v", s)
	}
	rewrite(t, name, "web:\n  port: 1001\n")
	if s, err := l.Reload(t.Context(), By{}); err != nil || s.Problem != "" || s.Revision != 4 {
		t.Errorf("got %+v, %v", s, err)
	}
	if before.Problem != "" || len(kept.changes) != 1 {
		t.Errorf("recorded %+v", kept.changes)
	}
}

func TestReloadOfAFileThatIsGone(t *testing.T) {
	name := written(t, "display:\n  days: 3\n")
	kept := &memory{}
	l := begun(t, Input{Path: name}, kept)
	remove(t, name)
	if s, err := l.Reload(t.Context(), By{}); err == nil || s.Config.Display.Days != 3 || !strings.Contains(s.Problem, "no such file") {
		t.Errorf("got %+v, %v", s, err)
	}

	l = begun(t, Input{Path: name, Optional: true}, &memory{})
	rewrite(t, name, "display:\n  days: 3\n")
	if s, err := l.Reload(t.Context(), By{}); err != nil || s.Config.Display.Days != 3 {
		t.Errorf("got %+v, %v", s, err)
	}
	remove(t, name)
	if s, err := l.Reload(t.Context(), By{}); err != nil || s.Config.Display.Days != 7 || s.Text != nil {
		t.Errorf("an optional file may go: got %+v, %v", s, err)
	}
}

func TestReloadOnAFullDisk(t *testing.T) {
	name := written(t, "display:\n  days: 3\n")
	kept := &memory{}
	l := begun(t, Input{Path: name}, kept)
	rewrite(t, name, "display:\n  days: 4\n")
	kept.full(errFull)
	if s, err := l.Reload(t.Context(), By{}); !errors.Is(err, errFull) || s.Config.Display.Days != 3 || !strings.Contains(s.Problem, "no space left") {
		t.Errorf("got %+v, %v", s, err)
	}
	if _, err := l.Changes(t.Context(), 1); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
	kept.full(nil)
	if s, err := l.Reload(t.Context(), By{}); err != nil || s.Config.Display.Days != 4 || s.Problem != "" {
		t.Errorf("got %+v, %v", s, err)
	}
	if changes, err := l.Changes(t.Context(), 5); err != nil || len(changes) != 1 || changes[0].Key != "display.days" {
		t.Errorf("got %+v, %v", changes, err)
	}
}

func TestReloadReadsTheEnvironmentAgain(t *testing.T) {
	var mu sync.Mutex
	port := "x"
	env := func(name string) (string, bool) {
		mu.Lock()
		defer mu.Unlock()
		if name != "CALENDARBOT_WEB_PORT" {
			return "", false
		}
		return port, true
	}
	l := begun(t, Input{Env: env}, &memory{accepted: []byte{}})
	for _, step := range []struct {
		port, want string
		refused    bool
	}{{"x", "x", false}, {"y", "y", true}, {"1003", "", false}, {"x", "x", true}, {"1004", "", false}} {
		mu.Lock()
		port = step.port
		mu.Unlock()
		s, err := l.Reload(t.Context(), By{})
		if (err != nil) != step.refused || (step.want == "") != (s.Problem == "") || !strings.Contains(s.Problem, step.want) {
			t.Errorf("%s: got %v, %q", step.port, err, s.Problem)
		}
	}
	if got := l.State().Config.Web.Port; got != 1004 {
		t.Errorf("got %d", got)
	}
}
