// Package pressure reads how much of memory, processor, disk and heat is left, and judges it: readings in, levels out.
package pressure

import "time"

// Level is how scarce things are, all in all.
type Level uint8

// The levels.
const (
	Normal Level = iota
	Tight
	Critical
)

// String is normal, tight or critical.
func (l Level) String() string {
	switch l {
	case Normal:
		return "normal"
	case Tight:
		return "tight"
	}
	return "critical"
}

// Reading is what was read at one moment. What this kernel does not tell is zero, and named in Missing.
type Reading struct {
	At     time.Time     // by the program's clock, which may jump
	Up     time.Duration // real time since the monitor began; every duration is measured by it
	Device Memory        // /proc/meminfo
	Unit   Unit          // the unit's own cgroup v2
	Self   Self          // /proc/self

	MemoryStall, CPUStall, IOStall Stall // /proc/pressure, the unit's memory.pressure where there is one

	CPU         float64 // share of all processors in use since the reading before, 0-1 (/proc/stat)
	UnitCPU     float64 // processors that the unit used since the reading before: 0.5 is half of one (cpu.stat)
	UnitHeld    float64 // share of that time in which the unit was held back by its quota, 0-1 (cpu.stat throttled_usec)
	Temperature float64 // °C, the hottest zone (/sys/class/thermal)
	Throttled   bool    // the firmware or the kernel slows the processor down because of heat or voltage
	Undervolted bool    // the power supply gives too little voltage

	Service Service

	Missing []string // what cannot be read here, in words for a person, such as "no pressure stall information in this kernel"

	unknown unknown // which of those figures that may well be zero are not known
}

// unknown names figures by bits.
type unknown uint8

const (
	noCPU unknown = 1 << iota
	noMemoryStall
)

// Memory is the device's, in bytes.
type Memory struct{ Total, Available, SwapTotal, SwapFree uint64 }

// Used is what is not available.
func (m Memory) Used() uint64 { return m.Total - min(m.Available, m.Total) }

// Unit is the memory of the unit's cgroup, in bytes, and what happened to it (memory.current, .high, .max, .events, .stat).
type Unit struct {
	Current, High, Max         uint64 // 0: no limit, or not known
	Cache                      uint64 // of Current: contents of files that the kernel can drop at once (memory.stat, inactive_file)
	HighEvents, OOM, OOMKilled uint64
}

// Used is what is in use and cannot be dropped at once.
func (u Unit) Used() uint64 { return u.Current - min(u.Cache, u.Current) }

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
	Requests, Failures uint64  // of people: answered, and those of them with a status of 5xx
	Latency            Latency // of Requests
	Own                Latency // of the program's requests to itself, always the same one every 5 s; in neither of the above
	Pools              []Pool
	CacheBytes         uint64
	CacheBudget        uint64
	CacheUses          uint64 // of the pipeline
	CacheFailures      uint64
	Hits, Misses       uint64
	Baseline           Baseline // of Own; zero: none yet
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
