package hwtest

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"calendarbot/agent/slot"
	"calendarbot/agent/trial"
)

// keeper is who keeps the slots of a fixture as on a device: "calendarbot slots agent" asks it, and systemd starts what it chose some looks later.
type keeper struct {
	*fixture
	trial.Keeper
	mu     sync.Mutex
	words  []string // what it was asked
	pid    int
	starts sync.WaitGroup // that were ordered
}

// newKeeper has program 1.0.0 in use in slot b, where that of the system was before, and 2.0.0 staged in a.
func newKeeper(t *testing.T) *keeper {
	t.Helper()
	f := newFixture(t)
	k := &keeper{fixture: f, pid: 100}
	k.Keeper = trial.Keeper{Device: trial.Device{Root: f.Root, Systemctl: f.at("/bin/systemctl-keeper")}, Now: time.Now, Say: t.Logf}
	f.drop("/data/slots")
	f.script("systemctl-keeper", `case "$*" in *restart*) echo >>`+f.Root+`/fake/ordered;; esac`)
	f.script("calendarbot", `echo "$*" >`+f.Root+`/fake/words; read status text <`+f.Root+`/fake/answer; echo "$text" >&2; exit $status`)
	for _, name := range []string{"/fake/words", "/fake/answer"} {
		if err := syscall.Mkfifo(f.at(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for n, version := range map[slot.Name]string{slot.A: "2.0.0", slot.B: "1.0.0"} {
		f.put("/data/agent/"+string(n)+"/calendarbot", "program")
		if err := os.Chmod(f.at("/data/agent/"+string(n)+"/calendarbot"), 0o755); err != nil {
			t.Fatal(err)
		}
		k.change(func(s slot.State) (slot.State, error) {
			return s.Stage(n, slot.Content{Version: version, At: time.Now()})
		})
	}
	k.change(func(s slot.State) (slot.State, error) { return s.Try(slot.B, trial.Tries, "test", time.Now()) })
	k.change(func(s slot.State) (slot.State, error) { s, _ = s.Start(time.Now()); return s.Keep(time.Now()) })
	f.rollback = func(level int) {
		k.change(func(s slot.State) (slot.State, error) { return s.Back(why, "person", time.Now()) })
		k.start()
	}
	go k.serve() // until it hears "end"
	t.Cleanup(func() {
		k.starts.Wait()
		if err := os.WriteFile(f.at("/fake/words"), []byte("end\n"), 0); err != nil {
			t.Error(err)
		}
	})
	return k
}

func (k *keeper) change(do func(slot.State) (slot.State, error)) slot.State {
	k.t.Helper()
	s, err := k.Keeper.Slots().Change(slot.Agent, do)
	if err != nil {
		k.t.Error(err)
	}
	return s
}

// start has the program started, as its unit does.
func (k *keeper) start() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, _, err := k.Choose("0.9.0", time.Now()); err != nil {
		k.t.Error(err)
	}
	k.pid++
	k.put("/fake/show.calendarbot.service", k.unit(fmt.Sprint(k.pid)))
}

func (k *keeper) serve() {
	for {
		words, err := os.ReadFile(k.at("/fake/words"))
		if err != nil || strings.HasPrefix(string(words), "end") {
			return
		}
		f := strings.Fields(string(words))
		o := slot.Order{Do: f[2], Kind: slot.Agent, By: "person", At: time.Now()}
		switch {
		case o.Do == "back":
			o.Why = strings.Join(f[4:], " ")
		case len(f) > 3:
			o.Version = f[3]
		}
		k.mu.Lock()
		k.words = append(k.words, strings.TrimSpace(string(words)))
		k.mu.Unlock()
		said, err := k.Obey(k.t.Context(), o)
		answer := "0 " + said
		if err != nil {
			answer = "1 " + err.Error()
		}
		if _, err := os.Stat(k.at("/fake/ordered")); err == nil {
			k.drop("/fake/ordered")
			// systemd does not wait for a start with --no-block: what is asked at once still finds the program of before.
			k.starts.Add(1)
			time.AfterFunc(40*time.Millisecond, func() { defer k.starts.Done(); k.start() })
		}
		if err := os.WriteFile(k.at("/fake/answer"), []byte(strings.ReplaceAll(answer, "\n", " ")+"\n"), 0); err != nil {
			return
		}
	}
}

func (k *keeper) asked() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.words)
}

// TestProgramOfBeforeIsBack has each way in which another program may be in use, or tried, taken back by the real words.
func TestProgramOfBeforeIsBack(t *testing.T) {
	other := func(s slot.State) (slot.State, error) { return s.Try(slot.A, trial.Tries, "test", time.Now()) }
	started := func(s slot.State) (slot.State, error) { s, _ = s.Start(time.Now()); return s, nil }
	keep := func(s slot.State) (slot.State, error) { return s.Keep(time.Now()) }
	back := func(s slot.State) (slot.State, error) { return s.Back(why, "person", time.Now()) }
	again := func(s slot.State) (slot.State, error) {
		return s.Allow("1.0.0").Try(slot.B, trial.Tries, "test", time.Now())
	}
	ill := func(s slot.State) (slot.State, error) { return s.Back("it takes too much memory", "judge", time.Now()) }
	for name, c := range map[string]struct {
		was    []func(slot.State) (slot.State, error)
		words  string // that are asked, in order
		denied string
	}{
		"nothing was changed":             {nil, "", ""},
		"an update was ordered":           {[]func(slot.State) (slot.State, error){other}, "back allow", ""},
		"an update was on trial":          {[]func(slot.State) (slot.State, error){other, started}, "back allow", ""},
		"an update was kept":              {[]func(slot.State) (slot.State, error){other, started, keep}, "back allow", ""},
		"cut before it was allowed again": {[]func(slot.State) (slot.State, error){other, started, keep, back}, "allow", ""},
		"an update was found ill":         {[]func(slot.State) (slot.State, error){other, started, ill}, "", "2.0.0"},
		"gone back by level 3":            {[]func(slot.State) (slot.State, error){back}, "allow try keep", ""},
		"cut after it was tried again":    {[]func(slot.State) (slot.State, error){back, again, started}, "keep", ""},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKeeper(t)
			for _, do := range c.was {
				k.change(do)
			}
			for range 2 {
				if err := k.before(Undo{Step: "x", Words: "the program", Program: &Program{Slot: "b", Version: "1.0.0"}}); err != nil {
					t.Fatal(err)
				}
				if err := k.Restore(t.Context(), "x"); err != nil {
					t.Fatal(err)
				}
			}
			var words, denied []string
			for _, said := range k.asked() {
				words = append(words, strings.Fields(said)[2])
			}
			now := k.change(func(s slot.State) (slot.State, error) { return s, nil })
			for _, d := range now.Denied {
				denied = append(denied, d.Version)
			}
			if got := strings.Join(words, " "); now.Active != slot.B || now.Trial != nil || got != c.words || strings.Join(denied, " ") != c.denied {
				t.Errorf("in use is %q, on trial %v, denied %v; asked was %q, it is to be %q", now.Active, now.Trial, denied, got, c.words)
			}
		})
	}
}

// TestLevel3AndBackByTheRealWords goes to the program of the system and back again, which is taken when it was started and not before.
func TestLevel3AndBackByTheRealWords(t *testing.T) {
	k := newKeeper(t)
	v := (broken{step: "80-level-3"}).judge(t, k.fixture)
	now := k.change(func(s slot.State) (slot.State, error) { return s, nil })
	if v.Outcome != Pass || now.Active != slot.B || now.Trial != nil || now.Former != slot.Baked || len(now.Denied) != 0 {
		t.Errorf("%v; afterwards %+v", v, now)
	}
	if list, err := k.Undone(); err != nil || len(list) != 0 {
		t.Errorf("still to be undone are %v, %v", list, err)
	}
}

// TestProgramOfTheSystemIsBack is of a device on which no update was before.
func TestProgramOfTheSystemIsBack(t *testing.T) {
	k := newKeeper(t)
	if err := k.use(t.Context(), Program{}); err != nil {
		t.Fatal(err)
	}
	if now := k.change(func(s slot.State) (slot.State, error) { return s, nil }); now.Active != slot.Baked || now.Trial != nil {
		t.Errorf("%+v", now)
	}
	k.drop("/data/slots/agent.json")
	if err := k.use(t.Context(), Program{}); err != nil {
		t.Errorf("without a state: %v", err)
	}
}

// TestProgramThatIsNotStartedAnew has orders noted, and the pages still come from the program of before.
func TestProgramThatIsNotStartedAnew(t *testing.T) {
	for _, step := range []string{"80-level-3", "70-update"} {
		f := newFixture(t)
		f.Waits = 0.05 // of five minutes: what is taken back needs some of it
		f.UpdateURL = "http://127.0.0.1:1/"
		f.rollback = func(int) { f.put("/data/slots/agent.json", `{"active":""}`) }
		f.script("calendarbot-update", `if [ "$1" = apply ]; then echo '{"active":"a","former":"b"}' >`+f.Root+`/data/slots/agent.json; fi`)
		if v := (broken{step: step}).judge(t, f); v.Outcome != Fail || !strings.Contains(v.Reason, "not started anew") {
			t.Errorf("%s: %v", step, v)
		}
	}
}

// TestProgramThatIsTakenBackAnswers before anything else is asked of it: what is taken back next would else meet nobody.
func TestProgramThatIsTakenBackAnswers(t *testing.T) {
	for name, do := range map[string]func(slot.State) (slot.State, error){
		"gone back": func(s slot.State) (slot.State, error) { return s.Back(why, "person", time.Now()) },
		"on trial":  func(s slot.State) (slot.State, error) { return s.Try(slot.A, trial.Tries, "test", time.Now()) },
	} {
		k := newKeeper(t)
		k.change(do)
		if err := k.use(t.Context(), Program{Slot: "b", Version: "1.0.0"}); err != nil {
			t.Fatal(err)
		}
		if now, err := k.mainPID(t.Context()); err != nil || now == "100" {
			t.Errorf("%s: it is process %s still, %v", name, now, err)
		}
	}
}
