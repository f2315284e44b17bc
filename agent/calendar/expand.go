package calendar

import (
	"context"
	"time"
)

// MaxInstances is how many instances one event may have in one window; more are cut off
// with a warning.
const MaxInstances = 10_000

// Expand returns the occurrences of events that touch the window, sorted by start, then
// UID, then slot. The events may come from several sources and in any order, but all
// components of a series must be there (master and overrides are matched by source and
// UID). All-day events are read in zone. An occurrence is in the window when its start is
// before the window's end and its end after the window's start; one without length when it
// starts in it. Hidden events are left out; the same UID in two sources is returned
// once, from the source whose events come first.
//
// The cost is proportional to the window, not to the age of a series, and bounded for any
// rule. It returns an error only when ctx ends.
func Expand(ctx context.Context, events []Event, window Span, zone *time.Location) ([]Occurrence, []Warning, error) {
	panic("calendar: Expand")
}

// Bounds returns the earliest and the latest wall clock reading, in whatever zone, that
// any occurrence of the event can touch, both widened by 26 hours so that they hold for every zone. An
// override also covers the slot it replaces. A series without a known end has last ==
// Forever.
func Bounds(e *Event) (first, last Wall) { panic("calendar: Bounds") }

// Forever is the last bound of a series that does not end.
const Forever Wall = 1 << 62
