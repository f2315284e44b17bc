// Package patch packs programs for the way to a device: whole, or as what changed since a program that the device has. Both are
// made once, by who publishes, and undone on each device.
package patch

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// window is how far back, in bytes, a packed program may refer: what a device keeps in memory while it unpacks.
const window = 8 << 20

// ErrTooLong is that more came out than was allowed.
var ErrTooLong = errors.New("it holds more than it may")

// Apply writes to `to` the program that a patch makes of an older one. It reads the patch once, from its beginning to its end,
// and the older program where it needs it. More than `most` bytes are never written; a patch that would is refused, as is
// everything that Make did not make. What was written before an error came is worth nothing. Nothing here says that the patch
// is anyone's, nor that the older program is the right one: compare the digest of what was written.
func Apply(old io.ReaderAt, oldSize int64, patch io.Reader, to io.Writer, most int64) error {
	program := make([]byte, oldSize)
	if _, err := io.ReadFull(io.NewSectionReader(old, 0, oldSize), program); err != nil {
		return fmt.Errorf("read the older program: %w", err)
	}
	return unpack(patch, to, most, zstd.WithDecoderDictRaw(1, program), zstd.WithDecoderMaxWindow(64<<20))
}

// Unpack writes to `to` the program that Pack packed, never more than `most` bytes of it.
func Unpack(from io.Reader, to io.Writer, most int64) error {
	return unpack(from, to, most, zstd.WithDecoderMaxWindow(window))
}

func unpack(from io.Reader, to io.Writer, most int64, options ...zstd.DOption) error {
	decoder, err := zstd.NewReader(from, append(options, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))...)
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	defer decoder.Close()
	n, err := io.Copy(to, io.LimitReader(decoder, most))
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	if n < most {
		return nil
	}
	if n, err := decoder.Read(make([]byte, 1)); n > 0 || !errors.Is(err, io.EOF) {
		return fmt.Errorf("unpack: %w", errors.Join(ErrTooLong, err))
	}
	return nil
}

// Make returns what makes the newer of two programs of the older one. The same two always give the same bytes.
func Make(old, new []byte) ([]byte, error) {
	return pack(new, zstd.WithEncoderDictRaw(1, old), zstd.WithWindowSize(32<<20))
}

// Pack returns a program packed, for a device that has none of the programs that there are patches for.
func Pack(new []byte) ([]byte, error) {
	return pack(new, zstd.WithWindowSize(window))
}

func pack(program []byte, options ...zstd.EOption) ([]byte, error) {
	var packed bytes.Buffer
	encoder, err := zstd.NewWriter(&packed, append(options, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))...)
	if err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	if _, err := encoder.Write(program); err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	if err := encoder.Close(); err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	return packed.Bytes(), nil
}
