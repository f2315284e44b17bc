package ics

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// source counts the bytes of a feed, ends with ErrTooLarge when there are more than
// max, and with the context's error when that ends.
type source struct {
	ctx  context.Context
	in   io.Reader
	max  int64
	read int64
}

func (s *source) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.in.Read(p)
	s.read += int64(n)
	if s.read > s.max {
		return 0, fmt.Errorf("%w: more than %s", ErrTooLarge, megabytes(s.max))
	}
	if err != nil && err != io.EOF {
		err = fmt.Errorf("read the calendar: %w", err)
	}
	return n, err
}

func megabytes(n int64) string {
	if n < 1_000_000 {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%d MB", n/1_000_000)
}

// decoded returns a reader of the same text in UTF-8 when it is UTF-16, told by its byte
// order mark or by the zeros in its first two letters; otherwise of the bytes as they are.
func decoded(in io.Reader) io.Reader {
	var start [4]byte
	n, err := io.ReadAtLeast(in, start[:], len(start))
	in = io.MultiReader(bytes.NewReader(start[:n]), in)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return io.MultiReader(bytes.NewReader(start[:n]), failing{err})
	}
	if order := utf16Order(start[:n]); order != nil {
		return &utf16Reader{in: in, order: order}
	}
	return in
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func utf16Order(start []byte) binary.ByteOrder {
	if len(start) < 4 {
		return nil
	}
	switch a, b, c, d := start[0], start[1], start[2], start[3]; {
	case a == 0xFF && b == 0xFE, a != 0 && b == 0 && c != 0 && d == 0:
		return binary.LittleEndian
	case a == 0xFE && b == 0xFF, a == 0 && b != 0 && c == 0 && d != 0:
		return binary.BigEndian
	}
	return nil
}

// utf16Reader turns UTF-16 into UTF-8. An odd last byte is left out.
type utf16Reader struct {
	in    io.Reader
	order binary.ByteOrder
	raw   [4096]byte
	held  int    // bytes at the start of raw that are not decoded yet
	ready []byte // decoded bytes not yet handed out
	err   error
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	for len(u.ready) == 0 {
		if u.err != nil {
			return 0, u.err
		}
		var n int
		n, u.err = u.in.Read(u.raw[u.held:])
		u.decode(u.held + n)
	}
	n := copy(p, u.ready)
	u.ready = u.ready[n:]
	return n, nil
}

func (u *utf16Reader) decode(n int) {
	u.ready = u.ready[:0]
	i := 0
	for i+2 <= n {
		r := rune(u.order.Uint16(u.raw[i:]))
		if utf16.IsSurrogate(r) {
			if i+4 > n && u.err == nil {
				break
			}
			if i+4 <= n {
				if pair := utf16.DecodeRune(r, rune(u.order.Uint16(u.raw[i+2:]))); pair != utf8.RuneError {
					u.ready = utf8.AppendRune(u.ready, pair)
					i += 4
					continue
				}
			}
		}
		u.ready = utf8.AppendRune(u.ready, r)
		i += 2
	}
	u.held = copy(u.raw[:], u.raw[i:n])
}

// windows1252 are the characters of the bytes 0x80 to 0x9F in Windows-1252; the others from 0xA0 equal
// Latin-1. Unassigned ones become the replacement character.
const windows1252 = "€\uFFFD‚ƒ„…†‡ˆ‰Š‹Œ\uFFFDŽ\uFFFD\uFFFD‘’“”•–—˜™š›œ\uFFFDžŸ"

// appendUTF8 appends text to dst. Bytes that are not UTF-8 are read as Windows-1252.
func appendUTF8(dst, text []byte) []byte {
	if utf8.Valid(text) {
		return append(dst, text...)
	}
	high := []rune(windows1252)
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if r == utf8.RuneError && size == 1 {
			r = rune(text[0])
			if r < 0xA0 {
				r = high[r-0x80]
			}
		}
		dst = utf8.AppendRune(dst, r)
		text = text[size:]
	}
	return dst
}
