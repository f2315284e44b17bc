package network

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"calendarbot/agent/durable"
)

// The units that one radio is shared by; each stops the other.
const (
	stationUnit     = "wpa_supplicant@wlan0.service"
	accessPointUnit = "calendarbot-ap.service"
)

// How often is looked. A look asks a socket and reads a few files of the kernel; nobody waits for it while all is well.
const (
	calmly  = 15 * time.Second
	closely = 5 * time.Second // while somebody may stand before the device
)

// Watch keeps the device in a network, or its access point open. It runs as root, which is why it does little: it looks, decides, writes
// the file of wpa_supplicant, and has systemd start and stop two units.
type Watch struct {
	Root      string // "/" is the device
	Data      string // the folder of the program that people talk to, under which it leaves a person's request
	Systemctl func(ctx context.Context, words ...string) error
	Addresses func(radio string) ([]netip.Addr, error) // of one interface
	Now       func() time.Time
	Log       *slog.Logger

	memory  Memory
	before  *[]byte // the file as it was before the network that is tried; nil inside: there was none
	found   []Found
	trouble string
	told    *State
}

// brokenFile is what a person is told of a file that Read cannot read.
const brokenFile = "The file of the wireless networks on the device cannot be read. A network that is set here takes its place."

// apInterface is how systemd-networkd has the interface while the access point is open. The image alone has it.
const apInterface = "etc/systemd/network/30-access-point.network"

// Run looks, decides and acts until ctx ends. Where the machine is not the image of the device it refuses, and leaves everything as it is.
func (w *Watch) Run(ctx context.Context) error {
	if _, err := os.Stat(under(w.Root, apInterface)); err != nil {
		return fmt.Errorf("the network of this machine is set elsewhere; only the image of the device is watched: %w", err)
	}
	for {
		pause := calmly
		if err := w.Turn(ctx); err != nil && ctx.Err() == nil {
			w.Log.Error("watch the network", "error", err)
		}
		if w.memory.phase != looking || !w.memory.since.IsZero() {
			pause = closely
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// Turn looks, decides and acts once.
func (w *Watch) Turn(ctx context.Context) error {
	ap, err := OwnAccessPoint(w.Root)
	if err != nil {
		return err
	}
	wifi, err := Read(w.Root)
	switch {
	case err == nil && w.trouble == brokenFile:
		w.trouble = ""
	case err != nil && w.trouble != brokenFile: // it counts as one that is there, for wpa_supplicant may read what is not read here
		w.Log.Warn("the wireless networks are not known", "error", err)
		w.trouble = brokenFile
	}
	err = nil
	facts := Look(ctx, w.Root, w.Addresses)
	request := w.request(facts)
	if request != nil {
		facts.Asked = request.SSID
	}
	w.lookAround(ctx, facts, ap)

	var step Step
	var outcome Outcome
	wanted := w.memory.wanted
	w.memory, step, outcome = Decide(w.memory, facts, w.Now())
	switch {
	case facts.Asked != "":
		err = errors.Join(err, w.begin(wifi, *request))
	case outcome == Kept:
		w.before = nil
	case outcome == Failed:
		err = errors.Join(err, w.takeBack(wanted))
	}
	err = errors.Join(err, w.act(ctx, step, ap))
	return errors.Join(err, w.tell(facts, ap))
}

// request takes what a person asks for.
func (w *Watch) request(facts Facts) *Request {
	r, err := NewExchange(w.Root, under(w.Root, w.Data)).take()
	switch {
	case err != nil:
		w.Log.Warn("a request for a network cannot be used", "error", err)
		w.trouble = "The last request could not be used; please set the network again."
		return nil
	case r != nil && !facts.Radio:
		w.trouble = "The device has no radio for wireless networks."
		return nil
	}
	return r
}

// Look finds out how the device's network is, under root ("" or "/" is the device). What cannot be seen counts as not there.
func Look(ctx context.Context, root string, addresses func(name string) ([]netip.Addr, error)) Facts {
	folder := under(root, "sys/class/net")
	f := Facts{}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return f
	}
	addressed := func(name string) bool {
		list, err := addresses(name)
		return err == nil && slices.ContainsFunc(list, func(a netip.Addr) bool { return a.IsGlobalUnicast() && a.Unmap() != apAddress })
	}
	for _, entry := range entries {
		name := entry.Name()
		switch {
		case name == "wlan0":
			f.Radio = true
		case strings.HasPrefix(name, "en"), strings.HasPrefix(name, "eth"), strings.HasPrefix(name, "usb"):
			carrier, err := os.ReadFile(filepath.Join(folder, name, "carrier")) // an error while it is switched off
			f.Wired = f.Wired || err == nil && strings.TrimSpace(string(carrier)) == "1" && addressed(name)
		}
	}
	_, err = os.Lstat(under(root, supplicantFile))
	f.Configured = err == nil
	if status, err := command(ctx, stationSocket(root), "STATUS"); err == nil {
		f.Station = true
		if name := joined(status); name != "" && addressed("wlan0") {
			f.Joined = name
		}
	}
	if guest, err := command(ctx, accessPointSocket(root), "STA-FIRST"); err == nil {
		f.Open = true
		_, err := net.ParseMAC(strings.TrimSpace(strings.SplitN(guest, "\n", 2)[0]))
		f.Guests = err == nil
	}
	return f
}

func stationSocket(root string) string { return under(root, "run/wpa_supplicant/wlan0") }

func accessPointSocket(root string) string {
	return under(root, "run/calendarbot-ap/wlan0")
}

// lookAround keeps which networks are in reach. While the access point is open wpa_supplicant forgets them, and cannot look; what it saw
// before stays.
func (w *Watch) lookAround(ctx context.Context, f Facts, ap AccessPoint) {
	socket := stationSocket(w.Root)
	switch {
	case f.Open:
		socket = accessPointSocket(w.Root)
	case !f.Station:
		return
	}
	results, err := command(ctx, socket, "SCAN_RESULTS")
	if err != nil {
		w.Log.Debug("look for networks", "error", err)
		return
	}
	if found := foundIn(results, ap.Name); len(found) > 0 {
		w.found = found
	}
}

// begin configures the network that a person asks for, before all that are known. The file as it was is remembered until it is known how
// that went.
func (w *Watch) begin(known Wifi, r Request) error {
	if w.before == nil {
		text, err := readFile(under(w.Root, supplicantFile), maxSupplicant)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("keep the wireless networks: %w", err)
		}
		w.before = &text
	}
	w.trouble = ""
	w.Log.Info("a person asks for a wireless network", "name", Shown(r.SSID))
	now := Wifi{Country: r.Country, Networks: []Network{r.Network}}
	if now.Country == "" {
		now.Country = known.Country
	}
	for _, n := range known.Networks {
		if n.SSID != r.SSID && len(now.Networks) < maxNetworks {
			now.Networks = append(now.Networks, n)
		}
	}
	return Write(w.Root, now)
}

// takeBack configures what was before the network that could not be joined, and says why that may be.
func (w *Watch) takeBack(wanted string) error {
	seen := slices.ContainsFunc(w.found, func(f Found) bool { return f.SSID == wanted })
	why := "It was not found: it may be out of reach, on 5 GHz only, or have another name."
	if seen {
		why = "It is in reach, so the password may be wrong, or it gave the device no address."
	}
	w.trouble = fmt.Sprintf("The network %s could not be joined within %d seconds. %s", Shown(wanted), int(TryTime.Seconds()), why)
	w.Log.Warn("a wireless network could not be joined", "name", Shown(wanted), "seen", seen)
	before := w.before
	w.before = nil
	name := under(w.Root, supplicantFile)
	switch {
	case before == nil:
		return nil
	case *before == nil:
		return durable.Remove(name)
	}
	return replaceFile(name, *before, 0o600)
}

// act has systemd do a step.
func (w *Watch) act(ctx context.Context, step Step, ap AccessPoint) error {
	wifi, unreadable := Read(w.Root)
	switch step {
	case Host:
		w.Log.Info("the access point is opened", "name", ap.Name)
		name := under(w.Root, accessPointSetup)
		if err := replaceFile(name, ap.text(wifi.Country), 0o600); err != nil {
			return fmt.Errorf("open the access point: %w", err)
		}
		return w.Systemctl(ctx, "restart", accessPointUnit)
	case Join:
		if len(wifi.Networks) == 0 && unreadable == nil {
			w.Log.Info("no wireless network is known")
			return w.Systemctl(ctx, "stop", accessPointUnit, stationUnit)
		}
		w.Log.Info("the known wireless networks are tried")
		return w.Systemctl(ctx, "restart", stationUnit)
	}
	return nil
}

// tell leaves how the network is for the setup page, when that changed.
func (w *Watch) tell(f Facts, ap AccessPoint) error {
	s := State{Mode: None, Own: ap.Name, Radio: f.Radio, Found: w.found, Trouble: w.trouble}
	if wifi, err := Read(w.Root); err == nil {
		s.Country = wifi.Country
	}
	switch {
	case w.memory.phase == trying:
		s.Mode, s.SSID = Trying, w.memory.wanted
	case w.memory.phase == hosting:
		s.Mode = Hosting
	case f.Joined != "":
		s.Mode, s.SSID = Wireless, f.Joined
	case f.Wired:
		s.Mode = Cable
	}
	if w.told != nil && reflect.DeepEqual(*w.told, s) {
		return nil
	}
	if err := NewExchange(w.Root, "").tell(s); err != nil {
		return err
	}
	w.told = &s
	return nil
}

// InterfaceAddresses returns the addresses of an interface of this machine.
func InterfaceAddresses(name string) ([]netip.Addr, error) {
	card, err := net.InterfaceByName(name)
	if err != nil {
		return nil, fmt.Errorf("list addresses: %w", err)
	}
	list, err := card.Addrs()
	if err != nil {
		return nil, fmt.Errorf("list addresses of %s: %w", name, err)
	}
	var addresses []netip.Addr
	for _, one := range list {
		if prefix, ok := one.(*net.IPNet); ok {
			if a, ok := netip.AddrFromSlice(prefix.IP); ok {
				addresses = append(addresses, a.Unmap())
			}
		}
	}
	return addresses, nil
}

// Absent tells whether an error of State means that this machine's network is set elsewhere.
func Absent(err error) bool { return errors.Is(err, fs.ErrNotExist) }
