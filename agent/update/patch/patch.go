// Package patch packs programs for the way to a device: whole, or as what changed since a program that the device has. Both are
// made once, by who publishes, and undone on each device.
//
// A whole program is a zstd frame. A patch is a zstd frame with the line "calendarbot patch 1", the size of the newer program,
// and records, each of
//
//	from   where in the older program it begins, counted from where the one before ended there
//	like   how many bytes are like those there: of each follows the difference
//	other  how many bytes come after them that are like nothing; they follow as they are
//
// as varints, the first one signed. When a few lines of a program change, its parts move, and the addresses in all others change
// by constants: the differences are nearly all zero, and what is left repeats itself. Undoing takes the memory of the zstd window
// and two small buffers, however big the programs are.
package patch

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// window is how far back, in bytes, a frame may refer: what a device keeps in memory while it unpacks.
const window = 8 << 20

// piece is how many bytes are worked on at a time.
const piece = 32 << 10

// magic is what a patch begins with inside of its frame.
const magic = "calendarbot patch 1\n"

// What can be wrong with what is applied or unpacked.
var (
	ErrTooLong = errors.New("more comes out than may")
	ErrNoPatch = errors.New("that is no patch for this program")
)

// Apply writes to `to` the program that a patch makes of an older one. It reads the patch once, from its beginning to its end,
// and the older program where it needs it. More than `most` bytes are never written; a patch that would is refused, as is
// everything that Make did not make. What was written before an error came is worth nothing. Nothing here says that the patch
// is anyone's, nor that the older program is the right one: compare the digest of what was written.
func Apply(old io.ReaderAt, oldSize int64, patch io.Reader, to io.Writer, most int64) error {
	frame, err := open(patch)
	if err != nil {
		return err
	}
	defer frame.Close()
	a := applying{old: old, size: oldSize, patch: bufio.NewReaderSize(frame, piece), to: to}
	if err := a.run(most); err != nil {
		return fmt.Errorf("apply a patch: %w", err)
	}
	return nil
}

// applying is a patch that is being applied.
type applying struct {
	old   io.ReaderAt
	size  int64 // of old
	patch *bufio.Reader
	to    io.Writer
	at    int64 // in old

	was, now [piece]byte
}

func (a *applying) run(most int64) error {
	begin := make([]byte, len(magic))
	if _, err := io.ReadFull(a.patch, begin); err != nil || string(begin) != magic {
		return errors.Join(ErrNoPatch, err)
	}
	left, err := binary.ReadUvarint(a.patch)
	if err != nil {
		return err
	}
	if left > uint64(max(most, 0)) {
		return ErrTooLong
	}
	for left > 0 {
		from, err := binary.ReadVarint(a.patch)
		if err != nil {
			return err
		}
		like, err := binary.ReadUvarint(a.patch)
		if err != nil {
			return err
		}
		other, err := binary.ReadUvarint(a.patch)
		if err != nil {
			return err
		}
		// No sum can overflow: at is 0 to size, and each of like and other at most what is left. A record that makes nothing would
		// let a small patch keep a device busy for ever.
		if from < -a.at || from > a.size-a.at || like > left || other > left-like || like > uint64(a.size-a.at-from) || like+other == 0 {
			return ErrNoPatch
		}
		a.at += from
		if err := a.add(int64(like)); err != nil {
			return err
		}
		if _, err := io.CopyN(a.to, a.patch, int64(other)); err != nil {
			return err
		}
		left -= like + other
	}
	// The frame ends here, and its checksum is right.
	if _, err := a.patch.ReadByte(); !errors.Is(err, io.EOF) {
		return errors.Join(ErrNoPatch, err)
	}
	return nil
}

// add writes n bytes of the older program with their differences added.
func (a *applying) add(n int64) error {
	for n > 0 {
		was, now := a.was[:min(n, piece)], a.now[:min(n, piece)]
		if _, err := io.ReadFull(io.NewSectionReader(a.old, a.at, int64(len(was))), was); err != nil {
			return fmt.Errorf("read the older program: %w", err)
		}
		if _, err := io.ReadFull(a.patch, now); err != nil {
			return err
		}
		for i := range now {
			now[i] += was[i]
		}
		if _, err := a.to.Write(now); err != nil {
			return err
		}
		a.at += int64(len(now))
		n -= int64(len(now))
	}
	return nil
}

// Unpack writes to `to` the program that Pack packed, never more than `most` bytes of it.
func Unpack(from io.Reader, to io.Writer, most int64) error {
	frame, err := open(from)
	if err != nil {
		return err
	}
	defer frame.Close()
	if _, err := io.CopyN(to, frame, most); errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	if n, err := io.ReadFull(frame, make([]byte, 1)); n > 0 {
		return fmt.Errorf("unpack: %w", ErrTooLong)
	} else if !errors.Is(err, io.EOF) {
		return fmt.Errorf("unpack: %w", err)
	}
	return nil
}

// open reads a zstd frame in little memory: one that asks for more is refused.
func open(from io.Reader) (*zstd.Decoder, error) {
	frame, err := zstd.NewReader(from, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(window))
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	return frame, nil
}

// Pack returns a program packed, for a device that has none of the programs that there are patches for.
func Pack(new []byte) ([]byte, error) {
	var packed bytes.Buffer
	encoder, err := zstd.NewWriter(&packed, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(window))
	if err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	if _, err := encoder.Write(new); err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	if err := encoder.Close(); err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	return packed.Bytes(), nil
}
