package conn

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestFullDiskStillReads runs itself again in a mount namespace of its own, with a small disk there.
func TestFullDiskStillReads(t *testing.T) {
	const inside = "CALENDARBOT_TEST_FULL_DISK"
	dir := os.Getenv(inside)
	if dir == "" {
		dir = t.TempDir()
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFullDiskStillReads$", "-test.v")
		cmd.Env = append(os.Environ(), inside+"="+dir)
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
			UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
		}
		out, err := cmd.CombinedOutput()
		if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) || strings.Contains(string(out), "no small disk") {
			t.Skipf("this machine does not let a test mount a small disk: %v", err)
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	if err := syscall.Mount("small", dir, "tmpfs", 0, "size=512k"); err != nil {
		t.Fatalf("no small disk: %v", err)
	}
	path := filepath.Join(dir, "a.db")
	db, err := OpenDB(t.Context(), path, DBOptions{})
	if err != nil {
		t.Fatal(err)
	}
	mustExec(t, db.Write(), "CREATE TABLE t (b BLOB)")
	mustExec(t, db.Write(), "INSERT INTO t VALUES (zeroblob(1000))")
	readable := func(db *DB) {
		t.Helper()
		var n int
		if err := db.Read().QueryRow("SELECT sum(length(b)) FROM t").Scan(&n); err != nil || n != 1000 {
			t.Errorf("read %d bytes, %v, want 1000", n, err)
		}
	}
	readable(db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	ballast, err := os.Create(filepath.Join(dir, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	for block := make([]byte, 4096); err == nil; {
		_, err = ballast.Write(block)
	}
	if !IsFull(err) {
		t.Fatalf("filling the disk: %v", err)
	}
	db, err = OpenDB(t.Context(), path, DBOptions{})
	if err != nil {
		t.Fatalf("at the start: %v", err)
	}
	if !db.Exclusive() {
		t.Error("it does not tell that the disk is full")
	}
	readable(db)
	if _, err := db.Write().Exec("INSERT INTO t VALUES (zeroblob(100000))"); !IsFull(err) {
		t.Errorf("at the start: %v, want a full disk", err)
	}
	readable(db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	if err := errors.Join(ballast.Close(), os.Remove(ballast.Name())); err != nil {
		t.Fatal(err)
	}
	db = openDB(t, path, DBOptions{})
	if _, err := db.Write().Exec("INSERT INTO t VALUES (zeroblob(1000000))"); !IsFull(err) {
		t.Errorf("while running: %v, want a full disk", err)
	}
	readable(db)
}
