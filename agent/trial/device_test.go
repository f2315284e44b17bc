package trial

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"calendarbot/agent/slot"
)

func TestLookAsksTheDevice(t *testing.T) {
	b := newBoard(t)
	ready := `<head><meta name="calendarbot-ready" content="1"></head>`
	b.write(unitGroup+"/memory.current", "31457280\n", 0o644)
	b.write(unitGroup+"/memory.high", "209715200\n", 0o644)
	b.write(unitGroup+"/memory.events", "low 0\nhigh 4\noom 2\noom_kill 1\noom_group_kill 0\n", 0o644)
	b.write("unit", "ActiveState=active\nNRestarts=2\n", 0o644)
	b.Page = pages(t, map[string]string{"/": ready, "/healthz": "{}"})
	want := Observation{Unit: "active", Restarts: 2, Memory: 30 << 20, High: 200 << 20, Kills: 1}
	if got := b.Look(context.Background(), unit{}.ask(context.Background(), b.Device)); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	for _, c := range []struct {
		name, want string
		lay        func()
	}{
		{"no answer at all", "does not answer", func() { b.Page = "http://127.0.0.1:1" }},
		{"another page", "/ is not the page of a program that is ready", func() { b.Page = pages(t, map[string]string{"/": "Hello.", "/healthz": "{}"}) }},
		{"an error", "/ answers with 503", func() { b.Page = pages(t, map[string]string{"/healthz": "{}"}) }},
		{"not alive", "/healthz answers with 503", func() { b.Page = pages(t, map[string]string{"/": ready}) }},
		{"elsewhere", "/ answers with 302", func() { b.Page = pages(t, map[string]string{"/": "away", "/healthz": "{}"}) }},
		{"cut off", "breaks off", func() { b.Page = pages(t, map[string]string{"/": "cut", "/healthz": "{}"}) }},
		{"no address", "missing protocol scheme", func() { b.Page = ":" }},
		{"too much memory, packed away", "the program takes 242 MiB of memory, of 200 MiB that it may have", func() {
			b.Page = pages(t, map[string]string{"/": ready, "/healthz": "{}"})
			b.write(unitGroup+"/memory.current", "209534976\n", 0o644)
			b.write(unitGroup+"/memory.swap.current", "45236224\n", 0o644)
		}},
		{"files that the kernel keeps are no memory of the program's", "", func() {
			b.write(unitGroup+"/memory.stat", "anon 20000000\nfile 189534976\nkernel_stack 0\ninactive_anon 10\ninactive_file 150000000\n", 0o644)
		}},
		{"nor are they less than none", "", func() {
			b.write(unitGroup+"/memory.stat", "inactive_file 999999999\n", 0o644)
			b.write(unitGroup+"/memory.swap.current", "209715100\n", 0o644)
		}},
		{"no unlimited memory", "", func() {
			b.write(unitGroup+"/memory.high", "max\n", 0o644)
		}},
		{"data in memory", "/data could not be mounted", func() { b.write(foundData, "lost\n", 0o644) }},
		{"data that was mended", "", func() { b.write(foundData, "mended\n", 0o644) }},
		{"a unit that stands still", "the program is not ready (activating)", func() { b.write("unit", "ActiveState=activating\n", 0o644) }},
		{"no systemd", "the program is not ready (none show", func() { b.Systemctl = filepath.Join(b.Root, "none") }},
		{"no data", "/data cannot be written", func() {
			if err := os.RemoveAll(b.path("data")); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		c.lay()
		if got := b.Look(context.Background(), unit{}.ask(context.Background(), b.Device)).Complaint(); !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestBootStateIsReadAndWritten(t *testing.T) {
	b := newBoard(t)
	b.boot("b", "B A", 9, 2)
	s, err := b.systems(context.Background())
	if err != nil || s.running != slot.B || s.first != slot.B || s.left[slot.A] != 9 || s.left[slot.B] != 2 {
		t.Errorf("%+v, %v", s, err)
	}
	if err := b.choose(context.Background(), slot.A, 3, 0); err != nil || b.booted() != "A first, 3 and 0" {
		t.Errorf("%s, %v", b.booted(), err)
	}
	b.boot("c", "B A", 9, 2)
	if _, err := b.systems(context.Background()); err == nil || !strings.Contains(err.Error(), `it runs from slot "C", which there is not`) {
		t.Errorf("%v", err)
	}
	b.write(bootState, "#!/bin/sh\necho the card is gone >&2\nexit 1\n", 0o755)
	if _, err := b.systems(context.Background()); err == nil || !strings.Contains(err.Error(), "boot-state show: exit status 1: the card is gone") {
		t.Errorf("%v", err)
	}
	if err := os.Remove(b.path(bootSector)); err != nil {
		t.Fatal(err)
	}
	if s, err := b.systems(context.Background()); s != nil || err != nil {
		t.Errorf("a machine without slots: %+v, %v", s, err)
	}
}
