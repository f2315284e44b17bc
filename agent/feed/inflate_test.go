package feed

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"strings"
	"testing"
)

func gzipped(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func deflated(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestInflate(t *testing.T) {
	text := "BEGIN:VCALENDAR\r\n" + strings.Repeat("X-LONG:line\r\n", 1000) + "END:VCALENDAR\r\n"
	zipped := gzipped(t, text)
	flipped := bytes.Clone(zipped)
	flipped[len(flipped)/2] ^= 0xff
	sum := bytes.Clone(zipped)
	sum[len(sum)-6] ^= 0xff
	var broken *bodyError
	cut := func(err error) bool { return errors.As(err, &broken) }
	damaged := func(err error) bool { return errors.Is(err, errCompressed) }
	fine := func(err error) bool { return err == nil }
	for name, c := range map[string]struct {
		body []byte
		want string
		err  func(error) bool
	}{
		"plain":            {[]byte(text), text, fine},
		"gzip":             {zipped, text, fine},
		"deflate":          {deflated(t, text), text, fine},
		"gzip twice over":  {append(bytes.Clone(zipped), zipped...), text + text, fine},
		"nothing":          {nil, "", fine},
		"a letter":         {[]byte("B"), "B", fine},
		"byte order mark":  {[]byte("\ufeffBEGIN"), "\ufeffBEGIN", fine},
		"UTF-16":           {[]byte("\xff\xfeB\x00"), "\xff\xfeB\x00", fine},
		"blank lines":      {[]byte("\r\n\r\nBEGIN"), "\r\n\r\nBEGIN", fine},
		"gzip cut":         {zipped[:len(zipped)/2], "", cut},
		"gzip header cut":  {zipped[:5], "", cut},
		"gzip damaged":     {flipped, "", damaged},
		"gzip checksum":    {sum, "", damaged},
		"no gzip header":   {[]byte("\x1f\x8bgarbage garbage"), "", damaged},
		"deflate cut":      {deflated(t, text)[:20], "", cut},
		"deflate damaged":  {append([]byte("\x78\x9c"), bytes.Repeat([]byte{0xff}, 50)...), "", damaged},
		"trailing garbage": {append(bytes.Clone(zipped), "garbage garbage"...), "", damaged},
	} {
		in, err := inflated(&capped{in: bytes.NewReader(c.body), left: 1 << 20})
		var got []byte
		if err == nil {
			got, err = io.ReadAll(in)
		}
		if !c.err(err) || (err == nil && string(got) != c.want) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}
