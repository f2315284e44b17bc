package hwtest

import (
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestUpdatesAreHeld while a step changes something or lasts, and let go at the end, as they were.
func TestUpdatesAreHeld(t *testing.T) {
	for name, c := range map[string]struct {
		was, only string
		off       int // how often they were switched off
	}{
		"as the file says":         {"", "40-level-1,80-level-3", 1},
		"as was set at run time":   {"agent", "40-level-1,80-level-3", 1},
		"off":                      {"off", "40-level-1,80-level-3", 0},
		"a step that but looks":    {"", "10-board,11-kernel", 0},
		"a step that takes longer": {"", "61-thermal", 1},
	} {
		f := newFixture(t)
		f.updates = c.was
		during := "off"
		f.rollback = func(int) {
			f.mu.Lock()
			during = f.updates
			f.mu.Unlock()
			f.put("/data/slots/agent.json", `{"active":""}`)
			f.put("/fake/show.calendarbot.service", f.unit("200"))
		}
		f.Second /= 10
		code, said := f.command(t.Context(), "--rollback", "--only", c.only)
		if code != exitGood || during != "off" || f.updates != c.was || f.seen["updates off"] != c.off || f.noted(undoFile) {
			t.Errorf("%s: status %d; they were %q, now %q, switched off %d times: %s", name, code, during, f.updates, f.seen["updates off"], said)
		}
	}
}

// TestUpdatesAreLetGoAfterACut, also one between the note and the change, or between two starts.
func TestUpdatesAreLetGoAfterACut(t *testing.T) {
	f := newFixture(t)
	f.updates = "agent"
	for range 2 {
		if reason, err := f.hold(t.Context()); reason != "" || err != nil {
			t.Fatal(reason, err)
		}
		f.mu.Lock()
		held := f.updates
		f.updates = "agent" // the change did not come so far
		f.mu.Unlock()
		if list, err := f.Undone(); err != nil || len(list) != 1 || held != "off" {
			t.Fatalf("%v, %v, updates are %q", list, err, held)
		}
	}
	f.updates = "off"
	if code, said := f.command(t.Context(), "--resume"); code != exitGood || f.updates != "agent" {
		t.Errorf("status %d: %s; updates are %q", code, said, f.updates)
	}
}

// TestUpdateThatIsUnderWay is waited for, and not disturbed.
func TestUpdateThatIsUnderWay(t *testing.T) {
	f := newFixture(t)
	f.Waits = 0.0001
	f.put("/fake/show.calendarbot-update.service", "ActiveState=activating\n")
	code, said := f.command(t.Context(), "--only", "40-level-1")
	if code != exitGood || !strings.Contains(said, "SKIP 40-level-1") || !strings.Contains(said, "under way") || f.seen["POST emergency-off"] != 0 {
		t.Errorf("status %d: %s", code, said)
	}
}

// TestUpdatesThatCannotBeHeld are told as a fault: the step would not be alone.
func TestUpdatesThatCannotBeHeld(t *testing.T) {
	f := newFixture(t)
	f.drop(socketPath)
	if code, said := f.command(t.Context(), "--only", "61-thermal"); code != exitFailed || !strings.Contains(said, "hold updates") {
		t.Errorf("status %d: %s", code, said)
	}
}

// TestWaitingTrialIsLeftAlone: a system that waits for its hours keeps everything else from being tried, so a program that was left could not come
// back, and a restart would start that system.
func TestWaitingTrialIsLeftAlone(t *testing.T) {
	for _, step := range []string{"50-hang", "70-update", "80-level-3", "81-level-2", "90-panic", "91-hardware-watchdog"} {
		f := newFixture(t)
		impatient(f)
		f.put("/data/slots/system.json", `{"active":"a","trial":{"slot":"b","version":"2.0.0","started":0}}`)
		f.rollback = func(level int) { t.Errorf("%s: level %d was asked for", step, level) }
		if v := (broken{step: step}).judge(t, f); v.Outcome != Skip || !strings.Contains(v.Reason, "system 2.0.0 is on trial") {
			t.Errorf("%s: %v", step, v)
		}
	}
}

// TestSecondLevel3WithinMinutes would take the device to its other system.
func TestSecondLevel3WithinMinutes(t *testing.T) {
	f := newFixture(t)
	now := f.Now().UTC().Format("2006-01-02T15:04:05Z")
	f.put("/data/slots/agent.json", `{"active":"b","slots":{"b":{"version":"1.0.0"}},"last":{"version":"2.0.0","at":"`+now+`","asked":"`+now+`"}}`)
	f.rollback = func(level int) { t.Errorf("level %d was asked for", level) }
	if v := (broken{step: "80-level-3"}).judge(t, f); v.Outcome != Skip || !strings.Contains(v.Reason, "other system") {
		t.Errorf("%v", v)
	}
}

// TestHangIsNoCrashLoop: starts are counted anew before the program is stopped, not only after it.
func TestHangIsNoCrashLoop(t *testing.T) {
	f := newFixture(t)
	before := ""
	f.Signal = func(int, syscall.Signal) error {
		log, err := os.ReadFile(f.at("/fake/log"))
		before = string(log)
		f.put("/fake/show.calendarbot.service", f.unit("200"))
		return err
	}
	if v := (broken{step: "50-hang"}).judge(t, f); v.Outcome != Pass || !strings.Contains(before, "reset-failed") {
		t.Errorf("%v; before was asked: %q", v, before)
	}
}

// TestFiguresThatAreMissing of the kernel or the program are not taken for zero.
func TestFiguresThatAreMissing(t *testing.T) {
	for step, name := range map[string]string{"12-limits": fixtureGroup + "/memory.events", "16-memory": "/proc/meminfo"} {
		f := newFixture(t)
		f.put(name, "else 0\n")
		if v := (broken{step: step}).judge(t, f); v.Outcome != Fail {
			t.Errorf("%s: %v", step, v)
		}
	}
}
