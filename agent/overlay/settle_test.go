package overlay

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"calendarbot/agent/preseed"
	"calendarbot/agent/slot"
)

// upgrade puts another system's baked files in the place of those that there are.
func (b board) upgrade(forA, forB string) {
	b.put("usr/share/calendarbot/overlay/a/etc/"+agentFile, forA)
	b.put("usr/share/calendarbot/overlay/b/etc/"+agentFile, forB)
}

// TestAnUpgradeKeepsWhatAPersonChanged: a card with a PIN, a change of a feature, and then a system that came with another default and one more feature.
func TestAnUpgradeKeepsWhatAPersonChanged(t *testing.T) {
	b := newBoard(t)
	b.start()
	b.put("card/calendarbot.yaml", "pin: 2468\nfeeds:\n- {name: Family, url: \"https://calendar.example/secret.ics\"}\n")
	b.put("etc/"+agentFile, stable) // as it is mounted
	report, err := preseed.Boot{Card: filepath.Join(b.root, "card"), Root: b.root}.Run()
	if err != nil || len(report.Mistakes) > 0 {
		t.Fatalf("%v, %+v", err, report)
	}
	b.put(upperA+agentFile, strings.Replace(b.text("etc/"+agentFile), "cache_warming: 0%", "cache_warming: 25%", 1)) // what the mount would have done

	b.upgrade("# stable\nfeatures:\n  request_pipeline: 10%\n  cache_warming: 0%\n  http_compression: 20%\n",
		"# candidate\nfeatures:\n  request_pipeline: 90%\n  cache_warming: 100%\n  http_compression: 80%\n")
	b.start()
	b.holds(slot.A, map[string]string{"features.cache_warming": "25%", "features.request_pipeline": "10%", "features.http_compression": "20%", "web.pin": "***", "sources.family.url": "https://calendar.example/…"})
	b.holds(slot.B, map[string]string{"features.cache_warming": "100%", "features.request_pipeline": "90%", "features.http_compression": "80%", "web.pin": "***", "sources.family.url": "https://calendar.example/…"})
	for _, n := range []string{upperA, upperB} {
		if text := b.text(n + agentFile); !strings.Contains(text, "2468") || !strings.Contains(text, "secret.ics") {
			t.Errorf("%s lost something:\n%s", n, text)
		}
	}
	for _, s := range Show(b.root).Slots {
		if len(s.Conflicts) > 0 || s.Wrong != "" {
			t.Errorf("%+v", s)
		}
	}
	// Back to the system of before: its defaults, and still the person's.
	b.upgrade(stable, candidate)
	b.start()
	b.holds(slot.A, map[string]string{"features.cache_warming": "25%", "features.request_pipeline": "0%", "features.http_compression": "100%", "web.pin": "***"})
}

func TestConflictsAreToldAndNothingIsLost(t *testing.T) {
	b := newBoard(t)
	b.put("usr/share/calendarbot/overlay/a/etc/motd", "one\n")
	b.put("usr/share/calendarbot/overlay/a/etc/issue", "one\n")
	b.put("usr/share/calendarbot/overlay/a/etc/gone", "one\n")
	b.start()
	mine := "# mine\nfeatures:\n  request_pipeline: 50%\n  cache_warming: 0%\n"
	b.put(upperA+agentFile, mine)
	b.put(upperA+"motd", "mine\n")
	b.put(upperA+"issue", "one\n") // as it came
	b.put(upperA+"gone", "mine\n")
	b.upgrade("features:\n  request_pipeline: 100%\n  cache_warming: 30%\n", candidate)
	b.put("usr/share/calendarbot/overlay/a/etc/motd", "two\n")
	b.put("usr/share/calendarbot/overlay/a/etc/issue", "two\n")
	if err := os.Remove(filepath.Join(b.root, "usr/share/calendarbot/overlay/a/etc/gone")); err != nil {
		t.Fatal(err)
	}
	b.start()
	b.holds(slot.A, map[string]string{"features.request_pipeline": "50%", "features.cache_warming": "30%"})
	if b.text("data/config/a/former/calendarbot.yaml") != mine || b.text(upperA+"motd") != "mine\n" || b.text(upperA+"gone") != "mine\n" {
		t.Error("the person's is lost")
	}
	if there(filepath.Join(b.root, upperA, "issue")) {
		t.Error("what nobody changed hides what came")
	}
	const want = "[{features.request_pipeline 50% 100%} {/etc/gone changed removed} {/etc/motd changed changed}]"
	told := func() string {
		list := Show(b.root).Slots[0].Conflicts
		got := fmt.Sprint(list)
		for _, part := range strings.Split(strings.Trim(want, "[]"), "} {") {
			if !strings.Contains(got, strings.Trim(part, "{}")) {
				t.Errorf("not told: %s in %s", part, got)
			}
		}
		return got
	}
	first := told()
	before := b.tree("data/config")
	b.start()
	if after := b.tree("data/config"); told() != first || fmt.Sprint(after) != fmt.Sprint(before) {
		t.Error("a start without an upgrade changes something")
	}
	b.upgrade("features:\n  request_pipeline: 75%\n  cache_warming: 30%\n", candidate)
	b.start()
	if got := fmt.Sprint(Show(b.root).Slots[0].Conflicts); !strings.Contains(got, "features.request_pipeline 50% 75%") || !strings.Contains(got, "/etc/motd") || strings.Contains(got, "100%") {
		t.Errorf("after one more upgrade: %s", got)
	}
}

func TestATextThatCannotBeMergedWaits(t *testing.T) {
	b := newBoard(t)
	b.start()
	b.put(upperA+agentFile, "web: [\n")
	b.upgrade("features:\n  cache_warming: 30%\n", candidate)
	for range 2 {
		b.start()
		list := Show(b.root).Slots[0].Conflicts
		if b.text(upperA+agentFile) != "web: [\n" || len(list) != 1 || !strings.Contains(list[0].Mine, "could not be merged") {
			t.Fatalf("%+v", list)
		}
	}
	if _, err := Stage(b.root, now()); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("staged: %v", err)
	}
	if _, err := StageText(b.root, []byte("log: {level: debug}\n"), now()); err != nil {
		t.Errorf("a whole text needs nothing of it: %v", err)
	}
	// The power went while it was noted what the slot is up to date with.
	if err := os.Rename(filepath.Join(b.root, "data/config/a/base"), filepath.Join(b.root, "data/config/a/base.past")); err != nil {
		t.Fatal(err)
	}
	b.put(upperA+agentFile, stable+"web: {port: 80}\n")
	b.start()
	b.holds(slot.A, map[string]string{"features.cache_warming": "30%", "features.request_pipeline": "100%", "web.port": "80"})
}

func TestALargeFileHoldsNothingElseUp(t *testing.T) {
	b := newBoard(t)
	b.put("usr/share/calendarbot/overlay/a/etc/hosts", "one\n")
	b.start()
	blocked := strings.Repeat("0.0.0.0 advertisements.example\n", mostText/16)
	b.put(upperA+"hosts", blocked)
	b.put(upperA+"hostname", "hall\n")
	b.upgrade("features:\n  cache_warming: 30%\n", candidate)
	b.put("usr/share/calendarbot/overlay/a/etc/hosts", "two\n")
	b.start()
	b.holds(slot.A, map[string]string{"features.cache_warming": "30%"})
	if b.text(upperA+"hosts") != blocked || b.text("data/config/a/base/etc/hosts") != "two\n" {
		t.Error("the large file is not the person's, or not up to date")
	}
	if list := Show(b.root).Slots[0].Conflicts; fmt.Sprint(list) != "[{/etc/hosts changed changed}]" {
		t.Errorf("%+v", list)
	}
	if d, err := Diff(b.root, slot.A, slot.B); err != nil || fmt.Sprint(d.Files) != "[{/etc/hostname removed} {/etc/hosts removed}]" {
		t.Errorf("%v, %+v", err, d.Files)
	}
	if _, err := Stage(b.root, now()); err != nil || b.text(upperB+"hosts") != blocked {
		t.Errorf("staged: %v", err)
	}
	b.put(upperA+"hosts", blocked+"# more\n")
	b.must(os.Remove(filepath.Join(b.root, mountedFile)))
	if err := carry(b.root, slot.A, slot.B); err != nil || b.text(upperB+"hosts") != blocked+"# more\n" {
		t.Errorf("carried: %v", err)
	}

	// A large calendarbot.yaml is none; it waits as one that cannot be merged does.
	b.put(upperA+agentFile, strings.Repeat("# words\n", 1+mostText/8))
	b.upgrade(stable, candidate)
	b.start()
	if shown := Show(b.root).Slots[0]; !strings.Contains(fmt.Sprint(shown.Conflicts), "its calendarbot.yaml has 1048584 bytes") || !strings.Contains(shown.Wrong, "allowed are 1048576") {
		t.Errorf("%+v", shown)
	}
	if _, err := Stage(b.root, now()); err == nil || !strings.Contains(err.Error(), "allowed are 1048576") {
		t.Errorf("staged: %v", err)
	}
	b.put(upperA+agentFile, stable+"web: {port: 80}\n")
	b.start()
	b.holds(slot.A, map[string]string{"features.cache_warming": "0%", "web.port": "80"})
}

// carry brings what makes the device reachable from one slot into the other.
func carry(root string, from, to slot.Name) error {
	d := device(root)
	return d.alone(func() error { return d.carry(from, to) })
}

func TestWhatMakesTheDeviceReachableFollows(t *testing.T) {
	b := newBoard(t)
	b.start()
	for name, text := range map[string]string{
		"hostname": "hall\n", "hosts": "127.0.1.1 hall\n", "ssh/authorized_keys": "new\n", "wpa_supplicant/wpa_supplicant-wlan0.conf": "new\n", "other": "new\n",
	} {
		b.put(upperB+name, text)
	}
	if err := os.Symlink("../usr/share/zoneinfo/Asia/Tokyo", filepath.Join(b.root, upperB, "localtime")); err != nil {
		t.Fatal(err)
	}
	b.put(upperA+"ssh/authorized_keys", "old\n")
	if err := Settle(b.root, slot.A); err == nil || !strings.Contains(err.Error(), "slot a is mounted") {
		t.Errorf("written below a mount: %v", err)
	}
	b.must(os.Remove(filepath.Join(b.root, mountedFile)))
	b.put(upperA+"wpa_supplicant/other.conf", "kept\n")
	for range 2 {
		if err := carry(b.root, slot.B, slot.A); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"hostname": "hall\n", "hosts": "127.0.1.1 hall\n", "ssh/authorized_keys": "new\n", "wpa_supplicant/wpa_supplicant-wlan0.conf": "new\n", "wpa_supplicant/other.conf": "kept\n", "other": ""} {
		if got := b.text(upperA + name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	if target, err := os.Readlink(filepath.Join(b.root, upperA, "localtime")); err != nil || !strings.HasSuffix(target, "Asia/Tokyo") {
		t.Errorf("%s, %v", target, err)
	}
	// A key that was taken away does not come back with the other slot.
	if err := os.Remove(filepath.Join(b.root, upperB, "ssh/authorized_keys")); err != nil {
		t.Fatal(err)
	}
	if err := carry(b.root, slot.B, slot.A); err != nil || b.text(upperA+"ssh/authorized_keys") != "" {
		t.Errorf("the key is back: %v", err)
	}
	// A slot that is gone says nothing.
	if err := os.RemoveAll(filepath.Join(b.root, "data/config/b")); err != nil {
		t.Fatal(err)
	}
	if err := carry(b.root, slot.B, slot.A); err != nil || b.text(upperA+"hostname") != "hall\n" {
		t.Errorf("%v", err)
	}
}
