package board

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// System is a slot's file system in a file, to be changed and made into a bundle.
type System struct{ File string }

// Slot copies the system out of slot A of an image or a card into a file.
func (c Card) Slot(ctx context.Context, file string) (System, error) {
	table, err := c.Partitions()
	if err != nil {
		return System{}, err
	}
	size, err := c.systemSize(table[1])
	if err != nil {
		return System{}, err
	}
	if _, err := output(ctx, "dd", "if="+c.File, "of="+file, "bs=1M", "conv=sparse", "status=none",
		fmt.Sprintf("skip=%d", table[1].Offset>>20), fmt.Sprintf("count=%d", (size+1<<20-1)>>20)); err != nil {
		return System{}, fmt.Errorf("take the system out of the card: %w", err)
	}
	return System{file}, os.Truncate(file, size)
}

// systemSize is how long the file system in a partition is, in bytes: it is no larger than what is in it. The places are those of ext4's superblock:
// https://docs.kernel.org/filesystems/ext4/globals.html.
func (c Card) systemSize(p Partition) (int64, error) {
	const super = 1024
	data, err := c.ReadAt(p.Offset+super, 1024)
	if err != nil {
		return 0, err
	}
	if data[0x38] != 0x53 || data[0x39] != 0xef {
		return 0, errors.New("take the system out of the card: slot A holds no ext4")
	}
	number := func(at int) int64 {
		return int64(data[at]) | int64(data[at+1])<<8 | int64(data[at+2])<<16 | int64(data[at+3])<<24
	}
	return number(4) << (10 + number(0x18)), nil
}

// Copy makes another one of it, to be changed in another way.
func (s System) Copy(ctx context.Context, file string) (System, error) {
	if _, err := output(ctx, "cp", "--sparse=always", "--reflink=auto", s.File, file); err != nil {
		return System{}, fmt.Errorf("copy the system: %w", err)
	}
	return System{file}, nil
}

// Put writes a file of this computer into the system, in place of what is there, as root's and with a mode.
func (s System) Put(ctx context.Context, from, to, mode string) error {
	return s.debugfs(ctx, "rm "+to, "write "+from+" "+to, "sif "+to+" mode 0100"+mode, "sif "+to+" uid 0", "sif "+to+" gid 0")
}

// Get copies a file of the system to this computer.
func (s System) Get(ctx context.Context, from, to string) error {
	if err := s.debugfs(ctx, "dump "+from+" "+to); err != nil {
		return err
	}
	if info, err := os.Stat(to); err != nil || info.Size() == 0 {
		return errors.Join(err, fmt.Errorf("there is no %s in the system", from))
	}
	return nil
}

// debugfs changes the file system without mounting it. The tool says what is wrong with a command and goes on, with success: only
// removing what is not there may fail.
func (s System) debugfs(ctx context.Context, commands ...string) error {
	cmd := exec.CommandContext(ctx, "debugfs", "-w", "-f", "-", s.File)
	cmd.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
	cmd.Stdin = strings.NewReader(strings.Join(commands, "\n") + "\n")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("change the system: %w: %s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		wrong := strings.Contains(line, "No such file") || strings.Contains(line, "File not found") || strings.Contains(line, "No space") ||
			strings.Contains(line, "could not") || strings.Contains(line, "Could not")
		if wrong && !strings.HasPrefix(line, "rm:") {
			return fmt.Errorf("change the system: %s", strings.TrimSpace(line))
		}
	}
	return nil
}

// Script runs first, before and instead of what the system's own initramfs begins with: a script of its shell.
func (s System) Script(ctx context.Context, script string) (err error) {
	folder, err := os.MkdirTemp("", "initramfs")
	if err != nil {
		return fmt.Errorf("change the initramfs: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	old, changed := filepath.Join(folder, "old"), filepath.Join(folder, "changed")
	if err := s.Get(ctx, "/boot/initramfs", old); err != nil {
		return err
	}
	// A second archive behind the first one: what is in it replaces what was there.
	data, err := os.ReadFile(old)
	if err != nil {
		return fmt.Errorf("change the initramfs: %w", err)
	}
	for len(data)%4 != 0 {
		data = append(data, 0)
	}
	for _, entry := range []struct {
		name, text string
		mode       int
	}{{"init", "#!/bin/busybox sh\n" + script, 0o100755}, {"TRAILER!!!", "", 0}} {
		data = append(data, archived(entry.name, entry.text, entry.mode)...)
	}
	if err := os.WriteFile(changed, data, 0o600); err != nil {
		return fmt.Errorf("change the initramfs: %w", err)
	}
	return s.Put(ctx, changed, "/boot/initramfs", "644")
}

// archived is a file in cpio's newc format, of https://docs.kernel.org/driver-api/early-userspace/buffer-format.html.
func archived(name, text string, mode int) []byte {
	pad := func(s string) string { return s + strings.Repeat("\x00", (4-len(s)%4)%4) }
	head := "070701" + fmt.Sprintf("%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 7, mode, 0, 0, 1, 0, len(text), 0, 0, 0, 0, len(name)+1, 0)
	return []byte(pad(head+name+"\x00") + pad(text))
}

// mark gives the system another version.
func (s System) mark(ctx context.Context, version string) (err error) {
	const release = "/usr/lib/os-release"
	folder, err := os.MkdirTemp("", "release")
	if err != nil {
		return fmt.Errorf("give the system a version: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	file := filepath.Join(folder, "os-release")
	if err := s.Get(ctx, release, file); err != nil {
		return err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("give the system a version: %w", err)
	}
	line := regexp.MustCompile("(?m)^IMAGE_VERSION=.*$")
	if !line.Match(text) {
		return fmt.Errorf("give the system a version: %s has none", release)
	}
	if err := os.WriteFile(file, line.ReplaceAllLiteral(text, []byte("IMAGE_VERSION="+version)), 0o600); err != nil {
		return fmt.Errorf("give the system a version: %w", err)
	}
	return s.Put(ctx, file, release, "644")
}

// compatible is the board that a bundle is for, as RAUC knows it.
const compatible = "calendarbot-pizero2w"

// Bundle makes a bundle of a system, as image/steps/85-bundle.sh does but little packed, signed with the key in a folder.
func (s System) Bundle(ctx context.Context, version, keys, file string) error {
	return s.bundle(ctx, compatible, version, keys, file)
}

// bundle makes one for any board.
func (s System) bundle(ctx context.Context, compatible, version, keys, file string) (err error) {
	folder, err := os.MkdirTemp(filepath.Dir(s.File), "bundle")
	if err != nil {
		return fmt.Errorf("make a bundle: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if err := os.Link(s.File, filepath.Join(folder, "system.ext4")); err != nil {
		return fmt.Errorf("make a bundle: %w", err)
	}
	manifest, err := os.Create(filepath.Join(folder, "manifest.raucm"))
	if err != nil {
		return fmt.Errorf("make a bundle: %w", err)
	}
	_, err = io.WriteString(manifest, "[update]\ncompatible="+compatible+"\nversion="+version+
		"\n\n[bundle]\nformat=verity\n\n[image.system]\nfilename=system.ext4\n")
	if err := errors.Join(err, manifest.Close(), remove(file)); err != nil {
		return fmt.Errorf("make a bundle: %w", err)
	}
	_, err = output(ctx, "rauc", "bundle", "--cert", filepath.Join(keys, "system.cert.pem"), "--key", filepath.Join(keys, "system.key.pem"),
		"--mksquashfs-args=-comp zstd -Xcompression-level 1 -quiet -no-progress", folder, file)
	return err
}

func remove(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
