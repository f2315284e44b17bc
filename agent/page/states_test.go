package page

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/calendar"
	"calendarbot/agent/clock"
	"calendarbot/agent/config"
	"calendarbot/agent/store"
)

// berlin is where the test device stands.
func berlin(t testing.TB) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// shelf answers with what stands on it.
type shelf struct {
	snap store.Snapshot
	err  error
}

func (s shelf) Between(context.Context, calendar.Span) (store.Snapshot, error) { return s.snap, s.err }

// scene is one state of the world as a page should show it.
type scene struct {
	name  string
	now   string // civil time in Berlin
	state string // class of the whole: the state word
	make  func(b *builder)
}

// builder makes a snapshot.
type builder struct {
	zone *time.Location
	now  time.Time
	snap store.Snapshot

	config config.Config
	clock  func() clock.State // nil: trusted
}

// timed adds an event of today's work at "14:00" for some minutes; day is counted from today.
func (b *builder) timed(source, title string, day int, clock string, minutes int, change ...func(*calendar.Event)) {
	var h, m int
	if _, err := fmt.Sscanf(clock, "%d:%d", &h, &m); err != nil {
		panic(err)
	}
	y, mo, d := b.now.In(b.zone).Date()
	e := calendar.Event{
		Source: source, UID: fmt.Sprintf("%s-%d@example.org", source, len(b.snap.Events)), Summary: title,
		Start:  calendar.Moment{Wall: calendar.WallOf(y, mo, d+day, h, m, 0), Loc: b.zone},
		Length: &calendar.Length{Seconds: int64(minutes) * 60},
	}
	for _, c := range change {
		c(&e)
	}
	b.snap.Events = append(b.snap.Events, e)
}

// allDay adds an all-day event that starts some days from today and lasts n days.
func (b *builder) allDay(source, title string, day, n int) {
	y, mo, d := b.now.In(b.zone).Date()
	b.snap.Events = append(b.snap.Events, calendar.Event{
		Source: source, UID: fmt.Sprintf("%s-%d@example.org", source, len(b.snap.Events)), Summary: title, Status: calendar.Free,
		Start:  calendar.Moment{Wall: calendar.WallOf(y, mo, d+day, 0, 0, 0), Date: true},
		Length: &calendar.Length{Days: n},
	})
}

func place(location string) func(*calendar.Event) {
	return func(e *calendar.Event) { e.Location = location }
}

func status(s calendar.Status) func(*calendar.Event) {
	return func(e *calendar.Event) { e.Status = s }
}

// later is the rest of a usual day and the next.
func (b *builder) later() {
	b.timed("family", "Pick up Mia from judo", 0, "17:30", 30, place("Sportzentrum, Ringstr. 12, Ulm"))
	b.timed("family", "Dinner with Oma", 0, "19:00", 120)
	b.timed("work", "Sprint planning", 1, "09:00", 90, place("Microsoft Teams Meeting"))
	b.timed("work", "Supplier call", 1, "11:30", 45, place("https://us02web.zoom.us/j/1"))
	b.timed("school", "Parents' evening", 2, "19:30", 90, place("Aula"))
}

func (b *builder) failing(i int) {
	s := &b.snap.Sources[i]
	s.State, s.FailingSince, s.Error = store.Failing, b.now.Add(-85*time.Minute), "the server refused the connection"
	s.LastSuccess = b.now.Add(-90 * time.Minute)
}

const long = "Quarterly planning workshop of the platform, data and infrastructure groups with the external partners from Rotterdam"

func scenes() []scene {
	return []scene{
		{"later", "14:35", "Next", func(b *builder) {
			b.allDay("family", "Anna's birthday", 0, 1)
			b.timed("work", "Design review", 0, "16:45", 60, place("Room 3B, Building 7"))
			b.later()
		}},
		{"soon", "14:35", "Next", func(b *builder) {
			b.timed("work", "Design review", 0, "14:47", 60, place("Room 3B, Building 7"))
			b.later()
		}},
		{"pressing", "14:35", "Next", func(b *builder) {
			b.timed("work", "Design review", 0, "14:36", 60, place("Room 3B, Building 7"))
			b.later()
		}},
		{"now", "14:35", "Now", func(b *builder) {
			b.allDay("school", "Autumn holiday", -1, 5)
			b.timed("work", "Design review", 0, "14:00", 47, place("Room 3B; Microsoft Teams Meeting"))
			b.later()
		}},
		{"overlap", "14:35", "Now", func(b *builder) {
			b.timed("work", "Design review", 0, "14:00", 47, place("Room 3B"))
			b.timed("family", "Plumber comes for the bathroom", 0, "14:30", 90, place("Home"))
			b.later()
		}},
		{"backtoback", "14:35", "Now", func(b *builder) {
			b.timed("work", "Design review", 0, "14:00", 40, place("Room 3B"))
			b.timed("work", "Budget call", 0, "14:40", 30, place("Microsoft Teams Meeting"))
			b.later()
		}},
		{"alldayonly", "14:35", "Free", func(b *builder) {
			b.allDay("family", "Anna's birthday", 0, 1)
			b.allDay("school", "Autumn holiday", -1, 5)
			b.allDay("work", "Company day off in the southern offices and in Rotterdam", 0, 1)
			b.allDay("family", "Bin collection", 0, 1)
		}},
		{"free", "08:05", "Free until", func(b *builder) {
			b.timed("work", "Design review", 0, "15:30", 60, place("Room 3B"))
			b.later()
		}},
		{"freedays", "14:35", "Free until", func(b *builder) {
			b.timed("work", "Sprint planning", 3, "09:00", 90)
			b.timed("school", "Parents' evening", 9, "19:30", 90, place("Aula"))
		}},
		{"done", "20:10", "Done for today", func(b *builder) {
			b.timed("work", "Design review", 0, "14:00", 60)
			b.timed("work", "Sprint planning", 1, "09:00", 90, place("Microsoft Teams Meeting"))
			b.timed("work", "Supplier call", 1, "11:30", 45, place("https://us02web.zoom.us/j/1"))
			b.timed("school", "Parents' evening", 2, "19:30", 90, place("Aula"))
		}},
		{"longtitle", "14:35", "Now", func(b *builder) {
			b.timed("work", long, 0, "14:00", 60, place("Conference centre Westerpark, Polonceaukade 27, Amsterdam"))
			b.timed("work", long+" (second part)", 0, "16:00", 60, status(calendar.Tentative))
			b.later()
		}},
		{"emoji", "14:35", "Next", func(b *builder) {
			b.timed("family", "👩‍👩‍👧 Geburtstagsfeier 🎂 bei Ömer & Zoë", 0, "15:20", 120, place("🏡 Zuhause"))
			b.later()
		}},
		{"cjk", "14:35", "Next", func(b *builder) {
			b.timed("work", "四半期の事業計画に関する全社会議とその後の意見交換会についての打ち合わせ", 0, "15:20", 120, place("第三会議室"))
			b.timed("work", "اجتماع التخطيط الأسبوعي", 0, "16:20", 30)
			b.later()
		}},
		{"longword", "14:35", "Now", func(b *builder) {
			b.timed("work", "Donaudampfschifffahrtsgesellschaftskapitänsversammlung", 0, "14:00", 60)
			b.timed("work", "https://example.org/a/very/long/address/without/any/space/in/it?and=more&of=it", 0, "16:00", 60)
		}},
		{"private", "14:35", "Next", func(b *builder) {
			b.timed("family", "Doctor", 0, "15:00", 30, place("Dr. Weiss"), func(e *calendar.Event) { e.Private = true })
			b.later()
			b.config.Display.Private = "mask"
		}},
		{"failing", "14:35", "Now", func(b *builder) {
			b.timed("work", "Design review with the platform team", 0, "14:00", 47, place("Room 3B"))
			b.later()
			b.failing(1)
		}},
		{"stale", "14:35", "Next", func(b *builder) {
			b.allDay("family", "Anna's birthday", 0, 1)
			b.timed("work", "Design review", 0, "16:45", 60, place("Room 3B"))
			b.later()
			for i := range b.snap.Sources {
				b.failing(i)
			}
		}},
		{"crowded", "14:35", "Now", func(b *builder) {
			b.allDay("family", "Anna's birthday", 0, 1)
			b.allDay("school", "Autumn holiday", -1, 5)
			b.allDay("work", "Company day off in the southern offices and in Rotterdam", 0, 1)
			b.timed("work", "Design review with the platform team", 0, "14:00", 47, place("Room 3B"))
			b.timed("family", "Plumber comes for the bathroom", 0, "14:30", 90, place("Home"))
			b.later()
			for i := range 2 {
				b.failing(i)
				b.snap.Sources[i].LastSuccess = b.now.AddDate(0, 0, -9)
				b.snap.Sources[i].Error = "The server asks for a user and a password that are not given in the configuration file, or the ones given there are wrong."
			}
		}},
		{"demo", "14:35", "Now", household},
		{"loading", "14:35", "Loading", func(b *builder) {
			for i := range b.snap.Sources {
				b.snap.Sources[i].State, b.snap.Sources[i].LastSuccess = store.Waiting, time.Time{}
			}
		}},
		{"unreached", "14:35", "Not reached", func(b *builder) {
			for i := range b.snap.Sources {
				b.failing(i)
				b.snap.Sources[i].LastSuccess = time.Time{}
			}
		}},
		{"noclock", "1970", "Clock not set", func(b *builder) {
			b.timed("work", "Design review", 0, "14:45", 60)
		}},
		{"nosource", "14:35", "Welcome", func(b *builder) { b.snap.Sources = nil }},
		{"forty", "14:35", "Now", func(b *builder) {
			for i := range 40 {
				b.timed("work", fmt.Sprintf("Appointment number %d", i+1), 0, fmt.Sprintf("%02d:%02d", 9+i/4, i%4*15), 15, place("Room 3B"))
			}
			b.later()
		}},
		{"undo", "14:35", "Now", func(b *builder) {
			b.timed("work", "Design review", 0, "14:00", 47, place("Room 3B"))
			b.later()
			b.snap.Hidden = map[string]store.Hidden{"gone": {ID: "gone", Title: "Weekly newsletter meeting", Since: b.now.Add(-20 * time.Second)}}
		}},
		{"unset", "14:35", "Clock not set", func(b *builder) {
			b.clock = lost(b.now)
			b.allDay("school", "Autumn holiday", -1, 5)
			b.timed("work", "Design review", 0, "14:00", 47, place("Room 3B; Microsoft Teams Meeting"))
			b.later()
		}},
		{"nothing", "14:35", "Free", func(*builder) {}},
		{"away", "14:35", "Now", func(b *builder) {
			b.timed("work", "Trade fair in Hannover", -1, "08:00", 3*24*60, status(calendar.OutOfOffice))
			b.timed("work", "Home office", 0, "08:00", 9*60, status(calendar.Elsewhere))
			b.timed("family", "Dentist", 0, "14:15", 45, status(calendar.OutOfOffice), place("Marktplatz 3, Ulm"))
			b.timed("family", "Party at Kim's", 0, "21:00", 5*60, status(calendar.Tentative))
		}},
		{"twelve", "14:35", "Free until", func(b *builder) {
			b.config.Display.Clock = "12h"
			b.timed("work", "Sprint planning", 8, "22:30", 90)
			b.timed("work", "Sprint planning", 8, "22:30", 90)
			b.timed("school", "Parents' evening", 9, "22:30", 90, place("Aula"))
		}},
		{"large", "14:35", "Now", func(b *builder) {
			b.config.Display.Scale = 1.3
			b.timed("work", "Design review", 0, "14:00", 47, place("Room 3B"))
			b.later()
		}},
		{"small", "14:35", "Next", func(b *builder) {
			b.config.Display.Scale = 0.7
			b.timed("work", "Design review", 0, "16:00", 47, place("Room 3B"))
			b.later()
		}},
		{"hostile", "14:35", "Now", func(b *builder) {
			b.timed("work", `</title><script>alert(1)</script>"'><img src=x onerror=alert(1)>`, 0, "14:00", 60, place(`"><svg onload=alert(1)>`))
			b.timed("work", "\u202etxt.exe\u0000\r\n"+strings.Repeat("A", 3000), 0, "15:00", 60)
			b.timed("work", "{{.Secret}} javascript:alert(1)", 0, "15:30", 60)
			b.snap.Sources[0].Name, b.snap.Sources[0].Color = `<b onclick="x">Work</b>`, `red"/><script>`
		}},
	}
}

// stage makes the Direct that shows a scene.
func stage(t testing.TB, s scene) *Direct {
	t.Helper()
	zone := berlin(t)
	b := &builder{zone: zone, config: config.Default()}
	b.config.Device.Name = "Kitchen"
	var h, m int
	if s.now == "1970" {
		b.now = time.Date(1970, 1, 1, 0, 3, 0, 0, time.UTC)
	} else if _, err := fmt.Sscanf(s.now, "%d:%d", &h, &m); err != nil {
		t.Fatal(err)
	} else {
		b.now = time.Date(2026, 10, 22, h, m, 20, 0, zone) // a Thursday, with a clock change on the Sunday after
	}
	for _, src := range []store.Source{{ID: "work", Name: "Work", Color: "#1f6feb"}, {ID: "family", Name: "Family", Color: "#f4d35e"}, {ID: "school", Name: "School", Color: "#2a9d4a"}} {
		src.State, src.LastSuccess, src.LastTry = store.OK, b.now.Add(-2*time.Minute), b.now.Add(-2*time.Minute)
		b.snap.Sources = append(b.snap.Sources, src)
	}
	s.make(b)
	return NewDirect(DirectOptions{
		Store: shelf{snap: b.snap}, Config: b.config, Clock: b.clock, Zone: zone, Version: "test", Now: func() time.Time { return b.now },
		Addresses: func() []string { return []string{"http://192.168.178.42:8080/", "http://kitchen.local:8080/"} },
	})
}
