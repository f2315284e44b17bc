package update

import (
	"fmt"
	"time"
)

// Window is the part of each day in which a device updates by itself. The zero Window is the whole day.
type Window struct {
	from, to int // minutes of the local day; equal: any time. to before from: over midnight
}

// ParseWindow reads "02:00-05:00" or "", which is any time.
func ParseWindow(text string) (Window, error) {
	if text == "" {
		return Window{}, nil
	}
	var w Window
	if len(text) == len("02:00-05:00") && text[5] == '-' {
		from, err := time.Parse("15:04", text[:5])
		to, err2 := time.Parse("15:04", text[6:])
		if err == nil && err2 == nil {
			w = Window{from.Hour()*60 + from.Minute(), to.Hour()*60 + to.Minute()}
			if w.from != w.to {
				return w, nil
			}
		}
	}
	return Window{}, fmt.Errorf("%.40q is no part of a day; write it as 02:00-05:00", text)
}

// Open tells whether a moment is in the window, by the clock on the wall of its location.
func (w Window) Open(at time.Time) bool {
	minute := at.Hour()*60 + at.Minute()
	if w.from < w.to {
		return w.from <= minute && minute < w.to
	}
	return w.from == w.to || minute >= w.from || minute < w.to
}

// Next is when the window opens after a moment, or the moment itself when it is open. Where the clock on the wall skips the time at
// which it opens, it is the first minute after, if the window is open then.
func (w Window) Next(at time.Time) time.Time {
	if w.Open(at) {
		return at
	}
	year, month, day := at.Date()
	for later := range 4 {
		opens := time.Date(year, month, day+later, w.from/60, w.from%60, 0, 0, at.Location())
		// A time that the clock skips comes back as an hour earlier or later than asked for, so the hour around it is looked through.
		for _, t := range []time.Time{opens, opens.Add(30 * time.Minute), opens.Add(time.Hour)} {
			if t.After(at) && w.Open(t) {
				return t
			}
		}
	}
	return at.Add(24 * time.Hour)
}

// String is what ParseWindow reads.
func (w Window) String() string {
	if w.from == w.to {
		return ""
	}
	return fmt.Sprintf("%02d:%02d-%02d:%02d", w.from/60, w.from%60, w.to/60, w.to%60)
}
