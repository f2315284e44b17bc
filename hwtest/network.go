package hwtest

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const radio = "/sys/class/net/wlan0"

// ports judges what can be reached from the network.
func ports(_ context.Context, d *Device) Verdict {
	t := &tally{}
	for _, protocol := range []string{"tcp", "udp"} {
		for _, table := range []string{"/proc/net/" + protocol, "/proc/net/" + protocol + "6"} {
			text, err := d.text(table)
			if t.trouble(err) {
				continue
			}
			for _, port := range listening(text, protocol) {
				if !allowedPort(protocol, port) {
					t.fault("something listens on port %d of %s", port, protocol)
				}
				if protocol == "tcp" && port == 80 {
					t.note("the pages are on port 80")
				}
			}
		}
	}
	if len(t.notes) == 0 {
		t.fault("nothing listens on port 80")
	}
	t.notes = slices.Compact(t.notes)
	return t.verdict()
}

// allowedPort: pages and SSH; mDNS, DHCP as a client, and on the own access point names and DHCP.
func allowedPort(protocol string, port int64) bool {
	if protocol == "tcp" {
		return slices.Contains([]int64{22, 80}, port)
	}
	// From 32768 on the kernel chooses: those are of programs that ask, for the time or a name, and wait for the answer.
	return port >= 32768 || slices.Contains([]int64{53, 67, 68, 546, 5353}, port)
}

// listening are the ports of a table of /proc/net on which others than the device itself are heard.
func listening(table, protocol string) []int64 {
	var found []int64
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) < 4 || f[0] == "sl" {
			continue
		}
		address, port, ok := strings.Cut(f[1], ":")
		heard := f[3] == "0A" // LISTEN
		if protocol == "udp" {
			heard = f[3] == "07" // bound, and connected to no one
		}
		number, err := strconv.ParseInt(port, 16, 32)
		loopback := len(address) == 8 && strings.HasSuffix(address, "7F") || address == "00000000000000000000000001000000" ||
			strings.HasPrefix(address, "0000000000000000FFFF0000") && strings.HasSuffix(address, "7F")
		if ok && heard && err == nil && !loopback {
			found = append(found, number)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// radioFirmware judges that the radio of either revision of the board finds its firmware.
func radioFirmware(_ context.Context, d *Device) Verdict {
	t := &tally{}
	var missing []string
	for _, name := range []string{"brcmfmac43430-sdio.bin", "brcmfmac43430b0-sdio.bin", "brcmfmac43430b0-sdio.clm_blob", "brcmfmac43430b0-sdio.txt"} {
		if !d.there("/usr/lib/firmware/brcm/" + name) {
			missing = append(missing, name)
		}
	}
	without := fmt.Sprintf("the image has no %s, which boards of the other revision need", strings.Join(missing, ", "))
	switch {
	case d.there(radio) && len(missing) > 0:
		t.note("this board's radio is there; %s", without)
	case d.there(radio):
		t.note("this board's radio is there, and the firmware of both revisions")
	case len(missing) > 0 && d.Emulated:
		return skip("an emulated board has no radio; %s", without)
	case len(missing) > 0:
		t.fault("there is no wlan0, and in /usr/lib/firmware/brcm is no %s", strings.Join(missing, ", "))
	case d.Emulated:
		return skip("an emulated board has no radio; the firmware of both revisions is in the image")
	default:
		t.fault("there is no wlan0, though the firmware of both revisions is there: journalctl -k -g brcmfmac tells why")
	}
	return t.verdict()
}

// reconnect cuts the radio's connection, and waits for it.
func reconnect(ctx context.Context, d *Device) Verdict {
	if !d.there(radio) {
		return skip("there is no wlan0")
	}
	before, err := d.number(radio + "/carrier_changes")
	if err != nil {
		return fail("%v", err)
	}
	if state, err := d.text(radio + "/operstate"); err != nil || state != "up" {
		return skip("wlan0 is in no network now (%s)", state)
	}
	const supplicant = "wpa_supplicant@wlan0.service"
	if err := d.before(Undo{Step: "21-radio-reconnect", Words: "start the radio's program", Command: []string{"systemctl", "start", supplicant}}); err != nil {
		return fail("%v", err)
	}
	t := &tally{}
	if _, err := d.command(ctx, "systemctl", "restart", supplicant); t.trouble(err) {
		return t.verdict()
	}
	took, err := d.until(ctx, time.Minute, func() (bool, error) {
		changes, err := d.number(radio + "/carrier_changes")
		if err != nil || changes < before+2 {
			return false, err
		}
		routes, err := d.text("/proc/net/route")
		return err == nil && routed(routes, "wlan0"), err
	})
	if err != nil {
		t.fault("wlan0 is not back in its network: %v", err)
	}
	t.told("back in the network after", took.Seconds(), "s")
	return t.verdict()
}

// routed tells whether a table of /proc/net/route leads elsewhere by an interface.
func routed(table, name string) bool {
	for line := range strings.Lines(table) {
		if f := strings.Fields(line); len(f) > 2 && f[0] == name && f[1] == "00000000" {
			return true
		}
	}
	return false
}

// accessPoint judges the device's own network where it is on; opening it would take the device out of the one it has.
func accessPoint(ctx context.Context, d *Device) Verdict {
	if !d.there(radio) {
		return skip("there is no wlan0")
	}
	values, err := d.show(ctx, "calendarbot-ap.service", "LoadState", "ActiveState")
	if err != nil {
		return fail("%v", err)
	}
	if values["LoadState"] != "loaded" {
		return fail("the image has no access point: calendarbot-ap.service is %s", values["LoadState"])
	}
	if values["ActiveState"] != "active" {
		return skip("the device is in a network, and its own is off; it opens two minutes after that network is gone (half a minute when it knows none), to be seen on a phone as CalendarBot-XXXX")
	}
	t := &tally{}
	if d.there("/sys/class/net/wlan0/phy80211") {
		t.note("the access point is on")
	} else {
		t.fault("wlan0 is no radio")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.Page+"/setup", nil)
	if t.trouble(err) {
		return t.verdict()
	}
	if response, err := http.DefaultClient.Do(request); !t.trouble(err) {
		if response.StatusCode != http.StatusOK {
			t.fault("the page to set it up answers %s", response.Status)
		}
		t.trouble(response.Body.Close())
	}
	return t.verdict()
}

// houseName judges that somebody answers for the device's name. Asked from the device itself nobody would: that is mDNS's rule.
func houseName(_ context.Context, d *Device) Verdict {
	t := &tally{}
	name, err := d.text("/proc/sys/kernel/hostname")
	t.trouble(err)
	if name == "" || name == "localhost" || name == "(none)" {
		t.fault("the device has no name of its own: %q", name)
	}
	var heard []int64
	for _, table := range []string{"/proc/net/udp", "/proc/net/udp6"} {
		text, err := d.text(table)
		t.trouble(err)
		heard = append(heard, listening(text, "udp")...)
	}
	if !slices.Contains(heard, 5353) {
		t.fault("nobody answers mDNS (port 5353)")
	}
	t.note("from a phone or a computer: http://%s.local/", name)
	return t.verdict()
}
