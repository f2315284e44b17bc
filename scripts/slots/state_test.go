package slots

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestBootState(t *testing.T) {
	b := slots(t)
	if slot := b.works("boot-state", "slot"); slot != "A\n" {
		t.Errorf("slot A runs, it says %q", slot)
	}
	if other := b.works("boot-state", "other"); other != fmt.Sprintf("B %s %d\n", b.path("p3"), slotSize) {
		t.Errorf("slot B does not run, it says %q", other)
	}
	b.works("boot-state", "set", "BOOT_ORDER", "B A", "BOOT_B_LEFT", "3")
	b.bootable("3", "B A")
	if all := b.works("boot-state", "show"); all != "SLOT=A\nBOOT_ORDER=B A\nBOOT_A_LEFT=9\nBOOT_B_LEFT=3\n" {
		t.Errorf("all of it is %q", all)
	}
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
	if other := b.works("boot-state", "other"); other != fmt.Sprintf("A %s %d\n", b.path("p2"), slotSize) {
		t.Errorf("slot A does not run, it says %q", other)
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
		{programs + "/give-up-system", `CONFIRMED=9\n`},
		{programs + "/install-system", `CONFIRMED=9 TRIES=3 `},
		{programs + "/clone-slot", `CONFIRMED=9 TRIES=3\n`},
	} {
		if text, err := os.ReadFile(c.file); err != nil {
			t.Error(err)
		} else if !regexp.MustCompile(c.want).Match(text) {
			t.Errorf("%s does not have %s", c.file, c.want)
		}
	}
}
