package web

import "calendarbot/agent/slot"

// versionTable is the metrics of what runs, what is tried and what is newer. None is there where the installation has no slots.
func versionTable() []metric {
	kind := []string{"kind"}
	return []metric{
		{"calendarbot_slot_info", "What lies in the slots: its version, and what it is used for (active, former, trial, idle); always 1.", gauge, []string{"kind", "slot", "use", "version"}, readSlots},
		{"calendarbot_slot_trial_seconds", "How long what is on trial is so by now; only there while something is.", gauge, kind, func(l *look, to *exposition) {
			if k, t := l.versions.Trial(); t != nil {
				to.put(since(t.Began, l.now), string(k))
			}
		}},
		{"calendarbot_slot_went_back", "1 while the last trial went back and nobody took note of it, for 14 days at most.", gauge, kind, ofSlots(func(l *look, k slot.Kind) float64 {
			return truth(l.versions.WentBack(k, l.now) != nil)
		})},
		{"calendarbot_slot_denied", "Versions that went back and are not tried again.", gauge, kind, ofSlots(func(l *look, k slot.Kind) float64 {
			return float64(len(l.versions.Slots[k].Denied))
		})},
		{"calendarbot_update_check_age_seconds", "Time since it was looked for newer versions; not there before the first time.", gauge, nil, func(l *look, to *exposition) {
			if at := l.versions.Update.Checked; !at.IsZero() {
				to.put(since(at, l.now))
			}
		}},
		{"calendarbot_update_problem", "1 for the reason why the last look for newer versions did not work; not there when it did.", gauge, []string{"code"}, func(l *look, to *exposition) {
			if code := l.versions.Update.Code; code != "" {
				to.put(1, code)
			}
		}},
		{"calendarbot_update_available_age_seconds", "Time since the newest version that is there and could be installed was published; only there while there is one.", gauge, kind, readAvailable},
		{"calendarbot_update_running", "1 while an update is under way.", gauge, nil, func(l *look, to *exposition) {
			if l.versions.Slotted {
				to.put(truth(l.versions.Update.Progress != nil))
			}
		}},
	}
}

// ofSlots reads a number of each kind.
func ofSlots(number func(*look, slot.Kind) float64) func(*look, *exposition) {
	return func(l *look, to *exposition) {
		if !l.versions.Slotted {
			return
		}
		for _, k := range everyKind() {
			to.put(number(l, k), string(k))
		}
	}
}

func readSlots(l *look, to *exposition) {
	for _, k := range everyKind() {
		state := l.versions.Slots[k]
		for _, n := range [...]slot.Name{slot.A, slot.B} {
			content, known := state.Slots[n]
			if !known {
				continue
			}
			use := "idle"
			switch {
			case n == state.Active:
				use = "active"
			case state.Trial != nil && n == state.Trial.Slot:
				use = "trial"
			case n == state.Former:
				use = "former"
			}
			to.put(1, string(k), string(n), use, content.Version)
		}
	}
}

// readAvailable tells of each kind the newest, which stands first.
func readAvailable(l *look, to *exposition) {
	available := l.versions.Update.Available
	for _, k := range [...]slot.Kind{slot.Agent, slot.System} {
		for i := range available {
			r := &available[i]
			if r.Kind != k || r.Refused {
				continue
			}
			if !r.Published.IsZero() {
				to.put(since(r.Published, l.now), string(k))
			}
			break
		}
	}
}
