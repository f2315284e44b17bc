package household

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"
)

// appointment is one event as Exchange publishes it.
type appointment struct {
	uid        string
	start, end time.Time
	allDay     bool
	slot       time.Time // RECURRENCE-ID, zero when it is no override
	rule       string
	except     []time.Time
	subject    string
	place      string
	notes      string
	busy       string // X-MICROSOFT-CDO-BUSYSTATUS, default BUSY
	cancelled  bool
	private    bool
	teams      bool
	sequence   int
}

// Work returns the feed of an office calendar in Outlook's dialect: Windows zone names with
// VTIMEZONE, recurring meetings with a moved, a dropped and a cancelled instance, Teams links,
// out of office, working elsewhere, tentative and private events, and the meetings of Running and Next.
func Work(now time.Time) []byte {
	home := placeOf(now)
	t := new(text)
	t.line("BEGIN:VCALENDAR")
	t.line("METHOD:PUBLISH")
	t.line("PRODID:Microsoft Exchange Server 2010")
	t.line("VERSION:2.0")
	t.line("X-WR-CALNAME:Work")
	home.outlook(t)
	for _, a := range append(meetings(now), around(now)...) {
		a.write(t, home, now)
	}
	t.line("END:VCALENDAR")
	return t.Bytes()
}

// around are the single meetings that stand near now whatever the hour.
func around(now time.Time) []appointment {
	running := appointment{uid: "running", subject: "Quarterly planning", place: "Room 3B", notes: "Roadmap until the summer: what we drop, what we keep."}
	next := appointment{uid: "next", subject: "Design review: checkout flow", teams: true, notes: "Mock-ups are in the shared folder. Please look at the empty states."}
	later := appointment{uid: "later", subject: "Budget check-in", place: "Room 1A", notes: "Bring last month's numbers."}
	if !atWork(now) {
		running = appointment{uid: "running", subject: "Release watch", teams: true, notes: "Dashboard stays open until the last region is done."}
		next = appointment{uid: "next", subject: "Call with the Sydney office", teams: true, notes: "Short one: open questions from their side first."}
		later = appointment{uid: "later", subject: "On-call handover", teams: true, notes: "Open alerts, silenced alerts, who has the phone."}
	}
	running.start, running.end = Running(now)
	next.start, next.end = Next(now)
	later.start = next.end.Add(45 * time.Minute)
	later.end = later.start.Add(30 * time.Minute)
	return []appointment{running, next, later}
}

func meetings(now time.Time) []appointment {
	monday := onOrAfter(noon(now, -70), time.Monday)
	standUp := clock(monday, 9, 30)
	moved := clock(workday(now, 1), 9, 30)
	dropped := clock(workday(now, 6), 9, 30)
	reviews := clock(onOrAfter(monday, time.Tuesday), 14, 0)
	review := clock(onOrAfter(noon(now, 7), time.Tuesday), 14, 0)
	oneToOne := clock(onOrAfter(monday, time.Wednesday), 11, 0)
	planning := clock(onOrAfter(monday, time.Thursday), 10, 0)
	focus := clock(onOrAfter(monday, time.Thursday), 13, 0)
	lunch := clock(onOrAfter(monday, time.Friday), 12, 0)
	tomorrow := workday(now, 1)
	away := workday(now, 9)
	elsewhere := onOrAfter(noon(now, 1), time.Friday)
	length := func(start time.Time, minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
	return []appointment{
		{uid: "stand-up", start: standUp, end: length(standUp, 15), rule: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", except: []time.Time{dropped},
			subject: "Daily stand-up", teams: true, notes: "Yesterday, today, what is in the way."},
		{uid: "stand-up", slot: moved, start: length(moved, 45), end: length(moved, 60), sequence: 1,
			subject: "Daily stand-up (after the fire drill)", teams: true, notes: "Moved once because of the fire drill."},
		{uid: "review", start: reviews, end: length(reviews, 60), rule: "FREQ=WEEKLY;BYDAY=TU;UNTIL=" + utc(clock(noon(now, 200), 23, 0)),
			subject: "Architecture review", place: "Room 3B", notes: "Agenda is collected until noon."},
		{uid: "review", slot: review, start: review, end: length(review, 60), cancelled: true, sequence: 2, busy: "FREE",
			subject: "Canceled: Architecture review", place: "Room 3B"},
		{uid: "one-to-one", start: oneToOne, end: length(oneToOne, 30), rule: "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE", private: true,
			subject: "1:1 Priya / Tom", place: "Café, ground floor"},
		{uid: "planning", start: planning, end: length(planning, 90), rule: "FREQ=MONTHLY;BYDAY=2TH", subject: "Sprint planning", teams: true,
			place: "Room 2C; Microsoft Teams Meeting", notes: "Estimates are done before we meet."},
		{uid: "focus", start: focus, end: length(focus, 90), rule: "FREQ=WEEKLY;BYDAY=TH", subject: "Focus time"},
		{uid: "lunch", start: lunch, end: length(lunch, 60), rule: "FREQ=WEEKLY;BYDAY=FR;COUNT=60", subject: "Lunch", place: "Canteen", busy: "TENTATIVE"},
		{uid: "vendor", start: clock(tomorrow, 15, 30), end: clock(tomorrow, 16, 30), subject: "Vendor demo: label printers", place: "Room 1A", busy: "TENTATIVE"},
		{uid: "interview", start: clock(tomorrow, 11, 0), end: clock(tomorrow, 12, 0), subject: "Interview: front-end developer", teams: true},
		{uid: "elsewhere", allDay: true, start: elsewhere, end: noon(elsewhere, 1), subject: "Working from home", busy: "WORKINGELSEWHERE"},
		{uid: "away", allDay: true, start: away, end: noon(away, 3), subject: "Out of office", busy: "OOF"},
	}
}

func (a appointment) write(t *text, home place, now time.Time) {
	uid := fmt.Sprintf("040000008200E00074C5B7101A82E00800000000%X", sha256.Sum256([]byte(a.uid)))
	stamp := func(name string, at time.Time) {
		if a.allDay {
			t.line("%s;VALUE=DATE:%s", name, date(at))
			return
		}
		t.line("%s;TZID=%s:%s", name, home.windows, wall(at))
	}
	status, busy, class, transp := "CONFIRMED", a.busy, "PUBLIC", "OPAQUE"
	if busy == "" {
		busy = "BUSY"
	}
	if busy == "FREE" {
		transp = "TRANSPARENT"
	}
	if busy == "TENTATIVE" {
		status = "TENTATIVE"
	}
	if a.cancelled {
		status = "CANCELLED"
	}
	if a.private {
		class = "PRIVATE"
	}
	location, notes := a.place, a.notes
	link := ""
	if a.teams {
		link = teamsLink(a.uid)
		notes = strings.TrimPrefix(notes+"\n\n", "\n\n") + strings.Repeat("_", 32) + "\nMicrosoft Teams meeting\nJoin: " + link +
			"\nMeeting ID: 318 224 907 51\nPasscode: qH9vT2\n" + strings.Repeat("_", 32) + "\n"
		if location == "" {
			location = "Microsoft Teams Meeting"
		}
	}
	t.line("BEGIN:VEVENT")
	t.words("DESCRIPTION", notes)
	if a.rule != "" {
		t.line("RRULE:%s", a.rule)
	}
	for _, at := range a.except {
		stamp("EXDATE", at)
	}
	t.line("UID:%s", uid)
	if !a.slot.IsZero() {
		stamp("RECURRENCE-ID", a.slot)
	}
	t.words("SUMMARY", a.subject)
	stamp("DTSTART", a.start)
	stamp("DTEND", a.end)
	t.line("CLASS:%s", class)
	t.line("PRIORITY:5")
	t.line("DTSTAMP:%s", utc(now))
	t.line("TRANSP:%s", transp)
	t.line("STATUS:%s", status)
	t.line("SEQUENCE:%d", a.sequence)
	t.words("LOCATION", location)
	t.line("X-MICROSOFT-CDO-APPT-SEQUENCE:%d", a.sequence)
	t.line("X-MICROSOFT-CDO-BUSYSTATUS:%s", busy)
	t.line("X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY")
	t.line("X-MICROSOFT-CDO-ALLDAYEVENT:%s", strings.ToUpper(fmt.Sprint(a.allDay)))
	t.line("X-MICROSOFT-CDO-IMPORTANCE:1")
	t.line("X-MICROSOFT-CDO-INSTTYPE:%d", a.instance())
	if link != "" {
		t.line("X-MICROSOFT-SKYPETEAMSMEETINGURL:%s", link)
	}
	t.line("X-MICROSOFT-DONOTFORWARDMEETING:FALSE")
	t.line("X-MICROSOFT-DISALLOW-COUNTER:FALSE")
	t.line("END:VEVENT")
}

// instance is Exchange's kind of the item: 0 single, 1 master, 3 exception.
func (a appointment) instance() int {
	switch {
	case !a.slot.IsZero():
		return 3
	case a.rule != "":
		return 1
	}
	return 0
}

func teamsLink(seed string) string {
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte("teams "+seed)))
	return fmt.Sprintf("https://teams.microsoft.com/l/meetup-join/19%%3ameeting_%s%%40thread.v2/0?context=%%7b%%22Tid%%22%%3a%%22%s-%s-%s-%s-%s%%22%%7d",
		sum[:48], sum[:8], sum[8:12], sum[12:16], sum[16:20], sum[20:32])
}
