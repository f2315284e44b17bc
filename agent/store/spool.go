package store

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"calendarbot/agent/calendar"
)

// spoolBlock is how much of the new components is held in memory, in bytes; a longer text has a
// block of its own.
const spoolBlock = 256 << 10

// spool holds the new components of a draft until they are committed: the last block in memory, the
// others in a file without a name beside the database, which vanishes with its last user. As a rule it is gone
// before the system has written any of it to the disk.
type spool struct {
	database string // the path of it; "" when there is no file, and all stays in memory
	block    []byte
	file     *os.File
	lengths  []int // of the blocks in the file
}

// fresh is a component that the source did not have before.
type fresh struct {
	hash        [hashSize]byte
	series      uint64
	first, last calendar.Wall
	ordinal     int
	text        []byte
}

// spoolHeader is the length of what stands before each text.
const spoolHeader = hashSize + 8 + 8 + 8 + 8 + 8

// add takes a component; the text may be used again afterwards.
func (s *spool) add(c fresh) error {
	if s.database != "" && len(s.block) > 0 && len(s.block)+spoolHeader+len(c.text) > spoolBlock {
		if err := s.flush(); err != nil {
			return err
		}
	}
	if s.block == nil {
		s.block = make([]byte, 0, spoolBlock)
	}
	b := append(s.block, c.hash[:]...)
	b = binary.NativeEndian.AppendUint64(b, c.series)
	b = binary.NativeEndian.AppendUint64(b, uint64(c.first))
	b = binary.NativeEndian.AppendUint64(b, uint64(c.last))
	b = binary.NativeEndian.AppendUint64(b, uint64(c.ordinal))
	b = binary.NativeEndian.AppendUint64(b, uint64(len(c.text)))
	s.block = append(b, c.text...)
	return nil
}

// flush moves the block from memory to the file.
func (s *spool) flush() error {
	if s.file == nil {
		f, err := os.CreateTemp(filepath.Dir(s.database), ".calendarbot-fetch-")
		if err != nil {
			return err
		}
		if err := os.Remove(f.Name()); err != nil {
			return errors.Join(err, f.Close())
		}
		s.file = f
	}
	if _, err := s.file.Write(s.block); err != nil {
		return err
	}
	s.lengths = append(s.lengths, len(s.block))
	s.block = s.block[:0]
	return nil
}

// blocks calls f with the components of each block, which are only valid during the call. It can be called
// again.
func (s *spool) blocks(f func([]fresh) error) error {
	var all []fresh
	var offset int64
	var buffer []byte
	for _, n := range s.lengths {
		buffer = slices.Grow(buffer[:0], n)[:n]
		if _, err := s.file.ReadAt(buffer, offset); err != nil {
			return err
		}
		offset += int64(n)
		all = split(all[:0], buffer)
		if err := f(all); err != nil {
			return err
		}
	}
	return f(split(all[:0], s.block))
}

// split appends the components of a block.
func split(all []fresh, block []byte) []fresh {
	for len(block) > 0 {
		var c fresh
		block = block[copy(c.hash[:], block):]
		next := func() uint64 {
			n := binary.NativeEndian.Uint64(block)
			block = block[8:]
			return n
		}
		c.series, c.first, c.last, c.ordinal = next(), calendar.Wall(next()), calendar.Wall(next()), int(next())
		n := next()
		c.text, block = block[:n], block[n:]
		all = append(all, c)
	}
	return all
}

// close gives memory and file back.
func (s *spool) close() error {
	file := s.file
	s.block, s.file, s.lengths = nil, nil, nil
	if file == nil {
		return nil
	}
	return file.Close()
}
