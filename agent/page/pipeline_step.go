package page

import "calendarbot/agent/config"

// Step is how much a Pipeline gives up under pressure.
type Step uint8

// The steps, at 70, 85 and 95 % of a budget.
const (
	NoStep Step = iota
	DropOldest
	DropHalf
	DropAll
)

// StepAt returns the step for used bytes of a budget. Without a budget there is none.
func StepAt(used, budget int64) Step {
	if budget <= 0 {
		return NoStep
	}
	switch share := float64(used) / float64(budget); {
	case share >= 0.95:
		return DropAll
	case share >= 0.85:
		return DropHalf
	case share >= 0.70:
		return DropOldest
	}
	return NoStep
}

// Ease gives up kept pages and returns how many: of those that are least likely to be asked for again a quarter, half, or
// all. Until the next Ease with NoStep nothing is warmed and the size does not grow.
func (p *Pipeline) Ease(s Step) int {
	p.step.Store(uint32(s))
	if s == NoStep {
		return 0
	}
	p.resize(p.bounds.reset)
	var keys []key
	for e := range p.pages.Coldest() {
		keys = append(keys, e.Key)
	}
	switch s {
	case DropOldest:
		keys = keys[:(len(keys)+3)/4]
	case DropHalf:
		keys = keys[:(len(keys)+1)/2]
	}
	n := p.giveUp(keys)
	p.counts.eased.Add(uint64(n))
	return n
}

// Drop gives up every kept page and returns how many. What is being drawn is not kept.
func (p *Pipeline) Drop() int {
	p.drops.Add(1)
	return p.sweep()
}

// resize changes the bounds; pages beyond them go at once.
func (p *Pipeline) resize(change func() size) {
	p.sizing.Lock()
	defer p.sizing.Unlock()
	p.pages.SetMaximum(uint64(change().bytes))
}

// giveUp takes out the pages of keys and returns how many there were.
func (p *Pipeline) giveUp(keys []key) int {
	n := 0
	for _, k := range keys {
		if _, there := p.pages.Invalidate(k); there {
			n++
		}
	}
	return n
}

// sweep gives up what nobody will be answered with any more, and returns how many.
func (p *Pipeline) sweep() int {
	now := p.o.Now().UnixNano()
	var keys []key
	for k, e := range p.pages.All() {
		if !p.current(k) || e.last().until <= now {
			keys = append(keys, k)
		}
	}
	return p.giveUp(keys)
}

// Configure changes the bounds, and gives up every kept page: what is drawn may depend on the settings too. What is being drawn is not
// kept either, so it is called after those who draw know the settings.
func (p *Pipeline) Configure(c config.Cache) {
	p.resize(func() size {
		p.bounds.configure(c)
		return p.bounds.now()
	})
	p.Drop()
}
