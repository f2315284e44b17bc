//go:build powercut

package slot

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

const asVictim = "SLOT_TEST_VICTIM" // the folder to work in

func TestMain(m *testing.M) {
	if dir := os.Getenv(asVictim); dir != "" {
		if err := victim(dir); err != nil {
			os.Stderr.WriteString(err.Error())
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// life is what a device goes through, in steps of one change each.
func life() []func(State) (State, error) {
	return []func(State) (State, error){
		func(s State) (State, error) { return s.Stage(A, content("1.0", 0)) },
		func(s State) (State, error) { return s.Try(A, 2, "person", at(1)) },
		func(s State) (State, error) { s, _ = s.Start(at(2)); return s, nil },
		func(s State) (State, error) { return s.Keep(at(3)) },
		func(s State) (State, error) { return s.Clear(B) },
		func(s State) (State, error) { return s.Stage(B, content("1.1", 4)) },
		func(s State) (State, error) { return s.Try(B, 2, "person", at(5)) },
		func(s State) (State, error) { return s.Back("it was slow", "judge", at(6)) },
		func(s State) (State, error) { return s.Back("it was slow", "person", at(7)) },
	}
}

// victim goes through it, with an order and a request before each step.
func victim(dir string) error {
	for i, do := range life() {
		if err := Send(filepath.Join(dir, "orders"), Order{Do: "try", Version: strconv.Itoa(i), At: at(i)}); err != nil {
			return err
		}
		if err := Ask(filepath.Join(dir, "rollback"), Request{Level: 2, Why: strconv.Itoa(i), At: at(i)}); err != nil {
			return err
		}
		if _, err := Folder(filepath.Join(dir, "slots")).Change(Agent, do); err != nil {
			return err
		}
		name, _, err := Next(filepath.Join(dir, "orders"))
		if err := errors.Join(err, Done(filepath.Join(dir, "orders"), name)); err != nil {
			return err
		}
	}
	return Settle(filepath.Join(dir, "rollback"))
}

// TestCutAtEveryStep ends the program in front of each durable step: the state that is read next is one of the life of the device, whole, and so are
// the order and the request; and the device can go on.
func TestCutAtEveryStep(t *testing.T) {
	states := []State{Agent.First()}
	for _, do := range life() {
		s, err := do(states[len(states)-1])
		if err != nil {
			t.Fatal(err)
		}
		states = append(states, s)
	}
	run := func(cut int) (dir string, made int) {
		dir = t.TempDir()
		steps := filepath.Join(t.TempDir(), "steps")
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), asVictim+"="+dir, "CALENDARBOT_TEST_CUT="+strconv.Itoa(cut), "CALENDARBOT_TEST_STEPS="+steps)
		if out, err := cmd.CombinedOutput(); (err == nil) != (cut == 0) || len(out) > 0 {
			t.Fatalf("cut %d: %v\n%s", cut, err, out)
		}
		if text, err := os.ReadFile(steps); err == nil {
			if made, err = strconv.Atoi(strings.TrimSpace(string(text))); err != nil {
				t.Fatal(err)
			}
		}
		return dir, made
	}
	_, all := run(0)
	t.Logf("%d durable steps", all)
	past := 0
	for cut := 1; cut <= all; cut++ {
		dir, _ := run(cut)
		f := Folder(filepath.Join(dir, "slots"))
		got, err := f.Read(Agent)
		if err != nil {
			t.Fatalf("cut %d: %v", cut, err)
		}
		for past < len(states) && !reflect.DeepEqual(got, states[past]) {
			past++ // never back
		}
		if past == len(states) {
			t.Fatalf("cut %d: %+v is none of the states, or an older one", cut, got)
		}
		if _, _, err := Next(filepath.Join(dir, "orders")); err != nil {
			t.Errorf("cut %d: %v", cut, err)
		}
		if _, err := Asked(filepath.Join(dir, "rollback")); err != nil {
			t.Errorf("cut %d: %v", cut, err)
		}
		if past < len(states)-1 {
			if _, err := f.Change(Agent, life()[past]); err != nil {
				t.Errorf("cut %d: it cannot go on: %v", cut, err)
			}
		}
	}
}
