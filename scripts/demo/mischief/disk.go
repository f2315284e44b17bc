package mischief

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// ErrNoDisk says that this machine does not let a program mount a disk of its own.
var ErrNoDisk = errors.New("this machine does not let a test mount a disk")

// diskFolder is the variable that names the folder where WithDisk wants the disk.
const diskFolder = "CALENDARBOT_TEST_DISK"

// WithDisk runs a test of this program again, by its whole name, in a mount namespace of its own with an empty disk in the
// folder dir. It needs no rights where user namespaces are allowed. In that other run, which is to do the work, the folder
// is returned; otherwise "", when all is done, with the output of a run that failed in the error.
func WithDisk(ctx context.Context, test, dir string) (string, error) {
	if dir := os.Getenv(diskFolder); dir != "" {
		if err := syscall.Mount("disk", dir, "tmpfs", 0, "size=32m"); err != nil {
			return "", fmt.Errorf("%w: %w", ErrNoDisk, err)
		}
		return dir, nil
	}
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+strings.ReplaceAll(test, "/", "$/^")+"$", "-test.v")
	cmd.Env = append(os.Environ(), diskFolder+"="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	switch {
	case errors.Is(err, syscall.EPERM), errors.Is(err, syscall.ENOSPC), strings.Contains(string(out), ErrNoDisk.Error()):
		return "", ErrNoDisk
	case err != nil:
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return "", nil
}

// Seal makes the disk in the folder read-only, as the system does when it fails. No file may be open for writing there. Unseal
// takes that back.
func Seal(dir string) error { return remount(dir, syscall.MS_RDONLY) }

// Unseal makes the disk in the folder writable again.
func Unseal(dir string) error { return remount(dir, 0) }

func remount(dir string, how uintptr) error {
	if err := syscall.Mount("disk", dir, "tmpfs", syscall.MS_REMOUNT|how, "size=32m"); err != nil {
		return fmt.Errorf("mount %s again: %w", dir, err)
	}
	return nil
}
