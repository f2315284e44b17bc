package board

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"calendarbot/scripts/demo/household"
)

// kept is where cards and figures are kept from one run to the next.
var kept = filepath.Join(repository, "dist", "board")

// memory is what is known of the card of a device that somebody has used for a while.
type memory struct {
	Image  string  // of which it is
	Port   int     // of this computer, where its calendars and updates are
	Reboot float64 // seconds from asking for a plain restart until a page was served
}

// home is a device that somebody has used for a while: a bench with a copy of its card, and where its calendars and updates come from.
type home struct {
	*bench
	memory
	updates *atomic.Pointer[string] // the folder that is served as the repository of updates
}

// newHome makes the device, or takes a copy of the one that was made of the same image before.
func newHome(t *testing.T) *home {
	t.Helper()
	image := image(t)
	info, err := os.Stat(image)
	if err != nil {
		t.Fatal(err)
	}
	origin := fmt.Sprint(filepath.Base(image), info.Size(), info.ModTime().UnixNano())
	if err := os.MkdirAll(kept, 0o755); err != nil {
		t.Fatal(err)
	}
	note := filepath.Join(kept, "home.json")
	var known memory
	if text, err := os.ReadFile(note); err == nil {
		if err := json.Unmarshal(text, &known); err != nil {
			t.Fatal(err)
		}
	}
	card := Card{filepath.Join(kept, "home.img")}
	key, err := NewKey(t.Context(), kept)
	if err != nil {
		t.Fatal(err)
	}
	h := &home{bench: &bench{card: card, key: key}, memory: known, updates: new(atomic.Pointer[string])}
	if known.Image != origin {
		// The note goes first and comes last, so that half a card is never taken for a whole one.
		if err := os.Remove(note); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		h.memory = memory{Image: origin}
		stop := h.serve(t, true)
		h.settle(t, image)
		stop()
		text, err := json.Marshal(h.memory)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(note, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(h.serve(t, false))
	copied := filepath.Join(t.TempDir(), "card.img")
	if _, err := output(t.Context(), "cp", "--sparse=always", "--reflink=auto", card.File, copied); err != nil {
		t.Fatal(err)
	}
	h.card = Card{copied}
	t.Logf("a plain restart of this device takes %.0f s here", h.Reboot)
	figure(t, "plain restart", h.Reboot, "s")
	return h
}

// serve serves the household's calendars and the repository of updates. The person's own calendar is there only at first: later
// its events are nowhere but on the device.
func (h *home) serve(t *testing.T, first bool) (stop func()) {
	t.Helper()
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", h.Port))
	if err != nil {
		t.Fatalf("%v; the device knows this port: remove %s for another", err, kept)
	}
	h.Port = listener.Addr().(*net.TCPAddr).Port
	mux := http.NewServeMux()
	mux.Handle("/", household.Handler(time.Now()))
	if first {
		mux.HandleFunc("/person.ics", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/calendar")
			fmt.Fprint(w, personCalendar(time.Now()))
		})
	}
	mux.HandleFunc("/updates/", func(w http.ResponseWriter, r *http.Request) {
		if folder := h.updates.Load(); folder != nil {
			http.StripPrefix("/updates/", http.FileServer(http.Dir(*folder))).ServeHTTP(w, r)
			return
		}
		http.NotFound(w, r)
	})
	server := httptest.NewUnstartedServer(mux)
	if err := server.Listener.Close(); err != nil {
		t.Fatal(err)
	}
	server.Listener = listener
	server.Start()
	h.feeds = Household(h.Port)[:2]
	return server.Close
}

// updatesFile has the tests' settings of updates: from here, only when asked, with short trials. It is the device's configuration file, so that
// each config slot has it. The emulated watchdog strikes as soon as it is opened: restarts do without.
const updatesFile = `set -e
mkdir -p /etc/systemd/system.conf.d
printf '[Manager]\nRebootWatchdogSec=off\n' >/etc/systemd/system.conf.d/90-emulated.conf
cat >>/etc/calendarbot/calendarbot.yaml <<EOF
update:
  url: http://%s:%d/updates/
  automatic: off
  trial: 1m
EOF
systemctl reload calendarbot.service
systemctl try-restart calendarbot-trial.service
sync
`

// settle makes a device of an image: the first boot, what a person does on it, both systems. It ends switched off.
func (h *home) settle(t *testing.T, image string) {
	t.Helper()
	begin := time.Now()
	card, err := Insert(t.Context(), image, h.card.File)
	if err != nil {
		t.Fatal(err)
	}
	h.card = card
	h.seed(t, Settings{Hostname: "kitchen", Zone: "Europe/Berlin", PIN: personPIN})
	b := h.on(t)
	b.boots(t, "first boot of the device for updates")
	b.run(t, fmt.Sprintf(updatesFile, HostAddress, h.Port))
	b.post(t, "/api/v1/sources", map[string]any{"name": personSource, "url": fmt.Sprintf("http://%s:%d/person.ics", HostAddress, h.Port), "lan": true})
	b.run(t, "calendarbot config set display.theme "+personTheme+" --why 'too bright at night'")
	b.keepsPerson(t)
	b.until(t, waitTime, bootState+" get BOOT_A_LEFT | grep -qx 9")
	b.run(t, "systemctl stop calendarbot-clone.timer calendarbot-clone.service; sync; "+bootState+" set BOOT_B_LEFT 3")

	from := time.Now()
	b.restart(t)
	h.Reboot = time.Since(from).Seconds()
	b.keepsPerson(t)
	b.off(t)
	h.twin(t)
	t.Logf("a device for updates was made in %.0f s, a plain restart of it takes %.0f s", time.Since(begin).Seconds(), h.Reboot)
}

// on switches the board on. What it says on its console stands in a file, for who looks why one hangs.
func (h *home) on(t *testing.T) *running {
	t.Helper()
	b := h.bench.on(t)
	file, err := os.OpenFile(filepath.Join(kept, "console.txt"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer file.Close() // it is a help, and no more
		for number := 0; ; {
			line, next, err := b.Console.Next(context.Background(), number)
			if err != nil {
				return
			}
			fmt.Fprintf(file, "%7.1f %s\n", line.After.Seconds(), line.Text)
			number = next
		}
	}()
	return b
}

// twin puts a copy of the system in slot A into slot B: what the device does by itself, slowly, on its first day.
func (h *home) twin(t *testing.T) {
	t.Helper()
	s, err := h.card.Slot(t.Context(), filepath.Join(t.TempDir(), "slot"))
	if err != nil {
		t.Fatal(err)
	}
	table, err := h.card.Partitions()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := output(t.Context(), "dd", "if="+s.File, "of="+h.card.File, "bs=1M", "conv=notrunc,sparse", "status=none",
		fmt.Sprintf("seek=%d", table[2].Offset>>20)); err != nil {
		t.Fatal(err)
	}
}
