package patch_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"calendarbot/agent/update/patch"
	"github.com/klauspost/compress/zstd"
)

// noise is bytes that nothing can pack.
func noise(seed uint64, n int) []byte {
	random := rand.NewChaCha8([32]byte{byte(seed)})
	text := make([]byte, n)
	if _, err := random.Read(text); err != nil {
		panic(err)
	}
	return text
}

// apply undoes a patch, and wants just the size it is to have.
func apply(old, made []byte, most int64) ([]byte, error) {
	var got bytes.Buffer
	err := patch.Apply(bytes.NewReader(old), int64(len(old)), bytes.NewReader(made), &got, most)
	return got.Bytes(), err
}

func TestPatchesMakeTheNewerProgram(t *testing.T) {
	base := noise(1, 100_000)
	moved := slices.Concat(base[40_000:], noise(2, 77), base[:40_000])
	shifted := bytes.Clone(base)
	for i := 0; i < len(shifted); i += 50 {
		shifted[i] += 4
	}
	for _, test := range []struct {
		name     string
		old, new []byte
		most     int // bytes of the patch
	}{
		{"nothing of nothing", nil, nil, 50},
		{"nothing", base, nil, 50},
		{"of nothing", nil, base, 100_200},
		{"of less than a key", base[:3], base, 100_200},
		{"of just a key", base[:16], base[:17], 100},
		{"the same", base, base, 100},
		{"one byte more", base, append(bytes.Clone(base), 1), 100},
		{"cut short", base, base[:70_001], 100},
		{"without its beginning", base, base[12_345:], 100},
		{"with something before it", base, append(noise(3, 1001), base...), 1200},
		{"its halves the other way around", base, moved, 250},
		{"a byte in fifty differs by a constant", base, shifted, 200},
		{"something else", base, noise(4, 50_000), 50_200},
		{"a long row of zeros", make([]byte, 300_000), make([]byte, 400_000), 200},
		{"twice", base, slices.Concat(base, base), 150},
	} {
		t.Run(test.name, func(t *testing.T) {
			made, err := patch.Make(test.old, test.new)
			if err != nil {
				t.Fatal(err)
			}
			if len(made) > test.most {
				t.Errorf("the patch has %d bytes; it should have at most %d", len(made), test.most)
			}
			again, err := patch.Make(test.old, test.new)
			if err != nil || !bytes.Equal(made, again) {
				t.Errorf("made twice it is not the same: %v", err)
			}
			if got, err := apply(test.old, made, int64(len(test.new))); err != nil || !bytes.Equal(got, test.new) {
				t.Errorf("it makes another program: %v", err)
			}
			if len(test.new) == 0 {
				return
			}
			if got, err := apply(test.old, made, int64(len(test.new)-1)); !errors.Is(err, patch.ErrTooLong) || len(got) != 0 {
				t.Errorf("more than may come out: %d bytes, %v", len(got), err)
			}
		})
	}
}

// TestPatchOfARealProgram takes this test's own, and changes it as a linker does that puts a function into the middle.
func TestPatchOfARealProgram(t *testing.T) {
	name, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	old, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	middle := len(old) / 3
	program := slices.Concat(old[:middle], noise(1, 4096), old[middle:])
	for i := 0; i+4 < len(program); i += 400 {
		program[i] += 16
	}
	made, err := patch.Make(old, program)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := patch.Pack(program)
	if err != nil {
		t.Fatal(err)
	}
	if len(made)*100 > len(whole)*15 {
		t.Errorf("the patch has %d bytes, the packed program %d: more than 15 %%", len(made), len(whole))
	}
	if got, err := apply(old, made, 1<<30); err != nil || !bytes.Equal(got, program) {
		t.Errorf("it makes another program: %v", err)
	}
}

func TestWholeProgramsComeBack(t *testing.T) {
	for _, size := range []int{0, 1, 1000, 10 << 20} {
		program := noise(5, size)
		packed, err := patch.Pack(program)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := patch.Unpack(bytes.NewReader(packed), &got, int64(size)); err != nil || !bytes.Equal(got.Bytes(), program) {
			t.Errorf("%d bytes: %d came back: %v", size, got.Len(), err)
		}
		if size == 0 {
			continue
		}
		got.Reset()
		if err := patch.Unpack(bytes.NewReader(packed), &got, int64(size-1)); !errors.Is(err, patch.ErrTooLong) || got.Len() > size-1 {
			t.Errorf("%d bytes: more than may come out: %d, %v", size, got.Len(), err)
		}
		if err := patch.Unpack(bytes.NewReader(packed[:len(packed)-1]), io.Discard, int64(size)); err == nil {
			t.Errorf("%d bytes: cut short, it was taken", size)
		}
	}
}

// frame packs text as it is.
func frame(t *testing.T, window int, text string) []byte {
	t.Helper()
	var packed bytes.Buffer
	w, err := zstd.NewWriter(&packed, zstd.WithWindowSize(window))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

// TestWrongPatchesAreRefused builds by hand what Make never makes. The older program has 8 bytes.
func TestWrongPatchesAreRefused(t *testing.T) {
	const begin = "calendarbot patch 1\n"
	old := []byte("12345678")
	if got, err := apply(old, frame(t, 1<<20, begin+"\x05\x02\x02\x03\x01\x01xyz"), 5); err != nil || string(got) != "34xyz" {
		t.Fatalf("the one that is right: %q, %v", got, err)
	}
	for name, text := range map[string]string{
		"empty":                         "",
		"another magic":                 "calendarbot patch 2\n\x00",
		"no size":                       begin,
		"a size without end":            begin + strings.Repeat("\xff", 11),
		"a size that is not reached":    begin + "\x06\x02\x02\x03\x01\x01xyz",
		"more than its size":            begin + "\x04\x02\x02\x03\x01\x01xyz",
		"something after its end":       begin + "\x05\x02\x02\x03\x01\x01xyz.",
		"before the older program":      begin + "\x05\x01\x02\x03\x01\x01xyz",
		"behind the older program":      begin + "\x05\x12\x00\x05vwxyz",
		"beyond the older program":      begin + "\x05\x0e\x02\x03\x01\x01xyz",
		"a record that makes nothing":   begin + "\x05\x00\x00\x00",
		"a sum that does not fit":       begin + "\x05\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
		"cut off in a difference":       begin + "\x05\x02\x02\x03\x01",
		"cut off in what is not like":   begin + "\x05\x02\x02\x03\x01\x01xy",
		"a size that is more than most": begin + "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
	} {
		if got, err := apply(old, frame(t, 1<<20, text), 10); err == nil || len(got) > 10 {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	if _, err := apply(old, frame(t, 64<<20, begin+strings.Repeat("0123456789", 7<<20)), 1<<30); !errors.Is(err, zstd.ErrWindowSizeExceeded) {
		t.Errorf("one that asks for much memory: %v", err)
	}
	if _, err := apply(old, []byte("no frame at all"), 10); err == nil {
		t.Error("no frame at all: taken")
	}
}

func TestReadersAndWritersThatFail(t *testing.T) {
	old, program := noise(1, 100_000), noise(1, 90_000)
	made, err := patch.Make(old, program)
	if err != nil {
		t.Fatal(err)
	}
	if err := patch.Apply(bytes.NewReader(old[:50_000]), int64(len(old)), bytes.NewReader(made), io.Discard, 1<<20); !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("an older program that is shorter than said: %v", err)
	}
	if err := patch.Apply(bytes.NewReader(old), int64(len(old)), bytes.NewReader(made), full{}, 1<<20); !errors.Is(err, errFull) {
		t.Errorf("a full disk: %v", err)
	}
	if _, err := apply(old[:50_000], made, 1<<20); !errors.Is(err, patch.ErrNoPatch) {
		t.Errorf("another older program: %v", err)
	}
}

// full is a writer that takes nothing.
type full struct{}

var errFull = errors.New("full")

func (full) Write([]byte) (int, error) { return 0, errFull }

// FuzzApply gives Apply anything, packed, so that what is inside of the frame is reached.
func FuzzApply(f *testing.F) {
	old := noise(1, 1000)
	made, err := patch.Make(old, append(noise(2, 100), old[50:]...))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte("calendarbot patch 1\n\x05\x02\x02\x03\x01\x01xyz"), false)
	f.Add(made, true)
	f.Fuzz(func(t *testing.T, text []byte, packed bool) {
		if !packed {
			var err error
			if text, err = patch.Pack(text); err != nil {
				t.Fatal(err)
			}
		}
		const most = 4096
		if got, err := apply(old, text, most); len(got) > most {
			t.Errorf("%d bytes came out: %v", len(got), err)
		}
		var got bytes.Buffer
		if err := patch.Unpack(bytes.NewReader(text), &got, most); got.Len() > most {
			t.Errorf("%d bytes came out: %v", got.Len(), err)
		}
	})
}

// FuzzMake wants that of any two texts a patch leads from the one to the other.
func FuzzMake(f *testing.F) {
	f.Add([]byte("the quick brown fox jumps over the lazy dog"), []byte("the quick red fox jumps over the lazy dogs"))
	f.Add(noise(1, 300), append(noise(2, 20), noise(1, 300)[10:]...))
	f.Fuzz(func(t *testing.T, old, program []byte) {
		made, err := patch.Make(old, program)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := apply(old, made, int64(len(program))); err != nil || !bytes.Equal(got, program) {
			t.Errorf("another came out: %v", err)
		}
	})
}
