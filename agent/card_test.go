package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestCardTellsWhatTheStartFound(t *testing.T) {
	write := func(root, name, text string) {
		t.Helper()
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for text, want := range map[string]string{"good\n": "", "mended\n": "mended", "lost\n": "lost"} {
		root := t.TempDir()
		write(root, dataFile, text)
		if got := dataFound(root); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
	root := t.TempDir()
	if got, files := dataFound(root), firmwareMissing(root); got != "" || files != nil {
		t.Errorf("no image: %q, %q", got, files)
	}
	write(root, firmwareFile, "usr/lib/firmware/brcm/a.bin\nusr/lib/firmware/brcm/a.txt\n")
	if got := firmwareMissing(root); !slices.Equal(got, []string{"brcm/a.bin", "brcm/a.txt"}) {
		t.Errorf("without a radio: %q", got)
	}
	write(root, radioFolder+"/address", "b8:27:eb:00:00:01\n")
	if got := firmwareMissing(root); got != nil {
		t.Errorf("with a radio: %q", got)
	}
}
