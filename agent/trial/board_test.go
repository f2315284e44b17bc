package trial

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/slot"
)

// board is a device in a folder: systemd and the boot state are programs there that write down what they are told.
type board struct {
	t *testing.T
	Device
	now  time.Time
	said []string
}

// fakes are the programs. The boot state is kept in files that are named as its entries.
const (
	fakeSystemctl = `#!/bin/sh
root=${0%/*}
case " $* " in
    *" show "*) echo asked >>"$root/asked"; cat "$root/unit" ;;
    *) echo "$*" >>"$root/told"; ! [ -e "$root/refuse" ] ;;
esac
`
	fakeBootState = `#!/bin/sh
state=${0%/*}/state
echo "$1" >>"$state/asked"
case $1 in
    show) echo "SLOT=$(cat "$state/slot")"; for name in BOOT_ORDER BOOT_A_LEFT BOOT_B_LEFT; do echo "$name=$(cat "$state/$name")"; done ;;
    set) shift; while [ $# -gt 0 ]; do echo "$2" >"$state/$1"; shift 2; done ;;
esac
`
)

// newBoard is a device that runs from system slot a, which is confirmed, as b is.
func newBoard(t *testing.T) *board {
	t.Helper()
	root := t.TempDir()
	b := &board{t: t, Device: Device{Root: root, Systemctl: filepath.Join(root, "systemctl")}, now: time.Date(2026, 3, 9, 8, 0, 0, 0, time.UTC)}
	b.write("systemctl", fakeSystemctl, 0o755)
	b.write("unit", "ActiveState=active\nNRestarts=0\n", 0o644)
	b.write(bootState, fakeBootState, 0o755)
	b.write(bootSector, "", 0o644)
	b.boot("a", "A B", 9, 9)
	b.write(bakedProgram, "baked", 0o755)
	b.write("data/agent/a/calendarbot", "program a", 0o755)
	b.write("data/agent/b/calendarbot", "program b", 0o755)
	return b
}

func (b *board) write(name, text string, mode os.FileMode) {
	b.t.Helper()
	name = b.path(name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), mode)); err != nil {
		b.t.Fatal(err)
	}
}

// boot is what the boot state says.
func (b *board) boot(running, order string, left ...int) {
	b.t.Helper()
	b.write("usr/lib/calendarbot/state/slot", strings.ToUpper(running), 0o644)
	b.write("usr/lib/calendarbot/state/BOOT_ORDER", order, 0o644)
	b.write("usr/lib/calendarbot/state/BOOT_A_LEFT", fmt.Sprint(left[0]), 0o644)
	b.write("usr/lib/calendarbot/state/BOOT_B_LEFT", fmt.Sprint(left[1]), 0o644)
}

// booted is the boot state in words.
func (b *board) booted() string {
	return b.first("usr/lib/calendarbot/state/BOOT_ORDER") + " first, " + b.first("usr/lib/calendarbot/state/BOOT_A_LEFT") + " and " + b.first("usr/lib/calendarbot/state/BOOT_B_LEFT")
}

// told is what systemd was told since it was asked last, in one line.
func (b *board) told() string {
	text := strings.TrimSpace(b.text("told"))
	if err := os.RemoveAll(b.path("told")); err != nil {
		b.t.Fatal(err)
	}
	return strings.ReplaceAll(text, "\n", ", ")
}

// change changes a state by a step that is to be allowed.
func (b *board) change(k slot.Kind, do func(slot.State) (slot.State, error)) slot.State {
	b.t.Helper()
	s, err := b.Slots().Change(k, do)
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// stage puts a version into a slot, and on trial when that is said; started tells whether it was started.
func (b *board) stage(k slot.Kind, n slot.Name, version string, words ...string) {
	b.t.Helper()
	b.change(k, func(s slot.State) (slot.State, error) { return s.Stage(n, slot.Content{Version: version, At: b.now}) })
	for _, word := range words {
		b.change(k, func(s slot.State) (slot.State, error) {
			switch word {
			case "try":
				return s.Try(n, Tries, "person", b.now)
			case "start":
				s, _ = s.Start(b.now)
				return s, nil
			}
			return s.Keep(b.now)
		})
	}
}

func (b *board) state(k slot.Kind) slot.State {
	b.t.Helper()
	s, err := b.Slots().Read(k)
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// say takes in what is said.
func (b *board) say(format string, values ...any) {
	b.said = append(b.said, fmt.Sprintf(format, values...))
}

func (b *board) heard(part string) bool { return strings.Contains(strings.Join(b.said, "\n"), part) }

// watched runs the judge with what is seen, five seconds apart, the last of it for ever; it returns how long it took. Looks that change the board
// are functions of it.
func (b *board) watched(looks ...func() Observation) (time.Duration, error) {
	b.t.Helper()
	var elapsed time.Duration
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	i := 0
	w := &Watch{
		Device: b.Device, Limits: Usual(3 * time.Minute), Version: "5.0", Now: func() time.Time { return b.now.Add(elapsed) },
		Elapsed: func() time.Duration { return elapsed },
		Pause: func(ctx context.Context) error {
			elapsed += 5 * time.Second
			if elapsed > time.Hour {
				cancel()
			}
			return ctx.Err()
		},
		See: func(context.Context) Observation {
			look := looks[min(i, len(looks)-1)]
			i++
			return look()
		},
		Say: b.say,
	}
	err := w.Run(ctx)
	return elapsed, err
}

// keeper carries out orders.
func (b *board) keeper() *Keeper {
	return &Keeper{
		Device: b.Device, Now: func() time.Time { return b.now }, Say: b.say,
		Config: func(o slot.Order) (string, bool, error) {
			if o.Do != "try" {
				return "", false, errors.New("this is wrong with line 1")
			}
			return "It is tried.", true, nil
		},
	}
}

// pages serves what a program shows, by path.
func pages(t *testing.T, shown map[string]string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := shown[r.URL.Path]
		switch {
		case !ok:
			w.WriteHeader(http.StatusServiceUnavailable)
		case text == "cut":
			w.Header().Set("Content-Length", "100")
		case text == "away":
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		}
		if _, err := w.Write([]byte(text)); err != nil && text != "cut" {
			t.Error(err)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}
