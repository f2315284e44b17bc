package main

import (
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"calendarbot/scripts/board"
)

func TestParse(t *testing.T) {
	for args, want := range map[string]string{
		"":                         "",
		"--screen vnc --port 0":    "",
		"--screen tv":              `--screen "tv" is not known; allowed are none, vnc and window`,
		"image.img":                `unexpected argument "image.img"; see board --help`,
		"--port x":                 `invalid value "x" for flag -port: parse error`,
		"--fresh --config me.yaml": "",
	} {
		_, err := parse(strings.Fields(args), io.Discard)
		if got := errorText(err); got != want {
			t.Errorf("%q: got %q, want %q", args, got, want)
		}
	}
	var help strings.Builder
	if _, err := parse([]string{"--help"}, &help); !errors.Is(err, flag.ErrHelp) || help.String() != usage {
		t.Errorf("got %v, %s", err, help.String())
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestNewest(t *testing.T) {
	t.Chdir(t.TempDir())
	if _, err := newest(""); err == nil || !strings.Contains(err.Error(), "make image") {
		t.Error(err)
	}
	if err := os.MkdirAll("dist/image", 0o755); err != nil {
		t.Fatal(err)
	}
	for name, when := range map[string]time.Time{"a.img": time.Unix(2000, 0), "b.img": time.Unix(1000, 0)} {
		file := filepath.Join("dist/image", name)
		if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Chtimes(file, when, when)); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := newest(""); err != nil || got != "dist/image/a.img" {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := newest("mine.img"); err != nil || got != "mine.img" {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestCardIsKept follows a card from one image to the next; what is put on its first partition is tried with real ones.
func TestCardIsKept(t *testing.T) {
	folder := t.TempDir()
	image := filepath.Join(folder, "an.img")
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(image, "first")
	info, err := os.Stat(image)
	if err != nil {
		t.Fatal(err)
	}
	if origin(image, info) == origin(image+"x", info) {
		t.Error("another image has the same origin")
	}
	write(filepath.Join(folder, "card.img"), "used")
	write(filepath.Join(folder, "card.txt"), origin(image, info))
	card, err := insert(t.Context(), options{}, image, folder, board.Key{}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(card.File); err != nil || string(text) != "used" {
		t.Errorf("the card was not kept: %q, %v", text, err)
	}
	// The image is none that settings can be put on; its copy is there, and taken for no card the next time.
	if _, err := insert(t.Context(), options{fresh: true}, image, folder, board.Key{}, io.Discard); err == nil {
		t.Error("a card was made of no image")
	}
	if text, err := os.ReadFile(card.File); err != nil || !strings.HasPrefix(string(text), "first") {
		t.Errorf("the card is %q, %v", text, err)
	}
	if _, err := os.Stat(filepath.Join(folder, "card.txt")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("half a card is taken for a whole one: %v", err)
	}
}
