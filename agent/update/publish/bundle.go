package publish

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// mostSignature is how many bytes the end of a bundle has at most: the manifest, its signature, and the certificates.
const mostSignature = 64 << 10

// bundledVersion is the version that a bundle says of itself. RAUC ends one of its format "verity" with a signature that has the manifest in it as
// text, and with the signature's length in eight bytes. Whether the signature holds is for the devices to check; here it only matters that they will
// know the system by the version that it is published as.
func bundledVersion(bundle io.ReaderAt, size int64) (string, error) {
	const lengthBytes = 8
	end := make([]byte, lengthBytes)
	if _, err := bundle.ReadAt(end, size-lengthBytes); size < lengthBytes || err != nil {
		return "", errors.Join(errNoBundle, err)
	}
	length := binary.BigEndian.Uint64(end)
	if length > mostSignature || int64(length) > size-lengthBytes {
		return "", errNoBundle
	}
	signature := make([]byte, length)
	if _, err := bundle.ReadAt(signature, size-lengthBytes-int64(length)); err != nil {
		return "", fmt.Errorf("read its manifest: %w", err)
	}
	_, manifest, found := strings.Cut(string(signature), "[update]\n")
	if !found {
		return "", errNoBundle
	}
	update, _, _ := strings.Cut(manifest, "\n[")
	for line := range strings.Lines(update) {
		if version, is := strings.CutPrefix(line, "version="); is {
			return strings.TrimSpace(version), nil
		}
	}
	return "", errors.New("its manifest has no version")
}

// errNoBundle is that a file is something else.
var errNoBundle = errors.New(`it is no bundle of RAUC's format "verity"`)
