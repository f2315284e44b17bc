//go:build powercut

package overlay

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"calendarbot/agent/slot"
)

// What the program that is killed is to do, and with which device.
const (
	cutDo   = "OVERLAY_TEST_DO"
	cutRoot = "OVERLAY_TEST_ROOT"
)

func TestMain(m *testing.M) {
	do, root := os.Getenv(cutDo), os.Getenv(cutRoot)
	if do == "" {
		os.Exit(m.Run())
	}
	if err := cutWork(do, root); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// cutWork does what a power cut ends.
func cutWork(do, root string) error {
	switch do {
	case "stage":
		_, err := Set(root, map[string]string{"display.days": "9"}, now())
		return err
	case "settle":
		return errors.Join(Settle(root, slot.A), Settle(root, slot.B))
	case "carry":
		return carry(root, slot.A, slot.B)
	case "start":
		_, reason := selected(root)
		return reason
	}
	_, err := Obey(root, slot.Order{Do: do, Kind: slot.Config, Why: "x", By: "person", At: now()}, now())
	return err
}

// cutAt does something on a copy of a board, in another program that is killed in front of a durable step; 0 is none. It returns the copy and how many steps were made.
func (b board) cutAt(do string, cut int) (after board, made int, killed bool) {
	b.t.Helper()
	after = board{b.t, filepath.Join(b.t.TempDir(), "root")}
	if out, err := exec.Command("cp", "-a", b.root, after.root).CombinedOutput(); err != nil {
		b.t.Fatalf("%v: %s", err, out)
	}
	steps := filepath.Join(b.t.TempDir(), "steps")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), cutDo+"="+do, cutRoot+"="+after.root, "CALENDARBOT_TEST_CUT="+strconv.Itoa(cut), "CALENDARBOT_TEST_STEPS="+steps)
	out, err := cmd.CombinedOutput()
	var ended *exec.ExitError
	killed = errors.As(err, &ended) && ended.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL
	if err != nil && !killed {
		b.t.Fatalf("%s, cut %d: %v: %s", do, cut, err, out)
	}
	text, err := os.ReadFile(steps)
	if err == nil {
		made, err = strconv.Atoi(strings.TrimSpace(string(text)))
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		b.t.Fatal(err)
	}
	return after, made, killed
}

// eachCut does something with a cut in front of each of its steps.
func (b board) eachCut(do string, look func(cut int, after, whole board)) {
	b.t.Helper()
	whole, all, killed := b.cutAt(do, 0)
	if all == 0 || killed {
		b.t.Fatalf("%s has no steps", do)
	}
	b.t.Logf("%s: %d durable steps", do, all)
	for cut := 1; cut <= all; cut++ {
		after, _, killed := b.cutAt(do, cut)
		if !killed {
			b.t.Errorf("%s: it was not cut in front of step %d", do, cut)
		}
		look(cut, after, whole)
	}
}

// used is a device with a candidate, changes of a person, and a system that was upgraded.
func used(t *testing.T) board {
	b := newBoard(t)
	b.start()
	b.put(upperA+agentFile, stable+"web: {pin: \"2468\"}\n")
	b.put(upperA+"hostname", "hall\n")
	b.put(upperA+"ssh/authorized_keys", "one\n")
	b.put(upperA+"wpa_supplicant/wpa_supplicant-wlan0.conf", "one\n")
	if _, err := Set(b.root, map[string]string{"display.days": "3"}, now()); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestACutWhileStagingLeavesTheOldOrTheNewCandidate(t *testing.T) {
	b := used(t)
	b.put(upperA+"hostname", "kitchen\n")
	active, old := fmt.Sprint(b.tree("data/config/a")), fmt.Sprint(b.tree("data/config/b"))
	seen := map[string]int{}
	b.eachCut("stage", func(cut int, after, whole board) {
		if n := after.start(); n != slot.A {
			t.Errorf("cut %d: started %s", cut, n)
		}
		new, version := fmt.Sprint(whole.tree("data/config/b")), after.state().Slots[slot.B].Version
		switch got := fmt.Sprint(after.tree("data/config/b")); {
		case got == old && version == b.state().Slots[slot.B].Version:
			seen["old"]++
		case got == new && version == whole.state().Slots[slot.B].Version:
			seen["new"]++
		default:
			t.Errorf("cut %d: the candidate %s is neither the old one nor the new one:\n%s", cut, version, got)
		}
		if got := fmt.Sprint(after.tree("data/config/a")); got != active {
			t.Errorf("cut %d: the active slot changed:\n%s", cut, got)
		}
		for _, left := range []string{"b.part", "b.next", "b.past"} {
			if there(filepath.Join(after.root, "data/config", left)) {
				t.Errorf("cut %d: %s is left", cut, left)
			}
		}
		if c, known := after.state().Slots[slot.B]; known { // what is said to be there is there
			sum, err := digest(filepath.Join(after.root, upperB))
			if err != nil || sum != c.Digest {
				t.Errorf("cut %d: %s is said to be there, %v", cut, c.Version, err)
			}
		}
		if err := cutWork("stage", after.root); err != nil || fmt.Sprint(after.tree("data/config/b")) != new {
			t.Errorf("cut %d: staged again: %v", cut, err)
		}
	})
	if seen["old"] == 0 || seen["new"] == 0 {
		t.Errorf("seen %v", seen)
	}
}

// TestACutWhileStagingKeepsTheWayBack: the candidate takes the place of what was used before, or that is still there to go back to.
func TestACutWhileStagingKeepsTheWayBack(t *testing.T) {
	b := used(t)
	b.obey("try")
	b.start()
	b.obey("keep")
	former := fmt.Sprint(b.tree("data/config/a"))
	b.eachCut("stage", func(cut int, after, whole board) {
		after.start()
		s, tree := after.state(), fmt.Sprint(after.tree("data/config/a"))
		switch {
		case s.Former == slot.A && tree == former:
		case s.Former == slot.Baked && tree == fmt.Sprint(whole.tree("data/config/a")) && s.Slots[slot.A] == whole.state().Slots[slot.A]:
		default:
			t.Errorf("cut %d: %+v", cut, s)
		}
	})
}

func TestACutWhileSettlingIsMadeGood(t *testing.T) {
	b := used(t)
	b.put(upperA+agentFile, strings.Replace(b.text(upperA+agentFile), "cache_warming: 0%", "cache_warming: 25%", 1))
	mine := b.text(upperA + agentFile)
	b.upgrade("features:\n  request_pipeline: 10%\n  cache_warming: 50%\n", "features:\n  request_pipeline: 90%\n")
	b.must(os.Remove(filepath.Join(b.root, mountedFile)))
	for _, do := range []string{"settle", "start"} {
		b.eachCut(do, func(cut int, after, whole board) {
			if text := after.text(upperA + agentFile); text != mine && text != whole.text(upperA+agentFile) {
				t.Errorf("%s, cut %d: it is neither the old text nor the new one:\n%s", do, cut, text)
			}
			after.start()
			whole.start()
			if got, want := fmt.Sprint(after.tree("data/config")), fmt.Sprint(whole.tree("data/config")); got != want {
				t.Errorf("%s, cut %d:\n%s", do, cut, firstDifference(after.tree("data/config"), whole.tree("data/config")))
			}
			if after.text("data/config/a/former/calendarbot.yaml") != mine {
				t.Errorf("%s, cut %d: the person's text is lost", do, cut)
			}
		})
	}
}

func TestACutWhileCarryingIsMadeGood(t *testing.T) {
	b := used(t)
	for name, text := range map[string]string{"hostname": "kitchen\n", "ssh/authorized_keys": "two\n", "wpa_supplicant/wpa_supplicant-wlan0.conf": "two\n"} {
		b.put(upperA+name, text)
	}
	b.eachCut("carry", func(cut int, after, whole board) {
		for _, name := range []string{"hostname", "ssh/authorized_keys", "wpa_supplicant/wpa_supplicant-wlan0.conf"} {
			if text := after.text(upperB + name); text != b.text(upperA+name) && text != b.text(upperB+name) {
				t.Errorf("cut %d: %s is %q", cut, name, text)
			}
		}
		if err := carry(after.root, slot.A, slot.B); err != nil {
			t.Fatal(err)
		}
		// What a cut left beside a file means nothing, and is written over.
		if got, want := fmt.Sprint(after.tree(upperB)), fmt.Sprint(whole.tree(upperB)); got != want {
			t.Errorf("cut %d:\n%s", cut, firstDifference(after.tree(upperB), whole.tree(upperB)))
		}
	})
}

// TestACutWhileSwitchingLeavesAStateThatStarts.
func TestACutWhileSwitchingLeavesAStateThatStarts(t *testing.T) {
	b := used(t)
	b.eachCut("try", func(cut int, after, _ board) { after.start() })
	b.obey("try")
	b.eachCut("start", func(cut int, after, _ board) {
		n := after.start()
		if trial := after.state().Trial; n != slot.B || trial == nil || trial.Tries < tries-2 {
			t.Errorf("cut %d: started %s, %+v", cut, n, trial)
		}
	})
	b.start()
	for _, do := range []string{"keep", "back"} {
		b.eachCut(do, func(cut int, after, _ board) { after.start() })
	}
}

// firstDifference is one thing in which two trees differ.
func firstDifference(got, want map[string]string) string {
	for name := range got {
		if got[name] != want[name] {
			return fmt.Sprintf("%s is %q, want %q", name, got[name], want[name])
		}
	}
	for name := range want {
		if _, there := got[name]; !there {
			return name + " is missing"
		}
	}
	return "nothing"
}
