package board

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The goal for the memory that is in use after boot without the agent, in bytes.
const memoryGoal = 90 << 20

// TestFirmwareOfTheImage looks over what no emulator runs.
func TestFirmwareOfTheImage(t *testing.T) {
	mistakes, err := Card{image(t)}.Firmware(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, mistake := range mistakes {
		t.Error(mistake)
	}
}

// TestPartitionsOfTheImage looks at the table that the boot ROM and the device's own programs go by.
func TestPartitionsOfTheImage(t *testing.T) {
	card := Card{image(t)}
	table, err := card.Partitions()
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []Partition{{4 << 20, 128 << 20, 0x0c}, {132 << 20, 512 << 20, 0x83}, {644 << 20, 512 << 20, 0x83}, {1156 << 20, 64 << 20, 0x83}} {
		if table[i] != want {
			t.Errorf("partition %d is %+v, want %+v", i+1, table[i], want)
		}
	}
	if id, err := card.ReadAt(440, 4); err != nil || !bytes.Equal(id, []byte("BLAC")) {
		t.Errorf("the disk's number is %x, %v; PARTUUIDs need 43414c42", id, err)
	}
	if state, err := card.ReadAt(StateOffset, StateSize); err != nil || !bytes.Contains(state, []byte("BOOT_ORDER=A B\x00")) {
		t.Errorf("the boot state is %q, %v", state, err)
	}
}

// TestImage follows a device from its first boot on: what a person wrote on the card, a second boot, the second system, and
// what may break on a card.
func TestImage(t *testing.T) {
	t.Parallel()
	n := newBench(t)
	n.seed(t, Settings{Hostname: "kitchen", Zone: "America/New_York", PIN: "47110815"})

	b := n.on(t)
	first := b.boots(t, "first boot")
	if b.slot() != "A" {
		t.Errorf("U-Boot chose slot %q", b.slot())
	}
	for _, part := range []struct {
		name string
		look func(*testing.T, *running)
	}{
		{"agent", agentServes}, {"settings", settingsHold}, {"data grown", dataGrown}, {"ports", portsMeant}, {"figures", figures}, {"units", unitsFine},
	} {
		t.Run(part.name, func(t *testing.T) { part.look(t, b) })
	}
	kept := b.run(t, "echo kept >/data/kept; sync; "+identity)
	b.off(t)
	t.Run("card", n.cardTells)

	// A boot state that cannot be read is one of the things that a power cut may leave.
	if err := n.card.WriteAt(StateOffset, bytes.Repeat([]byte{0xa5}, StateSize)); err != nil {
		t.Fatal(err)
	}
	b = n.on(t)
	second := b.boots(t, "second boot, the boot state broken")
	t.Logf("first boot %.1f s, second boot %.1f s", first.Seconds(), second.Seconds())
	if got := b.run(t, identity); got != kept || b.slot() != "A" {
		t.Errorf("slot %q has %q, want %q", b.slot(), got, kept)
	}
	if got := b.run(t, "cat /data/kept"); got != "kept" {
		t.Errorf("/data/kept has %q", got)
	}
	t.Run("clone", func(t *testing.T) { cloned(t, b) })
	if t.Failed() {
		return
	}
	b.run(t, "mount -o remount,rw / && rm /boot/vmlinuz.gz && sync && mount -o remount,ro /")
	b.off(t)

	b = n.on(t)
	b.boots(t, "no kernel in slot A")
	if got := b.run(t, identity); got != kept || b.slot() != "B" {
		t.Errorf("slot %q has %q, want B with %q", b.slot(), got, kept)
	}
	t.Run("units in slot B", func(t *testing.T) { unitsFine(t, b) })
	b.off(t)

	table, err := n.card.Partitions()
	if err != nil {
		t.Fatal(err)
	}
	if err := n.card.WriteAt(table[3].Offset, make([]byte, 8<<20)); err != nil {
		t.Fatal(err)
	}
	b = n.on(t)
	b.comes(t, "no file system in /data", b.Serves)
	// Its settings went with it, and nobody can log in; the agent tells whoever looks, from its first reading on.
	ctx, cancel := context.WithTimeout(t.Context(), waitTime)
	defer cancel()
	for tick := time.NewTicker(time.Second); ; {
		var status bytes.Buffer
		err := get(ctx, http.DefaultClient, b.Web+"/api/v1/status", &status)
		if err == nil && regexp.MustCompile(`"data_(mended|lost)"`).Match(status.Bytes()) {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("the status does not tell of the data: %v: %s", err, status.Bytes())
		}
	}
}

// identity prints what makes the device this one.
const identity = "cat /etc/machine-id /etc/hostname; cat /data/ssh/ssh_host_*.pub | sha256sum"

// agentServes asks for what the household's screens show.
func agentServes(t *testing.T, b *running) {
	if got := b.run(t, "systemctl show -P ActiveState -P SubState -P Type -P StatusText calendarbot.service"); !slices.Contains(strings.Fields(got), "active") || !slices.Contains(strings.Fields(got), "notify") {
		t.Errorf("calendarbot.service is %q", got)
	}
	var health struct {
		Status string
		Data   struct {
			Events int `json:"event_count"`
		} `json:"data_status"`
	}
	ctx, cancel := context.WithTimeout(t.Context(), waitTime)
	defer cancel()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		var text bytes.Buffer
		if err := get(ctx, http.DefaultClient, b.Web+"/api/health", &text); err == nil {
			if err := json.Unmarshal(text.Bytes(), &health); err != nil {
				t.Fatalf("%v: %s", err, text.String())
			}
			t.Logf("/api/health: %s", text.String())
			break
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("/api/health does not become ok; sources: %s", b.run(t, "journalctl --no-pager -u calendarbot.service | tail -30"))
		}
	}
	if health.Status != "ok" || health.Data.Events < 10 {
		t.Errorf("%+v", health)
	}
	if err := b.HearTime(ctx); err != nil {
		t.Fatal(err)
	}
	for {
		var next bytes.Buffer
		err := get(ctx, http.DefaultClient, b.Web+"/api/whats-next", &next)
		if err == nil && strings.Contains(next.String(), `"subject"`) {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("/api/whats-next: %s, %v", next.String(), err)
		}
	}
}

// settingsHold looks for what was written in calendarbot.yaml.
func settingsHold(t *testing.T, b *running) {
	if got := b.run(t, "uname -n; date +%Z; cat /etc/hostname"); got != "kitchen\nEST\nkitchen" && got != "kitchen\nEDT\nkitchen" {
		t.Errorf("the name and the zone are %q", got)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Jar: jar, Timeout: waitTime, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for pin, want := range map[string]bool{"47110815": true, "47110816": false} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.Web+"/login", strings.NewReader(url.Values{"pin": {pin}, "back": {"/"}}.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", b.Web)
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
		if entered := resp.StatusCode == http.StatusSeeOther; entered != want {
			t.Errorf("with PIN %s the answer is %s", pin, resp.Status)
		}
	}
}

// dataGrown looks whether /data reaches to the end of the card.
func dataGrown(t *testing.T, b *running) {
	b.until(t, waitTime, "systemctl show -P ActiveState calendarbot-grow.service | grep -qx -e inactive -e failed -e active")
	size, err := strconv.Atoi(strings.Fields(b.run(t, "df --block-size=1M --output=size /data | tail -1"))[0])
	if err != nil || size < 700 {
		t.Errorf("/data has %d MiB, %v: %s", size, err, b.run(t, "systemctl status --no-pager -l calendarbot-grow.service || true"))
	}
	t.Logf("/data has %d MiB", size)
}

// portsMeant looks for doors that nobody knows of.
func portsMeant(t *testing.T, b *running) {
	listening := b.run(t, "ss -H -tulpn")
	t.Logf("listening:\n%s", listening)
	meant := regexp.MustCompile(`^(tcp +LISTEN .*[*\]0]:(80|22) |` + // the calendar; SSH, since there is a key
		`(tcp|udp) .*127\.0\.0\.5[34](%lo)?:53 |` + // the resolver, for the device itself
		`udp .*:5353 |` + // the name in the network
		`udp .*:68 |udp .*:546 |udp .*%.*:(68|546) )`) // addresses from the router
	for line := range strings.Lines(listening) {
		if !meant.MatchString(line) {
			t.Errorf("nobody meant to listen there: %s", line)
		}
	}
}

// unitsFine waits until all of the boot has ended, and looks for what failed.
func unitsFine(t *testing.T, b *running) {
	b.until(t, waitTime, `systemctl is-system-running | grep -qx -e running -e degraded`)
	if failed := b.run(t, "systemctl list-units --failed --plain --no-legend"); failed != "" {
		t.Errorf("failed:\n%s", failed)
		for line := range strings.Lines(failed) {
			t.Log(b.run(t, "journalctl --no-pager -n 20 -u "+strings.Fields(line)[0]+" || true"))
		}
	}
	t.Log(b.run(t, "systemd-analyze time; systemd-analyze blame --no-pager | head -15"))
}

// figures prints the memory in use without the agent, and what the system takes of its slot.
func figures(t *testing.T, b *running) {
	out := b.run(t, `awk '/^MemTotal:/ { total = $2 } /^MemAvailable:/ { print (total - $2) * 1024 }' /proc/meminfo
		awk '$1 == "anon" || $1 == "kernel" { n += $2 } END { print n }' /sys/fs/cgroup/calendarbot.slice/calendarbot.service/memory.stat`)
	var numbers []int
	for field := range strings.FieldsSeq(out) {
		number, err := strconv.Atoi(field)
		if err != nil {
			t.Fatalf("%v in %q", err, out)
		}
		numbers = append(numbers, number)
	}
	if len(numbers) != 2 {
		t.Fatalf("got %q", out)
	}
	without := numbers[0] - numbers[1]
	t.Logf("memory in use: %.1f MiB, the agent %.1f MiB of it, without the agent %.1f MiB; the goal is %d MiB",
		mib(numbers[0]), mib(numbers[1]), mib(without), memoryGoal>>20)
	figure(t, "memory in use", mib(numbers[0]), "MiB")
	figure(t, "memory in use without the program", mib(without), "MiB")
	if without > memoryGoal {
		t.Errorf("the system takes more than %d MiB without the agent", memoryGoal>>20)
	}
	t.Log(b.run(t, "free -m; df -h / /data /boot/firmware; ps -eo rss,comm --sort=-rss | head -15"))
}

func mib(bytes int) float64 { return float64(bytes) / (1 << 20) }

// cardTells looks at what a person finds on the card in a computer.
func (n *bench) cardTells(t *testing.T) {
	if wrong := n.onCard(t, "calendarbot-errors.txt"); wrong != "" {
		t.Errorf("calendarbot-errors.txt: %s", wrong)
	}
	if device := n.onCard(t, "calendarbot-device.txt"); !strings.Contains(device, "kitchen") {
		t.Errorf("calendarbot-device.txt does not have the name: %q", device)
	}
	if left := n.onCard(t, "calendarbot.yaml"); strings.Contains(left, "47110815") || !strings.Contains(left, "kitchen") {
		t.Errorf("the PIN is still on the card, or more than it was taken: %s", left)
	}
}

// bootState is the device's own program for it.
const bootState = "/usr/lib/calendarbot/boot-state"

// cloned has the system confirmed and copied to the other slot, without waiting as long as the device does.
func cloned(t *testing.T, b *running) {
	b.run(t, `mkdir -p /run/systemd/system/calendarbot-trial.service.d
		printf '[Service]\nExecStart=\nExecStart=/usr/bin/calendarbot slots judge --for 5s --every 2s\n' >/run/systemd/system/calendarbot-trial.service.d/soon.conf
		mkdir -p /run/systemd/system/calendarbot-clone.service.d
		printf '[Service]\nIOReadBandwidthMax=\nIOWriteBandwidthMax=\n' >/run/systemd/system/calendarbot-clone.service.d/soon.conf
		systemctl daemon-reload; systemctl restart calendarbot-trial.service`)
	b.until(t, waitTime, bootState+" get BOOT_A_LEFT | grep -qx 9")
	ctx, cancel := context.WithTimeout(t.Context(), cloneTime)
	defer cancel()
	begin := time.Now()
	if out, err := b.Run(ctx, "systemctl start calendarbot-clone.service"); err != nil {
		t.Fatalf("%v: %s%s", err, out, b.run(t, "journalctl --no-pager -u calendarbot-clone.service | tail -20"))
	}
	t.Logf("slot B was made in %.1f s:\n%s", time.Since(begin).Seconds(), b.run(t, "journalctl --no-pager -o cat -u calendarbot-clone.service | tail -5"))
	if got := b.run(t, bootState+" get BOOT_B_LEFT"); got == "0" {
		t.Error("slot B cannot be booted")
	}
}
