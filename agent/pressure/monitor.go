package pressure

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"
)

const (
	haste      = 5               // so many times as often is read while something is scarce
	leastPause = time.Second     // between two readings, however often a trigger wakes
	keepEvery  = 6 * time.Hour   // a day's roll-up is handed over in parts: who pulls the plug loses only the last one
	keepTime   = 5 * time.Second // for the last part
	waiting    = 7               // days that may wait for a disk that takes nothing
)

// noTrigger is told where the kernel wakes nobody.
const noTrigger = "this kernel does not wake the program when memory runs short: it looks from time to time instead"

// Options of NewMonitor.
type Options struct {
	Sensor  *Sensor
	Limits  Limits
	Every   time.Duration                          // between readings while nothing is scarce; at most that
	Now     func() time.Time                       // the program's clock, for Reading.At
	Zone    *time.Location                         // of days; nil for UTC
	Service func() Service                         // how the program serves now; nil for none
	Judged  func(a Assessment, r *Reading)         // called after each reading, by one goroutine; nil for none
	Days    func(ctx context.Context, d Day) error // keeps a part of a day: the day that has ended, and every six hours and at the end what there is; parts of the same date are to be merged. nil for none
	Log     *slog.Logger
}

// Monitor is the task that reads, judges and remembers. A PSI trigger (poll on the pressure file), where the kernel has them, makes it read at once.
type Monitor struct {
	o     Options
	ready chan struct{}
	pace  chan struct{} // Configure was called
	woken chan struct{} // by the trigger

	mu     sync.Mutex
	limits Limits
	every  time.Duration
	stands Assessment
	last   *Reading
	past   history
	told   []Sample // of past, until the next minute

	// Of the goroutine of Run alone.
	began   time.Time
	policy  *Policy
	blind   bool // nothing wakes it
	missing []string
	roll    roll
	days    []Day // that could not be kept yet
}

// NewMonitor returns a monitor that runs nothing.
func NewMonitor(o Options) *Monitor {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	return &Monitor{
		o: o, ready: make(chan struct{}), pace: make(chan struct{}, 1), woken: make(chan struct{}, 1),
		limits: o.Limits, every: o.Every, policy: NewPolicy(o.Limits),
	}
}

// Ready is closed after the first reading.
func (m *Monitor) Ready() <-chan struct{} { return m.ready }

// String names the task.
func (m *Monitor) String() string { return "pressure monitor" }

// State returns the last assessment and reading; zero and nil before the first. They are not to be changed.
func (m *Monitor) State() (Assessment, *Reading) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.stands, m.last
}

// Configure changes the limits and the pace.
func (m *Monitor) Configure(l Limits, every time.Duration) {
	m.mu.Lock()
	m.limits, m.every = l, every
	m.mu.Unlock()
	select {
	case m.pace <- struct{}{}:
	default:
	}
}

// History returns the samples of the last 24 hours, oldest first: one for each minute, at most 1440. All who ask within a minute
// get the same, which is not to be changed.
func (m *Monitor) History() []Sample {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.told == nil && m.last != nil {
		m.told = m.past.samples(m.last)
	}
	return m.told
}

// Run reads until ctx ends.
func (m *Monitor) Run(ctx context.Context) error {
	m.began = time.Now()
	m.read(ctx)
	close(m.ready)
	var watching sync.WaitGroup
	defer watching.Wait()
	watch, end := context.WithCancel(ctx)
	defer end()
	blinded := make(chan error, 1)
	m.watch(watch, &watching, blinded)
	defer m.keep(ctx)

	read := time.Now()
	timer := time.NewTimer(m.pause())
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-blinded:
			m.o.Log.Info("memory pressure does not wake the program", "error", err)
			m.blind = true
			continue
		case <-m.pace:
			timer.Reset(max(0, m.pause()-time.Since(read)))
			continue
		case <-m.woken:
			timer.Reset(max(0, leastPause-time.Since(read)))
			continue
		case <-timer.C:
		}
		m.read(ctx)
		read = time.Now()
		timer.Reset(m.pause())
	}
}

// watch wakes the loop whenever the kernel says that memory runs short.
func (m *Monitor) watch(ctx context.Context, watching *sync.WaitGroup, blinded chan<- error) {
	t, err := m.o.Sensor.newTrigger()
	if err != nil {
		blinded <- err
		return
	}
	watching.Go(func() {
		err := t.wait(ctx, func() {
			select {
			case m.woken <- struct{}{}:
			default:
			}
		})
		if err != nil {
			blinded <- err
		}
		if err := t.close(); err != nil {
			m.o.Log.Warn("stop watching memory pressure", "error", err)
		}
	})
}

// pause is how long to wait before the next reading.
func (m *Monitor) pause() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stands.Level == Normal {
		return m.every
	}
	return min(m.every, max(m.every/haste, leastPause))
}

// read reads once, judges, and remembers.
func (m *Monitor) read(ctx context.Context) {
	r := &Reading{At: m.o.Now(), Up: time.Since(m.began)}
	if m.o.Service != nil {
		r.Service = m.o.Service()
	}
	m.o.Sensor.Read(r)
	m.tellBlind(r)
	m.mu.Lock()
	limits := m.limits
	m.mu.Unlock()
	m.policy.Configure(limits)
	a := m.policy.Judge(*r)
	q := figuresOf(&m.policy.window)
	m.rollUp(ctx, r, q, a.Level)
	m.mu.Lock()
	if m.past.add(r.Up, q) {
		m.roll.day.Minutes++
		m.told = nil
	}
	m.stands, m.last = a, r
	m.mu.Unlock()
	if m.o.Judged != nil {
		m.o.Judged(a, r)
	}
}

// tellBlind adds to what is missing that nothing wakes the program; where there is no stall information at all, that is told already.
func (m *Monitor) tellBlind(r *Reading) {
	if !m.blind || r.unknown&noMemoryStall != 0 {
		return
	}
	if n := len(r.Missing); len(m.missing) != n+1 || !slices.Equal(m.missing[:n], r.Missing) {
		m.missing = append(slices.Clone(r.Missing), noTrigger)
	}
	r.Missing = m.missing
}

// earliest is before any moment at which the program can run; package clock has the same.
func earliest() time.Time { return time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC) }

// rollUp adds a reading to its day, and hands over the one that has ended. While the clock is plainly not set there is no day: one of 1970
// would be kept for ever as the first of all. What was counted meanwhile belongs to none.
func (m *Monitor) rollUp(ctx context.Context, r *Reading, q [Quantities]float64, level Level) {
	if r.At.Before(earliest()) {
		m.keep(ctx)
		m.roll.begun = false
		return
	}
	date := r.At.In(m.o.Zone).Format(time.DateOnly)
	if m.roll.open && (m.roll.day.Date != date || r.Up-m.roll.began >= keepEvery) {
		m.keep(ctx)
	}
	m.roll.add(date, r, q, level)
}

// keep hands a part of a day over, and those that could not be kept before. What cannot be kept waits for the next time; the
// oldest goes when there are too many.
func (m *Monitor) keep(ctx context.Context) {
	d, ok := m.roll.take()
	if !ok || m.o.Days == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTime)
	defer cancel()
	m.days = append(m.days, d)
	for len(m.days) > 0 {
		if err := m.o.Days(ctx, m.days[0]); err != nil {
			m.o.Log.Warn("keep the figures of a day", "day", m.days[0].Date, "error", err)
			m.days = m.days[max(0, len(m.days)-waiting):]
			return
		}
		m.days = m.days[1:]
	}
}
