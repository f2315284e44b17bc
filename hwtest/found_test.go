package hwtest

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// flat is what is seen of a board on which nothing changes.
func flat() []Sample {
	list := make([]Sample, 100)
	for i := range list {
		list[i] = Sample{Unit: 30 * mib, Device: 100 * mib, Files: 40, Celsius: 40, MHz: 1000, Program: "100"}
	}
	return list
}

// TestLoadOnAProgramThatEnds has one that is started anew while there is load: its memory and its files are flat, and it still did not stay.
func TestLoadOnAProgramThatEnds(t *testing.T) {
	good := Load{Right: 10000, Took: time.Hour}
	for name, judge := range map[string]func([]Sample) Verdict{
		"60-load":    func(s []Sample) Verdict { return judgeLoad(good, s, 1000, false) },
		"61-thermal": func(s []Sample) Verdict { return judgeThermal(good, s) },
		"62-soak":    func(s []Sample) Verdict { return judgeSoak(good, s) },
	} {
		samples := flat()
		if v := judge(samples); v.Outcome != Pass {
			t.Errorf("%s: %v", name, v)
		}
		samples[99].Program = "200"
		if v := judge(samples); v.Outcome != Fail || !strings.Contains(v.Reason, "started anew") {
			t.Errorf("%s: %v", name, v)
		}
	}
	// And of a device on which each question finds another process.
	for _, step := range []string{"30-pools", "60-load", "61-thermal", "62-soak"} {
		f := newFixture(t)
		f.Soak = time.Second
		f.script("systemctl", `sed "s/MainPID=.*/MainPID=$$/" `+f.Root+`/fake/show.calendarbot.service`)
		if v := (broken{step: step}).judge(t, f); v.Outcome != Fail || !strings.Contains(v.Reason, "started anew") {
			t.Errorf("%s: %v", step, v)
		}
	}
}

// TestFilesThatCannotBeCounted are a fault: else a soak that sees nothing would pass.
func TestFilesThatCannotBeCounted(t *testing.T) {
	f := newFixture(t)
	f.drop("/proc/100")
	if v := (broken{step: "62-soak"}).judge(t, f); v.Outcome != Fail || !strings.Contains(v.Reason, "open files rose by is unknown") {
		t.Errorf("%v", v)
	}
}

// TestHouseholdIsAnswered holds that a program which puts everybody off does not pass for a cool one.
func TestHouseholdIsAnswered(t *testing.T) {
	for tells, load := range map[string]Load{
		"":                     {Right: 10000, Later: 5},
		"right answers is 0 %": {Later: 5000},
		"right answers is 98":  {Right: 980, Later: 20},
		"nothing was answered": {},
		"wrong answers is 1":   {Right: 10000, Wrong: 1},
	} {
		if v := judgeThermal(load, flat()); (v.Outcome == Fail) != (tells != "") || !strings.Contains(v.Reason, tells) {
			t.Errorf("%+v: %v, it is to tell %q", load, v, tells)
		}
	}
}

// TestMemoryOfTheSystemIsNotHidden has 110 MiB in use, of which the program has 9 MiB of its own; what it has of files is available, and in use by nobody.
func TestMemoryOfTheSystemIsNotHidden(t *testing.T) {
	f := newFixture(t)
	f.put("/proc/meminfo", "MemTotal: 430000 kB\nMemAvailable: 317360 kB\n")
	f.put(fixtureGroup+"/memory.current", "26214400\n")
	f.put(fixtureGroup+"/memory.stat", "anon 8388608\nkernel 1048576\nactive_file 16777216\ninactive_file 0\n")
	if v := (broken{step: "16-memory"}).judge(t, f); v.Outcome != Fail || !strings.Contains(v.Reason, "without the program is 101 MiB") {
		t.Errorf("%v", v)
	}
	f.put(fixtureGroup+"/memory.stat", "inactive_file 0\n")
	if v := (broken{step: "16-memory"}).judge(t, f); v.Outcome != Fail {
		t.Errorf("without figures: %v", v)
	}
}

// TestStartOfTheProgram holds when its time counts.
func TestStartOfTheProgram(t *testing.T) {
	const judged = "the program was ready after"
	for name, c := range map[string]struct {
		reading bootReading
		tells   string // "" for a start that is well
		counts  bool
	}{
		"at the start":                       {bootReading{all: 30, began: 20, ready: 25, state: "active"}, "", true},
		"slow, and long after all":           {bootReading{all: 30, began: 20, ready: 130, state: "active"}, "ready after is 130 s", true},
		"started anew by systemd":            {bootReading{all: 30, began: 500, ready: 505, state: "active", restarts: 1}, "", false},
		"an update of the program came":      {bootReading{all: 30, began: 500, ready: 505, state: "active"}, "", false},
		"it never was ready":                 {bootReading{all: 30, began: 20, state: "activating"}, "not ready", false},
		"it was ready, and is not any more":  {bootReading{all: 30, began: 20, ready: 25, state: "failed"}, "not ready", false},
		"the start is not at its end so far": {bootReading{ready: 25, state: "active"}, "has not ended", false},
	} {
		v := judgeBoot(c.reading, false)
		counts := slices.ContainsFunc(v.Figures, func(f Figure) bool { return f.Name == judged && f.Limit != "" })
		if (v.Outcome == Fail) != (c.tells != "") || !strings.Contains(v.Reason, c.tells) || counts != c.counts {
			t.Errorf("%s: %v", name, v)
		}
	}
}

// TestTimesOfAnEmulatedBoardAreTold and not judged, in each step that has some.
func TestTimesOfAnEmulatedBoardAreTold(t *testing.T) {
	for _, step := range []string{"13-boot-time", "40-level-1", "50-hang", "80-level-3"} {
		f := newFixture(t)
		f.Emulated = true
		v := (broken{step: step}).judge(t, f)
		for _, figure := range v.Figures {
			if figure.Unit == "s" && figure.Limit != "" {
				t.Errorf("%s: %v is judged", step, figure)
			}
		}
		if v.Outcome != Pass || len(v.Figures) == 0 {
			t.Errorf("%s: %v", step, v)
		}
	}
}

// TestWordsAreForThoseWhoReadThem: what is printed names no paper that a person with a device does not have.
func TestWordsAreForThoseWhoReadThem(t *testing.T) {
	_, said := newFixture(t).command(t.Context(), "--list")
	tally := &tally{}
	saved(tally, "memory", 20, 10, 40, "MB")
	for _, word := range []string{"seeds", "ADR"} {
		if text := said + strings.Join(tally.notes, " "); strings.Contains(text, word) {
			t.Errorf("%q is said", word)
		}
	}
}
