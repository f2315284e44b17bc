package pressure

import (
	"encoding/binary"
	"errors"
	"syscall"
)

// largest is how much of a file is read: all of each that is needed.
const largest = 16 << 10

// text reads a file into a buffer, and returns the part that it fills. Files are opened each time: it costs some
// microseconds in ten seconds, and a cgroup that is moved, or a file put in its place, is read where it is.
func text(path string, buffer []byte) ([]byte, error) {
	fd, err := open(path, syscall.O_RDONLY)
	if err != nil {
		return nil, err
	}
	n := 0
	for n < len(buffer) {
		got, err := again(func() (int, error) { return syscall.Read(fd, buffer[n:]) })
		if err != nil {
			return nil, errors.Join(err, syscall.Close(fd))
		}
		if got == 0 {
			break
		}
		n += got
	}
	return buffer[:n], syscall.Close(fd)
}

// open opens a file without Go's poller, which none of the kernel's files here can use.
func open(path string, mode int) (int, error) {
	return again(func() (int, error) { return syscall.Open(path, mode|syscall.O_CLOEXEC, 0) })
}

// again repeats a call that a signal broke off.
func again(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if !errors.Is(err, syscall.EINTR) {
			return n, err
		}
	}
}

// entries counts what is in a folder, without the names. The order of a record is of struct linux_dirent64: 8 bytes of inode, 8 of
// offset, 2 of length, 1 of kind, and the name.
func entries(path string, buffer []byte) (count int, err error) {
	const length, name = 16, 19
	fd, err := open(path, syscall.O_RDONLY|syscall.O_DIRECTORY)
	if err != nil {
		return 0, err
	}
	for {
		n, err := again(func() (int, error) { return syscall.ReadDirent(fd, buffer) })
		if n <= 0 || err != nil {
			return count, errors.Join(err, syscall.Close(fd))
		}
		for rest := buffer[:n]; len(rest) > name; {
			size := int(binary.NativeEndian.Uint16(rest[length:]))
			if rest[name] != '.' {
				count++
			}
			rest = rest[min(max(size, 1), len(rest)):]
		}
	}
}
