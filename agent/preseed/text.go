package preseed

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxFile is how long a file on the card may be, in bytes.
const maxFile = 64 << 10

// written is how a text is kept in a file, so that it comes back the same way.
type written struct{ mark, crlf bool }

// byteOrderMark begins a text of some editors.
const byteOrderMark = "\ufeff"

// decode makes plain text with \n at the ends of lines of what editors write: UTF-8, with or without a mark, and UTF-16 of either order;
// lines that end as on Windows or on old Macs. The error is a sentence.
func decode(data []byte) (text string, how written, err error) {
	if len(data) > maxFile {
		return "", how, fmt.Errorf("the file is larger than %d KiB; what belongs into it is far smaller", maxFile>>10)
	}
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}), len(data) >= 4 && data[0] != 0 && data[1] == 0 && data[3] == 0:
		text = wide(data, 0, 1)
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}), len(data) >= 4 && data[0] == 0 && data[1] != 0 && data[2] == 0:
		text = wide(data, 1, 0)
	default:
		text = string(data)
	}
	text, how.mark = strings.CutPrefix(text, byteOrderMark)
	how.crlf = strings.Contains(text, "\r\n")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	text = plainIndents(text)
	if !utf8.ValidString(text) {
		line := 1 + strings.Count(text[:invalid(text)], "\n")
		return "", how, fmt.Errorf("line %d has a letter that is not UTF-8; save the file again with the encoding UTF-8 (Notepad asks for it under Save as)", line)
	}
	if strings.ContainsRune(text, 0) {
		return "", how, errors.New("the file is not a text; write it with an editor such as Notepad, not with a word processor")
	}
	return text, how, nil
}

// plainIndents makes spaces of the non-breaking ones that stand in front of lines, as what is copied from web pages has them.
func plainIndents(text string) string {
	const hard = "\u00a0"
	if !strings.Contains(text, hard) {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		rest := strings.TrimLeft(line, " "+hard)
		lines[i] = strings.ReplaceAll(line[:len(line)-len(rest)], hard, " ") + rest
	}
	return strings.Join(lines, "\n")
}

// wide reads UTF-16 with the given places of the lower and the higher byte.
func wide(data []byte, low, high int) string {
	units := make([]uint16, 0, len(data)/2)
	for i := 0; i+1 < len(data); i += 2 {
		units = append(units, uint16(data[i+low])|uint16(data[i+high])<<8)
	}
	return string(utf16.Decode(units))
}

// invalid is where the first byte stands that is not UTF-8.
func invalid(text string) int {
	for i, r := range text {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
				return i
			}
		}
	}
	return len(text)
}

// encode is the way back; what was UTF-16 becomes UTF-8, with the mark that tells so.
func (how written) encode(text string) []byte {
	if how.crlf {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	if how.mark {
		text = byteOrderMark + text
	}
	return []byte(text)
}
