package feed

import (
	"testing"
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/store"
)

// restart ends the program and starts it again with the sources, by its clock some time later.
func (b *bench) restart(pass time.Duration, sources ...config.Source) {
	b.t.Helper()
	if err := b.store.Close(); err != nil {
		b.t.Fatal(err)
	}
	b.clock.Add(int64(pass / time.Second))
	b.open(sources...)
}

// wait is the time until the first source is asked, to the minute.
func (b *bench) wait() time.Duration {
	b.t.Helper()
	due, wait := b.next(time.Now())
	if due == nil {
		b.t.Fatal("nothing is due, ever")
	}
	return wait.Round(time.Minute)
}

func TestPauseSurvivesARestart(t *testing.T) {
	const m, h, day = time.Minute, time.Hour, 24 * time.Hour
	for _, c := range []struct {
		name   string
		status int // of the last answer
		header string
		pass   time.Duration // the program is off
		want   time.Duration
	}{
		{"the operator's", 200, "", 2 * m, 3 * m},
		{"the server's", 200, "Cache-Control: max-age=36000", 2 * h, 8 * h},
		{"it is over", 200, "Cache-Control: max-age=36000", 11 * h, 0},
		{"the longest", 200, "Cache-Control: max-age=864000", 0, day},
		{"the clock went back by less than the pause", 200, "Cache-Control: max-age=36000", -m, 0},
		{"the clock went back", 200, "Cache-Control: max-age=864000", -2 * h, 0},
		{"429", 429, "Retry-After: 3600", 20 * m, 40 * m},
		{"503 with Retry-After", 503, "Retry-After: 3600", 20 * m, 40 * m},
		{"503 without", 503, "", 0, 0},
		{"500", 500, "", 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := misbehaving(t, replying(200, "", dull()))
			src := atHome("home", s)
			b := newBench(t, src)
			b.fetched("home")
			s.Turn(replying(c.status, c.header, dull()))
			b.fetched("home")
			b.restart(c.pass, src)
			if got := b.wait(); got != c.want {
				t.Errorf("asked in %v, want %v", got, c.want)
			}
			// By a person's word only what the server did not ask for is shorter.
			want := time.Duration(0)
			if c.status >= 400 {
				want = c.want
			}
			b.Refresh("home")
			if got := b.wait(); got != want {
				t.Errorf("by a person's word asked in %v, want %v", got, want)
			}
		})
	}
}

// dull is a calendar that does not say how often it wants to be read.
func dull() []byte {
	return []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260615T080000Z\r\nSUMMARY:One\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
}

func TestSourceThatIsDueAtOnceAfterARestart(t *testing.T) {
	long := "Cache-Control: max-age=36000"
	for name, c := range map[string]struct {
		status int
		body   []byte
		change func(*config.Source)
	}{
		"it has no events":              {200, []byte("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"), nil},
		"it was never read":             {404, nil, nil},
		"it has another address":        {200, dull(), func(s *config.Source) { s.URL += "?another" }},
		"it has another pause":          {200, dull(), func(s *config.Source) { s.Refresh = time.Hour }},
		"it has other credentials":      {200, dull(), func(s *config.Source) { s.Bearer = "token" }},
		"it may not be at home anymore": {200, dull(), func(s *config.Source) { s.LAN = false }},
	} {
		t.Run(name, func(t *testing.T) {
			s := misbehaving(t, replying(c.status, long, c.body))
			src := atHome("home", s)
			b := newBench(t, src)
			b.fetched("home")
			if c.change != nil {
				c.change(&src)
			}
			b.restart(time.Minute, src)
			if got := b.wait(); got != 0 {
				t.Errorf("asked in %v", got)
			}
			// The pause has really ended: another restart does not bring it back.
			b.restart(time.Minute, src)
			if got := b.wait(); got != 0 {
				t.Errorf("after another restart asked in %v", got)
			}
		})
	}
}

func TestNewSourceAmongThoseThatGoOnWithTheirPause(t *testing.T) {
	s := misbehaving(t, replying(200, "Cache-Control: max-age=36000", dull()))
	b := newBench(t, atHome("old", s))
	b.fetched("old")
	b.restart(time.Minute, atHome("old", s), atHome("new", s))
	due, wait := b.next(time.Now())
	if due.ID != "new" || wait != 0 {
		t.Fatalf("%s in %v", due.ID, wait)
	}
	if got := b.fetched("new"); got.State != store.OK {
		t.Errorf("%+v", got)
	}
	if got := b.wait(); got != 10*time.Hour-time.Minute {
		t.Errorf("the next is in %v", got)
	}
}
