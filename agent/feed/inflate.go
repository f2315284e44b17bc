package feed

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
)

// errCompressed marks a body whose compression is damaged.
var errCompressed = errors.New("the compression is damaged")

// inflated returns the text inside a body that may be compressed. What the bytes are counts, not
// what the header says: servers label compressed files as plain ones, and plain ones as
// compressed. No calendar begins like a gzip (RFC 1952) or zlib (RFC 1950) stream.
func inflated(body io.Reader) (io.Reader, error) {
	in := bufio.NewReader(body)
	start, err := in.Peek(2)
	if err != nil {
		return in, nil // too short for a header; the reader of the calendar meets the error again
	}
	var out io.Reader
	switch {
	case start[0] == 0x1f && start[1] == 0x8b:
		out, err = gzip.NewReader(in)
	case start[0]&0x0f == 8 && start[0]>>4 <= 7 && (int(start[0])<<8|int(start[1]))%31 == 0:
		out, err = zlib.NewReader(in)
	default:
		return in, nil
	}
	if err != nil {
		return nil, damaged(err)
	}
	return inflating{out}, nil
}

// inflating marks the errors of a decompressor.
type inflating struct{ in io.Reader }

func (i inflating) Read(p []byte) (int, error) {
	n, err := i.in.Read(p)
	if err != nil && err != io.EOF {
		err = damaged(err)
	}
	return n, err
}

// damaged tells damage from a stream that merely ends too early or could not be read.
func damaged(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.Is(err, zlib.ErrHeader),
		errors.Is(err, zlib.ErrChecksum), errors.Is(err, zlib.ErrDictionary), errors.As(err, &corrupt):
		return errors.Join(errCompressed, err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &bodyError{io.ErrUnexpectedEOF}
	}
	return err
}
