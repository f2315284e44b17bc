// Package patch packs programs for the way to a device: whole, or as what changed since a program that the device has. Both are
// made once, by who publishes, and undone on each device.
package patch

import (
	"errors"
	"io"
)

// Apply writes to `to` the program that a patch makes of an older one. It reads the patch once, from its beginning to its end,
// and the older program where it needs it. More than `most` bytes are never written; a patch that would is refused, as is
// everything that Make did not make. What was written before an error came is worth nothing. Nothing here says that the patch
// is anyone's, nor that the older program is the right one: compare the digest of what was written.
func Apply(old io.ReaderAt, oldSize int64, patch io.Reader, to io.Writer, most int64) error {
	return errors.New("apply a patch: not there yet")
}

// Unpack writes to `to` the program that Pack packed, never more than `most` bytes of it.
func Unpack(from io.Reader, to io.Writer, most int64) error {
	return errors.New("unpack a program: not there yet")
}

// Make returns what makes the newer of two programs of the older one. The same two always give the same bytes.
func Make(old, new []byte) ([]byte, error) {
	return nil, errors.New("make a patch: not there yet")
}

// Pack returns a program packed, for a device that has none of the programs that there are patches for.
func Pack(new []byte) ([]byte, error) {
	return nil, errors.New("pack a program: not there yet")
}
