package slot

import (
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// content is what lies in a slot under a version.
func content(version string, minutes int) Content { return Content{Version: version, At: at(minutes)} }

// steps makes a state by words: "stage a 1.0", "try a", "start", "keep", "back", "clear a", "lose a", "leave b", "deny 1.0", "allow 1.0". A word with "!" in front is to be
// refused.
func steps(t *testing.T, s State, words ...string) State {
	t.Helper()
	for i, text := range words {
		text, refused := strings.CutPrefix(text, "!")
		f := append(strings.Fields(text), "", "")
		before := clone(s)
		n, err := Name(f[1]), error(nil)
		if n == "-" {
			n = Baked
		}
		next := s
		switch f[0] {
		case "stage":
			next, err = s.Stage(n, content(f[2], i))
		case "clear":
			next, err = s.Clear(n)
		case "try":
			next, err = s.Try(n, 3, "person", at(i))
		case "start":
			next, _ = s.StartIn(f[1], at(i))
		case "expect":
			next, err = s.Expect(n, content(f[2], i), "updater")
		case "came":
			next = s.Came(n, 3, at(i))
		case "found":
			next = s.Found(n)
		case "forget":
			next = s.Forget(n)
		case "keep":
			next, err = s.Keep(at(i))
		case "back":
			next, err = s.Back("it was slow.", "judge", at(i))
		case "lose":
			next = s.Lose(n, Baked, "it is gone", at(i))
		case "leave":
			next = s.Leave(n, "it was slow", "errors", at(i))
		case "deny":
			next = s.Deny(f[1], "it was withdrawn", at(i))
		case "allow":
			next, err = s.Allowed(f[1])
		default:
			t.Fatalf("%q is no step", text)
		}
		if !reflect.DeepEqual(s, before) {
			t.Fatalf("%s changed the state that it is of: %+v, was %+v", text, s, before)
		}
		if (err != nil) != refused {
			t.Fatalf("%s: %v", text, err)
		}
		if err != nil && !reflect.DeepEqual(next, s) {
			t.Errorf("%s: refused, and yet %+v", text, next)
		}
		if err := next.check(); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		s = next
	}
	return s
}

func clone(s State) State {
	c := s
	c.Denied = slices.Clone(s.Denied)
	if s.Slots != nil {
		c.Slots = map[Name]Content{}
		for n, v := range s.Slots {
			c.Slots[n] = v
		}
	}
	if s.Trial != nil {
		v := *s.Trial
		c.Trial = &v
	}
	if s.Last != nil {
		v := *s.Last
		c.Last = &v
	}
	if s.Coming != nil {
		v := *s.Coming
		c.Coming = &v
	}
	return c
}

// short tells a state in a line: active, former, what is on trial, where the next is staged, what a start chooses.
func short(s State) string {
	name := func(n Name) string {
		if n == Baked {
			return "-"
		}
		return string(n)
	}
	text := "active " + name(s.Active) + ", former " + name(s.Former)
	if s.Trial != nil {
		text += ", trial " + name(s.Trial.Slot) + " " + s.Trial.Version + " " + strconv.Itoa(s.Trial.Tries) + "+" + strconv.Itoa(s.Trial.Started)
	}
	if s.Coming != nil {
		text += ", coming " + name(s.Coming.Slot) + " " + s.Coming.Content.Version
	}
	text += ", idle " + name(s.Idle()) + ", runs " + name(s.Runs())
	for _, d := range s.Denied {
		text += ", denied " + d.Version
	}
	return text
}

func TestTransitions(t *testing.T) {
	for _, c := range []struct {
		name string
		kind Kind
		do   []string
		want string
	}{
		{"a device as it comes", Agent, nil, "active -, former -, idle a, runs -"},
		{"a device as it comes, configuration", Config, nil, "active a, former -, idle b, runs a"},
		{"starts of what is active change nothing", System, []string{"start", "start"}, "active a, former -, idle b, runs a"},
		{"staged is not chosen", Agent, []string{"stage a 1.0"}, "active -, former -, idle b, runs -"},
		{"on trial it is chosen", Agent, []string{"stage a 1.0", "try a"}, "active -, former -, trial a 1.0 3+0, idle b, runs a"},
		{"starts are counted", Agent, []string{"stage a 1.0", "try a", "start", "start"}, "active -, former -, trial a 1.0 1+2, idle b, runs a"},
		{"the last try runs, the next start goes back", Agent, []string{"stage a 1.0", "try a", "start", "start", "start"}, "active -, former -, trial a 1.0 0+3, idle b, runs -"},
		{"with no tries left it goes back by itself", Agent, []string{"stage a 1.0", "try a", "start", "start", "start", "start"}, "active -, former -, idle b, runs -, denied 1.0"},
		{"starts in one start of the device are counted", Agent, []string{"stage a 1.0", "try a", "start one", "start one", "start one", "start one"}, "active -, former -, idle b, runs -, denied 1.0"},
		{"starts that the device cut short are not", Agent, []string{"stage a 1.0", "try a", "start one", "start two", "start three", "start four"}, "active -, former -, trial a 1.0 2+4, idle b, runs a"},
		{"the last try that was cut short is given again", Agent, []string{"stage a 1.0", "try a", "start one", "start one", "start one", "start two"}, "active -, former -, trial a 1.0 0+4, idle b, runs -"},
		{"and no more", Agent, []string{"stage a 1.0", "try a", "start one", "start one", "start one", "start two", "start two"}, "active -, former -, idle b, runs -, denied 1.0"},
		{"nine starts of the device", Agent, []string{"stage a 1.0", "try a", "start 1", "start 2", "start 3", "start 4", "start 5", "start 6", "start 7", "start 8", "start 9"}, "active -, former -, trial a 1.0 2+9, idle b, runs a"},
		{"a device that hangs with each start goes back", Agent, []string{"stage a 1.0", "try a", "start 1", "start 2", "start 3", "start 4", "start 5", "start 6", "start 7", "start 8", "start 9", "start 10"}, "active -, former -, idle b, runs -"},
		{"and may be tried again", Agent, []string{"stage a 1.0", "try a", "start 1", "start 2", "start 3", "start 4", "start 5", "start 6", "start 7", "start 8", "start 9", "start 10", "try a"}, "active -, former -, trial a 1.0 3+0, idle b, runs a"},
		{"found in use, by other knowledge", System, []string{"stage b 1.0", "try b", "keep", "found a"}, "active a, former b, idle b, runs a"},
		{"found in use as is known", System, []string{"stage b 1.0", "try b", "keep", "found b"}, "active b, former a, idle a, runs b"},
		{"a configuration goes back after its tries, and may be tried again", Config, []string{"stage b 1.0", "try b", "start", "start", "start", "start", "try b"}, "active a, former -, trial b 1.0 3+0, idle -, runs b"},
		{"expected is not staged", System, []string{"stage b 1.0", "expect b 1.1", "!try b"}, "active a, former -, coming b 1.1, idle b, runs a"},
		{"expected, and staged", System, []string{"expect b 1.1", "stage b 1.1", "try b"}, "active a, former -, trial b 1.1 3+0, idle -, runs b"},
		{"expected, and given up", System, []string{"expect b 1.1", "clear b", "came b"}, "active a, former -, idle b, runs a"},
		{"expected, and found to be chosen", System, []string{"expect b 1.1", "came a", "came b", "came b"}, "active a, former -, trial b 1.1 3+0, idle -, runs b"},
		{"expected where something is in use, or denied", System, []string{"!expect a 1.1", "deny 1.2", "!expect b 1.2"}, "active a, former -, idle b, runs a, denied 1.2"},
		{"what came is no trial beside another, nor what is active", System, []string{"expect b 1.1", "leave b", "came b"}, "active b, former -, coming b 1.1, idle a, runs b"},
		{"a denied former program is passed over", Agent, []string{"stage a 1.0", "try a", "keep", "stage b 1.1", "try b", "keep", "deny 1.0", "back"}, "active -, former -, idle a, runs -, denied 1.0, denied 1.1"},
		{"a denied former system is better than none", System, []string{"stage b 1.0", "try b", "keep", "stage a 1.1", "try a", "keep", "deny 1.0", "back"}, "active b, former -, idle a, runs b, denied 1.0, denied 1.1"},
		{"forgotten", Agent, []string{"stage a 1.0", "try a", "keep", "stage b 1.1", "try b", "keep", "forget a"}, "active b, former -, idle a, runs b"},
		{"kept", Agent, []string{"stage a 1.0", "try a", "start", "keep"}, "active a, former -, idle b, runs a"},
		{"the second is staged in the other slot", Agent, []string{"stage a 1.0", "try a", "start", "keep", "stage b 1.1", "try b", "start", "keep"}, "active b, former a, idle a, runs b"},
		{"while a trial runs from a slot there may be no place", Agent, []string{"stage a 1.0", "try a", "start", "keep", "stage b 1.1", "try b"}, "active a, former -, trial b 1.1 3+0, idle -, runs b"},
		{"back from a trial", Agent, []string{"stage a 1.0", "try a", "start", "back"}, "active -, former -, idle b, runs -, denied 1.0"},
		{"back from what was kept", Agent, []string{"stage a 1.0", "try a", "start", "keep", "back"}, "active -, former -, idle b, runs -, denied 1.0"},
		{"back twice ends at the baked one", Agent, []string{"stage a 1.0", "try a", "keep", "stage b 1.1", "try b", "keep", "back", "back", "!back"}, "active -, former -, idle a, runs -, denied 1.1, denied 1.0"},
		{"what is staged over the former one cannot be gone back to", Agent, []string{"stage a 1.0", "try a", "keep", "stage b 1.1", "try b", "keep", "stage a 1.2"}, "active b, former -, idle a, runs b"},
		{"nothing to go back to", Agent, []string{"!back"}, "active -, former -, idle a, runs -"},
		{"nothing to go back to, configuration", Config, []string{"!back"}, "active a, former -, idle b, runs a"},
		{"a configuration is kept, and gone back from once", Config, []string{"stage b 1.0", "try b", "start", "keep", "back", "!back"}, "active a, former -, idle b, runs a, denied 1.0"},
		{"the former configuration gone, none to go back to", Config, []string{"stage b 1.0", "try b", "keep", "stage a 1.1", "!back"}, "active b, former -, idle a, runs b"},
		{"a denied version is refused", System, []string{"stage b 1.0", "try b", "start", "back", "!stage b 1.0", "!try b", "stage b 1.1"}, "active a, former -, idle b, runs a, denied 1.0"},
		{"unless it is allowed", System, []string{"stage b 1.0", "try b", "back", "allow 1.0", "stage b 1.0", "try b"}, "active a, former -, trial b 1.0 3+0, idle -, runs b"},
		{"a withdrawn version is refused once it is staged", Agent, []string{"stage a 1.0", "deny 1.0", "!try a"}, "active -, former -, idle b, runs -, denied 1.0"},
		{"denied twice is denied once", Agent, []string{"deny 1.0", "deny 1.1", "deny 1.0"}, "active -, former -, idle a, runs -, denied 1.1, denied 1.0"},
		{"what is on trial is not staged over", Agent, []string{"stage a 1.0", "try a", "!stage a 1.1", "!clear a", "stage b 1.2"}, "active -, former -, trial a 1.0 3+0, idle b, runs a"},
		{"what is active is not staged over", Config, []string{"!stage a 1.1", "!clear a", "!try a"}, "active a, former -, idle b, runs a"},
		{"the baked one is no slot", Agent, []string{"!stage - 1.0", "!stage c 1.0", "!try -"}, "active -, former -, idle a, runs -"},
		{"one trial at a time", Agent, []string{"stage a 1.0", "stage b 1.1", "try a", "!try b"}, "active -, former -, trial a 1.0 3+0, idle b, runs a"},
		{"nothing staged, nothing tried", Agent, []string{"!try a"}, "active -, former -, idle a, runs -"},
		{"cleared, nothing tried", Agent, []string{"stage a 1.0", "clear a", "!try a"}, "active -, former -, idle a, runs -"},
		{"nothing on trial, nothing kept", Agent, []string{"!keep"}, "active -, former -, idle a, runs -"},
		{"the older of two is staged over", Agent, []string{"stage a 1.0", "stage b 1.1"}, "active -, former -, idle a, runs -"},
		{"the older of two is staged over, the other way", Agent, []string{"stage b 1.0", "stage a 1.1"}, "active -, former -, idle b, runs -"},
		{"a lost trial is not denied", Agent, []string{"stage a 1.0", "try a", "lose a"}, "active -, former -, idle a, runs -"},
		{"a lost active one gives way to the baked one", Agent, []string{"stage a 1.0", "try a", "keep", "stage b 1.1", "try b", "keep", "lose b"}, "active -, former -, idle b, runs -"},
		{"a lost former one", Agent, []string{"stage a 1.0", "try a", "keep", "stage b 1.1", "try b", "keep", "lose a"}, "active b, former -, idle a, runs b"},
		{"left for another, by other knowledge", System, []string{"leave b"}, "active b, former -, idle a, runs b"},
		{"left with the version denied", System, []string{"stage b 1.0", "try b", "keep", "leave a"}, "active a, former -, idle b, runs a, denied 1.0"},
		{"left while on trial", System, []string{"stage b 1.0", "try b", "leave a"}, "active a, former -, idle b, runs a, denied 1.0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := short(steps(t, c.kind.First(), c.do...)); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestOutcomesTellWhy(t *testing.T) {
	for _, c := range []struct {
		name string
		do   []string
		want Outcome
	}{
		{"kept", []string{"stage a 1.0", "try a", "start", "keep"}, Outcome{Slot: A, Version: "1.0", By: "person", Kept: true, At: at(3)}},
		{"back from a trial", []string{"stage a 1.0", "try a", "start", "back"}, Outcome{Slot: A, Version: "1.0", Why: "it was slow.", By: "judge", At: at(3)}},
		{"back from what was kept", []string{"stage a 1.0", "try a", "keep", "back"}, Outcome{Slot: A, Version: "1.0", Why: "it was slow.", By: "judge", At: at(3)}},
		{"no tries left", []string{"stage a 1.0", "try a", "start", "start", "start", "start"},
			Outcome{Slot: A, Version: "1.0", Why: "it was started 3 times, and was not well for long enough to be kept", By: "tries", At: at(5)}},
		{"lost on trial", []string{"stage a 1.0", "try a", "lose a"}, Outcome{Slot: A, Version: "1.0", Why: "it is gone", By: "start", At: at(2)}},
		{"left", []string{"stage a 1.0", "try a", "keep", "leave -"}, Outcome{Slot: A, Version: "1.0", Why: "it was slow", By: "errors", At: at(3)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := steps(t, Agent.First(), c.do...)
			if s.Last == nil || *s.Last != c.want {
				t.Errorf("%+v, want %+v", s.Last, c.want)
			}
		})
	}
}

func TestStartReturnsWhatIsStarted(t *testing.T) {
	s := steps(t, Agent.First(), "stage a 1.0", "try a")
	var got []Name
	for range 6 {
		var n Name
		s, n = s.Start(at(9))
		got = append(got, n)
	}
	if want := []Name{A, A, A, Baked, Baked, Baked}; !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestConfigurationsAreDeniedByWhatTheyHold: a person may mend one, and try it again under the same version.
func TestConfigurationsAreDeniedByWhatTheyHold(t *testing.T) {
	one, two := strings.Repeat("1", 64), strings.Repeat("2", 64)
	for _, k := range []Kind{Config, System} {
		s := k.First()
		for i, c := range []struct {
			digest  string
			refused bool
		}{{one, false}, {one, true}, {two, k == System}} {
			next, err := s.Stage(B, Content{Version: "1.0", Digest: c.digest, At: at(i)})
			if (err != nil) != c.refused {
				t.Errorf("%s, %d: %v", k, i, err)
			}
			if err != nil {
				continue
			}
			if s, err = next.Try(B, 1, "person", at(i)); err == nil {
				s, err = s.Back("it was slow", "judge", at(i))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestSameVersionInBothSlotsIsNotDenied: a copy of the system that is left is as good as the system.
func TestSameVersionInBothSlotsIsNotDenied(t *testing.T) {
	s := System.First().Holds(A, content("1.0", 0)).Holds(B, content("1.0", 1)).Leave(B, "it crashed", "crash loop", at(2))
	if len(s.Denied) != 0 || s.Active != B || s.Last.Version != "1.0" || s.Last.Slot != A {
		t.Errorf("%+v", s)
	}
}

func TestRefusalsAreSentences(t *testing.T) {
	s := steps(t, Agent.First(), "stage a 1.0", "try a", "back", "stage b 1.1", "try b", "keep", "stage a 1.2", "try a")
	for _, c := range []struct {
		err  error
		want string
	}{
		{second(s.Stage(A, content("1.3", 0))), "stage agent 1.3: slot a is on trial with 1.2"},
		{second(s.Stage(B, content("1.3", 0))), "stage agent 1.3: slot b is in use with 1.1"},
		{second(s.Try(B, 3, "", at(0))), "program 1.2 is on trial already: keep it or go back first"},
		{second(System.First().Back("", "", at(0))), "go back from the system that came with the device: there is nothing to go back to"},
		{second(System.First().Keep(at(0))), "keep the system on trial: nothing is on trial"},
		{second(steps(t, Agent.First(), "stage a 1.0", "try a", "back").Stage(A, content("1.0", 0))), "it was tried before, and is not tried again: it was slow; \"calendarbot slots agent allow 1.0\" lets it be tried again"},
		{second(Config.First().Allowed("config-1")), "configuration config-1 is not refused, and no other one is"},
		{second(Agent.First().Deny("1.0", "", at(0)).Deny("1.1", "", at(1)).Allowed("1.2")), "program 1.2 is not refused; not tried again: 1.0, 1.1"},
		{second(steps(t, Agent.First(), "stage a 1.0").Try(A, 10, "", at(0))), "10 starts are asked for; allowed is 1 to 9"},
		{second(Agent.First().Stage(A, Content{Digest: "zz"})), "its digest is not a SHA-256 in hex digits"},
		{second(Agent.First().Stage(A, Content{Version: "1\n2"})), "its version is not one line of at most 128 bytes"},
		{second(Agent.First().Stage(A, Content{Size: -1})), "its size or format is below zero"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%v, want %s", c.err, c.want)
		}
	}
	if err := second(System.First().Back("", "", at(0))); !errors.Is(err, ErrNothingToGoBackTo) {
		t.Error(err)
	}
	if err := second(System.First().Keep(at(0))); !errors.Is(err, ErrNoTrial) {
		t.Error(err)
	}
}

func second(_ State, err error) error { return err }

// TestSpareSlotsMayBeWrittenOver: those of which nothing is known, or that hold what is not tried again.
func TestSpareSlotsMayBeWrittenOver(t *testing.T) {
	for _, c := range []struct {
		do   []string
		n    Name
		want string
	}{
		{nil, B, ""},
		{nil, A, "slot a is in use"},
		{nil, "c", `there is no slot "c"`},
		{[]string{"stage b 1.0"}, B, "slot b holds system 1.0, which may be wanted"},
		{[]string{"stage b 1.0", "try b"}, B, "slot b is on trial with 1.0"},
		{[]string{"stage b 1.0", "try b", "back"}, B, ""},
		{[]string{"stage b 1.0", "try b", "back", "allow 1.0"}, B, "may be wanted"},
		{[]string{"stage b 1.0", "expect b 1.1"}, B, ""},
	} {
		err := steps(t, System.First(), c.do...).Spare(c.n)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q, slot %s: %v, want %q", c.do, c.n, err, c.want)
		}
	}
}

func TestDenialsAreBounded(t *testing.T) {
	s := Agent.First()
	for i := range 3 * MostDenied {
		s = s.Deny("1."+strconv.Itoa(i), strings.Repeat("long ", 1000), at(0))
	}
	if len(s.Denied) != MostDenied || s.Denied[MostDenied-1].Version != "1."+strconv.Itoa(3*MostDenied-1) {
		t.Errorf("%d, the last of %s", len(s.Denied), s.Denied[len(s.Denied)-1].Version)
	}
	if err := s.check(); err != nil {
		t.Error(err)
	}
	if s = Agent.First().Deny("", "why", time.Time{}); len(s.Denied) != 0 {
		t.Errorf("no version is denied: %+v", s.Denied)
	}
}

func TestNewer(t *testing.T) {
	rising := []string{"", "1.0.0-dev.20260101000000.gabc", "1.0.0-dev.20260101000001.g123.dirty", "1.0.0", "v1.0.1", "1.2.0", "1.10.0", "2.0.0-rc.1", "2.0.0"}
	for i, a := range rising {
		for j, b := range rising {
			if got := Newer(a, b); got != (i > j) {
				t.Errorf("Newer(%q, %q) = %v", a, b, got)
			}
		}
	}
	for _, c := range [][2]string{{"dev", ""}, {"dev", "1.0.0"}, {"", "dev"}, {"1.0.0", "v1.0.0"}} {
		if Newer(c[0], c[1]) {
			t.Errorf("%q is not newer than %q", c[0], c[1])
		}
	}
	if !Newer("0.0.1", "dev") {
		t.Error("a version is newer than what is none")
	}
}
