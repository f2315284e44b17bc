package hwtest

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

// measured is a measure of a thousand answers, each of which took so long, and so much of the processor.
func measured(each, cpu time.Duration, megabytes float64) Measure {
	m := Measure{CPU: 1000 * float64(cpu.Microseconds()), Unit: megabytes * mb, Peak: megabytes * mb, Reuse: 1, Hits: 0.9, Cache: mb}
	for range 1000 {
		m.Load.add(each)
	}
	return m
}

func TestComparisons(t *testing.T) {
	const ms = time.Millisecond
	slow, quick := measured(250*ms, 20*ms, 120), measured(10*ms, 2*ms, 40)
	pools, pipeline, together := judgePools, judgePipeline, judgeTogether
	with := func(m Measure, change func(*Measure)) Measure { change(&m); return m }
	for name, c := range map[string]struct {
		judge   func(*tally, Measure, Measure, float64)
		off, on Measure
		tells   string // "" where nothing is wrong
	}{
		"all goals of pools":            {pools, slow, quick, ""},
		"connections opened anew":       {pools, slow, with(quick, func(m *Measure) { m.Reuse = 0.79 }), "found a connection open"},
		"no connection was asked for":   {pools, slow, with(quick, func(m *Measure) { m.Reuse = math.NaN() }), "found a connection open"},
		"memory that is not saved":      {pools, slow, measured(10*ms, 2*ms, 100), "memory saved"},
		"little that could be saved":    {pools, measured(9*ms, 3*ms, 30), measured(9*ms, 3*ms, 31), ""},
		"time that is not saved":        {pools, slow, measured(200*ms, 2*ms, 40), "time of an answer saved"},
		"slower":                        {pools, measured(10*ms, 3*ms, 30), measured(11*ms, 3*ms, 30), "mean time of an answer, on"},
		"more processor":                {pools, measured(9*ms, 3*ms, 30), measured(9*ms, 4*ms, 30), "processor time for an answer, on"},
		"more memory":                   {pools, measured(9*ms, 3*ms, 30), measured(9*ms, 3*ms, 45), "memory of the program, on"},
		"all goals of the pipeline":     {pipeline, slow, quick, ""},
		"pages drawn anew":              {pipeline, slow, with(quick, func(m *Measure) { m.Hits = 0.69 }), "kept ones"},
		"too many pages kept":           {pipeline, slow, with(quick, func(m *Measure) { m.Cache = 51 * mb }), "memory of kept pages"},
		"no processor saved":            {pipeline, slow, measured(10*ms, 18*ms, 40), "processor time saved"},
		"all goals together":            {together, slow, quick, ""},
		"too little processor saved":    {together, slow, measured(10*ms, 17*ms, 40), "processor time saved"},
		"beyond the budget":             {together, slow, with(quick, func(m *Measure) { m.Peak = 201 * mb }), "memory of the program, at most"},
		"a wrong answer":                {pools, slow, with(quick, func(m *Measure) { m.Load.Wrong = 1 }), "wrong answers"},
		"no answer":                     {pools, slow, Measure{Reuse: 1}, "nothing was answered"},
		"60 MB are not saved together":  {together, slow, measured(10*ms, 2*ms, 70), "memory saved"},
		"180 ms are not saved together": {together, slow, measured(80*ms, 2*ms, 40), "time of an answer saved"},
	} {
		tally := &tally{}
		both(tally, c.off, c.on, 1.05)
		c.judge(tally, c.off, c.on, 1.05)
		got := strings.Join(tally.faults, "; ")
		if c.tells == "" && got != "" || !strings.Contains(got, c.tells) {
			t.Errorf("%s: %q, it is to tell %q", name, got, c.tells)
		}
	}
}

// TestEmulatedTimesAreTold: a board that takes half a second for an answer has something to save, and an emulated one takes that for being slow.
func TestEmulatedTimesAreTold(t *testing.T) {
	slow, slower := measured(500*time.Millisecond, 20*time.Millisecond, 12), measured(600*time.Millisecond, 25*time.Millisecond, 12)
	for name, judge := range map[string]func(*tally, Measure, Measure, float64){"pools": judgePools, "pipeline": judgePipeline, "together": judgeTogether} {
		tally := &tally{}
		both(tally, slow, slower, math.Inf(1))
		judge(tally, slow, slower, math.Inf(1))
		if len(tally.faults) > 0 {
			t.Errorf("%s: %q", name, tally.faults)
		}
	}
}

func TestBudgetsOfEachPart(t *testing.T) {
	for tells, b := range map[string]Budget{
		"":                    {Plain: 20 * mb, Pools: 5 * mb, Pipeline: 10 * mb, Asking: mb, Peak: 40 * mb},
		"pools add":           {Pools: 101 * mb},
		"the pipeline adds":   {Pipeline: 76 * mb},
		"and monitoring add":  {Asking: 26 * mb},
		"memory of the progr": {Peak: 201 * mb},
	} {
		if got := judgeBudgets(b); (got.Outcome == Fail) != (tells != "") || !strings.Contains(got.Reason, tells) {
			t.Errorf("%v: %v, it is to tell %q", b, got, tells)
		}
	}
}

func TestHeatThatStillRises(t *testing.T) {
	warming := make([]Sample, 100)
	for i := range warming {
		warming[i].Celsius = 50 + 0.29*float64(i)
	}
	if v := judgeThermal(Load{Right: 1}, warming); v.Outcome != Fail || !strings.Contains(v.Reason, "where that leads to") {
		t.Errorf("a board on its way to more than 80 °C: %v", v)
	}
	for i := range warming {
		warming[i].Celsius = 70
	}
	if v := judgeThermal(Load{Right: 1}, warming); v.Outcome != Pass {
		t.Errorf("a board that stays at 70 °C: %v", v)
	}
}

func TestSoakTellsOfWhatGrows(t *testing.T) {
	samples := func(memory, files float64) []Sample {
		list := make([]Sample, 100)
		for i := range list {
			list[i] = Sample{Unit: 30*mib + memory*float64(i)/100, Files: 40 + files*float64(i)/100, Celsius: 60}
		}
		return list
	}
	for tells, list := range map[string][]Sample{"": samples(mib, 2), "memory rose": samples(10*mib, 0), "open files rose": samples(0, 100)} {
		v := judgeSoak(Load{Right: 10000, Wrong: 1, Took: time.Hour}, list)
		if (v.Outcome == Fail) != (tells != "") || !strings.Contains(v.Reason, tells) {
			t.Errorf("%v, it is to tell %q", v, tells)
		}
	}
	if v := judgeSoak(Load{Right: 998, Later: 2}, samples(0, 0)); v.Outcome != Fail {
		t.Errorf("99.8 %% right answers: %v", v)
	}
}

func TestClockThatNobodySet(t *testing.T) {
	for r, want := range map[clockReading]Outcome{
		{known: true}: Pass,
		{known: true, trusted: true, unconfirmed: true}:  Pass,
		{known: true, trusted: true}:                     Fail,
		{known: true, trusted: true, battery: true}:      Skip,
		{known: true, trusted: true, synchronised: true}: Skip,
		{known: true, synchronised: true}:                Fail,
		{}:                                               Fail,
	} {
		if got := judgeClock(r, nil); got.Outcome != want {
			t.Errorf("%+v: %v", r, got)
		}
	}
	if got := judgeClock(clockReading{known: true, trusted: true, unconfirmed: true}, errors.New("no page")); got.Outcome != Fail {
		t.Errorf("without a page: %v", got)
	}
}

func TestQuantiles(t *testing.T) {
	var l Load
	for i := range 1000 {
		l.add(time.Duration(i+1) * time.Millisecond)
	}
	for share, want := range map[float64]float64{0.5: 500, 0.99: 990} {
		if got := l.quantile(share); got < want || got > want*1.06 {
			t.Errorf("%g of them within %g ms, it is to be %g and at most 5 %% more", share, got, want)
		}
	}
	if got := (&Load{}).quantile(0.5); !math.IsNaN(got) {
		t.Errorf("of nothing: %g", got)
	}
}

// TestFiguresThatAreUnknown outlive being written down, and fail what is asked of them.
func TestFiguresThatAreUnknown(t *testing.T) {
	tally := &tally{}
	tally.most("heat", math.NaN(), "°C", 80)
	tally.least("speed", math.NaN(), "MHz", 1000)
	v := tally.verdict()
	data, err := json.Marshal(v)
	if err != nil || v.Outcome != Fail || !strings.Contains(string(data), `"value":null`) {
		t.Fatalf("%s, %v", data, err)
	}
	var back Verdict
	if err := json.Unmarshal(data, &back); err != nil || !math.IsNaN(float64(back.Figures[0].Value)) || !strings.Contains(back.Figures[0].String(), "unknown") {
		t.Errorf("%v, %v", back, err)
	}
}
