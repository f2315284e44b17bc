package pressure

import "time"

// Baseline is how fast a release line answered its own request (Service.Own) when it was new: recorded once, over enough requests, and
// kept. What a household asks for would prove nothing: some pages are kept and others drawn, now more of these and now of those.
type Baseline struct {
	Line     string // release line, such as "1.4"
	Mean     time.Duration
	P99      time.Duration
	Requests uint64
	Since    time.Time // when it was complete
}

const (
	learnTime  = 6 * time.Hour
	learnLeast = 1000 // requests
)

// Learning records a baseline from readings; see NewLearning for when it is complete.
type Learning struct {
	line    string
	up      time.Duration // of the last reading
	last    Latency       // Service.Own then
	begun   bool          // these are a reading's
	took    time.Duration
	own     Latency
	learned Baseline
}

// NewLearning returns the learning of a release line's baseline, which is complete after 6 hours and 1000 requests at least, of one run
// of the program: a household that switches the device off every night is to get there too. The program asks itself the same every few
// seconds, so that there are enough requests in whatever hours these are. Only time counts in which the level was normal: a baseline of
// hard times would excuse everything later.
func NewLearning(line string) *Learning { return &Learning{line: line} }

// Learn takes the next reading, and how things stand with it. Once the baseline is complete it returns it, the same each time.
func (l *Learning) Learn(r *Reading, level Level) (Baseline, bool) {
	if l.learned.Requests > 0 {
		return l.learned, true
	}
	if d, ok := r.Service.Own.since(&l.last); ok && l.begun && level == Normal {
		l.took += r.Up - l.up
		l.own.add(&d)
	}
	l.up, l.last, l.begun = r.Up, r.Service.Own, true
	if l.took < learnTime || l.own.Count() < learnLeast {
		return Baseline{}, false
	}
	l.learned = Baseline{Line: l.line, Mean: l.own.Mean(), P99: l.own.Quantile(0.99), Requests: l.own.Count(), Since: r.At}
	return l.learned, true
}
