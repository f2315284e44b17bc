package network

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
)

func TestStateIsToldAndRead(t *testing.T) {
	root := t.TempDir()
	e := NewExchange(root, "")
	if _, err := e.State(); !Absent(err) {
		t.Errorf("before: %v", err)
	}
	if _, err := (Exchange{}).State(); !Absent(err) {
		t.Errorf("elsewhere: %v", err)
	}
	told := State{Mode: Hosting, Own: "CalendarBot-12EF", Radio: true, Found: []Found{{SSID: "Home", Signal: -50, Secured: true}}, Trouble: "x"}
	if err := e.tell(told); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(root, "run/calendarbot-network/state.json")
	if got, err := e.State(); err != nil || !reflect.DeepEqual(got, told) {
		t.Errorf("%+v, %v", got, err)
	}
	if info, err := os.Stat(name); err != nil || info.Mode() != 0o644 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	for _, text := range []string{"{", strings.Repeat(" ", maxState+1)} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := e.State(); err == nil || Absent(err) {
			t.Errorf("%.5q: %v", text, err)
		}
	}
}

func TestRequestsAreTakenOnce(t *testing.T) {
	e := NewExchange(t.TempDir(), filepath.Join(t.TempDir(), "data"))
	if r, err := e.take(); r != nil || err != nil {
		t.Errorf("without a folder: %v, %v", r, err)
	}
	asked := Request{"DE", Network{SSID: "Home", Passphrase: "correct horse", Hidden: true}}
	if err := e.Ask(Request{"DE", Network{SSID: "Before"}}); err != nil {
		t.Fatal(err)
	}
	if err := e.Ask(asked); err != nil {
		t.Fatal(err)
	}
	if r, err := e.take(); err != nil || r == nil || *r != asked {
		t.Errorf("took %+v, %v", r, err)
	}
	if r, err := e.take(); r != nil || err != nil {
		t.Errorf("took again: %v, %v", r, err)
	}
	if files, err := os.ReadDir(filepath.Join(e.data, "network")); err != nil || len(files) != 0 {
		t.Errorf("left behind: %v, %v", files, err)
	}
	if err := e.Ask(Request{"xx", Network{Passphrase: "geheim"}}); err == nil || strings.Contains(err.Error(), "geheim") {
		t.Errorf("a bad request: %v", err)
	}
}

// What the program that strangers talk to could leave there is read as a request or not at all, and is gone then.
func TestStrangeRequestsAreRemoved(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret")
	good := `{"ssid":"Home","passphrase":"correct horse"}`
	if err := os.WriteFile(outside, []byte(good), 0o600); err != nil {
		t.Fatal(err)
	}
	write := func(text string) func(string) error {
		return func(name string) error { return os.WriteFile(name, []byte(text), 0o600) }
	}
	for what, leave := range map[string]func(name string) error{
		"a link to another file": func(name string) error { return os.Symlink(outside, name) },
		"a link to nowhere":      func(name string) error { return os.Symlink("/nowhere", name) },
		"a folder":               func(name string) error { return os.MkdirAll(filepath.Join(name, "more"), 0o755) },
		"a pipe":                 func(name string) error { return syscall.Mkfifo(name, 0o666) },
		"nothing":                write(""),
		"no request":             write("[1]"),
		"no name":                write(`{"passphrase":"geheim99"}`),
		"a short passphrase":     write(`{"ssid":"x","passphrase":"geheim"}`),
		"a line break":           write(`{"ssid":"x","passphrase":"geheim99\nnetwork={"}`),
		"another country":        write(`{"ssid":"x","country":"\n}"}`),
		"too much":               write(good + strings.Repeat(" ", maxRequest)),
	} {
		t.Run(what, func(t *testing.T) {
			e := NewExchange(t.TempDir(), t.TempDir())
			name := filepath.Join(e.data, "network/wanted.json")
			if err := os.Mkdir(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := leave(name); err != nil {
				t.Fatal(err)
			}
			r, err := e.take()
			if r != nil || err == nil || strings.Contains(err.Error(), "geheim") {
				t.Errorf("took %v, %v", r, err)
			}
			if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("it is still there: %v", err)
			}
		})
	}
	// A folder that is a link out of the program's own.
	e := NewExchange(t.TempDir(), t.TempDir())
	if err := os.Rename(outside, filepath.Join(filepath.Dir(outside), "wanted.json")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Dir(outside), filepath.Join(e.data, "network")); err != nil {
		t.Fatal(err)
	}
	if r, err := e.take(); r != nil || err == nil {
		t.Errorf("took %v from outside, %v", r, err)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(outside), "wanted.json")); err != nil {
		t.Errorf("removed outside: %v", err)
	}
}

func TestAskSaysWhenItCannotKeepARequest(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := NewExchange("", file).Ask(Request{"", Network{SSID: "x", Passphrase: "geheim99"}}); err == nil || strings.Contains(err.Error(), "geheim") {
		t.Errorf("said %v", err)
	}
	if err := NewExchange(file, "").tell(State{}); err == nil {
		t.Error("told nobody")
	}
	if _, err := NewExchange("", file).take(); err == nil {
		t.Error("a file is taken for a folder")
	}
}

// FuzzParseRequest takes whatever the program that strangers talk to may leave: what is taken can be written for wpa_supplicant.
func FuzzParseRequest(f *testing.F) {
	f.Add([]byte(`{"country":"DE","ssid":"Home","passphrase":"correct horse","hidden":true}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := parseRequest(text)
		if err != nil {
			return
		}
		w := Wifi{Country: r.Country, Networks: []Network{r.Network}}
		if got, err := parseSupplicant(w.text()); err != nil || !reflect.DeepEqual(got, w) {
			t.Fatalf("%+v became %+v, %v", w, got, err)
		}
	})
}
