package install

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"calendarbot/agent/slot"
	"calendarbot/agent/update/repository"
)

func TestProgressOfTheInstaller(t *testing.T) {
	var got []string
	l := &lines{each: func(line string) {
		n, words, ok := percent(line)
		got = append(got, fmt.Sprint(n, " ", words, " ", ok))
	}}
	for _, part := range []string{"installing\n  0% Inst", "alling\n\n", " 40% Checking slot\n140% no\n", "100%", " Done\n", "x% y\n", strings.Repeat("z", 3*mostWords), "\n", "the end"} {
		if n, err := l.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	want := []string{"0  false", "0 Installing true", "40 Checking slot true", "0  false", "100 Done true", "0  false", "0  false"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%q", got)
	}
	if len(l.last) > mostWords || len(l.rest) > mostWords {
		t.Errorf("%d and %d bytes are kept", len(l.last), len(l.rest))
	}
}

func TestProgramOfASlot(t *testing.T) {
	for n, want := range map[slot.Name]string{slot.Baked: "/r/usr/bin/calendarbot", slot.A: "/r/data/agent/a/calendarbot", slot.B: "/r/data/agent/b/calendarbot"} {
		if got := Program("/r", n); got != want {
			t.Errorf("%q: %s", n, got)
		}
	}
}

func TestDigest(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(name, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	sum, size, err := Digest(name)
	if sum != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" || size != 3 || err != nil {
		t.Error(sum, size, err)
	}
	if _, _, err := Digest(name + "y"); !os.IsNotExist(err) {
		t.Error(err)
	}
}

func TestProgramIsAskedForItsVersion(t *testing.T) {
	for name, c := range map[string]struct{ text, wrong string }{
		"right":                {"#!/bin/sh\necho calendarbot 1.2.3 linux/arm64 go1.26\n", ""},
		"knows no environment": {"#!/bin/sh\ntest -z \"$HOME\" && echo calendarbot 1.2.3\n", ""},
		"another":              {"#!/bin/sh\necho calendarbot 1.2.4\n", `says that it is "calendarbot 1.2.4"`},
		"endless":              {"#!/bin/sh\nexec head -c 9000000 /dev/zero\n", "says that it is"},
		"fails":                {"#!/bin/sh\necho calendarbot 1.2.3\nexit 1\n", "does not start on this device"},
		"for others":           {"\x7fELF nothing", "does not start on this device"},
	} {
		file := filepath.Join(t.TempDir(), "calendarbot")
		if err := os.WriteFile(file, []byte(c.text), 0o755); err != nil {
			t.Fatal(err)
		}
		err := says(t.Context(), file, "1.2.3")
		if (err == nil) != (c.wrong == "") || err != nil && (!strings.Contains(err.Error(), c.wrong) || repository.CodeOf(err) != NoStart) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := says(ctx, "/bin/true", "1.2.3"); repository.CodeOf(err) == NoStart {
		t.Errorf("a device that goes down says nothing against a program: %v", err)
	}
}
