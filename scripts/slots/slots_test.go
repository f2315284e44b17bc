// Package slots has the tests of the programs that look after the device's partitions: its data, its two systems and
// the state that says which of them is booted. The programs work on files with the real tools for tables and file systems;
// what only a kernel with a disk can answer is said by the small programs in testdata/bin.
package slots

import (
	"bytes"
	"crypto/sha256"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

const (
	programs = "../../overlay/common/usr/lib/calendarbot"
	mib      = 1 << 20
	// stateAt is where the boot state lies on the disk, in bytes.
	stateAt, stateSize = 0x80000, 0x200
)

// board is a folder with a disk that is a file, and what the programs are told of it.
type board struct {
	t       *testing.T
	dir     string
	disk    string // its name in dir
	environ []string
}

func newBoard(t *testing.T, disk string) *board {
	t.Helper()
	b := &board{t: t, dir: t.TempDir(), disk: disk}
	stubs, err := filepath.Abs("testdata/bin")
	if err != nil {
		t.Fatal(err)
	}
	b.environ = append(os.Environ(),
		"PATH="+stubs+":"+os.Getenv("PATH")+":/usr/sbin:/sbin", "LC_ALL=C", "D="+b.dir, "DISK="+disk, "DATA="+b.dir,
		"FW_ENV_CONFIG=../../overlay/common/etc/fw_env.config",
		"REAL_resize2fs="+filepath.Join(filepath.Dir(stubs), "resize-partition"), "REAL_resize2fs_of_files="+tool(t, "resize2fs"))
	for _, name := range []string{"dd", "fw_setenv", "sfdisk", "flock"} {
		b.environ = append(b.environ, "REAL_"+name+"="+tool(t, name))
	}
	b.noCut()
	return b
}

// tool returns where a program is that a test cannot do without.
func tool(t *testing.T, name string) string {
	t.Helper()
	for _, folder := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/sbin") {
		if path, err := exec.LookPath(filepath.Join(folder, name)); err == nil {
			return path
		}
	}
	t.Fatalf("there is no %s (scripts/setup test installs it)", name)
	return ""
}

func (b *board) path(name string) string { return filepath.Join(b.dir, name) }

func (b *board) write(name, text string) {
	b.t.Helper()
	if err := os.WriteFile(b.path(name), []byte(text), 0o755); err != nil {
		b.t.Fatal(err)
	}
}

func (b *board) read(name string) string {
	b.t.Helper()
	data, err := os.ReadFile(b.path(name))
	if err != nil {
		b.t.Fatal(err)
	}
	return string(data)
}

// digest tells whether a file has changed.
func (b *board) digest(name string) [sha256.Size]byte {
	b.t.Helper()
	return sha256.Sum256([]byte(b.read(name)))
}

// size makes a file as long as that, with nothing in what is new.
func (b *board) size(name string, bytes int64) {
	b.t.Helper()
	file, err := os.OpenFile(b.path(name), os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := file.Truncate(bytes); err != nil {
		b.t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		b.t.Fatal(err)
	}
}

// tool runs a real program, which must succeed.
func (b *board) tool(input, name string, args ...string) string {
	b.t.Helper()
	out, status := b.status(input, name, args...)
	if status != 0 {
		b.t.Fatalf("%s %v ended with %d:\n%s", name, args, status, out)
	}
	return out
}

// status runs a real program, and returns what it said and with which status it ended.
func (b *board) status(input, name string, args ...string) (said string, status int) {
	b.t.Helper()
	cmd := exec.CommandContext(b.t.Context(), tool(b.t, name), args...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		b.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// run runs one of the device's programs, and returns what it said and with which status it ended: -1 when it was killed.
func (b *board) run(name string, args ...string) (said string, status int) {
	b.t.Helper()
	cmd := exec.CommandContext(b.t.Context(), filepath.Join(programs, name), args...)
	cmd.Env = b.environ
	// A power cut ends all of it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); cmd.ProcessState == nil {
		b.t.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// works runs a program that must succeed, and returns what it said.
func (b *board) works(name string, args ...string) string {
	b.t.Helper()
	said, status := b.run(name, args...)
	if status != 0 {
		b.t.Fatalf("%s ended with %d:\n%s", name, status, said)
	}
	return said
}

// cut has the power fail at one of the calls of programs that read or write the disk.
func (b *board) cut(call int, moment string) {
	b.t.Helper()
	b.write("calls", "0")
	b.write("log", "")
	b.write("cut", strconv.Itoa(call))
	b.write("moment", moment)
}

func (b *board) noCut() { b.cut(0, "before") }

// state writes the boot state to the disk.
func (b *board) state(text string) {
	b.t.Helper()
	b.tool(text, "mkenvimage", "-s", strconv.Itoa(stateSize), "-o", b.path("state"), "-")
	file, err := os.OpenFile(b.path(b.disk), os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := file.WriteAt([]byte(b.read("state")), stateAt); err != nil {
		b.t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		b.t.Fatal(err)
	}
}

// left is what the boot state says of slot B and of the order.
func (b *board) left() (slotB, order string) {
	b.t.Helper()
	return strings.TrimSpace(b.works("boot-state", "get", "BOOT_B_LEFT")), strings.TrimSpace(b.works("boot-state", "get", "BOOT_ORDER"))
}
