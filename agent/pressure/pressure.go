// Package pressure reads how much of memory, processor, disk and heat is left, and judges it: readings in, levels out.
package pressure

import (
	"context"
	"log/slog"
	"time"
)

// Level is how scarce things are, all in all.
type Level uint8

// The levels.
const (
	Normal Level = iota
	Tight
	Critical
)

// String is normal, tight or critical.
func (l Level) String() string { panic("not yet") }

// Reading is what was read at one moment. What this kernel does not tell is zero, and named in Missing.
type Reading struct {
	At     time.Time
	Device Memory // /proc/meminfo
	Unit   Unit   // the unit's own cgroup v2
	Self   Self   // /proc/self

	MemoryStall, CPUStall, IOStall Stall // /proc/pressure, the unit's memory.pressure where there is one

	CPU         float64 // share of all processors in use since the reading before, 0-1 (/proc/stat)
	UnitCPU     float64 // processors that the unit used since the reading before: 0.5 is half of one (cpu.stat)
	UnitHeld    float64 // share of that time in which the unit was held back by its quota, 0-1 (cpu.stat throttled_usec)
	Temperature float64 // °C, the hottest zone (/sys/class/thermal)
	Throttled   bool    // the firmware or the kernel slows the processor down because of heat or voltage

	Service Service

	Missing []string // what cannot be read here, in words for a person, such as "no pressure stall information in this kernel"
}

// Memory is the device's, in bytes.
type Memory struct{ Total, Available, SwapTotal, SwapFree uint64 }

// Used is what is not available.
func (m Memory) Used() uint64 { return m.Total - min(m.Available, m.Total) }

// Unit is the memory of the unit's cgroup, in bytes, and what happened to it (memory.current, .high, .max, .events).
type Unit struct {
	Current, High, Max         uint64 // 0: no limit, or not known
	HighEvents, OOM, OOMKilled uint64
}

// Self is the program.
type Self struct {
	Resident, Anonymous uint64 // bytes
	Threads, Files      int    // open files
	Goroutines          int
}

// Stall is the share of time in which some, or all, had to wait for something: percent over 10 and 60 seconds (kernel: Documentation/accounting/psi.rst).
type Stall struct{ Some10, Some60, Full10, Full60 float64 }

// Service is how the program serves: figures since its start, of which a Policy takes the differences, and how it stands.
type Service struct {
	Requests, Failures uint64 // answered, and those of them with a status of 5xx
	Latency            Latency
	Pools              []Pool
	CacheBytes         uint64
	CacheBudget        uint64
	CacheUses          uint64 // of the pipeline
	CacheFailures      uint64
	Hits, Misses       uint64
	Baseline           Baseline // zero: none yet
}

// Latency counts the requests that took at most 128 µs << i, all at the end, and the sum of what they took.
type Latency struct {
	Within [20]uint64 // cumulative
	Sum    time.Duration
}

// Pool is one pool of connections.
type Pool struct {
	Name     string
	InUse    int
	Size     int
	Failures uint64 // since the start
	InARow   int    // failures in a row, now
	Bytes    uint64 // estimate of what its connections take
}

// Sign is something that can become scarce or go wrong: a row of Rules.
type Sign string

// The signs.
const (
	UnitMemory    Sign = "unit_memory"    // share of memory.high
	DeviceMemory  Sign = "device_memory"  // bytes in use on the device
	MemoryStalls  Sign = "memory_stall"   // percent
	Processor     Sign = "cpu"            // share
	Heat          Sign = "temperature"    // °C; a throttled processor counts as the highest step
	PoolUse       Sign = "pool_use"       // share of the fullest pool
	PoolFailures  Sign = "pool_failures"  // in a row
	CacheFailures Sign = "cache_failures" // share of its uses
	CacheMemory   Sign = "cache_memory"   // share of its budget
	SlowAnswers   Sign = "latency"        // p99 in seconds
	Slower        Sign = "latency_growth" // p99 as a multiple of the baseline's
	Regression    Sign = "regression"     // mean latency as a multiple of the baseline's
	PoolMemory    Sign = "pool_memory"    // bytes
	Errors        Sign = "errors"         // share of requests
)

// Rule is a row of the table of signs.
type Rule struct {
	Sign   Sign
	Unit   string                               // of Value and Steps, for people: "%", "MB", "°C"
	Value  func(w *Window) (v float64, ok bool) // ok false: not known now
	Steps  []float64                            // thresholds, rising; at Steps[i] or more the sign is at step i+1
	Levels []Level                              // of each step
	For    time.Duration                        // how long a step must last before it counts; 0: at once
	Slack  float64                              // a step ends only when the value is below its threshold by this share of it
	Rest   time.Duration                        // and stays there for so long
}

// Window is the newest readings, as far back as a rule looks.
type Window struct{}

// Last is the newest reading.
func (w *Window) Last() *Reading { panic("not yet") }

// Rules is the table. limits: see Limits.
func Rules(l Limits) []Rule { panic("not yet") }

// Limits are those thresholds that depend on the device or its configuration.
type Limits struct {
	UnitMemory uint64        // bytes that stand for memory.high where the unit has no limit
	Recovery   time.Duration // how long a sign that switches optimisations off must be gone before they are tried again
}

// Standing is how one sign stands.
type Standing struct {
	Sign  Sign
	Known bool
	Value float64
	Unit  string
	Step  int       // 0: all is well
	Limit float64   // the threshold of that step, or of the first one
	Since time.Time // of that step
}

// Assessment is how everything stands.
type Assessment struct {
	At    time.Time
	Level Level
	Signs []Standing // in the order of Rules
	Room  uint64     // bytes that the unit may use: memory.high, else memory.max, else Limits.UnitMemory; 0: not known
}

// Of returns how a sign stands.
func (a *Assessment) Of(s Sign) Standing { panic("not yet") }

// Policy judges readings, with a memory of those before: rising is immediate (or after Rule.For), falling needs slack. It reads no clock and no file.
type Policy struct{}

// NewPolicy returns a policy that has seen nothing.
func NewPolicy(l Limits) *Policy { panic("not yet") }

// Judge takes the next reading.
func (p *Policy) Judge(r Reading) Assessment { panic("not yet") }

// Sensor reads /proc, /sys and the own cgroup.
type Sensor struct{}

// NewSensor returns a sensor for what is under root ("" for the system's own). It opens nothing yet.
func NewSensor(root string) *Sensor { panic("not yet") }

// Read reads everything that can be read; what cannot is in Missing. Service is left as it is.
func (s *Sensor) Read(into *Reading) { panic("not yet") }

// Options of NewMonitor.
type Options struct {
	Sensor  *Sensor
	Limits  Limits
	Every   time.Duration                          // between readings while nothing is scarce; at most that
	Now     func() time.Time                       // the program's clock, for Reading.At
	Service func() Service                         // how the program serves now; nil for none
	Judged  func(a Assessment, r *Reading)         // called after each reading, by one goroutine; nil for none
	Days    func(ctx context.Context, d Day) error // keeps the roll-up of a day that has ended, or of the current one at the end; nil for none
	Log     *slog.Logger
}

// Monitor is the task that reads, judges and remembers. A PSI trigger (poll on the pressure file), where the kernel has them, makes it read at once.
type Monitor struct{}

// NewMonitor returns a monitor that runs nothing.
func NewMonitor(o Options) *Monitor { panic("not yet") }

// Run reads until ctx ends.
func (m *Monitor) Run(ctx context.Context) error { panic("not yet") }

// Ready is closed after the first reading.
func (m *Monitor) Ready() <-chan struct{} { panic("not yet") }

// String names the task.
func (m *Monitor) String() string { return "pressure monitor" }

// State returns the last assessment and reading; zero before the first. The reading is not to be changed.
func (m *Monitor) State() (Assessment, *Reading) { panic("not yet") }

// Configure changes the limits and the pace.
func (m *Monitor) Configure(l Limits, every time.Duration) { panic("not yet") }

// History returns the samples of the last 24 hours, oldest first: one for each minute, at most 1440.
func (m *Monitor) History() []Sample { panic("not yet") }

// Sample is a minute: of each quantity the mean and the highest. Quantities that are not known are NaN.
type Sample struct {
	At         time.Time
	Mean, High [Quantities]float32
}

// Quantity is something of which there is a history.
type Quantity uint8

// The quantities.
const (
	QResident    Quantity = iota // bytes, of the program
	QUnit                        // bytes, of the unit
	QDevice                      // bytes in use on the device
	QCPU                         // share of all processors
	QTemperature                 // °C
	QMemoryStall                 // percent, Some10
	QLatency                     // p99 in seconds
	QHitRate                     // share, 0-1
	QRequests                    // per second
	Quantities                   // how many there are
)

// Day is the roll-up of one day.
type Day struct {
	Date               string // 2026-01-31, in the device's zone
	Low, Mean, High    [Quantities]float64
	Minutes            int // samples
	Requests, Failures uint64
	Tight, Critical    time.Duration // time spent there
}

// Baseline is how fast a release line answered when it was new: recorded once, over enough requests, and kept.
type Baseline struct {
	Line     string // release line, such as "1.4"
	Mean     time.Duration
	P99      time.Duration
	Requests uint64
	Since    time.Time
}

// Learning records a baseline from readings; see NewLearning for when it is complete.
type Learning struct{}
