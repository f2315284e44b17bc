package main

import (
	"bytes"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/budget"
	"calendarbot/agent/health"
	"calendarbot/agent/pressure"
	"calendarbot/agent/slot"
)

// TestRollbackThatDoesNotWorkIsTold: once in the log, and as a problem for as long as it is so.
func TestRollbackThatDoesNotWorkIsTold(t *testing.T) {
	t.Parallel()
	w := newWatched(t, "")
	var log bytes.Buffer
	w.care.log = slog.New(slog.NewTextHandler(&log, nil))
	tells := func(fault string, times int) {
		t.Helper()
		log.Reset()
		for range 3 {
			w.read(10 * time.Second)
		}
		if n := strings.Count(log.String(), `msg="go back"`); n != times {
			t.Errorf("%s: logged %d times: %s", fault, n, &log)
		}
		_, body := w.ask(http.MethodGet, "/api/v1/status", "")
		if told := strings.Contains(string(body), string(health.RollbackFault)); told != (times > 0) || !strings.Contains(string(body), fault) {
			t.Errorf("%s: the status says %s", fault, body)
		}
	}
	dir := w.care.rollbackDir()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "request.json")
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	tells("Read the request to go back: ", 1)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	tells("", 0)

	// A folder in the place of the file takes no request.
	if err := os.MkdirAll(filepath.Join(dir, "request.json.new", "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	log.Reset()
	for range 3 {
		w.care.wish(budget.Budget{Rollback: 2, Why: "More than 5 % failed."})
	}
	if strings.Count(log.String(), "cannot be asked for") != 1 || !strings.Contains(w.care.fault, "cannot be asked for") || w.care.wished != 0 {
		t.Errorf("%q: %s", w.care.fault, &log)
	}
	if err := os.RemoveAll(filepath.Join(dir, "request.json.new")); err != nil {
		t.Fatal(err)
	}
	w.care.wish(budget.Budget{Rollback: 2, Why: "more than 5 % failed"})
	if asked := w.care.Rollback(); asked == nil || w.care.fault != "" || asked.Count != 1 {
		t.Errorf("%+v, %q", asked, w.care.fault)
	}
	w.care.watch.Look(w.care.facts(w.stands, nil))
	resp, body := w.ask(http.MethodGet, "/status", "")
	if want := "To the other configuration (level 2). More than 5 % failed."; resp.StatusCode != http.StatusOK || strings.Count(string(body), want) < 1 {
		t.Errorf("the page does not say %q: %s", want, body)
	}
	if err := slot.Settle(dir); err != nil {
		t.Fatal(err)
	}
}

// TestDaysOfAClockThatWasWrongAreDropped: it is set ten years ahead for a moment.
func TestDaysOfAClockThatWasWrongAreDropped(t *testing.T) {
	t.Parallel()
	w := newWatched(t, "")
	keep := func(date string) {
		t.Helper()
		if err := w.care.keepDay(t.Context(), pressure.Day{Date: date, Minutes: 1}); err != nil {
			t.Fatal(err)
		}
	}
	dates := func() (all string) {
		days, err := w.store.Days(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range days {
			all += d.Date + " "
		}
		return all
	}
	today, later := w.now().Format(time.DateOnly), w.now().AddDate(10, 0, 0).Format(time.DateOnly)
	keep(today)
	const years = 10 * 365 * 24 * time.Hour
	w.set.Add(int64(years))
	w.read(3 * time.Second)
	keep(w.now().Format(time.DateOnly))
	w.set.Add(-int64(years))
	w.read(3 * time.Second)
	keep(later) // the part that was gathered then
	if got := dates(); got != today+" " {
		t.Errorf("kept are %s", got)
	}
}
