package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDeviceID(t *testing.T) {
	name := func() (string, error) { return "kitchen", nil }
	nameless := func() (string, error) { return "", errors.New("no name") }
	file := filepath.Join(t.TempDir(), "machine-id")
	const machine = "0123456789abcdef0123456789abcdef"
	if err := os.WriteFile(file, []byte(machine+"\n"), 0o444); err != nil {
		t.Fatal(err)
	}
	byMachine := deviceID(file, name)
	if again := deviceID(file, nameless); again != byMachine || len(byMachine) != 16 || strings.Contains(machine, byMachine) {
		t.Errorf("by the machine's id: %q, then %q", byMachine, again)
	}
	if byName := deviceID(file+"-missing", name); byName == byMachine || byName != deviceID(os.DevNull, name) {
		t.Errorf("by the host name: %q", byName)
	}
	if deviceID(file+"-missing", nameless) == "" {
		t.Error("nothing at all")
	}
}
