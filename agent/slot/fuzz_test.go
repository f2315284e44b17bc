package slot

import (
	"encoding/json"
	"reflect"
	"testing"
)

// FuzzState: whatever a file says, what is read is within the bounds, every step from there is too, and what is written is read the same.
func FuzzState(f *testing.F) {
	f.Add("agent", []byte(`{"active":"","slots":{"a":{"version":"1.0","at":"2026-03-09T08:00:00Z"}},"trial":{"slot":"a","version":"1.0","tries":2,"started":1,"began":"2026-03-09T08:00:00Z"}}`))
	f.Add("config", []byte(`{"active":"b","former":"a","last":{"slot":"b","why":"w","kept":true,"at":"2026-03-09T08:00:00Z"},"denied":[{"version":"1","at":"2026-03-09T08:00:00Z"}]}`))
	f.Add("system", []byte(`{"active":"a","trial":{"slot":"b","tries":0,"started":9}}`))
	f.Add("system", []byte(`{"active":"a","coming":{"slot":"b","by":"updater","content":{"version":"1.1","at":"2026-03-09T08:00:00Z"}}}`))
	f.Fuzz(func(t *testing.T, kind string, text []byte) {
		k := Kind(kind)
		s, err := parseState(k, text)
		if err != nil {
			return
		}
		if idle := s.Idle(); idle == s.Active && idle != Baked || s.Trial != nil && idle == s.Trial.Slot {
			t.Errorf("idle is %q of %+v", idle, s)
		}
		all := []State{s, s.Deny("1", "w", at(0)), s.Allow("1"), s.Lose(A, Baked, "w", at(0)), s.Leave(B, "w", "b", at(0))}
		if k != Agent {
			all = append(all[:3], all[4]) // no state of theirs is without a slot
		}
		for _, n := range []Name{A, B} {
			if next, err := s.Stage(n, content("2.0", 1)); err == nil {
				all = append(all, next)
				if next, err = next.Try(n, 1, "person", at(1)); err == nil {
					all = append(all, next)
				}
			}
		}
		all = append(all, s.Came(A, 3, at(1)), s.Came(B, 3, at(1)))
		if next, err := s.Expect(B, content("2.0", 1), "b"); err == nil {
			all = append(all, next, next.Came(B, 3, at(1)))
		}
		if next, err := s.Keep(at(2)); err == nil {
			all = append(all, next)
		}
		if next, err := s.Back("w", "b", at(2)); err == nil {
			all = append(all, next)
		}
		for range MostTries + 1 {
			s, _ = s.Start(at(3))
			all = append(all, s)
		}
		if s.Trial != nil && s.Trial.Started < MostTries {
			t.Errorf("still on trial after ten starts: %+v", s.Trial)
		}
		for _, s := range all {
			text, err := json.Marshal(s)
			if err != nil {
				continue // a time that no text can say
			}
			again, err := parseState(k, text)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			twice, err := json.Marshal(again)
			if err != nil || !reflect.DeepEqual(twice, text) {
				t.Errorf("%s became %s, %v", text, twice, err)
			}
		}
	})
}

// FuzzOrder: whatever a file says, what is read is within the bounds.
func FuzzOrder(f *testing.F) {
	f.Add([]byte(`{"do":"stage","kind":"config","text":"a: 1\n","why":"w","by":"person","at":"2026-03-09T08:00:00Z"}`))
	f.Add([]byte(`{"do":"back","version":"\u0000"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := parseOrder(text)
		if err != nil {
			return
		}
		if len(o.Do) > 20 || o.Do != line(o.Do, 20) || len(o.Version) > mostVersion || o.Why != line(o.Why, mostWhy) || o.By != line(o.By, mostBy) {
			t.Errorf("%+v", o)
		}
	})
}
