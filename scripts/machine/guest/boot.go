package main

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"unsafe"
)

// The disks in the order in which the machine has them, and where the first is mounted meanwhile.
const (
	rootDisk = "/dev/vda"
	fileDisk = "/dev/vdb" // no file system: a tar archive
	newRoot  = "/new"
)

// boot makes the machine a Debian and becomes its systemd. It returns only an error, upon which the kernel panics.
func boot() error {
	// Without a /dev there is not even a console to complain on, so the first error is told by the kernel alone.
	if err := mount("devtmpfs", "/dev", "devtmpfs"); err != nil {
		return err
	}
	console, err := os.OpenFile("/dev/console", os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("open the console: %w", err)
	}
	os.Stderr = console
	modules, err := filepath.Glob("/modules/*.ko")
	if err != nil {
		return fmt.Errorf("look for modules: %w", err)
	}
	for _, name := range modules {
		if err := load(name); err != nil {
			return err
		}
	}
	if err := mount(rootDisk, newRoot, "ext4"); err != nil {
		return err
	}
	if err := lay(fileDisk, newRoot); err != nil {
		return fmt.Errorf("lay the files of %s: %w", fileDisk, err)
	}
	for name, addr := range map[string]net.IPNet{
		"lo":   {IP: net.IPv4(127, 0, 0, 1), Mask: net.CIDRMask(8, 32)},
		"eth0": {IP: net.IPv4(10, 0, 2, 15), Mask: net.CIDRMask(24, 32)},
	} {
		if err := address(name, addr); err != nil {
			return fmt.Errorf("give %s an address: %w", name, err)
		}
	}
	return become(newRoot, "/sbin/init", modules)
}

func mount(source, target, kind string) error {
	if err := os.MkdirAll(target, 0o755); err != nil {
		return fmt.Errorf("mount %s: %w", source, err)
	}
	if err := syscall.Mount(source, target, kind, 0, ""); err != nil {
		return fmt.Errorf("mount %s: %w", source, err)
	}
	return nil
}

func load(name string) error {
	image, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("load module: %w", err)
	}
	parameters := []byte{0}
	_, _, errno := syscall.Syscall(syscall.SYS_INIT_MODULE, uintptr(unsafe.Pointer(&image[0])), uintptr(len(image)), uintptr(unsafe.Pointer(&parameters[0])))
	if errno != 0 {
		return fmt.Errorf("load module %s: %w", name, errno)
	}
	return nil
}

// lay unpacks an archive over a folder, whose files it replaces.
func lay(archive, folder string) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	for entries := tar.NewReader(f); ; {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := unpack(entry, entries, filepath.Join(folder, entry.Name)); err != nil {
			return err
		}
	}
}

func unpack(entry *tar.Header, content io.Reader, target string) error {
	if entry.Typeflag == tar.TypeDir {
		return os.MkdirAll(target, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	if err := os.RemoveAll(target); err != nil {
		return err
	}
	if entry.Typeflag == tar.TypeSymlink {
		return os.Symlink(entry.Linkname, target)
	}
	f, err := os.OpenFile(target, os.O_CREATE|os.O_EXCL|os.O_WRONLY, entry.FileInfo().Mode())
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Close())
}

// address gives a network interface its address and puts it up; the system that is booted has no one else for it.
func address(name string, addr net.IPNet) error {
	s, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	for _, step := range []struct {
		request uintptr
		payload []byte
	}{
		{syscall.SIOCSIFADDR, inet(addr.IP)},
		{syscall.SIOCSIFNETMASK, inet(net.IP(addr.Mask))},
		{syscall.SIOCSIFFLAGS, []byte{syscall.IFF_UP | syscall.IFF_RUNNING, 0}},
	} {
		var ifreq [40]byte // struct ifreq: a name of 16 bytes, then what it is about
		copy(ifreq[:16], name)
		copy(ifreq[16:], step.payload)
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(s), step.request, uintptr(unsafe.Pointer(&ifreq))); errno != 0 {
			return errors.Join(errno, syscall.Close(s))
		}
	}
	return syscall.Close(s)
}

// inet is a struct sockaddr_in on a little-endian machine.
func inet(ip net.IP) []byte {
	return append([]byte{syscall.AF_INET, 0, 0, 0}, ip.To4()...)
}

// become makes a folder the root and runs its first program in our place. The files are removed since they are memory.
func become(folder, program string, files []string) error {
	for _, name := range append(files, "/init") {
		if err := os.Remove(name); err != nil {
			return fmt.Errorf("make room: %w", err)
		}
	}
	if err := syscall.Mount("/dev", folder+"/dev", "", syscall.MS_MOVE, ""); err != nil {
		return fmt.Errorf("move /dev: %w", err)
	}
	if err := os.Chdir(folder); err != nil {
		return fmt.Errorf("become %s: %w", program, err)
	}
	if err := syscall.Mount(".", "/", "", syscall.MS_MOVE, ""); err != nil {
		return fmt.Errorf("make %s the root: %w", folder, err)
	}
	if err := syscall.Chroot("."); err != nil {
		return fmt.Errorf("make %s the root: %w", folder, err)
	}
	return fmt.Errorf("become %s: %w", program, syscall.Exec(program, []string{program}, []string{"PATH=/usr/bin:/usr/sbin", "TERM=dumb"}))
}
