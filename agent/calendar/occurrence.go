package calendar

import "time"

// Span is a window of time: Start <= t < End.
type Span struct{ Start, End time.Time }

// Occurrence is one instance of an event, placed in time.
type Occurrence struct {
	Event *Event // the component that describes it: the override where there is one

	// Start and End are instants, in the event's own zone. For an all-day occurrence
	// they are the midnights of FirstDay and EndDay in the zone given to Expand.
	Start, End time.Time

	AllDay           bool
	FirstDay, EndDay Wall // civil days, EndDay exclusive; only for all-day occurrences

	// Slot is the original start of this instance of a series, before any override moved
	// it; nil for an event that does not recur. With the UID it is the identity.
	Slot *Moment
}

// ID returns the stable identity of the occurrence: the UID, or for an instance of a
// series UID_YYYYMMDDTHHMMSS_ and eight hexadecimal digits that depend on the source, the UID and
// the slot alone. The same feed parsed again gives the same ID.
func (o Occurrence) ID() string {
	if o.Slot == nil {
		return o.Event.UID
	}
	text := make([]byte, 0, len(o.Event.UID)+25)
	text = append(text, o.Event.UID...)
	text = append(text, '_')
	text = o.Slot.Wall.UTC().AppendFormat(text, "20060102T150405")
	slot := text[len(o.Event.UID)+1:]
	sum := uint64(fnvStart)
	for _, part := range [...]string{o.Event.Source, o.Event.UID} {
		for i := range len(part) {
			sum = (sum ^ uint64(part[i])) * fnvPrime
		}
		sum = (sum ^ 0xff) * fnvPrime // no byte of UTF-8: ends the part
	}
	for _, c := range slot {
		sum = (sum ^ uint64(c)) * fnvPrime
	}
	const hexadecimal = "0123456789abcdef"
	text = append(text, '_')
	for shift := 28; shift >= 0; shift -= 4 {
		text = append(text, hexadecimal[(sum>>32^sum)>>shift&0xf])
	}
	return string(text)
}

// FNV-1a with 64 bits, folded to 32: the digits must stay what they are for ever.
const (
	fnvStart = 0xcbf29ce484222325
	fnvPrime = 0x100000001b3
)

// Warning is something that a person should know about one event, in words.
type Warning struct {
	UID     string
	Summary string
	Text    string
}
