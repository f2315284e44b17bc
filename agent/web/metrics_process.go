package web

import (
	"fmt"
	"math"
	"os"
	"runtime/metrics"
	"strconv"
	"strings"
	"syscall"
)

// ticks is how many ticks a second has in /proc, on every machine that Go runs on.
const ticks = 100

// process is what the system knows of the program.
type process struct {
	cpu      float64 // seconds, of the program and of the system for it
	resident float64 // bytes
	files    float64 // open ones
	most     float64 // files that may be open
}

// readProcess asks the system, which answers without a disk.
func readProcess() (*process, error) {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return nil, err
	}
	p, err := parseStat(string(stat))
	if err != nil {
		return nil, err
	}
	dir, err := os.Open("/proc/self/fd")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	p.files = float64(len(names) - 1) // one is for looking
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return nil, fmt.Errorf("the limit of open files: %w", err)
	}
	p.most = float64(limit.Cur)
	if limit.Cur == math.MaxUint64 {
		p.most = math.Inf(1)
	}
	return &p, nil
}

// parseStat reads /proc/self/stat (proc_pid_stat(5)).
func parseStat(stat string) (process, error) {
	// The second field is the program's name, which may hold anything; none after it holds a parenthesis.
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	const user, system, resident = 14 - 3, 15 - 3, 24 - 3
	var values [resident + 1]float64
	for _, i := range [...]int{user, system, resident} {
		if i >= len(fields) {
			return process{}, fmt.Errorf("/proc/self/stat has no field %d", i+3)
		}
		n, err := strconv.ParseUint(fields[i], 10, 64)
		if err != nil {
			return process{}, fmt.Errorf("field %d of /proc/self/stat: %w", i+3, err)
		}
		values[i] = float64(n)
	}
	return process{cpu: (values[user] + values[system]) / ticks, resident: values[resident] * float64(os.Getpagesize())}, nil
}

// systemTable is what is told of the process, under the names that every program tells it.
func systemTable() []metric {
	return []metric{
		{"process_cpu_seconds_total", "Processor time used, in all.", counter, nil, ofProcess(func(p *process) float64 { return p.cpu })},
		{"process_resident_memory_bytes", "Memory in use that is not swapped out.", gauge, nil, ofProcess(func(p *process) float64 { return p.resident })},
		{"process_open_fds", "Open files and connections.", gauge, nil, ofProcess(func(p *process) float64 { return p.files })},
		{"process_max_fds", "The most files and connections that may be open.", gauge, nil, ofProcess(func(p *process) float64 { return p.most })},
		// By the clock at the start, which stays as it was when the clock is set: alerts count how often this changes.
		{"process_start_time_seconds", "When the program started.", gauge, nil, func(l *look, to *exposition) { to.put(float64(l.started.UnixMilli()) / 1000) }},
	}
}

// ofProcess reads a number of the process.
func ofProcess(number func(*process) float64) func(*look, *exposition) {
	return func(l *look, to *exposition) {
		if l.process != nil {
			to.put(number(l.process))
		}
	}
}

// goFigure is a figure of Go and where runtime/metrics has it.
type goFigure struct {
	source, name, help string
	kind               metricKind
}

// goFigures are, of what Go tells about itself, what a person asks when memory or time runs short.
func goFigures() [8]goFigure {
	return [...]goFigure{
		{"/sched/goroutines:goroutines", "go_goroutines", "Goroutines.", gauge},
		{"/sched/threads/total:threads", "go_threads", "Threads of the system that Go has.", gauge},
		{"/sched/gomaxprocs:threads", "go_sched_gomaxprocs_threads", "Threads that may run Go at the same time.", gauge},
		{"/gc/gomemlimit:bytes", "go_gc_gomemlimit_bytes", "Memory that Go tries to stay below; the largest number for no limit.", gauge},
		{"/gc/cycles/total:gc-cycles", "go_gc_cycles_total_gc_cycles_total", "Garbage collections.", counter},
		{"/memory/classes/total:bytes", "go_memory_classes_total_bytes", "Memory that Go has from the system; what C has is not in it.", gauge},
		{"/memory/classes/heap/objects:bytes", "go_memory_classes_heap_objects_bytes", "Memory of objects, those included that are not yet found to be garbage.", gauge},
		{"/memory/classes/heap/released:bytes", "go_memory_classes_heap_released_bytes", "Memory that Go gave back to the system.", gauge},
	}
}

// readGo asks Go, in the order of goFigures.
func readGo() []metrics.Sample {
	figures := goFigures()
	samples := make([]metrics.Sample, len(figures))
	for i, f := range figures {
		samples[i].Name = f.source
	}
	metrics.Read(samples)
	return samples
}

// goTable is what is told of Go, under the names that every program in Go tells it.
func goTable() []metric {
	var table []metric
	for i, f := range goFigures() {
		table = append(table, metric{f.name, f.help, f.kind, nil, func(l *look, to *exposition) {
			if i < len(l.golang) && l.golang[i].Value.Kind() == metrics.KindUint64 {
				to.put(float64(l.golang[i].Value.Uint64()))
			}
		}})
	}
	return table
}
