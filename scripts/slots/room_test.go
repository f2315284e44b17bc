package slots

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// baked is the data partition as the image has it, made by the very step.
func baked(t *testing.T) (b *board, file string) {
	t.Helper()
	b = newBoard(t, "vda")
	if err := os.Mkdir(b.path("root"), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "image/steps/70-slot.sh")
	cmd.Dir, cmd.Env = "../..", append(b.environ, "WORK="+b.dir, "SOURCE_DATE_EPOCH=1700000000")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	return b, b.path("data.ext4")
}

// reserved is how many blocks a file system has, and how many of them only root may take.
func (b *board) reserved(file string) (blocks, reserved int64) {
	b.t.Helper()
	text := b.tool("", "dumpe2fs", "-h", file)
	number := func(name string) int64 {
		found := regexp.MustCompile(`(?m)^` + name + `: +(\d+)$`).FindStringSubmatch(text)
		if found == nil {
			b.t.Fatalf("there is no %q:\n%s", name, text)
		}
		n, err := strconv.ParseInt(found[1], 10, 64)
		if err != nil {
			b.t.Fatal(err)
		}
		return n
	}
	return number("Block count"), number("Reserved block count")
}

// grownInUse is what a kernel reserves of a file system that it grows: nothing of what fills up the first group of blocks, and then of each 16 groups as
// many whole percents as there are reserved by then.
func grownInUse(blocks, reserved, to int64) int64 {
	const group = 32768
	for blocks = (blocks + group - 1) / group * group; blocks < to; {
		more := min(16*group, to-blocks)
		reserved += reserved * 100 / blocks * more / 100
		blocks += more
	}
	return reserved
}

// TestDataKeepsRoomForRoot: whatever the agent fills /data with, root can still note which slot holds; and also on a card on which /data was grown.
func TestDataKeepsRoomForRoot(t *testing.T) {
	b, file := baked(t)
	blocks, reserved := b.reserved(file)
	if reserved < 256 {
		t.Errorf("root has %d blocks of %d to itself, want a MiB", reserved, blocks)
	}
	for _, gigabytes := range []int64{4, 8, 32, 128, 256} {
		to := gigabytes << 30 / 4096
		if got := grownInUse(blocks, reserved, to); got*1000/to < 9 || got*100/to > 1 {
			t.Errorf("on a card of %d GB root has %d blocks of %d to itself, want one percent", gigabytes, got, to)
		}
	}
}

// TestRootWritesWhereTheAgentFilledAll, on the kernel of this machine.
func TestRootWritesWhereTheAgentFilledAll(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root mounts a file system")
	}
	b, file := baked(t)
	where := b.path("mounted")
	if err := os.Mkdir(where, 0o755); err != nil {
		t.Fatal(err)
	}
	if said, status := b.status("", "mount", "-o", "loop", file, where); status != 0 {
		t.Skipf("nothing can be mounted here: %s", said)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", where).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	for _, size := range []string{"1M", "4k"} {
		f, err := os.Create(filepath.Join(where, size))
		if err != nil {
			t.Fatal(err)
		}
		var said strings.Builder
		fill := exec.CommandContext(t.Context(), tool(t, "dd"), "if=/dev/zero", "bs="+size)
		fill.Stdout, fill.Stderr = f, &said
		fill.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		if err := fill.Run(); err == nil || !strings.Contains(said.String(), "No space left") {
			t.Fatalf("it is not full: %v: %s", err, said.String())
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Create(filepath.Join(where, "slots/config.json"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(f, strings.NewReader(strings.Repeat("{}\n", 64<<10)))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		t.Error(fmt.Errorf("root cannot write: %w", err))
	}
}
