package preseed

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"calendarbot/agent/network"
)

// TestACrashAtAnyMomentLosesNothing makes the states that a power cut leaves: everything up to a moment is written, nothing after it.
func TestACrashAtAnyMomentLosesNothing(t *testing.T) {
	whole := newBoard(t)
	whole.put("calendarbot.yaml", everything)
	whole.put("rpi-preseed.toml", newImager)
	whole.boot()
	done := whole.tree(whole.root)
	record := filepath.Join(whole.root, recordFile)

	for name := range done { // any one of the files is not written yet, and nothing after the files is
		if name == record || strings.Contains(name, "access-point") || strings.Contains(name, "overlay") {
			continue
		}
		rest := strings.TrimPrefix(name, whole.root)
		b := whole.copied(t)
		b.put("calendarbot.yaml", everything)
		b.put("rpi-preseed.toml", newImager)
		if err := errors.Join(os.Remove(filepath.Join(b.root, rest)), os.Remove(filepath.Join(b.root, recordFile))); err != nil {
			t.Fatal(err)
		}
		b.write(filepath.Join(b.root, rest+".new"), "half of it")
		b.boot()
		b.blanked()
		if c := b.config(""); len(c.Sources) != 2 || c.Web.PIN.Reveal() != "0123" || len(b.wifi(idleSlot).Networks) != 3 || b.text(filepath.Join(b.root, hostnameFile)) != "kitchen\n" {
			t.Errorf("without %s: %+v", rest, c)
		}
	}

	// It is remembered what was read, and one of the files is blanked, or none.
	for _, not := range [][]string{{"calendarbot.yaml"}, {"rpi-preseed.toml"}, {"calendarbot.yaml", "rpi-preseed.toml"}} {
		b := whole.copied(t)
		r, err := readRecord(b.root)
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"calendarbot.yaml": everything, "rpi-preseed.toml": newImager} {
			seen := r.Files[name]
			seen.Read = sum([]byte(text))
			r.Files[name] = seen
		}
		text, err := r.text()
		if err != nil {
			t.Fatal(err)
		}
		b.write(filepath.Join(b.root, recordFile), string(text))
		for _, name := range not {
			b.put(name, map[string]string{"calendarbot.yaml": everything, "rpi-preseed.toml": newImager}[name])
		}
		// What a person changed on the device since then stays.
		if err := network.Write(b.root, network.Wifi{Networks: []network.Network{{SSID: "Other"}}}); err != nil {
			t.Fatal(err)
		}
		report := b.boot()
		b.blanked()
		if len(report.Read) > 0 || b.wifi("").Networks[0].SSID != "Other" {
			t.Errorf("not blanked %v: it is taken over twice: %+v", not, report)
		}
		if b.text(filepath.Join(b.root, recordFile)) != done[record] {
			t.Errorf("not blanked %v: the record is another one", not)
		}
	}
}

// copied is another board of the same content.
func (b board) copied(t *testing.T) board {
	t.Helper()
	other := board{t, filepath.Join(t.TempDir(), "card"), filepath.Join(t.TempDir(), "root")}
	for from, to := range map[string]string{b.card: other.card, b.root: other.root} {
		if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	return other
}

// blanked asks that no secret is on the card.
func (b board) blanked() {
	b.t.Helper()
	for name, text := range b.tree(b.card) {
		for _, secret := range []string{"correct horse", "it''s mine", "family-key", "user-hash", "very-secret"} {
			if strings.Contains(text, secret) {
				b.t.Errorf("%q is left in %s", secret, name)
			}
		}
	}
}

func TestACardThatCannotBeWrittenToIsReadOnce(t *testing.T) {
	b := newBoard(t)
	b.put("calendarbot.yaml", "hostname: hall\npin: 2468\n")
	if err := os.Mkdir(filepath.Join(b.card, deviceFile), 0o755); err != nil { // a folder where a file is to be
		t.Fatal(err)
	}
	b.put(deviceFile+"/x", "")
	report, err := Boot{Card: b.card, Root: b.root}.Run()
	if err == nil || !strings.Contains(err.Error(), "write "+deviceFile+" on the card") || report.Hostname != "hall" {
		t.Errorf("%v, %+v", err, report)
	}
	if strings.Contains(b.onCard("calendarbot.yaml"), "2468") {
		t.Error("the PIN is left")
	}
	report, err = Boot{Card: filepath.Join(b.card, "gone"), Root: t.TempDir()}.Run()
	if err == nil || !strings.Contains(err.Error(), "look at the card") || !report.MadePIN {
		t.Errorf("without a card: %v, %+v", err, report)
	}
}

// TestTheCardIsReadOnlyAgain asks for the mount with a remount that only tells, as on a card that is mounted read-only.
func TestTheCardIsReadOnlyAgain(t *testing.T) {
	mounted, where := onReadOnly(t)
	var asked []bool
	c := card{dir: where, remount: func(_ string, writable bool) error {
		asked = append(asked, writable)
		return mounted(writable)
	}}
	err := c.writable(func() error { return c.write(change{"a.txt", []byte("a")}, change{"b.txt", nil}) })
	if err != nil || fmt.Sprint(asked) != "[true false]" {
		t.Errorf("%v, asked %v", err, asked)
	}
	if err := os.WriteFile(filepath.Join(where, "c.txt"), nil, 0o600); err == nil {
		t.Error("it is writable still")
	}
	if text, err := os.ReadFile(filepath.Join(where, "a.txt")); err != nil || string(text) != "a" {
		t.Errorf("%q, %v", text, err)
	}
	wrong := errors.New("no")
	c.remount = func(string, bool) error { return wrong }
	if err := c.writable(func() error { return nil }); !errors.Is(err, wrong) {
		t.Errorf("the error is %v", err)
	}
	c.remount = func(_ string, writable bool) error {
		if writable {
			return nil
		}
		return wrong
	}
	if err := c.writable(func() error { return nil }); !errors.Is(err, wrong) || !strings.Contains(err.Error(), "read-only again") {
		t.Errorf("the error is %v", err)
	}
}

// onReadOnly mounts a file system in memory read-only, where that is allowed.
func onReadOnly(t *testing.T) (mounted func(writable bool) error, where string) {
	t.Helper()
	where = t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "ro,nosuid,nodev,noatime,size=1m", "preseed-test", where).CombinedOutput(); err != nil {
		t.Skipf("nothing can be mounted here: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", where).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	return func(writable bool) error {
		if err := remount(where, writable); err != nil {
			return err
		}
		table, err := os.ReadFile("/proc/self/mounts")
		if err != nil {
			return err
		}
		for line := range strings.SplitSeq(string(table), "\n") {
			if fields := strings.Fields(line); len(fields) > 3 && fields[1] == where {
				options := "," + fields[3] + ","
				for _, keep := range []string{",nosuid,", ",nodev,", ",noatime,"} {
					if !strings.Contains(options, keep) {
						t.Errorf("%s is lost: %s", keep, options)
					}
				}
			}
		}
		return nil
	}, where
}

func TestWhatIsBrokenOnTheDeviceIsToldAndReplaced(t *testing.T) {
	b := newBoard(t)
	b.write(filepath.Join(b.root, recordFile), "{")
	b.write(filepath.Join(b.root, agentFile), "a: [")
	b.write(filepath.Join(b.root, "etc/wpa_supplicant/wpa_supplicant-wlan0.conf"), "network={\n")
	b.write(filepath.Join(b.root, "etc/passwd"), "root:x:0:0::/:/bin/sh\ncalendarbot:x:870:871::/:/bin/false\n")
	b.put("calendarbot.yaml", everything)
	report, err := Boot{Card: b.card, Root: b.root}.Run()
	for _, part := range []string{"read what was taken over before", "calendarbot.yaml.unreadable", "read the wireless networks"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("no %q in %v", part, err)
		}
	}
	if len(report.Mistakes) > 0 || len(b.wifi("").Networks) != 3 || len(b.config("").Sources) != 2 || b.text(filepath.Join(b.root, agentFile+".unreadable")) != "a: [" {
		t.Errorf("the report is %+v", report)
	}
	b.blanked()
	if agentGroup(b.root) != 871 || agentGroup(b.card) != 0 {
		t.Errorf("the group is %d", agentGroup(b.root))
	}
	for _, c := range []struct{ file, text, idle string }{
		{"run/calendarbot-boot/config", "", "b"},
		{"data/slots/config.json", `{"active":"b","former":"a"}`, "a"},
		{"run/calendarbot-boot/config", "a\n", "b"}, // what is mounted, whatever is active
	} {
		b.write(filepath.Join(b.root, c.file), c.text)
		if _, idle, name, err := slots(b.root); err != nil || string(name) != c.idle || !strings.HasSuffix(idle, "/data/config/"+c.idle) {
			t.Errorf("after %s in %s the idle slot is %s, %v", c.text, c.file, idle, err)
		}
	}
	b.write(filepath.Join(b.root, "run/calendarbot-boot/config"), "")
	b.write(filepath.Join(b.root, "data/slots/config.json"), "{")
	if _, _, name, err := slots(b.root); err == nil || name != "b" {
		t.Errorf("the idle slot of a state that cannot be read is %s, %v", name, err)
	}
}

func TestADeviceThatCannotBeWrittenToKeepsTheCard(t *testing.T) {
	b := newBoard(t)
	b.put("calendarbot.yaml", everything)
	if err := os.RemoveAll(filepath.Join(b.root, "etc")); err != nil {
		t.Fatal(err)
	}
	b.write(filepath.Join(b.root, "etc"), "no folder")
	report, err := Boot{Card: b.card, Root: b.root}.Run()
	if err == nil || !strings.Contains(err.Error(), "write /etc/hostname") || b.onCard("calendarbot.yaml") != everything {
		t.Errorf("%v, %+v", err, report)
	}
	if _, err := os.Stat(filepath.Join(b.root, recordFile)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is remembered all the same: %v", err)
	}
	b = newBoard(t)
	b.put("calendarbot.yaml", everything)
	b.write(filepath.Join(b.root, "data"), "no folder")
	if _, err := (Boot{Card: b.card, Root: b.root}).Run(); err == nil || b.onCard("calendarbot.yaml") != everything {
		t.Errorf("%v, and the card is %s", err, b.onCard("calendarbot.yaml"))
	}
}

func TestWhatStoodInAFileIsOverwritten(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a")
	if err := os.WriteFile(name, []byte("correct horse"), 0o600); err != nil {
		t.Fatal(err)
	}
	old, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := (card{dir: dir}).write(change{"a", []byte("new")}); err != nil {
		t.Fatal(err)
	}
	was := make([]byte, 13)
	if _, err := old.ReadAt(was, 0); err != nil || strings.Trim(string(was), "\x00") != "" {
		t.Errorf("%q, %v", was, err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
}
