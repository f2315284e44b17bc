package overlay

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/slot"
)

// What came with the slots.
const (
	stable    = "# stable\nfeatures:\n  request_pipeline: 0%\n  cache_warming: 0%\n"
	candidate = "# candidate\nfeatures:\n  request_pipeline: 100%\n  cache_warming: 100%\n"
)

// board is a device in a folder.
type board struct {
	t    *testing.T
	root string
}

// newBoard is a device as it comes, whose slot a is mounted.
func newBoard(t *testing.T) board {
	t.Helper()
	b := board{t, t.TempDir()}
	b.put("usr/share/calendarbot/overlay/a/etc/"+agentFile, stable)
	b.put("usr/share/calendarbot/overlay/b/etc/"+agentFile, candidate)
	b.put("etc/passwd", "root:x:0:0::/:/bin/sh\ncalendarbot:x:870:871::/:/bin/false\n")
	return b
}

func now() time.Time { return time.Date(2026, 3, 9, 8, 0, 0, 0, time.UTC) }

func (b board) put(name, text string) {
	b.t.Helper()
	full := filepath.Join(b.root, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(full), 0o755), os.WriteFile(full, []byte(text), 0o644)); err != nil {
		b.t.Fatal(err)
	}
}

func (b board) text(name string) string {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(b.root, name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		b.t.Fatal(err)
	}
	return string(text)
}

func (b board) state() slot.State {
	b.t.Helper()
	s, err := device(b.root).states().Read(slot.Config)
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// selected is the slot of a start, and what was wrong.
func selected(root string) (slot.Name, error) {
	n, reason := Select(root, now())
	return n, errors.Join(reason, Prepare(root, n))
}

// start is a start of the device, which mounts what is chosen.
func (b board) start() slot.Name {
	b.t.Helper()
	n, reason := selected(b.root)
	if reason != nil {
		b.t.Fatalf("started with %v", reason)
	}
	b.put(mountedFile, string(n)+"\n")
	return n
}

// obey carries an order out.
func (b board) obey(do string) Done {
	b.t.Helper()
	done, err := Obey(b.root, slot.Order{Do: do, Kind: slot.Config, Why: "for a test", By: "person", At: now()}, now())
	if err != nil {
		b.t.Fatalf("%s: %v", do, err)
	}
	return done
}

// holds asks for settings of a slot as it would be mounted.
func (b board) holds(n slot.Name, want map[string]string) {
	b.t.Helper()
	i, err := effective(device(b.root).layers(n), agentFile)
	if err != nil {
		b.t.Fatal(err)
	}
	_, values, err := config.Load(config.Input{Path: "calendarbot.yaml", Text: append([]byte{}, i.text...)})
	if err != nil {
		b.t.Fatalf("slot %s: %v", n, err)
	}
	for _, v := range values {
		if text, asked := want[v.Key]; asked && v.Text != text {
			b.t.Errorf("slot %s: %s is %q, want %q", n, v.Key, v.Text, text)
		}
	}
}

// tree is everything below a folder: modes, owners and contents.
func (b board) tree(name string) map[string]string {
	b.t.Helper()
	all := map[string]string{}
	top := filepath.Join(b.root, name)
	err := walk(top, func(name string, info fs.FileInfo) error {
		uid, gid := owner(info)
		what := fmt.Sprintf("%v %d:%d ", info.Mode(), uid, gid)
		switch {
		case info.Mode().IsRegular():
			text, err := os.ReadFile(filepath.Join(top, name))
			all[name] = what + string(text)
			return err
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(filepath.Join(top, name))
			all[name] = what + target
			return err
		}
		value := make([]byte, 10)
		if n, err := syscall.Getxattr(filepath.Join(top, name), opaque, value); err == nil {
			what += string(value[:n])
		}
		all[name] = what
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return all
}

const (
	upperA = "data/config/a/etc/"
	upperB = "data/config/b/etc/"
)

func TestACandidateIsMadeTriedAndKept(t *testing.T) {
	b := newBoard(t)
	if n := b.start(); n != slot.A {
		t.Fatalf("started %s", n)
	}
	b.put(upperA+agentFile, stable+"web:\n  pin: \"2468\" # ours\n")
	b.put(upperA+"hostname", "kitchen\n")
	done, err := Stage(b.root, now())
	if err != nil || done.Slot != slot.B || !strings.HasPrefix(done.Version, "config-") || len(done.Conflicts) > 0 || done.Restart {
		t.Fatalf("%v, %+v", err, done)
	}
	b.holds(slot.B, map[string]string{"features.request_pipeline": "100%", "features.cache_warming": "100%", "web.pin": "***"})
	if text := b.text(upperB + agentFile); !strings.Contains(text, `pin: "2468" # ours`) || b.text(upperB+"hostname") != "kitchen\n" {
		t.Errorf("the candidate is %s", text)
	}
	if b.text("data/config/b/base/etc/"+agentFile) != candidate {
		t.Error("what the candidate is made of is not known")
	}
	if n := b.start(); n != slot.A {
		t.Errorf("a candidate alone is started: %s", n)
	}
	if done := b.obey("try"); !done.Restart || b.state().Trial == nil || b.state().Trial.Tries != tries {
		t.Errorf("%+v", done)
	}
	if _, err := Obey(b.root, slot.Order{Do: "keep", Kind: slot.Config}, now()); err == nil || !strings.Contains(err.Error(), "not started yet") {
		t.Errorf("kept before it was started: %v", err)
	}
	b.put(upperA+"hostname", "hall\n") // changed between: the switch takes it along
	if n := b.start(); n != slot.B || b.text(upperB+"hostname") != "hall\n" {
		t.Errorf("started %s", n)
	}
	if _, err := Stage(b.root, now()); err == nil || !strings.Contains(err.Error(), "on trial") {
		t.Errorf("staged during a trial: %v", err)
	}
	if done := b.obey("keep"); done.Restart || b.state().Active != slot.B {
		t.Errorf("%+v", done)
	}
	if done := b.obey("back"); !done.Restart || b.state().Active != slot.A {
		t.Errorf("%+v", done)
	}
	if _, err := Stage(b.root, now()); err == nil || !strings.Contains(err.Error(), "still in use") {
		t.Errorf("staged where it is mounted: %v", err)
	}
	if n := b.start(); n != slot.A {
		t.Errorf("started %s", n)
	}
	if _, err := Obey(b.root, slot.Order{Do: "back", Kind: slot.Config}, now()); !errors.Is(err, slot.ErrNothingToGoBackTo) {
		t.Errorf("back twice: %v", err)
	}
}

func TestATrialEndsByItself(t *testing.T) {
	b := newBoard(t)
	b.start()
	if _, err := Set(b.root, map[string]string{"display.days": "14"}, now()); err != nil {
		t.Fatal(err)
	}
	b.holds(slot.B, map[string]string{"display.days": "14", "features.cache_warming": "100%"})
	b.obey("try")
	for range tries {
		if n := b.start(); n != slot.B {
			t.Fatalf("started %s", n)
		}
	}
	version := b.state().Trial.Version
	if _, err := device(b.root).states().Change(slot.Config, func(s slot.State) (slot.State, error) { return s.Deny("another", "it was slow", now()), nil }); err != nil {
		t.Fatal(err)
	}
	if done, err := Obey(b.root, slot.Order{Do: "allow", Kind: slot.Config, Version: "another"}, now()); err != nil || done.Restart {
		t.Errorf("to allow another one restarts the device: %v, %+v", err, done)
	}
	if _, err := Obey(b.root, slot.Order{Do: "back", Kind: slot.Config, Version: "another"}, now()); err == nil || !strings.Contains(err.Error(), "it is "+version+" by now") {
		t.Errorf("with its last try in use another one is meant: %v", err)
	}
	b.put(upperB+"wpa_supplicant/wpa_supplicant-wlan0.conf", "network={}\n") // joined during the trial
	if n := b.start(); n != slot.A || b.text(upperA+"wpa_supplicant/wpa_supplicant-wlan0.conf") != "network={}\n" {
		t.Errorf("started %s", n)
	}
	last := b.state().Last
	if last == nil || last.Kept || last.By != "tries" {
		t.Errorf("the outcome is %+v", last)
	}
	// With the network that was joined meanwhile it is another one; the very same is not staged again.
	if _, err := Set(b.root, map[string]string{"display.days": "14"}, now()); err != nil {
		t.Error(err)
	}
	b.obey("try")
	b.start()
	b.obey("back")
	b.start()
	if _, err := Set(b.root, map[string]string{"display.days": "14"}, now()); err == nil || !strings.Contains(err.Error(), "tried before") {
		t.Errorf("staged what went wrong: %v", err)
	}
	if _, err := Set(b.root, map[string]string{"display.days": "15"}, now()); err != nil {
		t.Error(err)
	}
}

// TestACandidateThatTakesItsPlaceLater: the program that staged it ended before that, and the device goes on until its next start.
func TestACandidateThatTakesItsPlaceLater(t *testing.T) {
	const note = `{"version":"config-later","digest":"","format":1,"at":"2026-03-09T08:00:00Z"}`
	for _, c := range []struct {
		name, note string
		meanwhile  func(b board)
		days       string // of slot b after the next start
		version    string
	}{
		{"nothing", note, func(board) {}, "9", "config-later"},
		{"the one before is tried", note, func(b board) { b.obey("try") }, "14", ""},
		{"it is not to be tried again", note, func(b board) {
			b.put("data/slots/config.json", `{"active":"a","denied":[{"version":"config-later","why":"x","at":"2026-03-09T08:00:00Z"}]}`)
		}, "9", ""},
		{"the state is lost", note, func(b board) { b.must(os.Remove(filepath.Join(b.root, "data/slots/config.json"))) }, "9", "config-later"},
		{"nobody can tell what it is", "{", func(board) {}, "9", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBoard(t)
			b.start()
			if _, err := Set(b.root, map[string]string{"display.days": "14"}, now()); err != nil {
				t.Fatal(err)
			}
			before := b.state().Slots[slot.B].Version
			b.put("data/config/b.next/etc/"+agentFile, "display: {days: 9}\n")
			b.put("data/config/b.next/"+stagedFile, c.note)
			c.meanwhile(b)
			b.start()
			b.holds(slot.B, map[string]string{"display.days": c.days})
			want := c.version
			if c.days == "14" {
				want = before
			}
			if s := b.state(); s.Slots[slot.B].Version != want || there(filepath.Join(b.root, "data/config/b", stagedFile)) || there(filepath.Join(b.root, "data/config/b.next")) {
				t.Errorf("want %q: %+v", want, s)
			}
		})
	}
}

func TestTextsOfAPersonAreChecked(t *testing.T) {
	b := newBoard(t)
	b.start()
	if _, err := Stage(b.root, now()); err != nil {
		t.Fatal(err)
	}
	before := b.tree("data/config")
	for text, want := range map[string]string{
		"web:\n  port: many\n":                 "calendarbot.yaml:2: web.port",
		"a: [":                                 "calendarbot.yaml:1: not valid YAML",
		"log: {level: info}\n---\n":            "second document",
		"nonsense: 1\n":                        "not a section",
		strings.Repeat("# words\n", 1+1<<20/8): "larger than",
	} {
		if _, err := StageText(b.root, []byte(text), now()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: %v", text, err)
		}
	}
	if _, err := Set(b.root, map[string]string{"web.prot": "80", "display.days": "0"}, now()); err == nil || !strings.Contains(err.Error(), "did you mean web.port") || !strings.Contains(err.Error(), "display.days") {
		t.Errorf("%v", err)
	}
	if after := b.tree("data/config"); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("something changed:\n%v\n%v", before, after)
	}
	const own = "# all mine\nfeatures: {cache_warming: 5%}\n"
	if _, err := StageText(b.root, []byte(own), now()); err != nil || b.text(upperB+agentFile) != own {
		t.Errorf("%v", err)
	}
	info, err := os.Stat(filepath.Join(b.root, upperB, agentFile))
	if err != nil || info.Mode() != 0o640 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if _, gid := owner(info); os.Geteuid() == 0 && gid != 871 {
		t.Errorf("the group is %d", gid)
	}
	if done, err := Obey(b.root, slot.Order{Do: "stage", Kind: slot.Config, Text: own + "# more\n"}, now()); err != nil || b.text(upperB+agentFile) != own+"# more\n" {
		t.Errorf("%v, %+v", err, done)
	}
	b.put(upperA+agentFile, stable+"display:\n  days: 9\n")
	order := slot.Order{Do: "stage", Kind: slot.Config, Set: map[string]string{"display.clock": "12h", "features.cache_warming": "40%"}}
	if _, err := Obey(b.root, order, now()); err != nil {
		t.Error(err)
	}
	b.holds(slot.B, map[string]string{ // what B came with, below what was changed on the device, below what is set
		"features.request_pipeline": "100%", "display.days": "9", "display.clock": "12h", "features.cache_warming": "40%",
	})
	if err := os.Remove(filepath.Join(b.root, upperA, agentFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := Obey(b.root, slot.Order{Do: "stage", Kind: slot.Config}, now()); err != nil || b.text(upperB+agentFile) != "" {
		t.Errorf("what came is copied: %v", err)
	}
}

func TestOrdersAreRefused(t *testing.T) {
	b := newBoard(t)
	b.start()
	for _, c := range []struct {
		order slot.Order
		want  string
	}{
		{slot.Order{Do: "try", Kind: slot.Agent}, "for the configuration"},
		{slot.Order{Do: "fly", Kind: slot.Config}, "allowed are stage, try, keep, back and allow"},
		{slot.Order{Do: "try", Kind: slot.Config}, "nothing is staged"},
		{slot.Order{Do: "keep", Kind: slot.Config}, "nothing is on trial"},
		{slot.Order{Do: "try", Kind: slot.Config, Version: "config-1"}, "config-1 is meant, but it is nothing by now"},
		{slot.Order{Do: "allow", Kind: slot.Config, Version: "config-1"}, "configuration config-1 is not refused, and no other one is"},
		{slot.Order{Do: "stage", Kind: slot.Config, Text: "web: {port: many}\n"}, "web.port"},
		{slot.Order{Do: "stage", Kind: slot.Config, Set: map[string]string{"web.port": "many"}}, "web.port"},
	} {
		if _, err := Obey(b.root, c.order, now()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c.order, err)
		}
	}
}

func TestTreesAreCopiedFaithfully(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root makes whiteouts, owners and opaque folders")
	}
	b := newBoard(t)
	b.start()
	b.put(upperA+"ssh/authorized_keys", "ssh-ed25519 AAAA\n")
	b.put(upperA+"cron.d/mine", "x\n")
	for _, err := range []error{
		os.Chmod(filepath.Join(b.root, upperA, "ssh/authorized_keys"), 0o600),
		os.Chown(filepath.Join(b.root, upperA, "cron.d/mine"), 870, 871),
		os.Chmod(filepath.Join(b.root, upperA, "cron.d"), 0o750),
		os.Symlink("../usr/share/zoneinfo/Europe/Berlin", filepath.Join(b.root, upperA, "localtime")),
		os.Symlink("/nowhere", filepath.Join(b.root, upperA, "cron.d/dangling")),
		syscall.Mknod(filepath.Join(b.root, upperA, "motd"), syscall.S_IFCHR, 0),
		syscall.Mkfifo(filepath.Join(b.root, upperA, "pipe"), 0o600),
		os.Chown(filepath.Join(b.root, upperA, "cron.d"), 870, 871),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Setxattr(filepath.Join(b.root, upperA, "cron.d"), opaque, []byte("y"), 0); errors.Is(err, syscall.ENOTSUP) || errors.Is(err, syscall.EPERM) {
		t.Logf("no opaque folders here: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	if _, err := Stage(b.root, now()); err != nil {
		t.Fatal(err)
	}
	want := b.tree(upperA)
	delete(want, "pipe")
	if got := b.tree(upperB); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}
