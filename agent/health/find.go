package health

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"calendarbot/agent/feature"
	"calendarbot/agent/pressure"
)

const (
	oldAfter    = 6 * time.Hour  // a failing calendar is old when it was read last so long ago
	oldAnyway   = 26 * time.Hour // one that does not fail is fetched once a day at least
	overdue     = time.Hour      // a fetch may come so much later than planned
	diskLow     = 0.10           // share of the disk that is free
	diskFull    = 0.02
	oftenStarts = 3 // restarts within an hour
)

// find lists the problems that stand, without a memory of those before.
func find(f *Facts) []Problem {
	var l list
	l.clock(f)
	l.calendars(f)
	l.disk(f)
	for _, s := range f.Pressure.Signs {
		l.sign(s, f)
	}
	if r := f.Reading; r != nil {
		l.when(r.Undervolted, UnderVoltage, "", "The power supply gives too little voltage, so the processor may be slowed down or stop.")
		l.when(len(r.Missing) > 0, NotMeasured, "", "This device cannot tell everything: "+strings.Join(r.Missing, "; ")+".")
	}
	l.page(f.Rung)
	for _, g := range f.Gates {
		code, about := PartResting, strings.ReplaceAll(g.Feature, "_", " ")
		if g.Feature == feature.ConnectionPooling {
			code, about = PoolResting, g.Part
		}
		l.when(g.Broken, code, about, g.Words)
	}
	for _, loop := range f.Late {
		l.add(LoopLate, loop, "The loop \""+loop+"\" has not gone round for too long; the program is started anew if this lasts.")
	}
	l.when(f.Config != "", ConfigFile, "", f.Config)
	l.when(f.Emergency != "", EmergencyOff, "", f.Emergency)
	l.when(f.Database != "" && !f.ReadOnly, DatabaseRecovered, "", f.Database)
	l.when(f.Data == "lost", DataLost, "", "The data partition could not be mounted: calendars are shown, but everything is forgotten when the device is switched off.")
	l.when(f.Data == "mended", DataMended, "", "The data partition was damaged, and mended when the device started.")
	l.when(len(f.Firmware) > 0, RadioFirmware, "", "There is no radio, and this system lacks what some boards' radio needs: "+strings.Join(f.Firmware, ", ")+".")
	l.when(f.Rollback != "", RollbackAsked, "", f.Rollback)
	l.when(f.RollbackFault != "", RollbackFault, "", sentence(f.RollbackFault))
	l.versions(&f.Versions, f.Now)
	switch {
	case f.Restarts >= oftenStarts:
		l.add(RestartedOften, "", fmt.Sprintf("The program had to be started again %d times within an hour.", f.Restarts))
	case f.Restarts > 0:
		l.add(Restarted, "", "The program had to be started again within the last hour.")
	}
	return l.problems
}

// list gathers problems; their kinds are filled in at the end.
type list struct{ problems []Problem }

func (l *list) add(c Code, about, words string) {
	l.problems = append(l.problems, Problem{Kind: Kind{Code: c}, About: about, Words: ended(words)})
}

func (l *list) when(stands bool, c Code, about, words string) {
	if stands {
		l.add(c, about, words)
	}
}

// sentence begins with a capital and ends with a point.
func sentence(words string) string {
	first, size := utf8.DecodeRuneInString(words)
	return ended(string(unicode.ToUpper(first)) + words[size:])
}

// ended is what others say, on one line that ends with a point. How it begins is theirs: it may be a name.
func ended(words string) string {
	words, more, _ := strings.Cut(strings.TrimSpace(words), "\n")
	if more != "" {
		return strings.TrimRight(words, " .:;\r") + " (and more)."
	}
	if words == "" || strings.ContainsAny(words[len(words)-1:], ".!?") {
		return words
	}
	return words + "."
}

func (l *list) clock(f *Facts) {
	switch c := f.Clock; {
	case c.Words == "": // nothing is wrong, or nothing is known
	case c.Trusted:
		l.add(ClockUnconfirmed, "", c.Words)
	default:
		l.add(ClockUnset, "", c.Words)
	}
}

// calendars tells of each calendar what is worst about it, and when it is the network for all of them.
func (l *list) calendars(f *Facts) {
	unset := f.Clock.Words != "" && !f.Clock.Trusted // no age means anything then
	reached, cut := 0, 0
	for _, s := range f.Sources {
		if s.Disabled {
			continue
		}
		if s.Failing && unreachable(s.Code) {
			cut++
		} else {
			reached++
		}
		switch {
		case !unset && old(s, f.Now):
			l.add(CalendarOld, s.Name, oldWords(s, f.Now))
		case s.Failing && (s.Code == "tls" || s.Code == "clock"):
			l.add(CalendarCertificate, s.Name, s.Words)
		case s.Failing:
			l.add(CalendarFailing, s.Name, s.Words)
		}
	}
	// One calendar alone may as well have a server that is down.
	l.when(reached == 0 && cut > 1, NoNetwork, "", fmt.Sprintf("None of the %d calendars can be reached, so the network is probably down.", cut))
}

// unreachable tells whether a failure may be the network's fault: its code says that no server answered.
func unreachable(code string) bool {
	return slices.Contains([]string{"dns", "network", "timeout", "refused"}, code)
}

// old tells whether a calendar was not read for too long. One that was never read and does not fail is still to come.
func old(s Source, now time.Time) bool {
	age := now.Sub(s.LastSuccess)
	switch {
	case s.LastSuccess.IsZero():
		return false
	case s.Failing:
		return age > oldAfter
	case !s.NextTry.IsZero():
		return age > oldAfter && now.Sub(s.NextTry) > overdue
	}
	return age > oldAnyway
}

func oldWords(s Source, now time.Time) string {
	words := fmt.Sprintf("It was read %s ago for the last time", spell(now.Sub(s.LastSuccess)))
	if s.Failing && s.Words != "" {
		return words + ". " + s.Words
	}
	return words + ", though it should have been since."
}

// spell is a length of time of some hours or more, in words.
func spell(d time.Duration) string {
	if days := int(d / (24 * time.Hour)); days > 1 {
		return fmt.Sprintf("%d days", days)
	}
	return fmt.Sprintf("%d hours", int((d+30*time.Minute)/time.Hour))
}

func (l *list) disk(f *Facts) {
	if d := f.Disk; d.Total > 0 {
		share := float64(d.Free) / float64(d.Total)
		words := fmt.Sprintf("%s of the disk's %s are free.", bytes(float64(d.Free)), bytes(float64(d.Total)))
		switch {
		case share < diskFull:
			l.add(DiskFull, "", words)
		case share < diskLow:
			l.add(DiskLow, "", words)
		}
	}
	l.when(f.ReadOnly, ReadOnly, "", "Nothing can be written to the disk: calendars are shown, but no change is kept.")
}

// bytes writes an amount for a person.
func bytes(n float64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", n/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.0f MB", n/1e6)
	}
	return fmt.Sprintf("%.0f KB", n/1e3)
}

func (l *list) page(rung string) {
	switch rung {
	case "foot":
		l.add(ShowsClockOnly, "", "No page could be drawn, and none of before was there: only the time is shown.")
	case "last_good":
		l.add(ShowsLastGood, "", "No new page could be drawn, so the last good one is shown.")
	case "plain":
		l.add(ShowsPlain, "", "Each is drawn anew when somebody asks: what it shows is the same, but it takes longer.")
	}
}

// reason is which problem a sign is, from a step on.
type reason struct {
	sign  pressure.Sign
	step  int
	code  Code
	lasts time.Duration // of the step, before it is a problem: full places that are soon free again are none
}

// reasons has every sign; of the rows of a sign the highest step counts.
func reasons() []reason {
	return []reason{
		{pressure.UnitMemory, 1, MemoryTight, 0},
		{pressure.UnitMemory, 2, MemoryHigh, 0},
		{pressure.UnitMemory, 3, MemoryExhausted, 0},
		{pressure.DeviceMemory, 1, DeviceMemory, 0},
		{pressure.MemoryStalls, 1, MemoryStall, 0},
		{pressure.Processor, 1, CPUBusy, 0},
		{pressure.Processor, 2, CPUOverload, 0},
		{pressure.Heat, 1, Heat, 0},
		{pressure.Heat, 2, Overheat, 0},
		{pressure.PoolUse, 1, PoolFull, time.Minute},
		{pressure.PoolFailures, 1, PoolFailing, 0},
		{pressure.CacheFailures, 1, CacheFailing, 0},
		{pressure.CacheMemory, 1, CacheFull, time.Minute},
		{pressure.SlowAnswers, 1, SlowAnswers, 0},
		{pressure.Slower, 1, SlowerThanNew, 0},
		{pressure.Regression, 1, Regression, 0},
		{pressure.PoolMemory, 1, PoolMemory, 0},
		{pressure.Errors, 1, Errors, 0},
	}
}

func (l *list) sign(s pressure.Standing, f *Facts) {
	var found reason
	for _, r := range reasons() {
		if r.sign == s.Sign && r.step <= s.Step {
			found = r
		}
	}
	if found.code == "" || f.Now.Sub(s.Since) < found.lasts {
		return
	}
	if found.code == Overheat && s.Top {
		found.code = SlowedDown // which counts as the highest step of heat, however cool it is
	}
	l.add(found.code, "", sentence(s.Words()))
}
