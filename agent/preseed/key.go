package preseed

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The bounds of keys for logging in.
const (
	maxKeys    = 16
	maxKeyLine = 8 << 10 // bytes; RSA of 16384 bits takes less than 3 KiB
	minRSABits = 2048
)

// keyShape is how many fields a public key has after its type, and which of them is how long, in bytes.
type keyShape struct{ fields, field, length int }

// keyShapes are the types of keys that are taken.
func keyShapes() map[string]keyShape {
	return map[string]keyShape{
		"ssh-ed25519":                        {1, 0, 32},
		"ssh-rsa":                            {2, 0, 0},
		"ecdsa-sha2-nistp256":                {2, 1, 65},
		"ecdsa-sha2-nistp384":                {2, 1, 97},
		"ecdsa-sha2-nistp521":                {2, 1, 133},
		"sk-ssh-ed25519@openssh.com":         {2, 0, 32},
		"sk-ecdsa-sha2-nistp256@openssh.com": {3, 1, 65},
	}
}

// keyLine checks one public key, as a file that ends in .pub holds it, and returns it as one line of authorized_keys. The error is a sentence.
func keyLine(text string) (string, error) {
	const allowed = "allowed is the one line of a file such as id_ed25519.pub: ssh-ed25519 AAAA... name"
	fields := strings.Fields(text)
	switch {
	case strings.Contains(text, "PRIVATE KEY"):
		return "", errors.New("this is the private half of the key, which nobody but you should have: take it off the card, and make a new pair; " + allowed)
	case len(text) > maxKeyLine, len(fields) < 2, strings.ContainsAny(text, "\n\r"), !utf8.ValidString(text), strings.ContainsFunc(text, unicode.IsControl):
		return "", errors.New("this is no public key; " + allowed)
	}
	shape, known := keyShapes()[fields[0]]
	if !known {
		return "", fmt.Errorf("keys of this type, or with options in front, are not taken; allowed are ssh-ed25519, ecdsa-sha2-nistp256 (384, 521), ssh-rsa and the sk- types of security keys; %s", allowed)
	}
	blob, err := base64.StdEncoding.DecodeString(fields[1])
	if err != nil {
		return "", errors.New("the key is cut off, or a letter of it is lost; " + allowed)
	}
	if err := checkBlob(fields[0], blob, shape); err != nil {
		return "", err
	}
	return strings.Join(fields, " "), nil
}

// checkBlob looks at the fields of a public key (RFC 4253, section 6.6): each is its length and its bytes.
func checkBlob(kind string, blob []byte, shape keyShape) error {
	broken := errors.New("the key is cut off, or a letter of it is lost; copy the whole line again")
	var fields [][]byte
	for len(blob) > 0 {
		if len(blob) < 4 || uint64(binary.BigEndian.Uint32(blob)) > uint64(len(blob)-4) {
			return broken
		}
		end := 4 + int(binary.BigEndian.Uint32(blob))
		fields, blob = append(fields, blob[4:end]), blob[end:]
	}
	if len(fields) != 1+shape.fields || string(fields[0]) != kind {
		return broken
	}
	fields = fields[1:]
	if kind == "ssh-rsa" {
		modulus := fields[1]
		for len(modulus) > 0 && modulus[0] == 0 {
			modulus = modulus[1:]
		}
		size := 0
		if len(modulus) > 0 {
			size = 8*(len(modulus)-1) + bits.Len8(modulus[0])
		}
		if size < minRSABits {
			return fmt.Errorf("the RSA key has %d bits, which is too weak; allowed are %d and more, or better a key of ssh-ed25519", size, minRSABits)
		}
		return nil
	}
	if len(fields[shape.field]) != shape.length {
		return broken
	}
	return nil
}
