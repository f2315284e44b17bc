package slots

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestBootGood has the agent come up, fall over and stay.
func TestBootGood(t *testing.T) {
	b := slots(t)
	b.state("BOOT_ORDER=A B\nBOOT_A_LEFT=2\nBOOT_B_LEFT=0\n")
	at := func(uptime int, then string) string {
		return fmt.Sprintf("#!/bin/sh\necho '%d.42 99.99' >$D/uptime\n%s\n", uptime, then)
	}
	b.write("later-1", at(60, ":"))
	b.write("later-2", at(100, "echo 90000000 >$D/active"))
	b.write("later-3", at(260, "rm $D/active"))
	b.write("later-4", at(280, "echo 270000000 >$D/active"))
	b.write("later-5", at(449, ":"))
	b.write("later-6", at(450, ":"))
	// Until then /data is one in memory, as the one on the card could not be mounted.
	b.write("found", "lost\n")
	b.write("later-7", at(460, "echo mended >$D/found"))
	b.write("later-8", at(470, ":"))
	b.environ = append(b.environ, "PROC="+b.dir, "FOUND="+b.path("found"))
	if said := b.works("boot-good", "180"); !strings.Contains(said, "slot A is confirmed: the agent has been up for 180 seconds") {
		t.Errorf("it says %q", said)
	}
	if left := b.works("boot-state", "get", "BOOT_A_LEFT"); left != "9\n" {
		t.Errorf("slot A has %s left", left)
	}
	if _, err := os.Stat(b.path("later-7")); !os.IsNotExist(err) {
		t.Error("it was confirmed too early")
	}
	if _, err := os.Stat(b.path("later-8")); err != nil {
		t.Error("it was confirmed too late")
	}

	// A confirmed one is not looked at any more.
	before := b.digest(b.disk)
	b.works("boot-good", "180")
	if b.digest(b.disk) != before {
		t.Error("a confirmed state was written")
	}
}

func TestBootState(t *testing.T) {
	b := slots(t)
	if slot := b.works("boot-state", "slot"); slot != "A\n" {
		t.Errorf("slot A runs, it says %q", slot)
	}
	b.works("boot-state", "set", "BOOT_ORDER", "B A", "BOOT_B_LEFT", "3")
	b.bootable("3", "B A")
	if size := len(b.read(b.disk)); size != 2*mib {
		t.Errorf("the disk has %d bytes", size)
	}
	for _, args := range [][]string{{}, {"get"}, {"set", "BOOT_ORDER"}, {"slot", "A"}, {"put", "A"}} {
		if said, status := b.run("boot-state", args...); status != 1 || !strings.Contains(said, "usage:") {
			t.Errorf("%v: status %d: %s", args, status, said)
		}
	}
	b.write("root", b.path("p3")+"\n")
	if slot := b.works("boot-state", "slot"); slot != "B\n" {
		t.Errorf("slot B runs, it says %q", slot)
	}

	// A state with a wrong checksum is U-Boot's to make new.
	b.state("BOOT_ORDER=A B\n")
	file, err := os.OpenFile(b.path(b.disk), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteAt([]byte("X"), stateAt+20); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if said, status := b.run("boot-state", "get", "BOOT_ORDER"); status != 1 || !strings.Contains(said, "the boot state cannot be read or written") {
		t.Errorf("status %d: %s", status, said)
	}
}

// TestEverybodyMeansTheSame holds the numbers together that the boot script, RAUC and the programs write and read.
func TestEverybodyMeansTheSame(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{"../../image/boot/boot.cmd", `-lt 9;`},
		{"../../image/boot/boot.cmd", `setenv BOOT_A_LEFT 3\n`},
		{"../../image/boot/boot.cmd", `read \$\{ramdisk_addr_r\} 0x400 1;`},
		{"../../image/boot/boot-state.txt", `(?m)^BOOT_ORDER=A B\nBOOT_A_LEFT=3\nBOOT_B_LEFT=0$`},
		{"../../overlay/common/etc/fw_env.config", `(?m)^/dev/calendarbot-card 0x80000 0x200$`},
		{"../../overlay/common/etc/rauc/system.conf", `(?m)^boot-attempts=9\nboot-attempts-primary=3$`},
		{programs + "/boot-good", `CONFIRMED=9\n`},
		{programs + "/clone-slot", `CONFIRMED=9 TRIES=3\n`},
	} {
		if text, err := os.ReadFile(c.file); err != nil {
			t.Error(err)
		} else if !regexp.MustCompile(c.want).Match(text) {
			t.Errorf("%s does not have %s", c.file, c.want)
		}
	}
}
