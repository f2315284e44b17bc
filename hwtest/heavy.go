package hwtest

import (
	"context"
	"fmt"
	"math"
	"time"
)

// Limits under load, of the design records.
const (
	mostDeviceMB = 400
	mostUnitMB   = 200
	hot          = 80.0 // °C, where the program keeps to the minimum, and the firmware begins to slow the processor down
)

// heavyLoad has as many requests answered as there can be.
func heavyLoad(ctx context.Context, d *Device) Verdict {
	var load Load
	samples, err := d.observe(ctx, d.seconds(1), func(ctx context.Context) { load = d.drive(ctx, d.length(18, 590), 8, 0) })
	if err != nil {
		return fail("%v", err)
	}
	return judgeLoad(load, samples, d.scaled("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", 1e-3), d.Emulated)
}

// judgeLoad judges answers, memory, heat and the processor's clock; fastest is that clock's highest, in MHz.
func judgeLoad(load Load, samples []Sample, fastest float64, emulated bool) Verdict {
	t := &tally{}
	t.trouble(stayed(samples))
	t.told("answers", float64(load.Right), "")
	t.told("answers a second", load.rate(), "")
	t.told("half of them within", load.quantile(0.5), "ms")
	t.told("99 % of them within", load.quantile(0.99), "ms")
	t.told("told to come later", float64(load.Later), "")
	t.most("wrong answers", float64(load.Wrong), "", 0)
	if load.Example != "" {
		t.note("the first wrong one: %s", load.Example)
	}
	if load.Right == 0 {
		t.fault("nothing was answered")
	}
	last := samples[len(samples)-1]
	if load.Right > 0 {
		t.told("processor time of the program for an answer", (last.CPU-samples[0].CPU)/float64(load.Right)/1e3, "ms")
	}
	t.most("memory of the program, at most", peak(samples, ofUnit)/mb, "MB", mostUnitMB)
	t.most("memory in use on the device, at most", peak(samples, ofDevice)/mb, "MB", mostDeviceMB)
	heat(t, samples, fastest, emulated)
	return t.verdict()
}

// heat judges temperature and throttling.
func heat(t *tally, samples []Sample, fastest float64, emulated bool) {
	if top := peak(samples, ofCelsius); !math.IsNaN(top) {
		t.told("temperature at the start", samples[0].Celsius, "°C")
		t.most("temperature, at most", top, "°C", hot)
	} else if emulated {
		t.note("an emulated board has no thermometer")
	} else {
		t.fault("the board's thermometer can't be read")
	}
	slowest := lowest(samples[min(2, len(samples)-1):], ofMHz) // the processor takes a moment to go up
	switch {
	case !math.IsNaN(slowest) && !math.IsNaN(fastest):
		t.least("processor under load", slowest, "MHz", fastest*0.95)
	case emulated:
		t.note("an emulated processor has no clock to be read")
	default:
		t.note("the processor's clock can't be read, so throttling shows in the temperature alone")
	}
}

// thermal has a household's load, for long enough that the board gets as warm as it will.
func thermal(ctx context.Context, d *Device) Verdict {
	if len(d.found("/sys/class/thermal/thermal_zone0/temp")) == 0 {
		return skip("there is no thermometer")
	}
	var load Load
	samples, err := d.observe(ctx, d.seconds(5), func(ctx context.Context) { load = d.drive(ctx, d.seconds(1070), 4, d.seconds(0.05)) })
	if err != nil {
		return fail("%v", err)
	}
	return judgeThermal(load, samples)
}

// judgeThermal asks for a temperature that stays below the limit, also where it goes.
func judgeThermal(load Load, samples []Sample) Verdict {
	t := &tally{}
	t.trouble(stayed(samples))
	answered(t, load)
	t.most("wrong answers", float64(load.Wrong), "", 0)
	t.told("temperature at the start", samples[0].Celsius, "°C")
	t.most("temperature, at most", peak(samples, ofCelsius), "°C", hot)
	// Half of the time lies between the quarters that are compared. What rises further is judged where it would be after as long again.
	rising := max(0, rise(samples, ofCelsius))
	t.told("it rose from the second to the last quarter by", rising, "°C")
	t.most("where that leads to", mean(samples[len(samples)*3/4:], ofCelsius)+rising, "°C", hot)
	return t.verdict()
}

// soak has a household's load for hours.
func soak(ctx context.Context, d *Device) Verdict {
	length := time.Duration(float64(d.Soak) * float64(d.Second) / float64(time.Second))
	var load Load
	samples, err := d.observe(ctx, max(length/2000, d.seconds(0.01)), func(ctx context.Context) { load = d.drive(ctx, length, 2, d.seconds(0.5)) })
	if err != nil {
		return fail("%v", err)
	}
	return judgeSoak(load, samples)
}

// answered asks for the answers that a household's load has. The goal is 99.9 % of the time; an answer in a thousand that is wrong, or is to come
// later, is as much.
func answered(t *tally, load Load) {
	t.told("answers", float64(load.Right), "")
	if all := load.Right + load.Wrong + load.Later; all > 0 {
		t.least("right answers", 100*float64(load.Right)/float64(all), "%", 99.9)
	} else {
		t.fault("nothing was answered")
	}
}

// stayed asks that the program was not started anew meanwhile: what memory and files of one that ended come to says nothing.
func stayed(samples []Sample) error {
	if was, is := samples[0].Program, samples[len(samples)-1].Program; was != is {
		return fmt.Errorf("the program ended under the load, and was started anew: it was process %s, and is %s", was, is)
	}
	return nil
}

// judgeSoak asks for memory and open files that stay where they are.
func judgeSoak(load Load, samples []Sample) Verdict {
	t := &tally{}
	t.trouble(stayed(samples))
	t.told("hours", load.Took.Hours(), "")
	answered(t, load)
	t.most("memory of the program, at most", peak(samples, ofUnit)/mb, "MB", mostUnitMB)
	t.most("memory rose from the second to the last quarter by", rise(samples, ofUnit)/mib, "MiB", 2)
	t.most("open files rose by", rise(samples, ofFiles), "", 10)
	if top := peak(samples, ofCelsius); !math.IsNaN(top) {
		t.most("temperature, at most", top, "°C", hot)
	}
	return t.verdict()
}
