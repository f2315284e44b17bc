package pressure

import (
	"runtime"
	"slices"
	"time"
)

// What is not known, in words for a person.
const (
	noMemoryFigures = "what memory is left cannot be read (/proc/meminfo)"
	noProcessor     = "how busy the processors are cannot be read (/proc/stat)"
	noSelf          = "what the program takes cannot be read (/proc/self)"
	noStalls        = "no pressure stall information in this kernel (it may need psi=1)"
	noHeat          = "no thermometer"
	noUnitMemory    = "what the service takes cannot be read (memory.current): it is told from the program alone"
)

// Sensor reads /proc, /sys and the own cgroup. One goroutine uses it.
type Sensor struct {
	root   string
	buffer []byte
	group  group
	looked bool // for the group
	heat   thermometer

	busy, total uint64 // ticks of the reading before
	share       float64
	shared      bool   // share is known
	used, held  uint64 // µs of the unit's
	at          time.Time
	missing     []string
}

// NewSensor returns a sensor for what is under root ("" for the system's own). It opens nothing yet.
func NewSensor(root string) *Sensor {
	return &Sensor{root: root, buffer: make([]byte, largest)}
}

// Read reads everything that can be read; what cannot is in Missing. Service, At and Up are left as they are.
func (s *Sensor) Read(into *Reading) {
	*into = Reading{At: into.At, Up: into.Up, Service: into.Service}
	var missing [8]string // on the stack: what is missing seldom changes
	lacks := missing[:0]
	lack := func(known bool, words string) {
		if !known {
			lacks = append(lacks, words)
		}
	}
	if !s.looked {
		s.group, s.looked = findGroup(s.root), true
	}
	lack(s.device(&into.Device), noMemoryFigures)
	lack(s.processor(into), noProcessor)
	lack(s.self(&into.Self), noSelf)
	if s.group.memory && !s.unit(&into.Unit) {
		s.looked = false // it was moved, or taken down: look for it again
		lack(false, noUnitMemory)
	}
	lack(s.group.missing == "", s.group.missing)
	s.unitProcessor(into)
	lack(s.stalls(into), noStalls)
	lack(s.heat.read(s, into), noHeat)
	if !slices.Equal(lacks, s.missing) {
		s.missing = slices.Clone(lacks)
	}
	into.Missing = s.missing
	s.at = time.Now()
}

// text reads a file under the root; nil when it cannot be read.
func (s *Sensor) text(path string) []byte {
	t, err := text(s.root+path, s.buffer)
	if err != nil {
		return nil
	}
	return t
}

// ofGroup reads a file of the unit's cgroup; nil when it cannot be read.
func (s *Sensor) ofGroup(name string) []byte {
	if s.group.dir == "" {
		return nil
	}
	t, err := text(s.group.dir+"/"+name, s.buffer)
	if err != nil {
		return nil
	}
	return t
}

func (s *Sensor) device(m *Memory) bool {
	figures(s.text("/proc/meminfo"), func(name []byte, n uint64) {
		switch string(name) {
		case "MemTotal":
			m.Total = n
		case "MemAvailable":
			m.Available = n
		case "SwapTotal":
			m.SwapTotal = n
		case "SwapFree":
			m.SwapFree = n
		}
	})
	return m.Total != 0
}

// leastTicks are those below which the share of a busy processor would be mere rounding: readings may follow each other fast.
const leastTicks = 20

func (s *Sensor) processor(into *Reading) bool {
	busy, total, ok := ticks(s.text("/proc/stat"))
	if !ok {
		into.unknown |= noCPU
		return false
	}
	if s.total == 0 || total < s.total || total-s.total >= leastTicks {
		if s.total != 0 && total > s.total && busy >= s.busy { // the ticks of waiting may go backwards, and with them the sums
			s.share, s.shared = min(1, float64(busy-s.busy)/float64(total-s.total)), true
		}
		s.busy, s.total = busy, total
	}
	into.CPU = s.share
	if !s.shared {
		into.unknown |= noCPU
	}
	return true
}

func (s *Sensor) self(p *Self) bool {
	figures(s.text("/proc/self/status"), func(name []byte, n uint64) {
		switch string(name) {
		case "VmRSS":
			p.Resident = n
		case "RssAnon":
			p.Anonymous = n
		case "Threads":
			p.Threads = int(min(n, 1<<30))
		}
	})
	if files, err := entries(s.root+"/proc/self/fd", s.buffer); err == nil {
		p.Files = files
	}
	p.Goroutines = runtime.NumGoroutine()
	return p.Resident != 0
}

func (s *Sensor) unit(u *Unit) bool {
	current, ok := single(s.ofGroup("memory.current"))
	if !ok {
		return false
	}
	u.Current = current
	if n, ok := single(s.ofGroup("memory.high")); ok {
		u.High = n
	}
	if n, ok := single(s.ofGroup("memory.max")); ok {
		u.Max = n
	}
	figures(s.ofGroup("memory.events"), func(name []byte, n uint64) {
		switch string(name) {
		case "high":
			u.HighEvents = n
		case "oom":
			u.OOM = n
		case "oom_kill":
			u.OOMKilled = n
		}
	})
	figures(s.ofGroup("memory.stat"), func(name []byte, n uint64) {
		if string(name) == "inactive_file" {
			u.Cache = n
		}
	})
	return true
}

func (s *Sensor) unitProcessor(into *Reading) {
	used, held := s.used, s.held
	s.used, s.held = 0, 0
	figures(s.ofGroup("cpu.stat"), func(name []byte, n uint64) {
		switch string(name) {
		case "usage_usec":
			s.used = n
		case "throttled_usec":
			s.held = n
		}
	})
	took := float64(time.Since(s.at).Microseconds())
	if s.at.IsZero() || took <= 0 {
		return
	}
	if s.used >= used && used != 0 {
		into.UnitCPU = float64(s.used-used) / took
	}
	if s.held >= held {
		into.UnitHeld = min(1, float64(s.held-held)/took)
	}
}

func (s *Sensor) stalls(into *Reading) bool {
	memory, ok := stall(s.ofGroup("memory.pressure"))
	if !ok {
		memory, ok = stall(s.text("/proc/pressure/memory"))
	}
	into.MemoryStall = memory
	if !ok {
		into.unknown |= noMemoryStall
	}
	into.CPUStall, _ = stall(s.text("/proc/pressure/cpu"))
	into.IOStall, _ = stall(s.text("/proc/pressure/io"))
	return ok
}
