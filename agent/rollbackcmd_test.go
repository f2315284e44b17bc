package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// TestRollbackIsWrittenAsTheOwner has root ask in a folder that belongs to another user, who must be able to change it.
func TestRollbackIsWrittenAsTheOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give folders away")
	}
	const owner = 61234
	state, err := os.MkdirTemp("", "calendarbot-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(state); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chown(state, owner, owner); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "rollback", "request", "--level", "3", "--why", "it does not stay up", "--dir", state)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range []string{"rollback", "rollback/request.json"} {
		info, err := os.Stat(filepath.Join(state, name))
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := info.Sys().(*syscall.Stat_t); !ok || s.Uid != owner || s.Gid != owner {
			t.Errorf("%s belongs to %d:%d", name, s.Uid, s.Gid)
		}
	}
}
