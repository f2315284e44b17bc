package slot

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// change changes a state that is to allow it.
func change(t *testing.T, f Folder, k Kind, words ...string) State {
	t.Helper()
	s, err := f.Change(k, func(s State) (State, error) { return steps(t, s, words...), nil })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStatesOutliveThePrograms(t *testing.T) {
	f := Folder(filepath.Join(t.TempDir(), "data", "slots"))
	for _, k := range Kinds() {
		if s, err := f.Read(k); err != nil || !reflect.DeepEqual(s, k.First()) {
			t.Errorf("%s: %+v, %v", k, s, err)
		}
	}
	want := change(t, f, Agent, "deny 0.9", "stage a 1.0", "try a", "start", "keep", "stage b 1.1", "try b", "start")
	got, err := f.Read(Agent)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	if info, err := os.Stat(f.name(Agent)); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("everybody may read it: %v, %v", info, err)
	}
	if k, trial, err := f.Trial(); k != Agent || trial == nil || trial.Version != "1.1" || err != nil {
		t.Errorf("%s, %+v, %v", k, trial, err)
	}
}

func TestRefusedChangesAreNotWritten(t *testing.T) {
	f := Folder(t.TempDir())
	refused := errors.New("no")
	s, err := f.Change(Agent, func(s State) (State, error) { return s.Deny("1.0", "", at(0)), refused })
	if !errors.Is(err, refused) || len(s.Denied) != 0 {
		t.Errorf("%+v, %v", s, err)
	}
	_, err = f.Change(Agent, func(s State) (State, error) { s.Active = "c"; return s, nil })
	if err == nil || !strings.Contains(err.Error(), `there is no slot "c" to be active`) {
		t.Errorf("%v", err)
	}
	if entries, err := os.ReadDir(string(f)); len(entries) != 1 || entries[0].Name() != "lock" || err != nil {
		t.Errorf("%v, %v", entries, err)
	}
}

func TestOneThingIsTriedAtATime(t *testing.T) {
	f := Folder(t.TempDir())
	change(t, f, Agent, "stage a 1.0", "try a")
	change(t, f, Config, "stage b 2.0")
	_, err := f.Change(Config, func(s State) (State, error) { return s.Try(B, 3, "person", at(0)) })
	if err == nil || !strings.Contains(err.Error(), "program 1.0 is on trial; one thing is tried at a time") {
		t.Errorf("%v", err)
	}
	change(t, f, Agent, "start", "keep")
	change(t, f, Config, "try b")
}

func TestBrokenStatesAreNamedAndGiveWay(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "not the state of slots"},
		{"cut off", `{"active":"a","sl`, "not the state of slots"},
		{"another thing", `[1]`, "not the state of slots"},
		{"no such slot", `{"active":"c"}`, `no slot "c" to be active`},
		{"a configuration has no baked one", `{"active":""}`, `no slot "" to be active`},
		{"no such former", `{"active":"a","former":"x"}`, `no slot "x" to be the former one`},
		{"no such content", `{"active":"a","slots":{"x":{}}}`, `no slot "x"`},
		{"no digest", `{"active":"a","slots":{"a":{"digest":"12"}}}`, "not a SHA-256"},
		{"no such trial", `{"active":"a","trial":{"slot":"x"}}`, "cannot be on trial"},
		{"a trial of the active one", `{"active":"a","trial":{"slot":"a"}}`, "cannot be on trial"},
		{"too many tries", `{"active":"a","trial":{"slot":"b","tries":10}}`, "10 tries are left after 0; allowed is 0 to 9"},
		{"too few tries", `{"active":"a","trial":{"slot":"b","tries":-1}}`, "-1 tries"},
		{"too long a reason", `{"active":"a","last":{"slot":"a","why":"` + strings.Repeat("x", 500) + `"}}`, "not one line"},
		{"too many denied", `{"active":"a","denied":[` + strings.Repeat(`{"version":"1"},`, MostDenied) + `{"version":"2"}]}`, "17 versions are denied"},
		{"too long", `{"active":"` + strings.Repeat("a", mostState) + `"}`, "longer than allowed: 65536 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := Folder(t.TempDir())
			keep(t, string(f), "config.json", c.text)
			s, err := f.Read(Config)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "config.json") || !reflect.DeepEqual(s, Config.First()) {
				t.Errorf("%+v, %v", s, err)
			}
			if _, trial, err := f.Trial(); trial != nil || err == nil {
				t.Errorf("%+v, %v", trial, err)
			}
			change(t, f, Config, "stage b 1.0")
			if s, err := f.Read(Config); err != nil || s.Slots[B].Version != "1.0" {
				t.Errorf("%+v, %v", s, err)
			}
			if kept, err := os.ReadFile(f.name(Config) + ".broken"); err != nil || string(kept) != c.text {
				t.Errorf("it is not kept aside: %v", err)
			}
		})
	}
}

func TestStatesOfNewerProgramsAreUnderstood(t *testing.T) {
	f := Folder(t.TempDir())
	keep(t, string(f), "agent.json", `{"active":"b","slots":{"b":{"version":"9.0","more":1}},"more":{"a":1}}`)
	if s, err := f.Read(Agent); err != nil || s.Active != B || s.Slots[B].Version != "9.0" {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestCrashWhileChangingLeavesTheOldState puts the folder into each state that a crash can leave: the old state stands until the
// rename, whatever was written beside.
func TestCrashWhileChangingLeavesTheOldState(t *testing.T) {
	whole := `{"active":"b"}`
	for cut := 0; cut <= len(whole); cut++ {
		f := Folder(t.TempDir())
		want := change(t, f, Config, "stage b 1.0", "try b", "start")
		keep(t, string(f), "config.json.new", whole[:cut])
		if s, err := f.Read(Config); err != nil || !reflect.DeepEqual(s, want) {
			t.Fatalf("%d bytes written: %+v, %v", cut, s, err)
		}
		if s := change(t, f, Config, "keep"); s.Active != B {
			t.Fatalf("%d bytes written: %+v", cut, s)
		}
	}
}

// TestChangesAtTheSameTimeAreAllMade, and a reader never sees half of one.
func TestChangesAtTheSameTimeAreAllMade(t *testing.T) {
	f := Folder(t.TempDir())
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			for j := range 3 {
				version := strings.Repeat(string(rune('a'+i)), 1+j)
				if _, err := f.Change(Agent, func(s State) (State, error) { return s.Deny(version, "", at(0)), nil }); err != nil {
					t.Error(err)
				}
				if _, err := f.Read(Agent); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if s, err := f.Read(Agent); err != nil || len(s.Denied) != 12 {
		t.Errorf("%d of 12 were made, %v", len(s.Denied), err)
	}
}

func TestAnswersAreTold(t *testing.T) {
	f := Folder(filepath.Join(t.TempDir(), "slots"))
	if a, err := f.Told(); a != nil || err != nil {
		t.Errorf("%+v, %v", a, err)
	}
	want := Answer{Do: "back", Kind: Agent, Words: "It was done.", At: at(0)}
	if err := f.Tell(want); err != nil {
		t.Fatal(err)
	}
	if a, err := f.Told(); err != nil || *a != want {
		t.Errorf("%+v, %v", a, err)
	}
	if err := f.Tell(Answer{Words: strings.Repeat("😀\n", 10_000), At: at(0)}); err != nil {
		t.Fatal(err)
	}
	if a, err := f.Told(); err != nil || strings.Contains(a.Words, "\n") {
		t.Errorf("%+v, %v", a, err)
	}
	keep(t, string(f), "answer.json", "{")
	if a, err := f.Told(); a != nil || err == nil || !strings.Contains(err.Error(), "read what became of an order") {
		t.Errorf("%+v, %v", a, err)
	}
}

// TestStatesThatCannotBeKeptAreErrors: something else stands where the folder, or a file, is to be.
func TestStatesThatCannotBeKeptAreErrors(t *testing.T) {
	top := t.TempDir()
	keep(t, top, "file", "")
	blocked := filepath.Join(top, "blocked")
	full(t, filepath.Join(blocked, "agent.json"))
	full(t, filepath.Join(blocked, "agent.json.broken"))
	full(t, filepath.Join(blocked, "config.json.new"))
	full(t, filepath.Join(blocked, "answer.json"))
	same := func(s State) (State, error) { return s, nil }
	for name, err := range map[string]error{
		"a file for the folder":    second(Folder(filepath.Join(top, "file")).Change(Agent, same)),
		"a folder for the file":    second(Folder(blocked).Change(Agent, same)),
		"a folder for the new one": second(Folder(blocked).Change(Config, same)),
		"a folder to be read":      second(Folder(blocked).Read(Agent)),
		"an answer in a file":      Folder(filepath.Join(top, "file")).Tell(Answer{}),
		"an answer over a folder":  Folder(blocked).Tell(Answer{}),
	} {
		if err == nil || !strings.Contains(err.Error(), top) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOthersCannotHoldTheStates: whoever may look into the folder could lock that, but not what is locked.
func TestOthersCannotHoldTheStates(t *testing.T) {
	f := Folder(t.TempDir())
	folder, err := os.Open(string(f))
	if err == nil {
		err = syscall.Flock(int(folder.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		t.Fatal(err)
	}
	change(t, f, Agent, "stage a 1.0")
	if err := f.Tell(Answer{Do: "back", Words: "w", At: at(0)}); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(filepath.Join(string(f), "lock")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := folder.Close(); err != nil {
		t.Fatal(err)
	}

	full := Folder(t.TempDir())
	if err := os.Mkdir(filepath.Join(string(full), "lock"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := full.Change(Agent, func(s State) (State, error) { return s, nil }); err == nil {
		t.Error("it changes what it cannot lock")
	}
}
