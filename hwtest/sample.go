package hwtest

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"
)

const (
	unit = "calendarbot.service"
	mib  = 1 << 20
	mb   = 1e6
)

// Sample is how the device is at one moment. What can't be read is not a number.
type Sample struct {
	At      time.Duration // since the first
	Unit    float64       // bytes that the program's group has, without files that can be dropped
	Device  float64       // bytes in use on the device
	CPU     float64       // microseconds of processor time that the program's group has had
	Celsius float64
	MHz     float64 // of the first core
	Files   float64 // that the program has open
	Program string  // its process, of the first and the last sample
}

// group is the folder of the program's control group.
func (d *Device) group(ctx context.Context) (string, error) {
	values, err := d.show(ctx, unit, "ControlGroup")
	return "/sys/fs/cgroup" + values["ControlGroup"], err
}

// unitMemory is what the program's group has, without files that can be dropped.
func (d *Device) unitMemory(group string) float64 {
	current, err := d.number(group + "/memory.current")
	if err != nil {
		return math.NaN()
	}
	stat, err := d.table(group + "/memory.stat")
	if err != nil {
		return math.NaN()
	}
	return current - stat["inactive_file"]
}

// unitOwn is what the program's group has of its own, without the files that it reads: those stay, as any others, until the memory is needed, and are
// counted as available.
func (d *Device) unitOwn(group string) float64 {
	stat, err := d.table(group + "/memory.stat")
	if err != nil {
		return math.NaN()
	}
	return known(stat, "anon") + known(stat, "kernel")
}

// unitCPU is the processor time that the program's group has had, in microseconds.
func (d *Device) unitCPU(group string) float64 {
	stat, err := d.table(group + "/cpu.stat")
	if err != nil {
		return math.NaN()
	}
	return known(stat, "usage_usec")
}

// known is a figure of a table; one that is not there is no number, and nothing that is asked of it is met.
func known(table map[string]float64, name string) float64 {
	if v, ok := table[name]; ok {
		return v
	}
	return math.NaN()
}

// deviceMemory is what is in use on the device, in bytes.
func (d *Device) deviceMemory() float64 {
	info, err := d.table("/proc/meminfo")
	if err != nil {
		return math.NaN()
	}
	return (known(info, "MemTotal") - known(info, "MemAvailable")) * 1024
}

func (d *Device) scaled(name string, by float64) float64 {
	v, err := d.number(name)
	if err != nil {
		return math.NaN()
	}
	return v * by
}

// sample takes all readings.
func (d *Device) sample(group, pid string) Sample {
	s := Sample{
		Unit: d.unitMemory(group), Device: d.deviceMemory(), CPU: d.unitCPU(group),
		Celsius: d.scaled("/sys/class/thermal/thermal_zone0/temp", 1e-3),
		MHz:     d.scaled("/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", 1e-3),
		Files:   math.NaN(),
	}
	if files := d.found("/proc/" + pid + "/fd/*"); pid != "" && len(files) > 0 {
		s.Files = float64(len(files))
	}
	return s
}

// observe takes samples while work lasts, at its beginning and at its end.
func (d *Device) observe(ctx context.Context, every time.Duration, work func(context.Context)) ([]Sample, error) {
	group, err := d.group(ctx)
	if err != nil {
		return nil, err
	}
	pid, err := d.mainPID(ctx)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	samples := []Sample{d.sample(group, pid)}
	samples[0].Program = pid
	working, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	all.Go(func() {
		defer cancel()
		work(working)
	})
	for d.pause(working, every) == nil {
		s := d.sample(group, pid)
		s.At = time.Since(began)
		samples = append(samples, s)
	}
	all.Wait()
	last := d.sample(group, pid)
	last.At = time.Since(began)
	if last.Program, err = d.mainPID(ctx); err != nil {
		return nil, fmt.Errorf("after the load: %w", err)
	}
	return append(samples, last), nil
}

// peak is the highest of what a reading was; not a number when it never could be read.
func peak(samples []Sample, of func(Sample) float64) float64 { return extreme(samples, of, 1) }

// lowest is the lowest.
func lowest(samples []Sample, of func(Sample) float64) float64 { return -extreme(samples, of, -1) }

func extreme(samples []Sample, of func(Sample) float64, sign float64) float64 {
	most := math.NaN()
	for _, s := range samples {
		if v := of(s) * sign; math.IsNaN(most) || v > most {
			most = v
		}
	}
	return most
}

// mean is the mean of what could be read.
func mean(samples []Sample, of func(Sample) float64) float64 {
	sum, n := 0.0, 0.0
	for _, s := range samples {
		if v := of(s); !math.IsNaN(v) {
			sum, n = sum+v, n+1
		}
	}
	return sum / n
}

// rise is how much higher the mean of the last quarter is than that of the second one: what starts and warms up is left out.
func rise(samples []Sample, of func(Sample) float64) float64 {
	quarter := len(samples) / 4
	if quarter == 0 {
		return math.NaN()
	}
	return mean(samples[len(samples)-quarter:], of) - mean(samples[quarter:2*quarter], of)
}

func ofUnit(s Sample) float64    { return s.Unit }
func ofDevice(s Sample) float64  { return s.Device }
func ofCelsius(s Sample) float64 { return s.Celsius }
func ofMHz(s Sample) float64     { return s.MHz }
func ofFiles(s Sample) float64   { return s.Files }
