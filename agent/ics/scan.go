package ics

import (
	"bytes"
	"io"
)

// scanner cuts a feed into logical lines: physical lines joined where they were folded
// (RFC 5545 section 3.1). Any run of CR and LF ends a line, so that CRLF, LF, CR, CRCRLF
// and blank lines need no cases of their own. NUL bytes vanish. It holds one block and one
// line at a time.
type scanner struct {
	in   io.Reader
	long int // bytes of one logical line

	buf      []byte
	pos, end int
	lf       int   // the next LF at or after pos, or end when the block has none; less than pos when unknown
	err      error // why reading ended; io.EOF at the end

	spilled []byte // the current line when it is not one piece of the block
	line    []byte // valid until the next call of next
	cut     bool   // line is only the beginning of one longer than long
	first   int    // number of the line's first physical line, from 1
	number  int    // number of the physical line at pos
}

// block is how much is read at a time.
const block = 64 << 10

func newScanner(in io.Reader, long int) *scanner {
	return &scanner{in: in, long: long, buf: make([]byte, block), number: 1}
}

// next advances to the next logical line, which may be empty. It returns false at the end of the input, where
// err is io.EOF, and on any other error.
func (s *scanner) next() bool {
	s.spilled, s.cut, s.first = s.spilled[:0], false, s.number
	folded := false
	for {
		if s.pos == s.end && !s.fill() {
			return s.last()
		}
		stop := s.lineEnd()
		piece := s.buf[s.pos:stop]
		if stop < s.end {
			s.pos = stop
			s.breaks()
			if !folded && s.pos < s.end && !blank(s.buf[s.pos]) && len(piece) <= s.long {
				s.line = piece
				return true
			}
		}
		folded = true
		s.spill(piece)
		if stop == s.end {
			s.pos = s.end
			continue
		}
		for s.pos == s.end {
			if !s.fill() {
				return s.last()
			}
			s.breaks()
		}
		if !blank(s.buf[s.pos]) {
			s.line = s.spilled
			return true
		}
		s.pos++
	}
}

func (s *scanner) last() bool {
	s.line = s.spilled
	return len(s.line) > 0 && s.err == io.EOF
}

func blank(c byte) bool { return c == ' ' || c == '\t' }

// lineEnd returns the index of the first CR or LF of the block at or after pos, else end. The place of the LF is
// remembered, so that a block with CR alone is not searched for it again and again.
func (s *scanner) lineEnd() int {
	if s.lf < s.pos {
		s.lf = s.end
		if i := bytes.IndexByte(s.buf[s.pos:s.end], '\n'); i >= 0 {
			s.lf = s.pos + i
		}
	}
	if i := bytes.IndexByte(s.buf[s.pos:s.lf], '\r'); i >= 0 {
		return s.pos + i
	}
	return s.lf
}

// breaks moves over CRs and LFs and counts the lines that they end.
func (s *scanner) breaks() {
	cr, lf := 0, 0
	for s.pos < s.end {
		c := s.buf[s.pos]
		if c == '\n' {
			lf++
		} else if c == '\r' {
			cr++
		} else {
			break
		}
		s.pos++
	}
	if lf == 0 && s.pos < s.end {
		lf = cr
	}
	s.number += lf
}

func (s *scanner) spill(piece []byte) {
	if room := s.long - len(s.spilled); len(piece) > room {
		piece, s.cut = piece[:room], true
	}
	s.spilled = append(s.spilled, piece...)
}

// fill replaces the block, which must be used up. It returns false when there is nothing more.
func (s *scanner) fill() bool {
	s.pos, s.end, s.lf = 0, 0, -1
	for tries := 0; s.end == 0 && s.err == nil; tries++ {
		var n int
		n, s.err = s.in.Read(s.buf)
		s.end = withoutNUL(s.buf[:n])
		if n == 0 && tries == 100 && s.err == nil {
			s.err = io.ErrNoProgress
		}
	}
	return s.end > 0
}

// withoutNUL squeezes NUL bytes out of text and returns the length of what is left.
func withoutNUL(text []byte) int {
	if bytes.IndexByte(text, 0) < 0 {
		return len(text)
	}
	kept := text[:0]
	for _, c := range text {
		if c != 0 {
			kept = append(kept, c)
		}
	}
	return len(kept)
}
