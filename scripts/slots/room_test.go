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

// TestDataKeepsRoomForRoot: whatever the agent fills /data with, root can still note which slot holds; and also on a card on which /data was grown.
func TestDataKeepsRoomForRoot(t *testing.T) {
	b, file := baked(t)
	blocks, reserved := b.reserved(file)
	// The kernel that grows it takes the whole percents that there are, so just less than one would come to none.
	if reserved*100/blocks < 1 {
		t.Errorf("root has %d blocks of %d to itself, want at least one percent", reserved, blocks)
	}
	// With one step of growth, as e2fsprogs do it.
	b.size("grown", 8<<30)
	b.tool("", "dd", "if="+file, "of="+b.path("grown"), "conv=notrunc,sparse", "bs=1M", "status=none")
	b.tool("", "resize2fs", b.path("grown"))
	if blocks, reserved := b.reserved(b.path("grown")); reserved*100/blocks < 1 || blocks != 8<<30/4096 {
		t.Errorf("when it was grown root has %d blocks of %d to itself, want at least one percent", reserved, blocks)
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
