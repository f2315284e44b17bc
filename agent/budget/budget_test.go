package budget

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"calendarbot/agent/config"
	"calendarbot/agent/feature"
	"calendarbot/agent/pressure"
)

const room = 200_000_000

// standing is how everything stands when some signs are at a step: "cpu 2".
func standing(t *testing.T, signs ...string) pressure.Assessment {
	t.Helper()
	a := pressure.Assessment{At: time.Date(2026, 3, 9, 8, 0, 0, 0, time.UTC), Room: room}
	steps := map[pressure.Sign]int{}
	for _, text := range signs {
		var sign pressure.Sign
		var step int
		if _, err := fmt.Sscan(text, &sign, &step); err != nil {
			t.Fatal(err)
		}
		steps[sign] = step
	}
	for _, r := range pressure.Rules(pressure.Limits{UnitMemory: room, Recovery: time.Minute}) {
		step := steps[r.Sign]
		if step > len(r.Steps) {
			t.Fatalf("%s has no step %d", r.Sign, step)
		}
		limit := r.Steps[max(step, 1)-1]
		s := pressure.Standing{Sign: r.Sign, Known: true, Unit: r.Unit, Step: step, Limit: limit, Value: limit / 2}
		if step > 0 {
			s.Value = limit * 1.02
		}
		a.Signs = append(a.Signs, s)
		delete(steps, r.Sign)
	}
	for sign := range steps {
		t.Fatalf("there is no sign %s", sign)
	}
	return a
}

// normal is the budget while nothing is scarce.
func normal() Budget {
	return Budget{BatchSize: 10, Warm: true, Pace: 1, conns: 8, readers: 3, batch: 10}
}

// but is the normal budget with something different.
func but(change func(b *Budget)) Budget {
	b := normal()
	change(&b)
	return b
}

// The shares of 200 MB that the runtime is held to, less what is not its own.
const (
	atMost80 = 160_000_000 - 16<<20
	atMost70 = 140_000_000 - 16<<20
	atMost60 = 120_000_000 - 16<<20
)

func plain(because string) string {
	return "Optional parts are switched off, because " + because + "."
}

// rows is the table as it is promised: each step of each sign, what it does, and what a person is told.
func rows() []struct {
	sign string
	want Budget
	done string
} {
	const minute = "answers have been slow for minutes"
	return []struct {
		sign string
		want Budget
		done string
	}{
		{"unit_memory 1", but(func(b *Budget) {
			b.CacheStep, b.HTTPConns, b.Readers, b.MemoryLimit, b.FreeMemory, b.Warm = 1, 4, 1, atMost80, true, false
		}), "The oldest kept pages were dropped, no page was drawn ahead, connections were limited (servers 4, database 1), and unused memory was given back, as the program used 71 % of the memory it may use."},
		{"unit_memory 2", but(func(b *Budget) {
			b.CacheStep, b.HTTPConns, b.Readers, b.MemoryLimit, b.FreeMemory, b.Warm = 2, 2, 1, atMost70, true, false
		}), "Kept pages were halved, no page was drawn ahead, connections were limited (servers 2, database 1), and unused memory was given back, as the program used 87 % of the memory it may use."},
		{"unit_memory 3", but(func(b *Budget) {
			b.CacheStep, b.HTTPConns, b.Readers, b.MemoryLimit, b.FreeMemory, b.Warm = 3, 1, 1, atMost60, true, false
			b.BatchSize, b.Pace = 1, 2
		}), "All kept pages were dropped, no page was drawn ahead, connections were limited (servers 1, database 1), unused memory was given back, and fetches paused 2 times as long, as the program used 97 % of the memory it may use."},
		{"device_memory 1", but(func(b *Budget) {
			b.CacheStep, b.MemoryLimit, b.FreeMemory, b.Warm, b.Plain = 3, atMost80, true, false, plain("too much of the device's memory is in use")
		}), "Every optional part was switched off, all kept pages were dropped, and unused memory was given back, as 408 MB of the device's memory were in use, of 400 MB that may be."},
		{"memory_stall 1", but(func(b *Budget) {
			b.CacheStep, b.MemoryLimit, b.FreeMemory, b.Warm = 1, atMost80, true, false
		}), "The oldest kept pages were dropped, no page was drawn ahead, and unused memory was given back, as something waited for memory during 10 % of the time."},
		{"memory_stall 2", but(func(b *Budget) {
			b.CacheStep, b.HTTPConns, b.Readers, b.MemoryLimit, b.FreeMemory, b.Warm, b.Pace = 2, 4, 1, atMost70, true, false, 2
		}), "Kept pages were halved, no page was drawn ahead, connections were limited (servers 4, database 1), unused memory was given back, and fetches paused 2 times as long, as something waited for memory during 31 % of the time."},
		{"cpu 1", but(func(b *Budget) { b.BatchSize, b.Pace, b.ClientRate = 5, 2, 5 }),
			"Fetches paused 2 times as long, and each client was limited to 5 requests per second, as the processor was 82 % busy, after a minute or more above 80 %."},
		{"cpu 2", but(func(b *Budget) {
			b.BatchSize, b.Pace, b.ClientRate, b.Warm, b.Plain = 5, 4, 2, false, plain("the processor has been busy for minutes")
		}), "Every optional part was switched off, fetches paused 4 times as long, and each client was limited to 2 requests per second, as the processor was 82 % busy, after a minute or more above 80 %."},
		{"temperature 1", but(func(b *Budget) { b.Pace = 2 }),
			"Fetches paused 2 times as long, as the processor was 77 °C hot."},
		{"temperature 2", but(func(b *Budget) {
			b.BatchSize, b.Pace, b.ClientRate, b.Warm, b.Plain = 1, 8, 2, false, plain("the processor is too hot, or slowed down because of heat or voltage")
		}), "Every optional part was switched off, fetches paused 8 times as long, and each client was limited to 2 requests per second, as the processor was 82 °C hot."},
		{"pool_use 1", normal(), "Uses that wait too long get a connection of their own, as 97 % of the places for connections were taken."},
		{"pool_failures 1", normal(), "Common connections were left alone for a while: each use makes its own, as 5 connections failed in a row."},
		{"cache_failures 1", normal(), "Kept pages were left alone for a while: each page is drawn anew, as 10 % of the uses of kept pages failed."},
		{"cache_memory 1", but(func(b *Budget) { b.CacheStep = 1 }), "The oldest kept pages were dropped, as kept pages took 92 % of their memory."},
		{"latency 1", normal(), "It was noted, and optional parts are switched off if it lasts, as the slowest hundredth of the answers took 1.02 s or more."},
		{"latency 2", but(func(b *Budget) { b.Warm, b.Plain = false, plain(minute) }),
			"Every optional part was switched off, as the slowest hundredth of the answers took 1.02 s or more."},
		{"latency_growth 1", normal(), "It was noted, and optional parts are switched off if it lasts, as in an hour the slowest hundredth of the answers took 2 times as long as when this version was new."},
		{"latency_growth 2", but(func(b *Budget) {
			b.Warm, b.Plain = false, plain("answers have been far slower than when this version was new, for minutes")
		}), "Every optional part was switched off, as in an hour the slowest hundredth of the answers took 2 times as long as when this version was new."},
		{"regression 1", but(func(b *Budget) {
			b.Warm, b.Plain = false, plain("answers have been slower than when this version was new, for hours")
		}), "Every optional part was switched off, as answers took 1.12 times as long as when this version was new, three hours in a row."},
		{"pool_memory 1", but(func(b *Budget) {
			b.HTTPConns, b.Readers, b.MemoryLimit, b.FreeMemory, b.Warm, b.Plain = 4, 1, atMost80, true, false, plain("connections take too much memory")
		}), "Every optional part was switched off, connections were limited (servers 4, database 1), and unused memory was given back, as connections took 122 MB of memory, of 120 MB that they may take."},
		{"errors 1", but(func(b *Budget) { b.Rollback, b.Why = 2, "More than 5 % of the requests of five minutes failed." }),
			"Going back to the other configuration was asked for, as 5 % of the requests of five minutes failed."},
	}
}

func TestEachStepOfEachSignDoesWhatIsPromised(t *testing.T) {
	cfg := config.Default()
	if got := For(cfg, standing(t)); got != normal() {
		t.Errorf("while nothing is scarce: %+v", got)
	}
	for _, c := range rows() {
		t.Run(c.sign, func(t *testing.T) {
			a := standing(t, c.sign)
			got := For(cfg, a)
			if got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
			begun, ended := Actions(nil, a, got)
			if len(begun) != 1 || len(ended) != 0 || begun[0].Done != c.done {
				t.Errorf("begun %+v, ended %+v, want %q", begun, ended, c.done)
			}
			if back := For(cfg, standing(t)); back != normal() {
				t.Errorf("when it is over: %+v", back)
			}
		})
	}
}

// TestWordsNameOnlyWhatTakesEffect: of a part that is off nobody is told that less is done of it.
func TestWordsNameOnlyWhatTakesEffect(t *testing.T) {
	set := func(text string, of func(*config.Features) *feature.Setting) func(*config.Config) {
		return func(cfg *config.Config) {
			s, err := feature.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			*of(&cfg.Features) = s
		}
	}
	batching := func(f *config.Features) *feature.Setting { return &f.RequestBatching }
	warming := func(f *config.Features) *feature.Setting { return &f.CacheWarming }
	pipeline := func(f *config.Features) *feature.Setting { return &f.RequestPipeline }
	const (
		gathered, asked        = "at most 5 questions were put into one", "questions were asked one by one"
		early, oldest, dropped = "no page was drawn ahead", "the oldest kept pages were dropped", "all kept pages were dropped"
	)
	for _, c := range []struct {
		name, sign string
		change     func(*config.Config)
		words      string
		told       bool
	}{
		{"batching is off by default", "cpu 1", func(*config.Config) {}, gathered, false},
		{"batching on", "cpu 1", set("on", batching), gathered, true},
		{"batching on for some", "cpu 1", set("5", batching), gathered, true},
		{"batching off", "cpu 1", set("off", batching), gathered, false},
		{"no batching at all", "unit_memory 3", set("on", batching), asked, true},
		{"no batching at all, as ever", "unit_memory 3", func(*config.Config) {}, asked, false},
		{"every part is off anyway", "cpu 2", set("on", batching), gathered, false},
		{"every part is off anyway, and hot", "temperature 2", set("on", batching), asked, false},
		{"warming", "unit_memory 1", func(*config.Config) {}, early, true},
		{"no warming", "unit_memory 1", set("0", warming), early, false},
		{"no pipeline to warm", "unit_memory 1", set("off", pipeline), early, false},
		{"kept pages", "memory_stall 1", func(*config.Config) {}, oldest, true},
		{"no kept pages", "memory_stall 1", set("off", pipeline), oldest, false},
		{"no kept pages to drop", "device_memory 1", set("off", pipeline), dropped, false},
	} {
		cfg := config.Default()
		c.change(&cfg)
		a := standing(t, c.sign)
		begun, _ := Actions(nil, a, For(cfg, a))
		if told := strings.Contains(strings.ToLower(begun[0].Done), c.words); told != c.told {
			t.Errorf("%s: %s", c.name, begun[0].Done)
		}
	}
}

// TestRecordsAreKeptWhole: of a sentence at its longest, with every part on and large figures, nothing is cut off.
func TestRecordsAreKeptWhole(t *testing.T) {
	const kept = 300 // runes, by the store
	cfg := config.Default()
	for _, s := range []*feature.Setting{&cfg.Features.RequestBatching, &cfg.Features.CacheWarming, &cfg.Features.RequestPipeline} {
		on, err := feature.Parse("on")
		if err != nil {
			t.Fatal(err)
		}
		*s = on
	}
	cfg.HTTP.MaxConns, cfg.DB.Readers, cfg.Batch.Size = 2000, 2000, 2000 // more than is allowed
	longest := 0
	for _, c := range rows() {
		for _, share := range []float64{1, 0.991, 99.9} { // at its threshold; below it, as it rests; far above
			for _, top := range []bool{false, true} {
				a := standing(t, c.sign)
				for i := range a.Signs {
					if s := &a.Signs[i]; s.Step > 0 {
						s.Value, s.Top = share*s.Limit, top
					}
				}
				begun, _ := Actions(nil, a, For(cfg, a))
				n := utf8.RuneCountInString(begun[0].Done)
				longest = max(longest, n)
				if n > kept || !strings.HasSuffix(begun[0].Done, ".") {
					t.Errorf("%d characters: %s", n, begun[0].Done)
				}
			}
		}
	}
	t.Logf("the longest has %d characters", longest)
}

// TestEveryStepHasARow: of the table of signs, of the rules here, and of the rows above.
func TestEveryStepHasARow(t *testing.T) {
	var steps, told, promised []string
	for _, r := range pressure.Rules(pressure.Limits{UnitMemory: room, Recovery: time.Minute}) {
		for i := range r.Steps {
			steps = append(steps, fmt.Sprint(r.Sign, " ", i+1))
		}
	}
	for _, r := range rules() {
		told = append(told, fmt.Sprint(r.sign, " ", r.step))
	}
	for _, r := range rows() {
		promised = append(promised, r.sign)
	}
	if !slices.Equal(steps, told) {
		t.Errorf("signs have the steps %q, and something is done about %q", steps, told)
	}
	if !slices.Equal(steps, promised) {
		t.Errorf("signs have the steps %q, and something is promised of %q", steps, promised)
	}
}

func TestTheStrictestWins(t *testing.T) {
	cfg := config.Default()
	for _, c := range []struct {
		name  string
		signs []string
		want  Budget
	}{
		{"memory and processor", []string{"unit_memory 2", "cpu 1"}, Budget{
			conns: 8, readers: 3, batch: 10,
			CacheStep: 2, HTTPConns: 2, Readers: 1, MemoryLimit: atMost70, FreeMemory: true, BatchSize: 5, Pace: 2, ClientRate: 5}},
		{"two of the cache", []string{"unit_memory 2", "cache_memory 1"}, For(cfg, standing(t, "unit_memory 2"))},
		{"two of connections and memory", []string{"unit_memory 3", "memory_stall 2", "pool_memory 1"}, Budget{
			conns: 8, readers: 3, batch: 10,
			CacheStep: 3, HTTPConns: 1, Readers: 1, MemoryLimit: atMost60, FreeMemory: true, BatchSize: 1, Pace: 2, Plain: plain("connections take too much memory")}},
		{"heat and processor", []string{"cpu 2", "temperature 2"}, Budget{
			conns: 8, readers: 3, batch: 10,
			BatchSize: 1, Pace: 8, ClientRate: 2, Plain: plain("the processor has been busy for minutes")}},
		{"a slower pace and a lower rate win", []string{"cpu 1", "temperature 2"}, Budget{
			conns: 8, readers: 3, batch: 10,
			BatchSize: 1, Pace: 8, ClientRate: 2, Plain: plain("the processor is too hot, or slowed down because of heat or voltage")}},
		{"errors while something else is wrong", []string{"latency 2", "errors 1"}, Budget{
			conns: 8, readers: 3, batch: 10,
			BatchSize: 10, Pace: 1, Plain: plain("answers have been slow for minutes"), Rollback: 2, Why: "More than 5 % of the requests of five minutes failed."}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := standing(t, c.signs...)
			if got := For(cfg, a); got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

// TestEveryPairIsAsStrictAsEither: whatever two signs there are, nothing that one takes is given back by the other.
func TestEveryPairIsAsStrictAsEither(t *testing.T) {
	cfg := config.Default()
	bounds := func(bound, by float64) bool { return by == 0 || bound != 0 && bound <= by }
	for _, one := range rows() {
		for _, other := range rows() {
			if strings.Fields(one.sign)[0] == strings.Fields(other.sign)[0] {
				continue
			}
			both, b := For(cfg, standing(t, one.sign, other.sign)), one.want
			if both.CacheStep < b.CacheStep || !bounds(float64(both.HTTPConns), float64(b.HTTPConns)) || !bounds(float64(both.Readers), float64(b.Readers)) ||
				!bounds(float64(both.MemoryLimit), float64(b.MemoryLimit)) || b.FreeMemory && !both.FreeMemory || both.BatchSize > b.BatchSize ||
				both.Warm && !b.Warm || both.Pace < b.Pace || !bounds(both.ClientRate, b.ClientRate) || b.Plain != "" && both.Plain == "" || both.Rollback < b.Rollback {
				t.Errorf("%s is given something back by %s: %+v", one.sign, other.sign, both)
			}
		}
	}
}

// TestBudgetsOfTheSameStepsAreEqual, or everything would be told to every part with each reading.
func TestBudgetsOfTheSameStepsAreEqual(t *testing.T) {
	for _, c := range rows() {
		a, b := standing(t, c.sign), standing(t, c.sign)
		for i := range b.Signs {
			b.Signs[i].Value *= 1.01
		}
		if For(config.Default(), a) != For(config.Default(), b) {
			t.Errorf("%s: another value makes another budget", c.sign)
		}
	}
}

// TestSmallestConfiguration leaves one of everything.
func TestSmallestConfiguration(t *testing.T) {
	cfg := config.Default()
	cfg.HTTP.MaxConns, cfg.DB.Readers, cfg.Batch.Size = 1, 1, 1
	got := For(cfg, standing(t, "unit_memory 3", "cpu 1"))
	if got.HTTPConns != 1 || got.Readers != 1 || got.BatchSize != 1 {
		t.Errorf("%+v", got)
	}
}

func TestMemoryLimitFallsAndIsBounded(t *testing.T) {
	for _, c := range []struct {
		name  string
		room  uint64
		signs string
		want  int64
	}{
		{"plenty", 400_000_000, "unit_memory 3", 240_000_000 - 16<<20},
		{"a small unit keeps two fifths", 100_000_000, "unit_memory 3", 100_000_000*0.6 - 16<<20},
		{"below what lives nothing is gained", 64 << 20, "unit_memory 3", 32 << 20},
		{"a unit as small as that is left to the kernel", 16_000_000, "unit_memory 1", 32 << 20},
		{"the configured one where none is known", 0, "unit_memory 1", atMost80},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := standing(t, c.signs)
			a.Room = c.room
			if got := For(config.Default(), a).MemoryLimit; got != c.want {
				t.Errorf("%d bytes, want %d", got, c.want)
			}
		})
	}
	if atMost80 <= atMost70 || atMost70 <= atMost60 {
		t.Error("it does not fall")
	}
	// Where two fifths of the unit are more than the share less what is outside, they count.
	if got := memoryLimit(82_000_000, 0.6); got != max(leastHeap, 82_000_000*0.4, 82_000_000*0.6-16<<20) {
		t.Errorf("%d bytes", got)
	}
}

func TestActionsBeginAndEnd(t *testing.T) {
	cfg := config.Default()
	var running []Action
	minute := 0
	look := func(signs ...string) (begun, ended []Action) {
		t.Helper()
		a := standing(t, signs...)
		minute++
		a.At = a.At.Add(time.Duration(minute) * time.Minute)
		begun, ended = Actions(running, a, For(cfg, a))
		for _, e := range ended {
			if !e.Ended.Equal(a.At) {
				t.Errorf("it ended at %s: %+v", a.At, e)
			}
			e.Ended = time.Time{}
			at := slices.Index(running, e)
			if at < 0 {
				t.Fatalf("what ended did not run: %+v", e)
			}
			running = slices.Delete(running, at, at+1)
		}
		for i := range begun {
			begun[i].ID = int64(minute*10 + i)
			if !begun[i].Began.Equal(a.At) || !begun[i].Ended.IsZero() {
				t.Errorf("it began at %s: %+v", a.At, begun[i])
			}
		}
		running = append(running, begun...)
		return begun, ended
	}
	names := func(list []Action) (names []string) {
		for _, a := range list {
			names = append(names, fmt.Sprint(a.Sign, " ", a.Step))
		}
		return names
	}
	for _, c := range []struct{ signs, begun, ended []string }{
		{nil, nil, nil},
		{[]string{"unit_memory 1"}, []string{"unit_memory 1"}, nil},
		{[]string{"unit_memory 1"}, nil, nil},
		{[]string{"unit_memory 2", "cpu 1"}, []string{"unit_memory 2", "cpu 1"}, []string{"unit_memory 1"}},
		{[]string{"unit_memory 1", "cpu 1"}, []string{"unit_memory 1"}, []string{"unit_memory 2"}},
		{[]string{"errors 1"}, []string{"errors 1"}, []string{"cpu 1", "unit_memory 1"}},
		{nil, nil, []string{"errors 1"}},
		{nil, nil, nil},
	} {
		begun, ended := look(c.signs...)
		if !reflect.DeepEqual(names(begun), c.begun) || !reflect.DeepEqual(names(ended), c.ended) {
			t.Errorf("%q: begun %q, ended %q; want %q, %q", c.signs, names(begun), names(ended), c.begun, c.ended)
		}
	}
	begun, _ := look("device_memory 1")
	if a := begun[0]; a.Value != 408 || a.Limit != 400 || a.Unit != "MB" {
		t.Errorf("the reading that caused it is not kept: %+v", a)
	}
}

// TestActionsOfBefore are those that another run left: what no longer stands ends, what stands twice ends once, and none ends before it
// began, whatever the clock says.
func TestActionsOfBefore(t *testing.T) {
	a := standing(t, "cpu 1")
	late := a.At.Add(time.Hour)
	running := []Action{
		{ID: 1, Sign: pressure.Processor, Step: 1, Began: a.At.Add(-time.Hour)},
		{ID: 2, Sign: pressure.Processor, Step: 1, Began: a.At.Add(-time.Minute)},
		{ID: 3, Sign: "gone", Step: 1, Began: late},
		{ID: 4, Sign: pressure.Heat, Step: 0, Began: a.At},
	}
	begun, ended := Actions(running, a, For(config.Default(), a))
	if len(begun) != 0 || len(ended) != 3 || ended[0].ID != 2 || ended[1].ID != 3 || ended[2].ID != 4 {
		t.Fatalf("begun %+v, ended %+v", begun, ended)
	}
	if !ended[0].Ended.Equal(a.At) || !ended[1].Ended.Equal(late) {
		t.Errorf("%+v", ended)
	}
}

// TestSlowedDownIsNotTheActionOfHeat: the record says what it was.
func TestSlowedDownIsNotTheActionOfHeat(t *testing.T) {
	a := standing(t, "temperature 2")
	for i := range a.Signs {
		if s := &a.Signs[i]; s.Step > 0 {
			s.Value, s.Top = 48, true
		}
	}
	begun, _ := Actions(nil, a, For(config.Default(), a))
	if len(begun) != 1 || begun[0].Step != 2 || begun[0].Value != 48 || !strings.HasSuffix(begun[0].Done, ", as the processor was slowed down because of heat or voltage, and had 48 °C.") {
		t.Errorf("%+v", begun)
	}
}

// TestSignsWithoutARow are told all the same.
func TestSignsWithoutARow(t *testing.T) {
	a := pressure.Assessment{Signs: []pressure.Standing{{Sign: "rust", Step: 1, Value: 3}}}
	b := For(config.Default(), a)
	begun, _ := Actions(nil, a, b)
	if b != normal() || len(begun) != 1 || begun[0].Done != "Nothing was done, as rust was 3." {
		t.Errorf("%+v, %+v", b, begun)
	}
}

// TestWordsAreOfTheSignItself: what another sign does beside is told of that one.
func TestWordsAreOfTheSignItself(t *testing.T) {
	cfg := config.Default()
	a := standing(t, "unit_memory 3", "memory_stall 2", "temperature 2", "cpu 1")
	b := For(cfg, a)
	if b.Pace != 8 || b.HTTPConns != 1 || b.BatchSize != 1 || b.ClientRate != 2 {
		t.Fatalf("%+v", b)
	}
	begun, _ := Actions(nil, a, b)
	for _, c := range begun {
		alone := standing(t, fmt.Sprintf("%s %d", c.Sign, c.Step))
		want, _ := Actions(nil, alone, For(cfg, alone))
		if c.Done != want[0].Done {
			t.Errorf("%s: %q, and alone %q", c.Sign, c.Done, want[0].Done)
		}
	}
	if len(begun) != 4 {
		t.Errorf("%d actions", len(begun))
	}
}

func TestBaselineThatWasOutgrownIsTold(t *testing.T) {
	at := time.Date(2026, 6, 15, 8, 0, 0, 0, time.UTC)
	got := Relearned(pressure.Standing{Sign: pressure.Outgrown, Known: true, Value: 1.31, Limit: 1.1, Unit: "times", Step: 1}, at)
	want := Action{Sign: pressure.Outgrown, Step: 1, Value: 1.31, Limit: 1.1, Unit: "times", Began: at, Ended: at,
		Done: "How fast this version is was forgotten and is measured anew, as answers took 1.31 times as long as when this version was new, and no less without the optional parts: probably there is more to show than then."}
	if got != want {
		t.Errorf("%+v", got)
	}
}
