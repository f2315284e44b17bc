package network

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// house is a device's files, and what systemd and the kernel do there.
type house struct {
	*Watch
	t         *testing.T
	now       time.Time
	addresses map[string][]netip.Addr
	asked     []string // of systemd
	refuses   error    // what it says to that
	log       strings.Builder
}

func newHouse(t *testing.T) *house {
	h := &house{t: t, now: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), addresses: map[string][]netip.Addr{}}
	h.Watch = &Watch{
		Root: t.TempDir(), Data: "var/lib/calendarbot",
		Systemctl: func(_ context.Context, words ...string) error {
			h.asked = append(h.asked, strings.Join(words, " "))
			return h.refuses
		},
		Addresses: func(name string) ([]netip.Addr, error) {
			if h.addresses[name] == nil {
				return nil, errors.New("no such interface")
			}
			return h.addresses[name], nil
		},
		Now: func() time.Time { return h.now },
		Log: slog.New(slog.NewTextHandler(&h.log, nil)),
	}
	put(t, h.Root, "sys/class/net/wlan0/address", "b8:27:eb:ab:12:ef\n")
	if err := os.MkdirAll(filepath.Join(h.Root, h.Data), 0o755); err != nil {
		t.Fatal(err)
	}
	return h
}

// turn goes on by so many seconds, looks once, and returns what was asked of systemd.
func (h *house) turn(seconds int) string {
	h.t.Helper()
	h.now, h.asked = h.now.Add(time.Duration(seconds)*time.Second), nil
	if err := h.Turn(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	return strings.Join(h.asked, "; ")
}

func (h *house) state() State {
	h.t.Helper()
	s, err := NewExchange(h.Root, "").State()
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

func (h *house) want(what, got, want string) {
	h.t.Helper()
	if got != want {
		h.t.Fatalf("%s: asked of systemd: %q, not %q\n%s", what, got, want, h.log.String())
	}
}

const (
	join = "restart wpa_supplicant@wlan0.service"
	host = "restart calendarbot-ap.service"
	none = "stop calendarbot-ap.service wpa_supplicant@wlan0.service"

	scan  = "bssid / frequency / signal level / flags / ssid\n02:00:00:00:01:00\t2412\t-50\t[WPA2-PSK-CCMP][ESS]\tHome\n"
	inNet = "ssid=Home\nwpa_state=COMPLETED\n"
)

// A new device: the access point opens, a person sets a network with a wrong password, then with the right one.
func TestANewDevice(t *testing.T) {
	h := newHouse(t)
	exchange := NewExchange(h.Root, filepath.Join(h.Root, h.Data))
	h.want("at first", h.turn(0), "")
	h.want("nobody is there", h.turn(20), host)
	if info, err := os.Stat(filepath.Join(h.Root, "run/calendarbot-network/access-point.conf")); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	ap := startSupplicant(t, accessPointSocket(h.Root), map[string]string{"STA-FIRST": "02:00:00:00:00:05\nflags=[AUTH]\n", "SCAN_RESULTS": scan})
	h.want("it is open", h.turn(5), "")
	if s := h.state(); s.Mode != Hosting || s.Own != "CalendarBot-12EF" || len(s.Found) != 1 || s.Trouble != "" {
		t.Errorf("told %+v", s)
	}
	if err := exchange.Ask(Request{"DE", Network{SSID: "Home", Passphrase: "wrong horse"}}); err != nil {
		t.Fatal(err)
	}
	h.want("a person asks", h.turn(5), join)
	if s := h.state(); s.Mode != Trying || s.SSID != "Home" {
		t.Errorf("told %+v", s)
	}
	ap.stop()
	h.want("it is tried", h.turn(59), "")
	h.want("in vain", h.turn(1), host)
	if s := h.state(); s.Mode != Hosting || !strings.Contains(s.Trouble, `"Home" could not be joined within 60 seconds. It is in reach`) {
		t.Errorf("told %+v", s)
	}
	if _, err := os.Stat(filepath.Join(h.Root, supplicantFile)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what could not be joined is kept: %v", err)
	}

	if err := exchange.Ask(Request{"DE", Network{SSID: "Home", Passphrase: "correct horse"}}); err != nil {
		t.Fatal(err)
	}
	h.want("a person asks again", h.turn(5), join)
	startSupplicant(t, stationSocket(h.Root), map[string]string{"STATUS": inNet, "SCAN_RESULTS": scan})
	h.want("it is in, without an address", h.turn(5), "")
	h.addresses["wlan0"] = []netip.Addr{netip.MustParseAddr("fe80::1"), netip.MustParseAddr("192.168.1.5")}
	h.want("it is in", h.turn(5), "")
	if s := h.state(); s.Mode != Wireless || s.SSID != "Home" || s.Trouble != "" || s.Country != "DE" {
		t.Errorf("told %+v", s)
	}
	if w, err := Read(h.Root); err != nil || len(w.Networks) != 1 || w.Networks[0].Passphrase != "correct horse" {
		t.Errorf("configured %+v, %v", w, err)
	}
	if text := h.log.String(); strings.Contains(text, "horse") {
		t.Errorf("a secret is in the log:\n%s", text)
	}
}

// A device that is at home: the person's mistake costs nothing, and what is known stays behind what is new.
func TestAnotherNetworkIsTried(t *testing.T) {
	h := newHouse(t)
	exchange := NewExchange(h.Root, filepath.Join(h.Root, h.Data))
	text := "country=GB\n# by hand\nnetwork={\n\tssid=\"Home\"\n\tpsk=\"correct horse\"\n}\n"
	put(t, h.Root, supplicantFile, text)
	h.want("at first", h.turn(0), join)
	startSupplicant(t, stationSocket(h.Root), map[string]string{"STATUS": inNet})
	h.addresses["wlan0"] = []netip.Addr{netip.MustParseAddr("192.168.1.5")}
	h.want("it is in", h.turn(5), "")
	if err := exchange.Ask(Request{"", Network{SSID: "Attic", Hidden: true}}); err != nil {
		t.Fatal(err)
	}
	h.want("a person asks", h.turn(5), join)
	w, err := Read(h.Root)
	if err != nil || len(w.Networks) != 2 || w.Networks[0].SSID != "Attic" || w.Networks[1].SSID != "Home" || w.Country != "GB" {
		t.Errorf("configured %+v, %v", w, err)
	}
	h.want("the old one is joined", h.turn(60), join)
	if got, err := os.ReadFile(filepath.Join(h.Root, supplicantFile)); err != nil || string(got) != text {
		t.Errorf("the file became\n%s%v", got, err)
	}
	if s := h.state(); s.Mode != Wireless || !strings.Contains(s.Trouble, "It was not found") {
		t.Errorf("told %+v", s)
	}
}

func TestACableIsEnough(t *testing.T) {
	h := newHouse(t)
	put(t, h.Root, "sys/class/net/eth0/carrier", "1\n")
	put(t, h.Root, "sys/class/net/lo/carrier", "1\n")
	h.addresses["eth0"] = []netip.Addr{netip.MustParseAddr("169.254.1.2")}
	h.want("no address yet", h.turn(0), "")
	h.want("nor later", h.turn(20), host)
	h.addresses["eth0"] = []netip.Addr{netip.MustParseAddr("192.168.1.6")}
	h.want("the cable serves", h.turn(5), none)
	if s := h.state(); s.Mode != Cable {
		t.Errorf("told %+v", s)
	}
	h.want("as before", h.turn(5), "")
	put(t, h.Root, "sys/class/net/eth0/carrier", "0\n")
	h.want("it is pulled out", h.turn(5), "")
	if s := h.state(); s.Mode != None {
		t.Errorf("told %+v", s)
	}
}

func TestStrangeFilesAndRequests(t *testing.T) {
	h := newHouse(t)
	put(t, h.Root, supplicantFile, "network={\n")
	put(t, h.Root, filepath.Join(h.Data, "network/wanted.json"), "{")
	h.want("it counts as configured", h.turn(0), join)
	if s := h.state(); s.Trouble != "The last request could not be used; please set the network again." {
		t.Errorf("told %+v", s)
	}
	h.turn(5)
	if s := h.state(); s.Trouble != brokenFile {
		t.Errorf("told %+v", s)
	}
	put(t, h.Root, supplicantFile, "network={\nssid=\"a\"\n}\n")
	h.turn(5)
	if s := h.state(); s.Trouble != "" {
		t.Errorf("told %+v", s)
	}
	if err := os.RemoveAll(filepath.Join(h.Root, "sys/class/net/wlan0")); err != nil {
		t.Fatal(err)
	}
	if err := NewExchange(h.Root, filepath.Join(h.Root, h.Data)).Ask(Request{"", Network{SSID: "x"}}); err != nil {
		t.Fatal(err)
	}
	h.want("without a radio", h.turn(5), "")
	if s := h.state(); s.Radio || !strings.Contains(s.Trouble, "no radio") {
		t.Errorf("told %+v", s)
	}
}

// What goes wrong is told, and the next turn tries on.
func TestTurnTellsWhatGoesWrong(t *testing.T) {
	h := newHouse(t)
	h.turn(0)
	h.now, h.refuses = h.now.Add(time.Minute), errors.New("no systemd")
	if err := h.Turn(t.Context()); err == nil || !strings.Contains(err.Error(), "no systemd") {
		t.Errorf("said %v", err)
	}
	h.refuses = nil
	if !slices.Equal(h.asked, []string{host}) {
		t.Errorf("asked %q", h.asked)
	}
	h.want("it is tried again", h.turn(60), host)

	blocked := newHouse(t)
	put(t, blocked.Root, "run", "")
	if err := blocked.Turn(t.Context()); err == nil {
		t.Error("nobody can be told, and that is no error")
	}
	blocked.now = blocked.now.Add(time.Minute)
	if err := blocked.Turn(t.Context()); err == nil || len(blocked.asked) > 0 {
		t.Errorf("without its file the access point is opened: %q, %v", blocked.asked, err)
	}
	if err := os.RemoveAll(filepath.Join(blocked.Root, "var/lib/calendarbot-network")); err != nil {
		t.Fatal(err)
	}
	put(t, blocked.Root, "var/lib/calendarbot-network", "")
	if err := blocked.Turn(t.Context()); err == nil {
		t.Error("there is no passphrase, and that is no error")
	}
}

// On a machine that is not the image nothing is made, and nothing asked of systemd.
func TestRunRefusesAnotherMachine(t *testing.T) {
	h := newHouse(t)
	if err := h.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "set elsewhere") || !Absent(err) {
		t.Errorf("it said %v", err)
	}
	for _, folder := range []string{"run", "var/lib/calendarbot-network", "etc"} {
		if _, err := os.Lstat(filepath.Join(h.Root, folder)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", folder, err)
		}
	}
	if len(h.asked) > 0 {
		t.Errorf("it asked %q", h.asked)
	}
}

// The loop looks at once, calmly while all is well and closely otherwise, and ends when it is told to.
func TestRunLooksFromTimeToTime(t *testing.T) {
	h := newHouse(t)
	put(t, h.Root, apInterface, "")
	put(t, h.Root, "sys/class/net/eth0/carrier", "1\n")
	h.addresses["eth0"] = []netip.Addr{netip.MustParseAddr("192.168.1.6")}
	synctest.Test(t, func(t *testing.T) {
		looks := 0
		h.Now = func() time.Time { looks++; return time.Now() }
		run := func(d time.Duration) int {
			looks = 0
			ctx, cancel := context.WithTimeout(t.Context(), d)
			defer cancel()
			if err := h.Run(ctx); err != nil {
				t.Error(err)
			}
			return looks
		}
		if n := run(59 * time.Second); n != 4 {
			t.Errorf("%d looks in a minute while all is well", n)
		}
		h.addresses["eth0"] = nil
		if n := run(59 * time.Second); n < 10 || !slices.Contains(h.asked, host) {
			t.Errorf("%d looks in a minute without a network; asked %q", n, h.asked)
		}
		h.refuses = errors.New("no systemd")
		run(2 * time.Minute)
	})
	if !strings.Contains(h.log.String(), "no systemd") {
		t.Errorf("the log does not say what went wrong:\n%s", h.log.String())
	}
}

func TestInterfaceAddresses(t *testing.T) {
	if list, err := InterfaceAddresses("lo"); err != nil || !slices.Contains(list, netip.MustParseAddr("127.0.0.1")) {
		t.Errorf("%v, %v", list, err)
	}
	if _, err := InterfaceAddresses("nosuch0"); err == nil {
		t.Error("an interface that is not there has addresses")
	}
}

func TestLookWithoutAnything(t *testing.T) {
	if f := Look(t.Context(), t.TempDir(), InterfaceAddresses); f != (Facts{}) {
		t.Errorf("%+v", f)
	}
}
