package calendar

import "fmt"

// Room is what one expansion may take in all. An instance costs about half a kilobyte until it is on a page, so
// this is what keeps a small feed of dense rules from taking the memory of the device.
type Room struct {
	Total     int // instances of series
	PerSource int // of them, those of one source
	Steps     int // on all series that take more than tryout steps each
}

// What Expand may take.
const (
	MaxTotal      = 50_000
	MaxPerSource  = 20_000
	MaxTotalSteps = 3_000_000
)

func serverRoom() Room { return Room{Total: MaxTotal, PerSource: MaxPerSource, Steps: MaxTotalSteps} }

const (
	// MaxWarnings is how many events an Expand names that are cut; one more warning counts the others.
	MaxWarnings = 100
)

// tryout is how many steps every series is granted: enough for all but those that happen many times a day or
// whose window is long. The dense ones share what is left when the others are done.
const tryout = 250

// room is what is left for the series of an Expand.
type room struct {
	total     int
	perSource int
	bySource  map[string]*int
	steps     int
}

func newRoom(r Room) room {
	return room{total: r.Total, perSource: r.PerSource, bySource: map[string]*int{}, steps: r.Steps}
}

// of is what is left for a source.
func (r *room) of(source string) *int {
	left := r.bySource[source]
	if left == nil {
		left = new(int)
		*left = r.perSource
		r.bySource[source] = left
	}
	return left
}

// dense is a series that the tryout does not suffice for: a group of components, and its source.
type dense struct {
	group  int
	source string
}

// ordinary expands every series that a tryout suffices for, and returns the others.
func (x *expansion) ordinary(events []Event, g groups, expand func(group int) error) (rest []dense, err error) {
	for i := range g.first {
		source := events[g.first[i]].Source
		left := x.left.of(source)
		x.grant(min(MaxInstances, x.left.total, *left), tryout)
		before := x.found.count()
		if err := expand(i); err != nil {
			return nil, err
		}
		if x.cut || x.steps <= 0 {
			x.found.back(before)
			rest = append(rest, dense{i, source})
			continue
		}
		x.left.total -= x.used()
		*left -= x.used()
	}
	return rest, nil
}

// shared expands the dense series. Each gets an equal share of the room and the steps that are left.
func (x *expansion) shared(rest []dense, expand func(group int) error) error {
	waiting := make(map[string]int)
	for _, d := range rest {
		waiting[d.source]++
	}
	for i, d := range rest {
		left := x.left.of(d.source)
		x.grant(
			min(MaxInstances, x.left.total/(len(rest)-i), *left/waiting[d.source]),
			min(MaxSteps, max(x.left.steps/(len(rest)-i), tryout)),
		)
		if err := expand(d.group); err != nil {
			return err
		}
		waiting[d.source]--
		x.left.total -= x.used()
		*left -= x.used()
		x.left.steps -= x.granted.steps - x.steps
	}
	return nil
}

// grant sets what the next series may take.
func (x *expansion) grant(instances, steps int) {
	x.room, x.steps, x.cut = instances, steps, false
	x.granted.room, x.granted.steps = instances, steps
}

// used is how many instances the series took.
func (x *expansion) used() int { return x.granted.room - x.room }

// tell warns when the series e has been cut.
func (x *expansion) tell(e *Event) {
	switch {
	case x.cut && x.granted.room < MaxInstances:
		x.warn(e, fmt.Sprintf("It repeats too often to be shown whole; beside all the others there is room for %d instances in this window.", x.granted.room))
	case x.cut:
		x.warn(e, fmt.Sprintf("It has more than %d instances in this window; the later ones are not shown.", x.granted.room))
	case x.steps <= 0:
		x.warn(e, fmt.Sprintf("Its recurrence takes more than %d steps in this window; instances may be missing.", x.granted.steps))
	}
}

func (x *expansion) warn(e *Event, text string) {
	if len(x.warnings) == MaxWarnings {
		x.unnamed++
		return
	}
	x.warnings = append(x.warnings, Warning{UID: e.UID, Summary: e.Summary, Text: text})
}

// allWarnings ends with the number of events that are cut and not named.
func (x *expansion) allWarnings() []Warning {
	if x.unnamed > 0 {
		x.warnings = append(x.warnings, Warning{Text: fmt.Sprintf("%d more events repeat too often to be shown whole.", x.unnamed)})
		x.unnamed = 0
	}
	return x.warnings
}
