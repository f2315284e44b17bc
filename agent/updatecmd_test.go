package main

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestUpdateWithoutTheUpdaterSaysWhoUpdates(t *testing.T) {
	if _, err := os.Stat(updaterProgram); err == nil {
		t.Skip("this machine has an updater")
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"update", "status"}, 1, "it is updated by what installed it"},
		{[]string{"update"}, 1, "it is updated by what installed it"},
		{[]string{"update", "--help"}, 0, "calendarbot update apply --now"},
		{[]string{"help", "update"}, 0, "calendarbot update apply --now"},
	} {
		var out bytes.Buffer
		if code := command(t.Context(), c.args, console{out: &out, err: &out}); code != c.code || !strings.Contains(out.String(), c.want) {
			t.Errorf("%q ends with %d and says %q", c.args, code, out.String())
		}
	}
}

func TestUpdateBecomesTheUpdater(t *testing.T) {
	if program := os.Getenv("CALENDARBOT_TEST_UPDATER"); program != "" {
		t.Fatal(updateCommand().become(console{}, &flag.FlagSet{}, program, []string{"apply", "1.2.3", "--now"}))
	}
	program := filepath.Join(t.TempDir(), "updater")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho \"became $0 $*\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestUpdateBecomesTheUpdater$")
	again.Env = append(os.Environ(), "CALENDARBOT_TEST_UPDATER="+program)
	out, err := again.CombinedOutput()
	if want := "became " + program + " apply 1.2.3 --now\n"; err != nil || string(out) != want {
		t.Errorf("it ends with %v and says %q, want %q", err, out, want)
	}
}
