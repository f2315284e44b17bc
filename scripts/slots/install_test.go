package slots

import (
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// withBundle is a device with a confirmed system in slot A, another one in B, and a bundle.
func withBundle(t *testing.T) *board {
	t.Helper()
	b := slots(t)
	b.system("p3", "the former system")
	b.state("BOOT_ORDER=A B\nBOOT_A_LEFT=9\nBOOT_B_LEFT=9\n")
	b.write("bundle", "the next system")
	return b
}

func TestInstallSystem(t *testing.T) {
	b := withBundle(t)
	said := b.works("install-system", b.path("bundle"))
	for _, want := range []string{"  0% Installing\n", "100% Installing done.\n", "slot B is tried with the next start\n"} {
		if !strings.Contains(said, want) {
			t.Errorf("it says %q, which lacks %q", said, want)
		}
	}
	if b.read("p3") != "the next system" {
		t.Error("slot B has something else than the bundle")
	}
	b.bootable("3", "B A")
	if told := b.read("told"); told != "systemctl stop rauc.service\n" {
		t.Errorf("RAUC's service stays: %q", told)
	}
	if fault, err := os.ReadFile(b.path("fault")); err == nil {
		t.Error(string(fault))
	}
}

// TestInstallSystemRefuses wants slot B and the boot state unchanged.
func TestInstallSystemRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(b *board)
		status int
		want   string
	}{
		"a system on trial": {func(b *board) { b.state("BOOT_ORDER=A B\nBOOT_A_LEFT=2\nBOOT_B_LEFT=9\n") }, 2,
			"slot A is not confirmed yet: until it is, slot B may be what is gone back to"},
		"no bundle": {func(b *board) {
			if err := os.Remove(b.path("bundle")); err != nil {
				b.t.Fatal(err)
			}
		}, 1, "there is no file"},
		"what RAUC refuses": {func(b *board) { b.write("refuses", "signature verification failed\n") }, 3, "signature verification failed\ninstall-system: RAUC refuses the bundle"},
		"what RAUC refuses, beside half a system": {func(b *board) {
			b.state("BOOT_ORDER=A\nBOOT_A_LEFT=9\nBOOT_B_LEFT=0\n")
			b.write("refuses", "signature verification failed\n")
		}, 1, "install-system: RAUC refuses the bundle, or could not install it"},
		"a root that is no slot": {func(b *board) { b.write("root", b.path("other")+"\n") }, 1, "which is neither slot A (02) nor slot B (03)"},
	} {
		t.Run(name, func(t *testing.T) {
			b := withBundle(t)
			c.spoil(b)
			disk, slot := b.digest(b.disk), b.digest("p3")
			said, status := b.run("install-system", b.path("bundle"))
			if status != c.status || !strings.Contains(said, c.want) {
				t.Errorf("status %d: %q; want %d, %q", status, said, c.status, c.want)
			}
			if b.digest(b.disk) != disk || b.digest("p3") != slot {
				t.Error("something was written")
			}
		})
	}
	b := withBundle(t)
	for _, args := range [][]string{{}, {"bundle"}} {
		if said, status := b.run("install-system", args...); status != 1 {
			t.Errorf("%v: status %d: %s", args, status, said)
		}
	}
}

// TestInstallSystemThatEndsInTheMiddle does not say that the other slot is as it was.
func TestInstallSystemThatEndsInTheMiddle(t *testing.T) {
	b := withBundle(t)
	b.write("breaks", "")
	if said, status := b.run("install-system", b.path("bundle")); status != 1 || !strings.Contains(said, "could not install it") {
		t.Errorf("status %d: %s", status, said)
	}
	b.bootable("0", "A")
}

// TestInstallSystemLooksAgain does not take RAUC's word for it.
func TestInstallSystemLooksAgain(t *testing.T) {
	b := withBundle(t)
	b.write("half", "")
	if said, status := b.run("install-system", b.path("bundle")); status != 1 || !strings.Contains(said, `the boot state does not have it next: it says "A"`) {
		t.Errorf("status %d: %s", status, said)
	}
	b.bootable("0", "A")
}

// TestInstallSystemWaitsForTheLock has another program write slot B meanwhile.
func TestInstallSystemWaitsForTheLock(t *testing.T) {
	b := withBundle(t)
	file, err := os.Open(b.path("p3"))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	done := make(chan string, 1)
	go func() {
		said, _ := b.run("install-system", b.path("bundle"))
		done <- said
	}()
	for tick := time.NewTicker(10 * time.Millisecond); ; <-tick.C {
		if asked, err := os.ReadFile(b.path("flocks")); err == nil {
			if string(asked) != "flock -w 1200 9\n" {
				t.Errorf("it asked %q", asked)
			}
			break
		}
	}
	if _, err := os.Stat(b.path("log")); err == nil && b.read("log") != "" {
		t.Errorf("it did not wait: %s", b.read("log"))
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if said := <-done; !strings.Contains(said, "slot B is tried with the next start") {
		t.Errorf("it says %q", said)
	}
}

func TestUpdateFromStick(t *testing.T) {
	b := slots(t)
	b.environ = append(b.environ, "STICK="+b.dir)
	mounted := "mount -t vfat,exfat -o ro,nosuid,nodev,noexec /dev/sda1 " + b.dir + "\n"
	if said := b.works("update-from-stick", "/dev/sda1"); !strings.Contains(said, "/dev/sda1 has no folder calendarbot-update") || b.read("told") != mounted {
		t.Errorf("another stick: it says %q, and told %q", said, b.read("told"))
	}
	b.write("told", "")
	if err := os.Mkdir(b.path("calendarbot-update"), 0o755); err != nil {
		t.Fatal(err)
	}
	b.works("update-from-stick", "/dev/sda1")
	if want := mounted + "setpriv --bounding-set=-sys_admin,-setpcap /usr/bin/calendarbot-update apply --wait 1h --from " + b.path("calendarbot-update") + "\n"; b.read("told") != want {
		t.Errorf("it told %q, want %q", b.read("told"), want)
	}
	b.write("told", "")
	b.write("unreadable", "")
	if said, status := b.run("update-from-stick", "/dev/sda1"); status == 0 || strings.Contains(b.read("told"), "setpriv") {
		t.Errorf("a stick that cannot be mounted: status %d: %s", status, said)
	}
}

// TestSticksOfExt4AreLeftAlone: such a stick may say that the kernel is to stop at its first error.
func TestSticksOfExt4AreLeftAlone(t *testing.T) {
	const name = "../../overlay/common/usr/lib/udev/rules.d/80-calendarbot-stick.rules"
	rules, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if types := regexp.MustCompile(`ENV\{ID_FS_TYPE\}=="([^"]*)"`).FindAllStringSubmatch(string(rules), -1); len(types) != 1 || types[0][1] != "vfat|exfat" {
		t.Errorf("%s takes %q", name, types)
	}
}
