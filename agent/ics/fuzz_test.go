package ics

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzDecode reads anything as a feed. What was kept is bounded, can be interpreted, and is the same the next
// time.
func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/*.ics")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
		f.Add([]byte(strings.ReplaceAll(string(text), "\n", "\r\n")))
	}
	f.Add([]byte(plain))
	device := time.FixedZone("device", 3600)
	limits := Limits{Bytes: 1 << 20, Events: 50, Line: 4096, Depth: 4, Preamble: 8192, Problems: 5}
	f.Fuzz(func(t *testing.T, feed []byte) {
		decode := func() (list []Component, r Report, err error) {
			r, err = Decode(context.Background(), strings.NewReader(string(feed)), limits, device, func(c Component) error {
				list = append(list, c)
				return nil
			})
			return list, r, err
		}
		list, r, err := decode()
		again, r2, err2 := decode()
		if !reflect.DeepEqual(list, again) || !reflect.DeepEqual(r, r2) || (err == nil) != (err2 == nil) {
			t.Fatalf("the second time is different:\n%+v %v\n%+v %v", r, err, r2, err2)
		}
		if len(list) > limits.Events || len(r.Problems) > limits.Problems || len(r.Preamble) > limits.Preamble || r.Events != len(list) {
			t.Fatalf("out of bounds: %d events, %+v", len(list), r)
		}
		in := NewInterpreter(r.Preamble, device)
		for _, c := range list {
			e, err := in.Event(c.Text)
			if err != nil {
				t.Fatalf("kept, but %v:\n%s", err, c.Text)
			}
			if e.UID != c.UID || e.UID == "" || e.Summary == "" || c.First > c.Last {
				t.Fatalf("UID %q, summary %q, from %d to %d:\n%s", e.UID, e.Summary, c.First, c.Last, c.Text)
			}
			if !utf8.Valid(c.Text) || len(c.Text) > 16*limits.Line || strings.ContainsAny(string(c.Text), "\r\x00") {
				t.Fatalf("text of %d bytes: %q", len(c.Text), c.Text)
			}
			if !e.Start.Date && e.Start.Loc == nil {
				t.Fatalf("a time without zone:\n%s", c.Text)
			}
		}
	})
}

// FuzzInterpreter gives an Interpreter what a damaged database might.
func FuzzInterpreter(f *testing.F) {
	files, err := filepath.Glob("testdata/*.ics")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		r, err := Decode(context.Background(), strings.NewReader(string(text)), Limits{}, time.UTC, func(c Component) error {
			f.Add(text, c.Text)
			return nil
		})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(r.Preamble, []byte("DTSTART;TZID=\"x\":20250703T100000\n"))
	}
	f.Fuzz(func(t *testing.T, preamble, text []byte) {
		e, err := NewInterpreter(preamble, time.UTC).Event(text)
		if err == nil && (e.Summary == "" || !e.Start.Date && e.Start.Loc == nil) {
			t.Fatalf("an event without summary or zone: %+v", e)
		}
	})
}
