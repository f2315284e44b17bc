package pressure

import (
	"math"
	"time"
)

// Standing is how one sign stands.
type Standing struct {
	Sign  Sign
	Known bool
	Value float64
	Unit  string
	Step  int       // 0: all is well
	Limit float64   // the threshold of that step, or of the first one
	Since time.Time // of that step
	Top   bool      // it is the highest step because of Rule.Top: the value was below its threshold then, and is
}

// Assessment is how everything stands.
type Assessment struct {
	At    time.Time
	Level Level
	Signs []Standing // in the order of Rules
	Room  uint64     // bytes that the unit may use: memory.high, else memory.max, else Limits.UnitMemory; 0: not known

	// Outgrown is how a sign stood that compares with the baseline, when everything optional was switched off for it and the program was no
	// faster for that: the baseline is of something else, such as of smaller calendars, and a new one is to be learned. Its Sign is Outgrown then,
	// and "" at all other times. Those signs are not known until there is another baseline.
	Outgrown Standing
}

// Of returns how a sign stands; one that is not among them is not known.
func (a *Assessment) Of(s Sign) Standing {
	for i := range a.Signs {
		if a.Signs[i].Sign == s {
			return a.Signs[i]
		}
	}
	return Standing{Sign: s}
}

// Policy judges readings, with a memory of those before: rising is immediate (or after Rule.For), falling needs slack. It reads no
// clock and no file: durations are by Reading.Up, and Reading.At is only passed on.
type Policy struct {
	limits Limits
	rules  []Rule
	window Window
	course []course // of each rule
	seen   bool
	level  Level

	baseline Baseline // that signs are compared with
	own      Latency  // Service.Own when everything optional was switched off because of them
}

// NewPolicy returns a policy that has seen nothing.
func NewPolicy(l Limits) *Policy {
	p := &Policy{limits: l, rules: Rules(l)}
	for i := range p.rules {
		p.course = append(p.course, course{steps: make([]stage, len(p.rules[i].Steps))})
	}
	return p
}

// Configure changes the limits. What stands goes on to stand until the next reading.
func (p *Policy) Configure(l Limits) {
	l.Device = p.limits.Device
	if l != p.limits {
		p.limits, p.rules = l, Rules(l)
	}
}

// compareAnew begins the signs anew that hang on the baseline, as it is another one.
func (p *Policy) compareAnew(b Baseline) {
	p.baseline = b
	p.window.hours = p.window.hours[:0]
	for i := range p.rules {
		if p.rules[i].Cured != nil {
			clear(p.course[i].steps)
		}
	}
}

// pace is how things stand, for what is compared with the baseline.
func (p *Policy) pace() pace {
	for i := range p.rules {
		if p.rules[i].Cured != nil && p.course[i].step == len(p.rules[i].Steps) {
			return trying
		}
	}
	if p.level != Normal {
		return scarce
	}
	return calm
}

// Judge takes the next reading.
func (p *Policy) Judge(r Reading) Assessment {
	if r.Device.Total != 0 && r.Device.Total != p.limits.Device {
		p.limits.Device = r.Device.Total
		p.rules = Rules(p.limits)
	}
	if r.Service.Baseline != p.baseline {
		p.compareAnew(r.Service.Baseline)
	}
	p.window.add(&r, p.pace())
	a := Assessment{At: r.At, Signs: make([]Standing, len(p.rules)), Room: room(&r.Unit, p.limits.UnitMemory)}
	for i := range p.rules {
		rule, c := &p.rules[i], &p.course[i]
		value, known := rule.Value(&p.window)
		known = known && !math.IsNaN(value)
		judged := math.Inf(-1) // what is not known is no reason to begin a step, nor to keep it for ever
		if known {
			judged = value
		} else {
			value = 0
		}
		top := rule.Top != nil && rule.Top(&p.window)
		known = known || top
		before := c.step
		if c.judge(rule, judged, top, r.Up) {
			if own, ok := r.Service.Own.since(&p.own); rule.Cured != nil && !(ok && rule.Cured(&own, &r.Service.Baseline, value)) {
				a.Outgrown = Standing{Sign: Outgrown, Known: known, Value: value, Unit: rule.Unit, Step: 1, Limit: rule.Steps[0], Since: r.At}
			}
			p.window.forget()
		}
		if rule.Cured != nil && before < c.step && c.step == len(rule.Steps) {
			p.own = r.Service.Own
		}
		if !p.seen || c.step != before {
			c.since, c.sinceUp = r.At, r.Up
		}
		s := Standing{Sign: rule.Sign, Known: known, Value: value, Unit: rule.Unit, Step: c.step, Limit: rule.Steps[max(c.step, 1)-1], Since: c.begun(r), Top: c.top}
		if c.step > 0 {
			a.Level = max(a.Level, rule.Levels[c.step-1])
		}
		a.Signs[i] = s
	}
	p.seen, p.level = true, a.Level
	return a
}

// course is where a sign has come to.
type course struct {
	steps   []stage
	step    int
	top     bool      // see Standing.Top
	since   time.Time // of the step, by the program's clock
	sinceUp time.Duration
}

// stage is one step of a sign, by Reading.Up.
type stage struct {
	active bool          // it counts
	turned bool          // the value is on the other side of the threshold now
	at     time.Duration // since when it is, without a break
	began  time.Duration // of active
}

// judge takes the next value, and whether Rule.Top counts; tried tells that a step ended only because it had lasted long enough.
func (c *course) judge(rule *Rule, v float64, top bool, now time.Duration) (tried bool) {
	before, last := c.step, len(rule.Steps)-1
	c.step = 0
	for i := range c.steps {
		s := &c.steps[i]
		if s.active && rule.Most[i] > 0 && now-s.began >= rule.Most[i] {
			*s = stage{}
			tried = true
			if rule.For[i] == 0 { // else it would begin again with this very value, which is of before
				continue
			}
		}
		judged := v
		if top && i == last { // the steps below are the value's alone, or they would be left over when this one ends
			judged = math.Inf(1)
		}
		s.judge(rule, i, judged, now)
		if s.active {
			c.step = i + 1
		}
	}
	switch threshold := rule.Steps[last]; {
	case c.step <= last || rule.reached(v, last):
		c.top = false
	case top && (before <= last || v < threshold*(1-rule.Slack)):
		c.top = true
	}
	return tried
}

// reached tells whether a value is at the threshold of a step.
func (r *Rule) reached(v float64, i int) bool {
	return v > r.Steps[i] || !r.Above && v == r.Steps[i]
}

// judge takes the next value of the i-th step of a rule. A rise is broken off by each value below the threshold; values within the slack only
// keep what stands from falling.
func (s *stage) judge(rule *Rule, i int, v float64, now time.Duration) {
	there, away := rule.reached(v, i), v < rule.Steps[i]*(1-rule.Slack)
	turns, stays, wait := there, !there, rule.For[i]
	if s.active {
		turns, stays, wait = away, there, rule.Rest[i]
	}
	switch {
	case turns && !s.turned:
		s.turned, s.at = true, now
	case stays:
		s.turned = false
	}
	if turns && s.turned && now-s.at >= wait {
		if !s.active {
			s.began = now
		}
		s.active, s.turned = !s.active, false
	}
}

// most that a step's begin may seem to move while the clock is only set right.
const drift = 2 * time.Second

// begun is when the step began, told by the program's clock as it is now: one that jumped since would tell years.
func (c *course) begun(r Reading) time.Time {
	if told := r.At.Add(c.sinceUp - r.Up); told.Sub(c.since).Abs() > drift {
		c.since = told
	}
	return c.since
}
