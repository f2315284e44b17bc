package config

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestEmergencyOffTakesEffectOnAFullDisk(t *testing.T) {
	kept := &memory{}
	name := written(t, "display:\n  days: 3\n")
	l := begun(t, Input{Path: name}, kept)
	kept.full(errFull)
	s := set(t, l, emergencyOff, "true")
	if !s.Config.Features.EmergencyOff || s != l.State() || !strings.HasPrefix(s.Problem, "features.emergency_off was changed, and that was not kept") || !strings.HasSuffix(s.Problem, errFull.Error()) {
		t.Errorf("got %v, %q", s.Config.Features.EmergencyOff, s.Problem)
	}
	// What is set beside it, or otherwise, is not.
	on, dark := "false", "dark"
	for _, settings := range []map[string]*string{{"display.theme": &dark}, {"display.theme": &dark, emergencyOff: &on}} {
		if s, err := l.Set(t.Context(), settings, By{}); !errors.Is(err, ErrNotKept) || !errors.Is(err, errFull) || s.Config.Display.Theme != "auto" || !s.Config.Features.EmergencyOff {
			t.Errorf("got %+v, %v", s.Config.Display, err)
		}
	}
	if s := set(t, l, emergencyOff, "false"); s.Config.Features.EmergencyOff || s.Problem == "" {
		t.Errorf("false: got %v, %q", s.Config.Features.EmergencyOff, s.Problem)
	}
	if s, err := l.Set(t.Context(), map[string]*string{emergencyOff: nil}, By{}); err != nil || s.Problem == "" {
		t.Errorf("taken back: %v, %q", err, s.Problem)
	}
	set(t, l, emergencyOff, "true")
	if _, err := l.Reload(t.Context(), By{}); !errors.Is(err, ErrNotKept) {
		t.Errorf("the same file, with something owed to the log: %v", err)
	}

	// The disk has room again.
	kept.full(nil)
	if s, err := l.Reload(t.Context(), By{}); err != nil || s.Problem != "" || !s.Config.Features.EmergencyOff {
		t.Errorf("got %q, %v", s.Problem, err)
	}
	if kept.runtime[emergencyOff] != "true" || len(kept.changes) != 4 || kept.changes[3].To != "true" || kept.changes[3].By.Who != "Ada" {
		t.Errorf("kept %v, %+v", kept.runtime, kept.changes)
	}
}

func TestWhatIsOwedToTheLogIsBounded(t *testing.T) {
	kept := &memory{}
	l := begun(t, Input{}, kept)
	kept.full(errFull)
	for range maxOwed {
		set(t, l, emergencyOff, "true")
		set(t, l, emergencyOff, "false")
	}
	kept.full(nil)
	set(t, l, "display.days", "3")
	if n := len(kept.changes); n != maxOwed+1 || kept.changes[n-1].Key != "display.days" || kept.changes[n-2].To != "false" {
		t.Errorf("%d changes are in the log", n)
	}
}

// locked is an archive whose database somebody else holds until open is closed: it does not hear that it should stop.
type locked struct {
	memory
	open chan struct{}
}

func (l *locked) Record(ctx context.Context, runtime map[string]string, changes []Change, text []byte) error {
	<-l.open
	if err := ctx.Err(); err != nil {
		return err
	}
	return l.memory.Record(ctx, runtime, changes, text)
}

func TestEmergencyOffDoesNotWaitForALockedDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := &locked{open: make(chan struct{})}
		close(kept.open)
		l := begun(t, Input{}, kept)
		kept.open = make(chan struct{})
		begin := time.Now()
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		dark, on := "dark", "true"
		if s, err := l.Set(gone, map[string]*string{emergencyOff: &on}, By{}); err != nil || !s.Config.Features.EmergencyOff || !strings.HasSuffix(s.Problem, "it was not written within 3s; another program may hold the database") {
			t.Errorf("got %v, %q", err, s.Problem)
		}
		if took := time.Since(begin); took != urgentTime {
			t.Errorf("it took %s", took)
		}
		// Another record does not overtake the one that is under way.
		if _, err := l.Set(t.Context(), map[string]*string{"display.theme": &dark}, By{}); !errors.Is(err, ErrNotKept) || time.Since(begin) != urgentTime+keepTime {
			t.Errorf("got %v after %s", err, time.Since(begin))
		}
		if _, err := l.Set(gone, map[string]*string{"display.theme": &dark}, By{}); !errors.Is(err, context.Canceled) {
			t.Errorf("who asked is gone: %v", err)
		}
		close(kept.open)
		if s := set(t, l, "display.theme", "dark"); s.Problem != "" || kept.runtime[emergencyOff] != "true" || kept.runtime["display.theme"] != "dark" || len(kept.changes) != 2 {
			t.Errorf("kept %v, %+v, %q", kept.runtime, kept.changes, s.Problem)
		}
	})
}

func TestEndOfAnEmergencyDoesNotOutliveTheProgram(t *testing.T) {
	kept := &memory{}
	in := Input{Env: environment("CALENDARBOT_EMERGENCY_OFF=1")}
	l := begun(t, in, kept)
	if s := set(t, l, emergencyOff, "false"); s.Config.Features.EmergencyOff {
		t.Error("the emergency has not ended")
	}
	l = begun(t, in, kept)
	if !l.State().Config.Features.EmergencyOff {
		t.Error("a later start is deaf to its environment")
	}
	if s := set(t, l, "display.days", "3"); !s.Config.Features.EmergencyOff || len(kept.runtime) != 1 {
		t.Errorf("kept %v", kept.runtime)
	}
	set(t, l, emergencyOff, "true")
	if s := begun(t, Input{}, kept).State(); !s.Config.Features.EmergencyOff {
		t.Error("emergency-off does not outlive the program")
	}
}
