package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"calendarbot/agent/conn"
	"calendarbot/scripts/demo/household"
	"calendarbot/scripts/demo/mischief"
)

// more is a calendar with another meeting beside the daily one, and enough else to fill a small disk.
func more() []byte {
	added := strings.Replace(daily, "END:VCALENDAR", "BEGIN:VEVENT\r\nUID:second\r\nDTSTART:20260616T090000Z\r\nDTEND:20260616T093000Z\r\n"+
		"SUMMARY:The second one\r\nEND:VEVENT\r\nEND:VCALENDAR", 1)
	_, events, _ := strings.Cut(string(household.School(began().AddDate(1, 0, 0))), "BEGIN:VEVENT")
	return []byte(strings.Replace(added, "END:VCALENDAR\r\n", "BEGIN:VEVENT"+events, 1))
}

// The disk is full for the program once it may not make any file longer than it is.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.fill()
	h.feed.Turn(mischief.Status(503))
	h.start(soon())
	h.failing("http_503", "has a fault of its own")

	limit := func(bytes string) {
		// A lower soft limit can be raised again by anybody: "1:" leaves the hard one alone.
		out, err := exec.Command("prlimit", "--pid", strconv.Itoa(h.cmd.Process.Pid), "--fsize="+bytes+":").CombinedOutput()
		if err != nil {
			t.Fatalf("prlimit: %v: %s", err, out)
		}
	}
	limit("1")
	h.feed.Turn(mischief.Good(more()))
	h.refresh()
	h.failing("store_full", "the disk is full")
	h.degraded()

	limit("unlimited")
	h.refresh()
	h.becomes("ok", "")
	h.holds("The daily one", "The second one")
}

func TestDatabaseThatAnotherProgramHolds(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.fill()
	h.feed.Turn(mischief.Status(503))
	h.start(soon())
	h.failing("http_503", "has a fault of its own")

	other, err := conn.OpenDB(t.Context(), h.database(), conn.DBOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.Write().BeginTx(t.Context(), nil) // it takes the lock
	if err != nil {
		t.Fatal(err)
	}
	h.feed.Turn(mischief.Good(more()))
	h.refresh()
	h.failing("store_busy", "another program holds the database")
	h.degraded()

	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	h.refresh()
	h.becomes("ok", "")
	h.holds("The daily one", "The second one")
}

// A damaged database is set aside and filled anew, and people are told.
func TestDamagedDatabase(t *testing.T) {
	for name, damage := range map[string]func(file []byte) []byte{
		"overwritten":           func(file []byte) []byte { return mischief.Noise(len(file)) },
		"all but its first":     func(file []byte) []byte { return append(file[:4096:4096], mischief.Noise(len(file)-4096)...) },
		"the end is cut off":    func(file []byte) []byte { return file[:len(file)/2/4096*4096] },
		"zeros, as SD cards do": func(file []byte) []byte { return append(file[:8192:8192], make([]byte, len(file)-8192)...) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHome(t)
			h.fill()
			file, err := os.ReadFile(h.database())
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(h.database(), damage(file), 0o600); err != nil {
				t.Fatal(err)
			}
			h.start(soon())
			h.await("the calendar is there again", func() bool { return h.source().Events == 1 && h.source().State == "ok" })
			h.holds("The daily one")
			h.await("people are told", func() bool { return strings.Contains(h.text(), "has been set aside as") })
			if aside, err := filepath.Glob(h.database() + ".corrupt-*"); err != nil || len(aside) == 0 {
				t.Errorf("nothing was set aside: %v, %v", aside, err)
			}
			h.well()
		})
	}
}

// Damage while the program runs is met by whoever reads next.
func TestDatabaseDamagedWhileTheProgramRuns(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.fill()
	h.start(soon())
	h.becomes("ok", "")
	file, err := os.ReadFile(h.database())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(h.database(), append(file[:4096:4096], mischief.Noise(len(file)-4096)...), 0o600); err != nil {
		t.Fatal(err)
	}
	h.feed.Turn(mischief.Good(more()))
	h.refresh()
	h.await("people are told", func() bool { return strings.Contains(h.text(), "has been set aside as") })
	h.await("the calendar is there again", func() bool { return h.source().Events == 8 && h.source().State == "ok" })
	h.holds("The daily one", "The second one")
}
