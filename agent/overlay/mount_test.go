package overlay

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"calendarbot/agent/slot"
)

func (b board) path(parts ...string) string { return device(b.root).path(parts...) }

// found is what an expression finds in a file.
func found(t *testing.T, name, expression string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	match := regexp.MustCompile(expression).FindSubmatch(text)
	if match == nil {
		t.Fatalf("%s has no %s", name, expression)
	}
	return string(match[1])
}

// TestWhatIsMountedIsWhatWasMade mounts a candidate as the start does.
func TestWhatIsMountedIsWhatWasMade(t *testing.T) {
	const inside = "CALENDARBOT_TEST_STAGE"
	if root := os.Getenv(inside); root != "" { // run by itself below, with the privileges of the unit
		if _, err := Stage(root, now()); err != nil {
			t.Fatal(err)
		}
		return
	}
	template := found(t, "../../image/initramfs/init", `mount -t overlay -o "([^"]*upperdir=[^"]*)"`)
	privileges := strings.ReplaceAll(strings.ToLower(found(t, "../../systemd/calendarbot-slots.service", `(?m)^CapabilityBoundingSet=(.*)$`)), " cap_", ",+")
	b := newBoard(t)
	where := t.TempDir()
	b.put("etc/motd", "the system's\n")
	b.put("etc/cron.d/system", "the system's\n")
	b.put("usr/share/calendarbot/overlay/b/etc/issue", "b's\n")
	mount := func(n slot.Name) {
		t.Helper()
		top := filepath.Join(b.root, "data/config", string(n))
		b.must(errors.Join(os.MkdirAll(filepath.Join(top, "etc"), 0o755), os.MkdirAll(filepath.Join(top, "work"), 0o755)))
		options := os.Expand(template, func(name string) string {
			return map[string]string{"changed": top, "lower": b.path("usr/share/calendarbot/overlay", string(n), "etc") + ":" + b.path("etc")}[name]
		})
		if out, err := exec.Command("mount", "-t", "overlay", "-o", options, "etc", where).CombinedOutput(); err != nil {
			t.Skipf("no overlay can be mounted here: %v: %s", err, out)
		}
	}
	umount := func() {
		if out, err := exec.Command("umount", where).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
	// On a tmpfs, as an upper folder is not to lie on an overlay itself.
	data := filepath.Join(b.root, "data")
	b.must(os.MkdirAll(data, 0o755))
	if out, err := exec.Command("mount", "-t", "tmpfs", "overlay-test", data).CombinedOutput(); err != nil {
		t.Skipf("nothing can be mounted here: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", data).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})

	mount(b.start())
	for _, err := range []error{
		os.Remove(filepath.Join(where, "motd")), // leaves a whiteout
		os.RemoveAll(filepath.Join(where, "cron.d")),
		os.Mkdir(filepath.Join(where, "cron.d"), 0o755), // hides the one below
		os.WriteFile(filepath.Join(where, "cron.d/mine"), []byte("mine\n"), 0o644),
		os.WriteFile(filepath.Join(where, "hostname"), []byte("hall\n"), 0o644),
		os.WriteFile(filepath.Join(where, agentFile), []byte(stable+"web: {pin: \"2468\"}\n"), 0o640),
	} {
		b.must(err)
	}
	stage := exec.CommandContext(t.Context(), "setpriv", "--bounding-set=-all,+"+strings.TrimPrefix(privileges, "cap_"), os.Args[0], "-test.run=^"+t.Name()+"$")
	stage.Env = append(os.Environ(), inside+"="+b.root)
	out, err := stage.CombinedOutput()
	umount()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b.obey("try")
	n := b.start()
	if n != slot.B {
		t.Fatalf("started %s", n)
	}
	mount(n)
	defer umount()
	if there(filepath.Join(where, "motd")) || there(filepath.Join(where, "cron.d/system")) {
		t.Error("what was deleted is back")
	}
	for name, want := range map[string]string{"cron.d/mine": "mine\n", "hostname": "hall\n", "issue": "b's\n"} {
		if text, err := os.ReadFile(filepath.Join(where, name)); err != nil || string(text) != want {
			t.Errorf("%s is %q, %v", name, text, err)
		}
	}
	text, err := os.ReadFile(filepath.Join(where, agentFile))
	if err != nil || !strings.Contains(string(text), "2468") || !strings.Contains(string(text), "cache_warming: 100%") {
		t.Errorf("%s, %v", text, err)
	}
}
