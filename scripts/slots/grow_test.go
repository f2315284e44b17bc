package slots

import (
	"fmt"
	"strings"
	"testing"
)

const (
	// The small disk of these tests: three partitions of 1 MiB, and from the fourth MiB on the data.
	dataAt   = 4 * mib
	dataSize = 8 * mib
	cardSize = 32 * mib
)

// card is a disk with the device's four partitions, and a file in its data.
func card(t *testing.T, disk string) *board {
	t.Helper()
	b := newBoard(t, disk)
	b.size(disk, cardSize)
	b.tool("label: dos\nlabel-id: 0x43414c42\nstart=2048,size=2048\nstart=4096,size=2048\nstart=6144,size=2048\n"+
		fmt.Sprintf("start=%d,size=%d\n", dataAt/512, dataSize/512), "sfdisk", "--quiet", b.path(disk))
	b.write("kept", "what the person has")
	b.tool("", "mkfs.ext4", "-q", "-b", "4096", "-E", fmt.Sprintf("offset=%d", dataAt), b.path(disk), fmt.Sprint(dataSize/1024, "k"))
	b.tool(fmt.Sprintf("write %s kept\n", b.path("kept")), "debugfs", "-w", b.data())
	b.write("data", b.path(disk)+"p4\n")
	if strings.HasPrefix(disk, "vd") {
		b.write("data", b.path(disk)+"4\n")
	}
	return b
}

// data is the file system with the data, as e2fsprogs call it.
func (b *board) data() string { return fmt.Sprintf("%s?offset=%d", b.path(b.disk), dataAt) }

// grown wants the data to reach to the end of the card, whole, with the file in it.
func (b *board) grown(size int64) {
	b.t.Helper()
	want := fmt.Sprintf("start=%12d, size=%12d", dataAt/512, (size-dataAt)/512)
	if table := b.tool("", "sfdisk", "--dump", b.path(b.disk)); !strings.Contains(table, want) || !strings.Contains(table, "label-id: 0x43414c42") {
		b.t.Errorf("the table is to have %q:\n%s", want, table)
	}
	if text := b.tool("", "dumpe2fs", "-h", b.data()); !strings.Contains(text, fmt.Sprintf("Block count:              %d\n", (size-dataAt)/4096)) {
		b.t.Errorf("the file system has not grown to %d blocks:\n%s", (size-dataAt)/4096, text)
	}
	b.tool("", "e2fsck", "-f", "-n", b.data())
	if text := b.tool("", "debugfs", "-R", "cat kept", b.data()); !strings.Contains(text, "what the person has") {
		b.t.Errorf("the file in it is gone: %s", text)
	}
}

func TestGrowData(t *testing.T) {
	for _, disk := range []string{"mmcblk0", "vda"} {
		t.Run(disk, func(t *testing.T) {
			b := card(t, disk)
			if said := b.works("grow-data"); !strings.Contains(said, "was grown by 20 MiB, to the end of") {
				t.Errorf("it says %q", said)
			}
			b.grown(cardSize)

			// The next start has nothing to do, nor has one on a card with less than a MiB more.
			before := b.digest(disk)
			b.works("grow-data")
			if b.digest(disk) != before {
				t.Error("the second time something was written")
			}
			b.size(disk, cardSize+mib-512)
			before = b.digest(disk)
			b.works("grow-data")
			if b.digest(disk) != before {
				t.Error("for less than a MiB something was written")
			}

			// Moved to a larger card it grows again.
			b.size(disk, 2*cardSize)
			b.works("grow-data")
			b.grown(2 * cardSize)
		})
	}
}

// TestGrowDataSurvivesPowerCuts cuts the power at each program that it calls, before and after what that does.
func TestGrowDataSurvivesPowerCuts(t *testing.T) {
	cuts := 0
	for _, moment := range []string{"before", "after"} {
		for call := 1; ; call++ {
			b := card(t, "mmcblk0")
			b.cut(call, moment)
			if said, status := b.run("grow-data"); status == 0 {
				break // it has no such call
			} else if status != -1 {
				t.Fatalf("cut %s call %d: status %d: %s", moment, call, status, said)
			}
			cuts++
			b.tool("", "e2fsck", "-f", "-n", b.data())
			b.noCut()
			b.works("grow-data")
			b.grown(cardSize)
		}
	}
	if cuts < 6 {
		t.Errorf("there were %d cuts: two calls of sfdisk and one of resize2fs have six", cuts)
	}
}

func TestGrowDataRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(b *board)
		want  string
	}{
		"another partition behind": {func(b *board) {
			b.tool("start=40960,size=2048\n", "sfdisk", "--quiet", "--append", "--force", b.path(b.disk))
		}, "is not the last partition of"},
		"a card that is too small": {func(b *board) { b.size(b.disk, dataAt+dataSize-mib) }, "the card is smaller than the image"},
		"data in memory":           {func(b *board) { b.write("data", "tmpfs\n") }, "/data is on tmpfs, which is no partition of a disk"},
		"data on a whole disk":     {func(b *board) { b.write("data", b.path(b.disk)+"\n") }, "which is no partition of a disk"},
		"data not in the table":    {func(b *board) { b.write("data", b.path(b.disk)+"p7\n") }, "does not have"},
	} {
		t.Run(name, func(t *testing.T) {
			b := card(t, "mmcblk0")
			if strings.HasPrefix(name, "another") { // the table has four places, so one must become free
				b.tool("", "sfdisk", "--quiet", "--delete", b.path(b.disk), "1")
			}
			c.spoil(b)
			before := b.digest(b.disk)
			said, status := b.run("grow-data")
			if status != 1 || !strings.Contains(said, c.want) || strings.Count(said, "\n") != 1 {
				t.Errorf("status %d: %q; want one sentence with %q", status, said, c.want)
			}
			if b.digest(b.disk) != before {
				t.Error("the disk was written")
			}
		})
	}
}
