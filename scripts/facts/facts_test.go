package facts

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestNewerFiguresTakeThePlaceOfOlderOnes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a", "bench.json")
	day := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	figure := func(name string, value float64, date time.Time) Figure {
		return Figure{Name: name, Value: value, Command: "make bench", Where: Computer, Version: "1.0.0", Date: date}
	}
	if list, err := Read(file); err != nil || len(list) != 0 {
		t.Fatalf("of no file: %v, %v", list, err)
	}
	for _, f := range []Figure{figure("b", 1, day), figure("a", 2, day), figure("b", 3, day.AddDate(0, 0, 1)), figure("a", 4, day.AddDate(0, 0, -1))} {
		if err := Keep(file, f); err != nil {
			t.Fatal(err)
		}
	}
	list, err := Read(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || list[0].Name != "a" || list[0].Value != 2 || list[1].Value != 3 {
		t.Errorf("kept is %+v", list)
	}
}

func TestFiguresSayWhereTheyAreFrom(t *testing.T) {
	for text, want := range map[string]string{
		`[`: "unexpected end",
		`[{"name": "a", "value": 1, "command": "make bench", "where": "a computer", "version": "1.0.0"}]`:    "does not say",
		`[{"name": "a", "value": 1, "where": "a computer", "version": "1", "date": "2026-11-22T00:00:00Z"}]`: "does not say",
	} {
		file := filepath.Join(t.TempDir(), "f.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
		if err := Keep(file, Figure{}); err == nil {
			t.Errorf("%s: written over", text)
		}
	}
}

func TestVersionIsThatOfTheProgram(t *testing.T) {
	for said, want := range map[string]string{"calendarbot 1.2.3 linux/amd64 go1.26": "1.2.3", "calendarbot": "", "nginx 1.2.3": ""} {
		program := filepath.Join(t.TempDir(), "program")
		if err := os.WriteFile(program, []byte("#!/bin/sh\necho '"+said+"'\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		if got, err := VersionOf(t.Context(), program); got != want || (err == nil) != (want != "") {
			t.Errorf("of %q: %q, %v", said, got, err)
		}
	}
	if _, err := VersionOf(t.Context(), "/nowhere/calendarbot"); err == nil {
		t.Error("no program has a version")
	}
}

func TestABoardCountsMoreThanAnEmulatedOne(t *testing.T) {
	day := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	board := Figure{Name: "a", Value: 1, Where: Board, Date: day}
	emulated := Figure{Name: "a", Value: 2, Where: EmulatedBoard, Date: day.AddDate(0, 0, 1)}
	later := Figure{Name: "a", Value: 3, Where: Board, Date: day.AddDate(0, 0, 2)}
	for _, c := range []struct {
		old, more Figure
		want      float64
	}{{board, emulated, 1}, {emulated, board, 1}, {board, later, 3}, {later, board, 3}} {
		if got := Merge([]Figure{c.old}, []Figure{c.more}); len(got) != 1 || got[0].Value != c.want {
			t.Errorf("of %+v and %+v: %+v", c.old, c.more, got)
		}
	}
}
