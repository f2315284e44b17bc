package hwtest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"
)

// Names of the optional parts that the design records are about.
const (
	pooling = "connection_pooling"
	piping  = "request_pipeline"
	warming = "cache_warming"
)

// part is an optional part as the program tells of it.
type part struct {
	Name, Setting, Layer, Reason, Words string
	On                                  bool
}

// parts lists the optional parts, and whether all of them are off by the emergency switch.
func (d *Device) parts(ctx context.Context) (list []part, off bool, err error) {
	var answer struct {
		Emergency struct{ On bool } `json:"emergency_off"`
		Features  []part            `json:"features"`
	}
	err = d.ask(ctx, "GET", "/api/v1/features", nil, &answer)
	return answer.Features, answer.Emergency.On, err
}

// want is how some parts are to be.
type want struct{ pooling, piping bool }

// errScarce is of an emulated board, which is too slow for what is to be measured.
var errScarce = errors.New("this emulated board is too slow to compare anything")

// failure is the verdict after an error: a board that is only emulated may be too slow.
func failure(err error) Verdict {
	if errors.Is(err, errScarce) {
		return skip("%v", err)
	}
	return fail("%v", err)
}

// choose switches the three parts, and waits until they are so. Warming goes with the pipeline.
func (d *Device) choose(ctx context.Context, w want) error {
	for name, on := range map[string]bool{pooling: w.pooling, piping: w.piping, warming: w.piping} {
		setting := "off"
		if on {
			setting = "on"
		}
		var now part
		if err := d.ask(ctx, "PUT", "/api/v1/features/"+name, map[string]string{"setting": setting, "why": "hardware test"}, &now); err != nil {
			return err
		}
		if now.On != on && now.Reason == "pressure" && d.Emulated {
			return fmt.Errorf("%w: %s", errScarce, now.Words)
		}
		if now.On != on {
			return fmt.Errorf("%s is to be %s, and is not: %s %s", name, setting, now.Reason, now.Words)
		}
	}
	return nil
}

// mayChoose notes how the parts are, to set them back, and waits until nothing is scarce; else it says why nothing can be compared.
func (d *Device) mayChoose(ctx context.Context, step string) (reason string, err error) {
	list, off, err := d.parts(ctx)
	if err != nil {
		return "", err
	}
	if off {
		return "everything optional is off by the emergency switch; \"calendarbot emergency-on\" ends that", nil
	}
	patience := 2 * time.Minute
	if d.Mode == Quick {
		patience = 5 * time.Second
	}
	if _, err := d.until(ctx, patience, func() (bool, error) {
		var now struct{ Level string }
		err := d.ask(ctx, "GET", "/api/v1/pressure", nil, &now)
		return now.Level == "normal", err
	}); err != nil {
		return fmt.Sprintf("something is scarce on the device, so parts of the program rest: %v", err), nil
	}
	var undo []Undo
	for _, p := range list {
		if p.Name != pooling && p.Name != piping && p.Name != warming {
			continue
		}
		was := "auto" // file, environment or default say
		if p.Layer == "runtime" {
			was = p.Setting
		}
		undo = append(undo, Undo{Step: step, Words: p.Name + " as it was", Method: "PUT", Path: "/api/v1/features/" + p.Name,
			Body: map[string]any{"setting": was, "why": "end of the hardware test"}})
	}
	return "", d.before(undo...)
}

// Measure is how the program fared with some parts on or off.
type Measure struct {
	Load  Load
	CPU   float64 // microseconds of the program, in all
	Unit  float64 // bytes, the mean
	Peak  float64 // bytes
	Reuse float64 // share of the uses of the database that found a connection open
	Hits  float64 // share of the pages that were kept ones
	Cache float64 // bytes of kept pages
	taken, reused, hits, misses,
	rounds float64
}

func (m *Measure) perAnswer() float64 { return m.CPU / float64(m.Load.Right) / 1e3 }

// measure has a household's load for some time, and adds what was seen.
func (d *Device) measure(ctx context.Context, length time.Duration, m *Measure) error {
	d.drive(ctx, d.seconds(1), 4, d.seconds(0.05)) // what is cold is not counted
	before, err := d.metrics(ctx)
	if err != nil {
		return err
	}
	var load Load
	samples, err := d.observe(ctx, d.seconds(1), func(ctx context.Context) { load = d.drive(ctx, length, 4, d.seconds(0.05)) })
	if err != nil {
		return err
	}
	after, err := d.metrics(ctx)
	if err != nil {
		return err
	}
	if err := stayed(samples); err != nil {
		return err
	}
	grown := func(name string) float64 { return known(after, name) - before[name] }
	m.Load.join(&load)
	m.CPU += samples[len(samples)-1].CPU - samples[0].CPU
	m.Unit = (m.Unit*m.rounds + mean(samples, ofUnit)) / (m.rounds + 1)
	m.Peak = max(m.Peak, peak(samples, ofUnit))
	m.Cache = max(m.Cache, known(after, "calendarbot_cache_size_bytes"))
	m.taken += grown(`calendarbot_pool_takes_total{pool="database"}`)
	m.reused += grown(`calendarbot_pool_reused_total{pool="database"}`)
	m.hits += grown("calendarbot_cache_hits_total")
	m.misses += grown("calendarbot_cache_misses_total")
	m.Reuse, m.Hits, m.rounds = m.reused/m.taken, m.hits/(m.hits+m.misses), m.rounds+1
	return nil
}

// compare measures two settings by turns, so that what changes meanwhile on the device falls on both.
func (d *Device) compare(ctx context.Context, step string, plain, better want, judge func(*tally, Measure, Measure, float64)) Verdict {
	reason, err := d.mayChoose(ctx, step)
	if err != nil {
		return fail("%v", err)
	}
	if reason != "" {
		return skip("%s", reason)
	}
	rounds, length, slack := 2, d.seconds(70), 1.05
	if d.Mode == Quick {
		rounds, length, slack = 1, d.seconds(6), 1.25 // some seconds say less
	}
	if d.Emulated {
		slack = math.Inf(1)
	}
	var off, on Measure
	for range rounds {
		for _, turn := range []struct {
			want want
			to   *Measure
		}{{plain, &off}, {better, &on}} {
			if err := d.choose(ctx, turn.want); err != nil {
				return failure(err)
			}
			if err := d.measure(ctx, length, turn.to); err != nil {
				return fail("%v", err)
			}
		}
	}
	t := &tally{}
	both(t, off, on, slack)
	judge(t, off, on, slack)
	return t.verdict()
}

// both tells and judges what is the same for all comparisons: right answers, and none of the three got worse. The slack is how much
// worse they may be, as a share.
func both(t *tally, off, on Measure, slack float64) {
	t.most("wrong answers", float64(off.Load.Wrong+on.Load.Wrong), "", 0)
	if example := off.Load.Example + on.Load.Example; example != "" {
		t.note("one of them: %s", example)
	}
	if off.Load.Right == 0 || on.Load.Right == 0 {
		t.fault("nothing was answered")
		return
	}
	t.told("memory of the program, off", off.Unit/mb, "MB")
	// A few MB come and go with the collection of garbage.
	t.most("memory of the program, on", on.Unit/mb, "MB", off.Unit*1.05/mb+8)
	t.told("mean time of an answer, off", off.Load.mean(), "ms")
	t.told("99 % of the answers within, off", off.Load.quantile(0.99), "ms")
	t.told("99 % of the answers within, on", on.Load.quantile(0.99), "ms")
	t.told("processor time for an answer, off", off.perAnswer(), "ms")
	if math.IsInf(slack, 1) {
		t.told("mean time of an answer, on", on.Load.mean(), "ms")
		t.told("processor time for an answer, on", on.perAnswer(), "ms")
		return
	}
	t.most("mean time of an answer, on", on.Load.mean(), "ms", off.Load.mean()*slack+0.2)
	t.most("processor time for an answer, on", on.perAnswer(), "ms", off.perAnswer()*slack+0.05)
}

// saved judges a saving that the design records name as an amount, where there is so much to save at all.
func saved(t *tally, what string, off, on, wanted float64, unit string) {
	if off <= wanted {
		t.told(what+" saved", off-on, unit)
		t.note("the design records ask for %s %s less %s; with everything off it is %s in all, so nothing can save as much", number(wanted), unit, what, number(off))
		return
	}
	t.least(what+" saved", off-on, unit, wanted)
}

// quicker judges the time of an answer that is saved.
func quicker(t *tally, off, on Measure, wanted, slack float64) {
	if math.IsInf(slack, 1) {
		t.told("time of an answer saved", off.Load.mean()-on.Load.mean(), "ms")
		return
	}
	saved(t, "time of an answer", off.Load.mean(), on.Load.mean(), wanted, "ms")
}

func cheaper(t *tally, off, on Measure, least, slack float64) {
	share := 100 * (1 - on.perAnswer()/off.perAnswer())
	if math.IsInf(slack, 1) {
		t.told("processor time saved", share, "%")
	} else {
		t.least("processor time saved", share, "%", least)
	}
}

// pools compares connection pooling off and on, with each page drawn from the database.
func pools(ctx context.Context, d *Device) Verdict {
	return d.compare(ctx, "30-pools", want{false, false}, want{true, false}, judgePools)
}

func judgePools(t *tally, off, on Measure, slack float64) {
	t.least("uses of the database that found a connection open", 100*on.Reuse, "%", 80)
	saved(t, "memory", off.Unit/mb, on.Unit/mb, 40, "MB")
	quicker(t, off, on, 100, slack)
}

// pipeline compares the request pipeline off and on.
func pipeline(ctx context.Context, d *Device) Verdict {
	return d.compare(ctx, "31-pipeline", want{true, false}, want{true, true}, judgePipeline)
}

func judgePipeline(t *tally, off, on Measure, slack float64) {
	t.least("pages that were kept ones", 100*on.Hits, "%", 70)
	t.note("of four pages that are asked for again and again; a household's share is measured by make bench")
	t.most("memory of kept pages", on.Cache/mb, "MB", 50)
	cheaper(t, off, on, 15, slack)
}

// together compares everything off with both on.
func together(ctx context.Context, d *Device) Verdict {
	return d.compare(ctx, "32-together", want{false, false}, want{true, true}, judgeTogether)
}

func judgeTogether(t *tally, off, on Measure, slack float64) {
	cheaper(t, off, on, 20, slack)
	t.most("memory of the program, at most", on.Peak/mb, "MB", mostUnitMB)
	saved(t, "memory", off.Unit/mb, on.Unit/mb, 60, "MB")
	quicker(t, off, on, 180, slack)
}

// Budget is what the parts add to the memory of the program, in bytes.
type Budget struct{ Plain, Pools, Pipeline, Asking, Peak float64 }

// budgets measures what each part adds.
func budgets(ctx context.Context, d *Device) Verdict {
	reason, err := d.mayChoose(ctx, "33-budgets")
	if err != nil {
		return fail("%v", err)
	}
	if reason != "" {
		return skip("%s", reason)
	}
	var plain, pools, pipeline Measure
	for _, turn := range []struct {
		want want
		to   *Measure
	}{{want{false, false}, &plain}, {want{true, false}, &pools}, {want{true, true}, &pipeline}} {
		if err := d.choose(ctx, turn.want); err != nil {
			return failure(err)
		}
		if err := d.measure(ctx, d.length(3, 50), turn.to); err != nil {
			return fail("%v", err)
		}
	}
	group, err := d.group(ctx)
	if err != nil {
		return fail("%v", err)
	}
	// What configuration and monitoring take shows while they are asked.
	before, asking := d.unitMemory(group), 0.0
	for range 20 {
		for _, path := range []string{"/api/v1/config", "/metrics", "/api/v1/pressure/history"} {
			if _, err := d.fetch(ctx, "GET", path, nil); err != nil {
				return fail("%v", err)
			}
		}
		asking = max(asking, d.unitMemory(group)-before)
	}
	return judgeBudgets(Budget{plain.Unit, pools.Unit - plain.Unit, pipeline.Unit - pools.Unit, asking, max(plain.Peak, pools.Peak, pipeline.Peak)})
}

func judgeBudgets(b Budget) Verdict {
	t := &tally{}
	t.told("memory of the program, everything off", b.Plain/mb, "MB")
	t.most("pools add", b.Pools/mb, "MB", 100)
	t.most("the pipeline adds", b.Pipeline/mb, "MB", 75)
	t.most("configuration and monitoring add", b.Asking/mb, "MB", 25)
	t.most("memory of the program, at most", b.Peak/mb, "MB", mostUnitMB)
	return t.verdict()
}
