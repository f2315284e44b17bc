package slots

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
)

const (
	slotSize = 12 * mib
	// The file system is smaller than its partition, and no whole number of MiB.
	systemSize = 8*mib + 40*1024
	confirmedA = "BOOT_ORDER=A B\nBOOT_A_LEFT=9\nBOOT_B_LEFT=0\n"
)

// slots is a disk whose slot A runs and is confirmed, and whose slot B is empty.
func slots(t *testing.T) *board {
	t.Helper()
	b := newBoard(t, "mmcblk0")
	b.size(b.disk, 2*mib)
	b.state(confirmedA)
	b.system("p2", "the system")
	b.size("p3", slotSize)
	b.write("root", b.path("p2")+"\n")
	return b
}

// system makes a file system with one large file in a slot.
func (b *board) system(slot, text string) {
	b.t.Helper()
	b.size(slot, slotSize)
	b.write("content", strings.Repeat(text, 100_000))
	b.tool("", "mkfs.ext4", "-q", "-F", "-b", "4096", "-O", "metadata_csum", b.path(slot), fmt.Sprint(systemSize/1024, "k"))
	b.tool(fmt.Sprintf("write %s content\n", b.path("content")), "debugfs", "-w", b.path(slot))
}

// whole says whether slot B holds slot A's file system.
func (b *board) whole() bool {
	b.t.Helper()
	return b.read("p2")[:systemSize] == b.read("p3")[:systemSize]
}

// bootable says whether slot B may be booted, and how the slots follow each other.
func (b *board) bootable(want, wantOrder string) {
	b.t.Helper()
	if left, order := b.left(); left != want || order != wantOrder {
		b.t.Errorf("slot B has %s tries left and the order is %s; want %s and %s", left, order, want, wantOrder)
	}
}

// found says whether there is a file system in slot B: what the kernel, U-Boot and the next clone take for one.
func (b *board) found() bool {
	b.t.Helper()
	_, status := b.status("", "dumpe2fs", "-h", b.path("p3"))
	return status == 0
}

func TestCloneSlot(t *testing.T) {
	b := slots(t)
	if said := b.works("clone-slot"); !strings.Contains(said, "slot B is empty: copying 9 MiB from slot A") || !strings.Contains(said, "slot B holds the same system as slot A, and may be booted") {
		t.Errorf("it says %q", said)
	}
	if !b.whole() {
		t.Error("slot B differs from slot A")
	}
	b.tool("", "e2fsck", "-f", "-n", b.path("p3"))
	b.bootable("3", "A B")

	// Afterwards it neither reads nor writes a slot, and has nothing to say.
	b.noCut()
	if said := b.works("clone-slot"); said != "" {
		t.Errorf("the second time it says %q", said)
	}
	if log := b.read("log"); log != "" {
		t.Errorf("the second time it ran:\n%s", log)
	}
}

// TestCloneSlotWritesTheSuperblockLast looks at the order of what is written.
func TestCloneSlotWritesTheSuperblockLast(t *testing.T) {
	b := slots(t)
	b.works("clone-slot")
	var order []string
	for line := range strings.Lines(b.read("log")) {
		switch {
		case strings.Contains(line, " of="):
			order = append(order, "write")
			if !strings.Contains(line, "oflag=direct") || !strings.Contains(line, "conv=fsync") {
				t.Errorf("not written to the card: %s", line)
			}
			if strings.Contains(line, " skip=0 ") != (strings.Contains(line, " bs=4096 ") && len(order) == 7) {
				t.Errorf("the superblock is not written last: %s", line)
			}
		case strings.HasPrefix(line, "dd "):
			order = append(order, "read")
			if !strings.Contains(line, "iflag=direct") {
				t.Errorf("not read from the card: %s", line)
			}
		default:
			order = append(order, strings.Fields(line)[0])
		}
	}
	if want := "write read read write read read write read read fw_setenv"; strings.Join(order, " ") != want {
		t.Errorf("it did %q, want %q", order, want)
	}
}

// TestCloneSlotSurvivesPowerCuts cuts the power at each program that reads or writes: a half copy is no system and is not booted, and
// the next time all is done.
func TestCloneSlotSurvivesPowerCuts(t *testing.T) {
	for _, moment := range []string{"before", "half", "after"} {
		t.Run(moment, func(t *testing.T) {
			t.Parallel()
			call := 1
			for ; cutClone(t, call, moment); call++ {
			}
			if call != 11 {
				t.Errorf("there were %d cuts; it makes ten calls", call-1)
			}
		})
	}
}

// cutClone cuts the power at one call, and says whether there is such a call.
func cutClone(t *testing.T, call int, moment string) bool {
	t.Helper()
	b := slots(t)
	b.cut(call, moment)
	if said, status := b.run("clone-slot"); status == 0 {
		return false
	} else if status != -1 {
		t.Fatalf("cut %s call %d: status %d: %s", moment, call, status, said)
	}
	b.noCut()
	if found := b.found(); found && !b.whole() {
		t.Errorf("cut %s call %d: a half copy looks like a system", moment, call)
	}
	if left, _ := b.left(); left != "0" && !b.whole() {
		t.Errorf("cut %s call %d: a half copy may be booted", moment, call)
	}
	b.works("clone-slot")
	if !b.whole() {
		t.Errorf("cut %s call %d: the next time slot B differs", moment, call)
	}
	b.bootable("3", "A B")
	return true
}

// TestCloneSlotLeavesAlone wants slot B unchanged, and still not to be booted.
func TestCloneSlotLeavesAlone(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(b *board)
		status int
		want   string
	}{
		"a system that is wanted": {func(b *board) {
			b.system("p3", "another")
			b.write("wanted", "slot b holds system 1.1, which may be wanted\n")
		}, 0, "slot B may not be booted, and is left alone: slot b holds system 1.1, which may be wanted"},
		"another system, while the one that runs is on trial": {func(b *board) {
			b.system("p3", "another")
			b.state("BOOT_ORDER=A B\nBOOT_A_LEFT=2\nBOOT_B_LEFT=0\n")
		}, 0, "slot A is not confirmed yet"},
		"a system on trial":        {func(b *board) { b.state("BOOT_ORDER=A B\nBOOT_A_LEFT=2\nBOOT_B_LEFT=0\n") }, 0, "slot A is not confirmed yet"},
		"a root that is written":   {func(b *board) { b.write("writable", "") }, 1, "slot A is mounted for writing"},
		"a slot that is mounted":   {func(b *board) { b.write("mounted", "") }, 1, "is mounted"},
		"a slot that is too small": {func(b *board) { b.size("p3", 4*mib) }, 1, "the file system of slot A has 9 MiB, slot B has room for 4"},
		"a root that is no slot":   {func(b *board) { b.write("root", b.path("other")+"\n") }, 1, "which is neither slot A (02) nor slot B (03)"},
		"a root without a superblock": {func(b *board) {
			b.size("p2", 0)
			b.size("p2", slotSize)
		}, 1, "has no Block count in its superblock"},
	} {
		t.Run(name, func(t *testing.T) {
			b := slots(t)
			c.spoil(b)
			before := b.digest("p3")
			said, status := b.run("clone-slot")
			if status != c.status || !strings.Contains(said, c.want) {
				t.Errorf("status %d: %q; want %d with %q", status, said, c.status, c.want)
			}
			if b.digest("p3") != before {
				t.Error("slot B was written")
			}
			b.write("root", b.path("p2")+"\n")
			b.bootable("0", "A B")
		})
	}
}

// TestCloneSlotWritesOverWhatCannotBeBooted: a device whose installation was cut short has a second system again.
func TestCloneSlotWritesOverWhatCannotBeBooted(t *testing.T) {
	over := func() *board {
		b := slots(t)
		b.system("p3", "another")
		return b
	}
	b := over()
	if said := b.works("clone-slot"); !strings.Contains(said, "slot B may not be booted: copying 9 MiB from slot A over what is there") || !b.whole() {
		t.Errorf("it says %q", said)
	}
	b.tool("", "e2fsck", "-f", "-n", b.path("p3"))
	b.bootable("3", "A B")
	if asked := b.read("asked"); asked != "calendarbot slots spare B\n" {
		t.Errorf("it asked %q", asked)
	}
	for _, moment := range []string{"before", "half", "after"} {
		t.Run(moment, func(t *testing.T) {
			t.Parallel()
			for call := 1; ; call++ {
				b := slots(t)
				b.system("p3", "another")
				before := b.digest("p3")
				b.cut(call, moment)
				said, status := b.run("clone-slot")
				if status == 0 {
					if call != 14 {
						t.Errorf("there were %d cuts; it makes thirteen calls", call-1)
					}
					return
				}
				if status != -1 {
					t.Fatalf("cut %s call %d: status %d: %s", moment, call, status, said)
				}
				b.noCut()
				if b.found() && !b.whole() && b.digest("p3") != before {
					t.Errorf("cut %s call %d: a mixture looks like a system", moment, call)
				}
				if left, _ := b.left(); left != "0" && !b.whole() {
					t.Errorf("cut %s call %d: a half copy may be booted", moment, call)
				}
				b.works("clone-slot")
				if !b.whole() {
					t.Errorf("cut %s call %d: the next time slot B differs", moment, call)
				}
				b.bootable("3", "A B")
			}
		})
	}
}

// TestCloneSlotTakesTheLock wants nothing written while another program installs a system.
func TestCloneSlotTakesTheLock(t *testing.T) {
	b := slots(t)
	file, err := os.Open(b.path("p3"))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if said, status := b.run("clone-slot"); status != 1 || !strings.Contains(said, "slot B is in use by another program") || b.found() {
		t.Errorf("status %d: %s", status, said)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	b.works("clone-slot")
	b.bootable("3", "A B")
}

// TestCloneSlotFindsBadCards has a card hold something else than what it was given, in each part that is written.
func TestCloneSlotFindsBadCards(t *testing.T) {
	for _, lie := range []string{"1M 1 2000000", "4096 1 5000", "4096 0 3000"} {
		b := slots(t)
		b.write("lies", lie+"\n")
		if said, status := b.run("clone-slot"); status != 1 || !strings.Contains(said, "does not hold what was written to it") {
			t.Errorf("%s: status %d: %s", lie, status, said)
		}
		if b.found() {
			t.Errorf("%s: what differs looks like a system", lie)
		}
		b.bootable("0", "A B")
	}
}

// TestCloneSlotGivesASystemBack copies slot B to A, when A has lost its superblock and U-Boot went on with B.
func TestCloneSlotGivesASystemBack(t *testing.T) {
	b := slots(t)
	b.works("clone-slot")
	b.state("BOOT_ORDER=A B\nBOOT_A_LEFT=9\nBOOT_B_LEFT=9\n")
	b.write("root", b.path("p3")+"\n")
	b.size("p2", 0)
	b.size("p2", slotSize)
	b.works("clone-slot")
	if !b.whole() {
		t.Error("slot A differs from slot B")
	}
	b.bootable("9", "B A")
}
