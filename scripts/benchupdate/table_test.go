package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"calendarbot/agent/update/patch"
)

func TestAMissedGoalIsAnError(t *testing.T) {
	p := plan{out: filepath.Join(t.TempDir(), "bench")}
	rows := []row{
		{What: "a|b", Value: 1500, Unit: "bytes", Against: "c", Ratio: 0.15, Goal: 0.15, Where: "here"},
		{What: "d", Value: 2.5e6, Unit: "bytes"},
		{What: "e", Value: 0.5, Unit: "s"},
	}
	var out bytes.Buffer
	if err := p.write(rows, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| a/b | 1.5 kB | 15.0 % of c | at most 15 %: met | here |", "| d | 2.50 MB |", "| e | 0.50 s |"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	rows[0].Ratio = 0.16
	if err := p.write(rows, &out); err == nil || !strings.Contains(err.Error(), "more than 15 %") {
		t.Errorf("a missed goal: %v", err)
	}
	var kept []row
	if text, err := os.ReadFile(filepath.Join(p.out, "update.json")); err != nil || json.Unmarshal(text, &kept) != nil || len(kept) != 3 {
		t.Errorf("kept %v: %v", kept, err)
	}
}

func TestApplyingTellsItsCost(t *testing.T) {
	dir := t.TempDir()
	old, program := bytes.Repeat([]byte("older "), 1000), bytes.Repeat([]byte("newer "), 1000)
	made, err := patch.Make(old, program)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"old": old, "patch": made} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := start(t.Context(), []string{"apply", filepath.Join(dir, "old"), filepath.Join(dir, "patch"), filepath.Join(dir, "new"), "6000"}, &out); err != nil {
		t.Fatal(err)
	}
	var c cost
	if err := json.Unmarshal(out.Bytes(), &c); err != nil || c.Memory < 1<<20 {
		t.Errorf("%+v, %v", c, err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "new")); err != nil || !bytes.Equal(got, program) {
		t.Errorf("another program: %v", err)
	}
	out.Reset()
	if err := start(t.Context(), []string{"watch", "dd", "if=/dev/zero", "of=" + filepath.Join(dir, "zeros"), "bs=64k", "count=16", "conv=fsync"}, &out); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out.Bytes(), &c); err != nil || c.Memory < 1<<18 {
		t.Errorf("%+v, %v", c, err)
	}
	for _, args := range [][]string{{"--pairs", "0"}, {"frobnicate"}, {"apply", "a", "b", "c", "many"}} {
		if err := start(t.Context(), args, &out); err == nil {
			t.Errorf("%v: taken", args)
		}
	}
}
