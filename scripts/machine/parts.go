package machine

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// What the machine is made of: the device's Debian and processor.
const (
	suite   = "trixie"
	debArch = "arm64"
	qemu    = "qemu-system-aarch64"
	kernel  = "linux-image-cloud-arm64"
)

// packages are those that the machine has, next to those that they need.
func packages() []string {
	return []string{"systemd", "systemd-sysv", "systemd-timesyncd", "udev", "mount", "util-linux", "procps", "coreutils", "bash", "dash", "grep", "sed"}
}

// modules are those that the kernel needs to see its disks and its network, in the order in which they need each other.
func modules() []string {
	return []string{"net/core/failover", "drivers/net/net_failover", "drivers/net/virtio_net", "drivers/block/virtio_blk", "drivers/char/hw_random/virtio-rng"}
}

// ErrMissing says that this host lacks what it takes to have a machine; the error's text says what.
var ErrMissing = errors.New("no machine can be had here")

// Parts are what every machine is made of, as files.
type Parts struct {
	kernel, initramfs, root string
	files                   []File
}

// Prepare returns the parts. The first time it downloads the packages, about 55 MB, and puts together the root file
// system; later it finds both in the user's cache, and who removes that gets newer packages. Program is the one that is built from scripts/machine/guest, and
// tree the folder of files that are put over Debian's.
func Prepare(ctx context.Context, program, tree string) (Parts, error) {
	for _, tool := range []string{qemu, "apt-get", "apt-cache", "dpkg-deb", "mkfs.ext4", "xz"} {
		if _, err := exec.LookPath(tool); err != nil {
			return Parts{}, fmt.Errorf("%w: %s is not installed (scripts/setup machine)", ErrMissing, tool)
		}
	}
	base, err := system(ctx)
	if err != nil {
		return Parts{}, err
	}
	files, err := Tree(tree, "/")
	if err != nil {
		return Parts{}, err
	}
	parts := Parts{
		kernel: filepath.Join(base, "vmlinuz"), initramfs: program + ".cpio", root: filepath.Join(base, "root.ext4"),
		files: append(files, File{Path: "/usr/lib/machine/guest", From: program, Mode: 0o755}),
	}
	first := []File{{Path: "/init", From: program, Mode: 0o755}}
	for i, name := range modules() {
		first = append(first, File{Path: fmt.Sprintf("/modules/%02d.ko", i), From: filepath.Join(base, filepath.Base(name)+".ko"), Mode: 0o644})
	}
	if err := writeInitramfs(parts.initramfs, first); err != nil {
		return Parts{}, fmt.Errorf("write the initramfs: %w", err)
	}
	return parts, nil
}

// system returns the folder with kernel, modules and root file system, and makes it where it is not yet there.
func system(ctx context.Context) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache: %w", err)
	}
	cache = filepath.Join(cache, "calendarbot", "machine")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", fmt.Errorf("make the cache: %w", err)
	}
	lock, err := os.Create(filepath.Join(cache, "lock"))
	if err != nil {
		return "", fmt.Errorf("lock the cache: %w", err)
	}
	defer lock.Close() // which unlocks it
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("lock the cache: %w", err)
	}
	wanted := fmt.Sprint(suite, debArch, kernel, packages(), modules())
	base := filepath.Join(cache, fmt.Sprintf("%s-%x", suite, sha256.Sum256([]byte(wanted)))[:len(suite)+9])
	if _, err := os.Stat(base); err == nil {
		return base, nil
	}
	fresh, err := os.MkdirTemp(cache, "new")
	if err != nil {
		return "", fmt.Errorf("make the cache: %w", err)
	}
	defer os.RemoveAll(fresh)
	if err := assemble(ctx, fresh); err != nil {
		return "", err
	}
	if err := os.Rename(fresh, base); err != nil {
		return "", fmt.Errorf("fill the cache: %w", err)
	}
	return base, nil
}

// assemble makes kernel, modules and root file system in a folder.
func assemble(ctx context.Context, folder string) error {
	debs := filepath.Join(folder, "debs")
	image, err := download(ctx, debs)
	if err != nil {
		return fmt.Errorf("%w: download Debian's packages: %w", ErrMissing, err)
	}
	tree := filepath.Join(folder, "tree")
	system := filepath.Join(folder, "kernel")
	found, err := filepath.Glob(filepath.Join(debs, "*.deb"))
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	slices.Sort(found)
	for _, deb := range found {
		target := tree
		if strings.HasPrefix(filepath.Base(deb), image) {
			target = system
		}
		if err := run(ctx, "dpkg-deb", "-x", deb, target); err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
	}
	if err := takeKernel(ctx, system, folder); err != nil {
		return fmt.Errorf("take the kernel: %w", err)
	}
	for _, name := range []string{"usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/bash-completion"} {
		if err := os.RemoveAll(filepath.Join(tree, name)); err != nil {
			return fmt.Errorf("strip the tree: %w", err)
		}
	}
	if err := makeRoot(ctx, tree, filepath.Join(folder, "root.ext4")); err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(debs), os.RemoveAll(tree), os.RemoveAll(system))
}

// takeKernel puts the kernel and the modules of an unpacked package into a folder.
func takeKernel(ctx context.Context, system, folder string) error {
	found, err := filepath.Glob(filepath.Join(system, "boot", "vmlinuz-*"))
	if err != nil || len(found) != 1 {
		return fmt.Errorf("found %q, %w", found, err)
	}
	if err := os.Rename(found[0], filepath.Join(folder, "vmlinuz")); err != nil {
		return err
	}
	for _, name := range modules() {
		found, err := filepath.Glob(filepath.Join(system, "usr/lib/modules/*/kernel", name+".ko.xz"))
		if err != nil || len(found) != 1 {
			return fmt.Errorf("module %s: found %q, %w", name, found, err)
		}
		if err := run(ctx, "xz", "-d", found[0]); err != nil {
			return err
		}
		if err := os.Rename(strings.TrimSuffix(found[0], ".xz"), filepath.Join(folder, filepath.Base(name)+".ko")); err != nil {
			return err
		}
	}
	return nil
}

// makeRoot makes a file system of a tree, whose files belong to root there whoever unpacked them.
func makeRoot(ctx context.Context, tree, image string) error {
	cmd := exec.CommandContext(ctx, "mkfs.ext4", "-q", "-d", tree, "-L", "root", "-m", "0", "-O", "^has_journal", image, "1G")
	if id := os.Getuid(); id != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: id, Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make the root file system: %w: %s", err, out)
	}
	return nil
}

// run runs a tool; what it says belongs to its error.
func run(ctx context.Context, name string, args ...string) error {
	_, err := output(ctx, name, args...)
	return err
}

// output is what a tool printed.
func output(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(problems.String()))
	}
	return string(out), nil
}
