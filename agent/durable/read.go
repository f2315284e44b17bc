package durable

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// ErrTooLong is what the error of Read is when the file is longer than was allowed.
var ErrTooLong = errors.New("is longer than allowed")

// Read returns what is in a regular file of at most so many bytes. A link is not followed, and nothing can keep it waiting, such as a pipe
// that somebody else put there. Of a longer file it returns the beginning, and ErrTooLong. Each error names the file.
func Read(name string, most int64) ([]byte, error) {
	file, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	var data []byte
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", name)
	}
	if err == nil {
		data, err = io.ReadAll(io.LimitReader(file, most+1))
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	if int64(len(data)) > most {
		return data[:most], fmt.Errorf("%s %w: %d bytes", name, ErrTooLong, most)
	}
	return data, nil
}
