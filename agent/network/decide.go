package network

import "time"

// How long what is waited for.
const (
	// LostTime is how long the device waits for a network that it knows before it opens its access point.
	LostTime = 2 * time.Minute
	// StrangerTime is the same where it knows no wireless network: a cable gives an address within seconds.
	StrangerTime = 20 * time.Second
	// TryTime is how long a network that a person asked for, and the known ones from time to time, are tried.
	TryTime = time.Minute
	// RetryTime is how long the access point stays open before the known networks are tried again.
	RetryTime = 10 * time.Minute
	// GuestTime is the same while somebody is on it: enough to set a network in peace, and yet a phone that joins by itself does not keep
	// the device out of its network for good.
	GuestTime = time.Hour
)

// Facts are what is seen of the device's network at a moment.
type Facts struct {
	Radio      bool   // there is a wireless interface
	Configured bool   // it knows a network
	Wired      bool   // a cable is in, and gave an address
	Station    bool   // the program that joins networks runs
	Joined     string // the name of the wireless network that it is in, with an address there; "" for none
	Open       bool   // the access point is open
	Guests     bool   // somebody is on it
	Asked      string // the name of the network that a person asks for, "" for none
}

// up tells whether the device is in a network.
func (f Facts) up() bool { return f.Wired || f.Joined != "" }

// phase is what the device is at.
type phase uint8

const (
	looking phase = iota // it is in a network, or waits for a known one
	trying               // it tries the network that a person asked for
	hosting              // its access point is open
)

// Memory is what is to be known of before for the next decision. Its zero value is that of a start.
type Memory struct {
	phase    phase
	since    time.Time     // when the phase began; while looking, when the network was lost, zero while there is one
	patience time.Duration // how long a network is looked for
	wanted   string        // what a person asked for
}

// Step is what is to be done with the radio.
type Step uint8

// The steps.
const (
	Stay Step = iota
	Join      // the known networks, and close the access point; where none is known only that
	Host      // open the access point
)

// Outcome is what became of the network that a person asked for.
type Outcome uint8

// The outcomes.
const (
	NotYet Outcome = iota
	Kept           // the device is in it
	Failed         // what was configured before is to hold again
)

// Decide says what is to be done at a moment, and what to remember.
func Decide(m Memory, f Facts, now time.Time) (Memory, Step, Outcome) {
	switch {
	case f.Asked != "" && f.Radio:
		return Memory{phase: trying, since: now, wanted: f.Asked}, Join, NotYet
	case m.phase == trying:
		return decideTrying(m, f, now)
	case !f.Radio:
		return Memory{}, Stay, NotYet
	case m.phase == hosting:
		m, step := decideHosting(m, f, now)
		return m, step, NotYet
	case f.Open: // it was opened before this program began
		return Memory{phase: hosting, since: now}, Stay, NotYet
	}
	m, step := decideLooking(m, f, now)
	return m, step, NotYet
}

func decideTrying(m Memory, f Facts, now time.Time) (Memory, Step, Outcome) {
	switch {
	case f.Joined == m.wanted:
		return Memory{}, Stay, Kept
	case f.Radio && now.Sub(m.since) < TryTime:
		return m, Stay, NotYet
	case f.up() || !f.Radio:
		return Memory{}, Join, Failed
	}
	return Memory{phase: hosting, since: now}, Host, Failed
}

func decideHosting(m Memory, f Facts, now time.Time) (Memory, Step) {
	open, patience := now.Sub(m.since), RetryTime
	switch {
	case !f.Open: // it does not open
		patience = TryTime
	case f.Guests:
		patience = GuestTime
	}
	switch {
	case f.Wired:
		return Memory{}, Join
	case f.Configured && open >= patience:
		return Memory{since: now, patience: TryTime}, Join
	case !f.Open && open >= patience:
		m.since = now
		return m, Host
	}
	return m, Stay
}

func decideLooking(m Memory, f Facts, now time.Time) (Memory, Step) {
	if f.up() {
		m = Memory{}
	} else if m.since.IsZero() {
		m = Memory{since: now, patience: LostTime}
		if !f.Configured {
			m.patience = StrangerTime
		}
	}
	switch {
	case !m.since.IsZero() && now.Sub(m.since) >= m.patience:
		return Memory{phase: hosting, since: now}, Host
	case f.Configured && !f.Station:
		return m, Join
	}
	return m, Stay
}
