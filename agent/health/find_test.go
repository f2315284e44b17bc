package health

import (
	"slices"
	"testing"
	"time"

	"calendarbot/agent/clock"
	"calendarbot/agent/pressure"
)

// TestProblemsAreFoundInFacts: each fact, the problems that it makes, in their order, and what they say.
func TestProblemsAreFoundInFacts(t *testing.T) {
	type told struct {
		code  Code
		about string
		of    Code
		words string
	}
	for _, c := range []struct {
		name   string
		change func(f *Facts)
		want   []told
	}{
		{"nothing", func(*Facts) {}, nil},
		{"nothing is known", func(f *Facts) { *f = Facts{Now: f.Now} }, nil},
		{"the clock is not set", func(f *Facts) { f.Clock = clock.State{Words: "The clock is not set yet."} },
			[]told{{ClockUnset, "", "", "The clock is not set yet."}}},
		{"the clock is not confirmed", func(f *Facts) { f.Clock.Words = "no time has come from the network" },
			[]told{{ClockUnconfirmed, "", "", "no time has come from the network."}}},
		{"a calendar fails", func(f *Facts) { f.fail(0, "http_404", "example.org has no calendar there.") },
			[]told{{CalendarFailing, "Family", "", "example.org has no calendar there."}}},
		{"a calendar that never came fails", func(f *Facts) {
			f.fail(0, "html", "A web page came.")
			f.Sources[0].LastSuccess = time.Time{}
		}, []told{{CalendarFailing, "Family", "", "A web page came."}}},
		{"a calendar is still to come", func(f *Facts) { f.Sources[0].LastSuccess = time.Time{} }, nil},
		{"a certificate ran out", func(f *Facts) { f.fail(1, "tls", "The certificate ran out.") },
			[]told{{CalendarCertificate, "Work", "", "The certificate ran out."}}},
		{"certificates fail as the clock is not set", func(f *Facts) {
			f.Clock = clock.State{Words: "The clock is not set yet."}
			f.fail(0, "clock", "The clock is wrong.")
			f.fail(1, "tls", "The certificate ran out.")
			f.Sources[0].LastSuccess = monday().AddDate(-5, 0, 0) // which means nothing
		}, []told{{ClockUnset, "", "", "The clock is not set yet."}, {CalendarCertificate, "Family", ClockUnset, "The clock is wrong."},
			{CalendarCertificate, "Work", ClockUnset, "The certificate ran out."}}},
		{"a failing calendar is old", func(f *Facts) {
			f.fail(0, "http_500", "It has a fault of its own.")
			f.Sources[0].LastSuccess = monday().Add(-7 * time.Hour)
		}, []told{{CalendarOld, "Family", "", "It was read 7 hours ago for the last time. It has a fault of its own."}}},
		{"a calendar is not fetched any more", func(f *Facts) {
			f.Sources[1].LastSuccess, f.Sources[1].NextTry = monday().AddDate(0, 0, -3), monday().Add(-2*time.Hour)
		}, []told{{CalendarOld, "Work", "", "It was read 3 days ago for the last time, though it should have been since."}}},
		{"a calendar is fetched rarely", func(f *Facts) {
			f.Sources[1].LastSuccess, f.Sources[1].NextTry = monday().Add(-20*time.Hour), monday().Add(4*time.Hour)
		}, nil},
		{"a trial went back", func(f *Facts) {
			f.Versions.Back = []WentBack{{What: "version 1.3.0 of the program", Words: "What ran before runs again, because the page was not there."}}
		}, []told{{TrialWentBack, "version 1.3.0 of the program", "", "What ran before runs again, because the page was not there."}}},
		{"something is on trial", func(f *Facts) { f.Versions.Trial, f.Versions.TrialFor = "version 1.3.0 of the program", 3*time.Minute },
			[]told{{TrialRuns, "", "", "Version 1.3.0 of the program is on trial: it is kept when it runs well for 3 minutes; else what ran before comes back by itself."}}},
		{"a trial of a day", func(f *Facts) { f.Versions.Trial, f.Versions.TrialFor = "the other configuration", 24*time.Hour },
			[]told{{TrialRuns, "", "", "The other configuration is on trial: it is kept when it runs well for 24 hours; else what ran before comes back by itself."}}},
		{"a trial of a minute", func(f *Facts) { f.Versions.Trial, f.Versions.TrialFor = "the other configuration", time.Minute },
			[]told{{TrialRuns, "", "", "The other configuration is on trial: it is kept when it runs well for 60 seconds; else what ran before comes back by itself."}}},
		{"updates are signed by somebody else", func(f *Facts) { f.Versions.Code, f.Versions.Problem = "wrong_key", "It is signed with another key." },
			[]told{{UpdateRefused, "", "", "It is signed with another key."}}},
		{"a file that was sent is refused", func(f *Facts) {
			f.Versions.Code, f.Versions.Problem, f.Versions.ByHand = "broken", "It cannot be read.", true
		}, []told{{UploadRefused, "", "", "It cannot be read."}}},
		{"the repository is not reached", func(f *Facts) { f.Versions.Code, f.Versions.Problem = "unreachable", "Nobody answers." }, nil},
		{"nobody looked for two weeks", func(f *Facts) { f.Versions.Checks, f.Versions.Checked = true, f.Now.Add(-uncheckedAfter-time.Hour) },
			[]told{{UpdateUnchecked, "", "", "It was looked for newer versions 14 days ago for the last time."}}},
		{"nobody ever looked", func(f *Facts) { f.Versions.Checks, f.Versions.Running = true, uncheckedAfter+time.Hour },
			[]told{{UpdateUnchecked, "", "", "Nobody has looked for newer versions yet, though the device has run for 14 days."}}},
		{"nobody is to look", func(f *Facts) { f.Versions.Running = 2 * uncheckedAfter }, nil},
		{"it was looked just within two weeks", func(f *Facts) { f.Versions.Checks, f.Versions.Checked = true, f.Now.Add(-uncheckedAfter) }, nil},
		{"the configuration differs", func(f *Facts) { f.Versions.Conflicts = []string{"web.port"} },
			[]told{{ConfigConflict, "", "", "What was set here holds, though the new system came with something else: web.port."}}},
		{"the configuration differs in much", func(f *Facts) { f.Versions.Conflicts = []string{"a.a", "b.b", "c.c", "d.d", "e.e"} },
			[]told{{ConfigConflict, "", "", "What was set here holds, though the new system came with something else: a.a, b.b, c.c and 2 more."}}},
		{"a calendar became old an hour ago", func(f *Facts) {
			f.Sources[1].LastSuccess, f.Sources[1].Failing = monday().Add(-oldAfter-time.Minute), true
		}, []told{{CalendarOld, "Work", "", "It was read 6 hours ago for the last time, though it should have been since."}}},
		{"a calendar without a plan is old", func(f *Facts) { f.Sources[1].LastSuccess = monday().Add(-27 * time.Hour) },
			[]told{{CalendarOld, "Work", "", "It was read 27 hours ago for the last time, though it should have been since."}}},
		{"no calendar can be reached", func(f *Facts) {
			f.fail(0, "dns", "The name can't be looked up.")
			f.fail(1, "timeout", "It did not come in time.")
			f.Sources[1].LastSuccess = monday().Add(-24 * time.Hour)
			f.Clock = clock.State{Trusted: true, Words: "Nothing confirms it."}
		}, []told{{NoNetwork, "", "", "None of the 2 calendars can be reached, so the network is probably down."},
			{CalendarOld, "Work", NoNetwork, "It was read 24 hours ago for the last time. It did not come in time."},
			{CalendarFailing, "Family", NoNetwork, "The name can't be looked up."}, {ClockUnconfirmed, "", NoNetwork, "Nothing confirms it."}}},
		{"neither network nor clock", func(f *Facts) {
			f.fail(0, "network", "There is no way.")
			f.fail(1, "refused", "It is refused.")
			f.Clock = clock.State{Words: "The clock is not set yet."}
		}, []told{{NoNetwork, "", "", "None of the 2 calendars can be reached, so the network is probably down."},
			{ClockUnset, "", NoNetwork, "The clock is not set yet."}, {CalendarFailing, "Family", NoNetwork, "There is no way."},
			{CalendarFailing, "Work", NoNetwork, "It is refused."}}},
		{"a calendar alone may have a server that is down", func(f *Facts) {
			f.Sources = f.Sources[:1]
			f.fail(0, "timeout", "It did not come in time.")
		}, []told{{CalendarFailing, "Family", "", "It did not come in time."}}},
		{"one of them answers, though with an error", func(f *Facts) {
			f.fail(0, "dns", "The name can't be looked up.")
			f.fail(1, "http_500", "It has a fault.")
		}, []told{{CalendarFailing, "Family", "", "The name can't be looked up."}, {CalendarFailing, "Work", "", "It has a fault."}}},
		{"the configuration file", func(f *Facts) { f.Config = "calendarbot.yaml:3: web.port: 99999 is not allowed" },
			[]told{{ConfigFile, "", "", "calendarbot.yaml:3: web.port: 99999 is not allowed."}}},
		{"several mistakes in the configuration file", func(f *Facts) { f.Config = "calendarbot.yaml:3: wrong.\ncalendarbot.yaml:4: wrong\n" },
			[]told{{ConfigFile, "", "", "calendarbot.yaml:3: wrong (and more)."}}},
		{"emergency off", func(f *Facts) { f.Emergency, f.Rung = "The file is there.", "plain" },
			[]told{{EmergencyOff, "", "", "The file is there."}, {ShowsPlain, "", EmergencyOff, "Each is drawn anew when somebody asks: what it shows is the same, but it takes longer."}}},
		{"the database was recovered", func(f *Facts) { f.Database = "It was broken." }, []told{{DatabaseRecovered, "", "", "It was broken."}}},
		{"nothing can be written", func(f *Facts) { f.ReadOnly, f.Rung = true, "last_good" },
			[]told{{ReadOnly, "", "", "Nothing can be written to the disk: calendars are shown, but no change is kept."},
				{ShowsLastGood, "", ReadOnly, "No new page could be drawn, so the last good one is shown."}}},
		{"nothing can be written, of which the database tells too", func(f *Facts) { f.ReadOnly, f.Database = true, "The disk cannot be written." },
			[]told{{ReadOnly, "", "", "Nothing can be written to the disk: calendars are shown, but no change is kept."}}},
		{"a tenth of the disk is free", func(f *Facts) { f.Disk.Free = 1.6e9 }, nil},
		{"less of the disk is free", func(f *Facts) { f.Disk.Free = 1.5e9 }, []told{{DiskLow, "", "", "1.5 GB of the disk's 16.0 GB are free."}}},
		{"nothing of the disk is free", func(f *Facts) { f.Disk.Free, f.ReadOnly = 200e6, true },
			[]told{{DiskFull, "", "", "200 MB of the disk's 16.0 GB are free."},
				{ReadOnly, "", DiskFull, "Nothing can be written to the disk: calendars are shown, but no change is kept."}}},
		{"very little is free", func(f *Facts) { f.Disk.Free = 4096 }, []told{{DiskFull, "", "", "4 KB of the disk's 16.0 GB are free."}}},
		{"only the clock is shown", func(f *Facts) { f.Rung = "foot" },
			[]told{{ShowsClockOnly, "", "", "No page could be drawn, and none of before was there: only the time is shown."}}},
		{"a breaker is open", func(f *Facts) {
			f.Gates = append(f.Gates, Gate{Feature: "connection_pooling", Part: "http", Broken: true, Words: "Five failures in a row; tried again soon."})
		}, []told{{PoolResting, "http", "", "Five failures in a row; tried again soon."}}},
		{"another breaker is open", func(f *Facts) { f.Gates[0].Broken = true }, []told{{PartResting, "request pipeline", "", "It is on."}}},
		{"a pool leaks", func(f *Facts) { f.Pools[1].Leaks = 2 }, []told{{PoolLeak, "database", "", "A connection was held for too long: 2 since the start."}}},
		{"two loops are late", func(f *Facts) { f.Late = []string{"refresher", "control loop"} },
			[]told{{LoopLate, "control loop", "", "The loop \"control loop\" has not gone round for too long; the program is started anew if this lasts."},
				{LoopLate, "refresher", "", "The loop \"refresher\" has not gone round for too long; the program is started anew if this lasts."}}},
		{"the data was mended", func(f *Facts) { f.Data = "mended" }, []told{{DataMended, "", "", "The data partition was damaged, and mended when the device started."}}},
		{"the data is lost", func(f *Facts) { f.Data = "lost" }, []told{{DataLost, "", "", "The data partition could not be mounted: calendars are shown, but everything is forgotten when the device is switched off."}}},
		{"there is no radio", func(f *Facts) { f.Firmware = []string{"brcm/a.bin", "brcm/a.txt"} },
			[]told{{RadioFirmware, "", "", "There is no radio, and this system lacks what some boards' radio needs: brcm/a.bin, brcm/a.txt."}}},
		{"a rollback is asked for", func(f *Facts) { f.Rollback = "7 % of the requests failed." }, []told{{RollbackAsked, "", "", "7 % of the requests failed."}}},
		{"no rollback can be asked for", func(f *Facts) { f.RollbackFault = "read the request to go back: it is not a request" }, []told{{RollbackFault, "", "", "Read the request to go back: it is not a request."}}},
		{"it was restarted", func(f *Facts) { f.Restarts = 1 }, []told{{Restarted, "", "", "The program had to be started again within the last hour."}}},
		{"it was restarted often", func(f *Facts) { f.Restarts = 3 }, []told{{RestartedOften, "", "", "The program had to be started again 3 times within an hour."}}},
		{"the power supply is weak", func(f *Facts) { f.heat(61, true, true) },
			[]told{{UnderVoltage, "", "", "The power supply gives too little voltage, so the processor may be slowed down or stop."},
				{SlowedDown, "", UnderVoltage, "The processor was slowed down because of heat or voltage, and had 61 °C."}}},
		{"slowed down until a while ago", func(f *Facts) { f.heat(48, true, false); f.Reading.Throttled = false },
			[]told{{SlowedDown, "", "", "The processor was slowed down because of heat or voltage, and had 48 °C."}}},
		{"slowed down without being hot", func(f *Facts) { f.heat(0, true, false) },
			[]told{{SlowedDown, "", "", "The processor was slowed down because of heat or voltage."}}},
		{"too hot, and slowed down", func(f *Facts) { f.heat(82, true, false) }, []told{{Overheat, "", "", "The processor was 82 °C hot."}}},
		{"too hot until a while ago", func(f *Facts) { f.heat(70, false, false) },
			[]told{{Overheat, "", "", "The processor was too hot, or slowed down because of heat or voltage, and had 70 °C."}}},
		{"something was killed", func(f *Facts) { f.Reading.Unit.OOMKilled = 1 },
			[]told{{MemoryKill, "", "", "The system ended a program of this unit for want of memory, 1 times so far."}}},
		{"an old kernel", func(f *Facts) {
			f.Reading.Missing = []string{"no pressure stall information in this kernel", "no memory controller in the unit's control group"}
		}, []told{{NotMeasured, "", "", "This device cannot tell everything: no pressure stall information in this kernel; no memory controller in the unit's control group."}}},
		{"all places for connections are taken, for a moment", func(f *Facts) {
			*f = at(pressure.PoolUse, 1, 100)
			f.since(pressure.PoolUse, 59*time.Second)
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := calm()
			c.change(&f)
			r := NewWatch().Look(f)
			var got []told
			for _, p := range r.Problems {
				got = append(got, told{p.Code, p.About, p.Of, p.Words})
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			for _, p := range r.Problems {
				if ended(p.Title) == p.Words {
					t.Errorf("%s: %q is its title once more", p.Code, p.Words)
				}
			}
		})
	}
}

func (f *Facts) fail(i int, code, words string) {
	s := &f.Sources[i]
	s.Failing, s.Code, s.Words = true, code, words
}

// heat is the highest step of heat, as a policy tells it.
func (f *Facts) heat(degrees float64, throttled, undervolted bool) {
	now, up := f.Now, f.Reading.Up
	*f = at(pressure.Heat, 2, degrees)
	f.Now, f.Reading.Up, f.Reading.Throttled, f.Reading.Undervolted = now, up, throttled, undervolted
	for i := range f.Pressure.Signs {
		s := &f.Pressure.Signs[i]
		s.Top = s.Sign == pressure.Heat && throttled && degrees < s.Limit
	}
}

// since makes a sign be at its step for that long.
func (f *Facts) since(sign pressure.Sign, d time.Duration) {
	for i := range f.Pressure.Signs {
		if f.Pressure.Signs[i].Sign == sign {
			f.Pressure.Signs[i].Since = f.Now.Add(-d)
		}
	}
}

// TestEveryKindIsTold: no problem is declared that nothing tells. The others are predictions.
func TestEveryKindIsTold(t *testing.T) {
	told := map[Code]bool{
		NoNetwork: true, ClockUnset: true, ClockUnconfirmed: true, DiskFull: true, DiskLow: true, ReadOnly: true, DatabaseRecovered: true, ConfigFile: true,
		CalendarOld: true, CalendarCertificate: true, CalendarFailing: true, ShowsLastGood: true, ShowsClockOnly: true, ShowsPlain: true, UnderVoltage: true, SlowedDown: true, PoolResting: true,
		MemoryKill: true, PoolLeak: true, PartResting: true, LoopLate: true, RollbackAsked: true, RollbackFault: true, DataLost: true, DataMended: true, RadioFirmware: true, Restarted: true, RestartedOften: true, EmergencyOff: true, NotMeasured: true,
		TrialWentBack: true, TrialRuns: true, UpdateRefused: true, UploadRefused: true, UpdateUnchecked: true, ConfigConflict: true,
		DiskSoon: true, DeviceMemorySoon: true, MemorySoon: true, HeatSoon: true, SlowSoon: true,
	}
	for _, r := range reasons() {
		told[r.code] = true
	}
	for _, k := range Kinds() {
		if !told[k.Code] {
			t.Errorf("nothing tells of %s", k.Code)
		}
	}
	if len(told) != len(Kinds()) {
		t.Errorf("%d problems are told, %d declared", len(told), len(Kinds()))
	}
}
