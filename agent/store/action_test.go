package store

import (
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"calendarbot/agent/budget"
	"calendarbot/agent/conn"
	"calendarbot/agent/pressure"
	"calendarbot/scripts/demo/mischief"
)

// hot is an action against heat.
func (k *kept) hot(step int) budget.Action {
	return budget.Action{Sign: pressure.Heat, Step: step, Value: 76.5, Limit: 75, Unit: "°C", Done: "Calendars are read half as often.", Began: k.clock.Now()}
}

// begin adds an action, and fails when it is refused.
func (k *kept) begin(a budget.Action) budget.Action {
	k.t.Helper()
	added, err := k.AddAction(k.t.Context(), a)
	k.must(err)
	return added
}

func (k *kept) end(id int64) {
	k.t.Helper()
	k.must(k.EndAction(k.t.Context(), id, k.clock.Now()))
}

func (k *kept) actions(limit int) []budget.Action {
	k.t.Helper()
	all, err := k.Actions(k.t.Context(), limit)
	k.must(err)
	return all
}

func (k *kept) openActions() []budget.Action {
	k.t.Helper()
	all, err := k.OpenActions(k.t.Context())
	k.must(err)
	return all
}

// crash opens the file as it is for another store, as after a loss of power, and forgets the first one.
func (k *kept) crash() {
	k.t.Helper()
	first := k.Store
	k.open()
	k.t.Cleanup(func() { k.must(first.Close()) })
}

func TestActionsSurviveARestart(t *testing.T) {
	k := newStore(t)
	if len(k.actions(10)) != 0 || len(k.openActions()) != 0 || len(k.Acts()) != 0 {
		t.Error("a new store has actions")
	}
	first := k.begin(k.hot(1))
	k.clock.advance(5 * time.Minute)
	k.end(first.ID)
	first.Ended = k.clock.Now()
	odd := budget.Action{Sign: pressure.Errors, Step: 1, Value: math.NaN(), Limit: math.Inf(1), Began: k.clock.Now()}
	odd = k.begin(odd)
	if first.ID != 1 || odd.ID != 2 {
		t.Errorf("ids %d, %d", first.ID, odd.ID)
	}
	k.end(odd.ID)
	for range 2 {
		got := k.actions(10)
		if len(got) != 2 || got[1] != first || !math.IsNaN(got[0].Value) || !math.IsInf(got[0].Limit, 1) || !got[0].Ended.Equal(k.clock.Now()) {
			t.Errorf("%+v", got)
		}
		if newest := k.actions(1); len(newest) != 1 || newest[0].ID != 2 || len(k.actions(0))+len(k.actions(-1)) != 0 {
			t.Errorf("the newest is %+v", newest)
		}
		got[0].Done = "changed from outside"
		if k.actions(1)[0].Done != "" {
			t.Error("what is returned is no copy")
		}
		k.restart()
	}
	if len(k.openActions()) != 0 {
		t.Error("actions that ended are told as open")
	}
}

// TestActionsThatThePowerEnded are ended at the next start, at the last moment that there is a record of.
func TestActionsThatThePowerEnded(t *testing.T) {
	k := newStore(t)
	k.configure("work")
	open := k.begin(k.hot(1))
	k.clock.advance(time.Hour)
	k.fetch("work", calendarOf(event("a", 3, "A")))
	known := k.clock.Now()
	k.clock.advance(time.Hour)
	ended := k.begin(k.hot(2))
	k.must(k.EndAction(t.Context(), ended.ID, ended.Began.Add(-time.Hour))) // by a clock that was set back
	k.clock.advance(24 * time.Hour)
	k.crash()
	got := k.openActions()
	if len(got) != 1 || got[0].ID != open.ID || !got[0].Ended.Equal(ended.Began) || !ended.Began.After(known) {
		t.Errorf("%+v", got)
	}
	if all := k.actions(2); !all[0].Ended.Equal(ended.Began) || all[1] != got[0] {
		t.Errorf("%+v", all)
	}
	before := k.rowsOf("action WHERE ended = 0")
	k.restart() // which saves it
	if after := k.rowsOf("action WHERE ended = 0"); before != 1 || after != 0 || len(k.openActions()) != 0 {
		t.Errorf("%d lasted in the file, and %d after the end of the program", before, after)
	}
}

// rowsOf counts the rows of a table.
func (k *kept) rowsOf(of string) (n int) {
	k.t.Helper()
	k.must(k.db.Read().QueryRow("SELECT count(*) FROM " + of).Scan(&n))
	return n
}

func TestStepThatReturnsSoonIsTheSameAction(t *testing.T) {
	k := newStore(t)
	first := k.begin(k.hot(1))
	k.clock.advance(10 * time.Minute)
	k.end(first.ID)
	other := k.hot(2)
	other.Sign = pressure.Processor // another sign's
	other = k.begin(other)
	k.clock.advance(59 * time.Second)
	k.end(other.ID)
	worse := k.hot(1)
	worse.Value, worse.Done = 79, "They are read less often still."
	back := k.begin(worse)
	if back.ID != first.ID || !back.Began.Equal(first.Began) || !back.Ended.IsZero() || back.Value != 79 || back.Done != worse.Done {
		t.Errorf("%+v, after %+v", back, first)
	}
	k.end(back.ID)
	if again := k.begin(k.hot(1)); again.ID != first.ID || again.Value != 79 || again.Done != worse.Done || again.Limit != worse.Limit || again.Unit != worse.Unit {
		t.Errorf("the worse of both readings is 79, and what was done then: %+v", again)
	}
	k.end(first.ID)
	k.clock.advance(time.Minute)
	later := k.begin(k.hot(1))
	if later.ID != 3 || k.begin(k.hot(1)).ID != 4 {
		t.Errorf("after a minute, or while the first lasts, it is another one: %+v", later)
	}
	if got := k.Acts(); got[pressure.Heat] != (Acts{Begun: 5, Lasts: 2}) || got[pressure.Processor] != (Acts{Begun: 1}) || len(got) != 2 {
		t.Errorf("acts: %v", got)
	}
	k.end(later.ID)
	k.restart()
	if got := k.Acts(); len(got) != 0 {
		t.Errorf("acts of an earlier run: %v", got)
	}
}

// TestActionsThatLastAreToldFirst, and all of them, however many of another sign have come and gone since.
func TestActionsThatLastAreToldFirst(t *testing.T) {
	k := newStore(t)
	memory := k.hot(2)
	memory.Sign = pressure.DeviceMemory
	memory = k.begin(memory)
	for range 30 {
		k.end(k.begin(k.hot(1)).ID)
		k.clock.advance(2 * time.Minute)
	}
	hot := k.begin(k.hot(1))
	for _, limit := range []int{-1, 0, 1, 20} {
		got := k.actions(limit)
		if len(got) != 2+max(limit, 0) || got[0].ID != hot.ID || got[1].ID != memory.ID || limit > 0 && got[2].ID != hot.ID-1 {
			t.Errorf("%d: %+v", limit, got)
		}
	}
}

// TestStepDoesNotGoOnOverAnother: no two steps of a sign last at the same time, whatever returns how soon.
func TestStepDoesNotGoOnOverAnother(t *testing.T) {
	k := newStore(t)
	var last time.Time
	for i, step := range []int{1, 2, 1, 2} {
		a := k.begin(k.hot(step))
		if a.ID != int64(i+1) || a.Step != step || a.Began.Before(last) {
			t.Errorf("%+v, after %v", a, last)
		}
		k.clock.advance(10 * time.Second)
		k.end(a.ID)
		last = k.clock.Now()
	}
	if a := k.begin(k.hot(2)); a.ID != 4 {
		t.Errorf("nothing came in between: %+v", a)
	}
}

func TestActionsAreBounded(t *testing.T) {
	k := newStore(t)
	lasts := k.begin(k.hot(3))
	for i := range maxActions + 20 {
		a := k.hot(1)
		a.Sign, a.Unit, a.Done = pressure.Sign(strings.Repeat("ß", maxWord)+strconv.Itoa(i)), strings.Repeat("ß", 2*maxWord), strings.Repeat("ß", 2*maxDone)
		k.end(k.begin(a).ID)
		k.clock.advance(time.Hour)
	}
	for range 2 {
		all := k.actions(2 * maxActions)
		slices.SortFunc(all, func(a, b budget.Action) int { return int(b.ID - a.ID) })
		if len(all) != maxActions || all[0].ID != maxActions+21 || all[maxActions-1].ID != lasts.ID || all[maxActions-2].ID != 23 {
			t.Fatalf("%d actions, from %d to %d", len(all), all[0].ID, all[len(all)-1].ID)
		}
		if a := all[0]; len(a.Sign) != 2*maxWord || len(a.Unit) != 2*maxWord || len(a.Done) != 2*maxDone {
			t.Errorf("%d, %d and %d bytes", len(a.Sign), len(a.Unit), len(a.Done))
		}
		if n := k.rowsOf("action"); n != maxActions {
			t.Errorf("%d rows", n)
		}
		k.restart()
	}
	if err := k.EndAction(t.Context(), 2, k.clock.Now()); !errors.Is(err, ErrUnknown) {
		t.Errorf("an action that was forgotten: %v", err)
	}
}

func TestWhenAllActionsLastTheOldestGoes(t *testing.T) {
	k := newStore(t)
	for range maxActions + 1 {
		k.begin(k.hot(1))
	}
	if all := k.actions(2 * maxActions); len(all) != maxActions || all[maxActions-1].ID != 2 {
		t.Errorf("%d actions, the last %+v", len(all), all[len(all)-1])
	}
	if n := len(k.picture.Load().ledger.aheadActions); n > maxActions+1 {
		t.Errorf("%d are remembered for the file", n)
	}
	k.restart()
	if n := k.rowsOf("action"); n != maxActions {
		t.Errorf("%d rows", n)
	}
}

// TestFlappingSignSparesTheCard: in an hour there are 30 writes, however often a sign comes and goes; nothing is forgotten.
func TestFlappingSignSparesTheCard(t *testing.T) {
	k := newStore(t)
	before := k.writes()
	for i := range 500 {
		a := k.hot(1)
		a.Sign = pressure.Sign(fmt.Sprint("sign", i%6))
		k.end(k.begin(a).ID)
		k.clock.advance(5 * time.Second)
	}
	if got := k.writes() - before; got < maxNotes || got > 40*maxNotes {
		t.Errorf("%d rows were written", got)
	}
	if n := len(k.notes); n != maxNotes {
		t.Errorf("%d transactions", n)
	}
	want := k.actions(maxActions)
	if len(want) != 6 {
		t.Errorf("%d actions: each of 6 steps returned within half a minute", len(want))
	}
	k.clock.advance(time.Hour)
	k.end(k.begin(k.hot(1)).ID) // an hour later there is room, and all that was not written goes with it
	want = k.actions(maxActions)
	k.crash()
	if got := k.actions(maxActions); !slices.Equal(got, want) {
		t.Errorf("%+v\nwant\n%+v", got, want)
	}
}

func TestActionsAreKnownWhenTheDiskRefuses(t *testing.T) {
	k := newStore(t)
	k.readOnly(true)
	a, err := k.AddAction(t.Context(), k.hot(1))
	if !conn.IsReadOnly(err) || !strings.Contains(err.Error(), "save what was done by itself: the file or its disk is read-only") {
		t.Errorf("got %v", err)
	}
	if err := k.EndAction(t.Context(), a.ID, k.clock.Now()); !conn.IsReadOnly(err) {
		t.Errorf("got %v", err)
	}
	if got := k.actions(1); len(got) != 1 || got[0].ID != 1 || got[0].Ended.IsZero() {
		t.Errorf("%+v", got)
	}
	for range 2 * maxActions { // what the file never held is not to be deleted from it
		if a, err := k.AddAction(t.Context(), k.hot(2)); a.ID == 0 || err != nil && !conn.IsReadOnly(err) {
			t.Fatalf("%+v, %v", a, err)
		}
	}
	if n := len(k.picture.Load().ledger.aheadActions); n != maxActions {
		t.Errorf("%d are remembered for the file", n)
	}
	k.readOnly(false)
	k.restart() // nothing else is to be saved
	if got := k.actions(2 * maxActions); len(got) != maxActions || got[0].ID != 2*maxActions+1 || k.rowsOf("action") != maxActions {
		t.Errorf("%d actions, %d rows", len(got), k.rowsOf("action"))
	}
	k.must(k.Close())
	if a, err := k.AddAction(t.Context(), k.hot(1)); !errors.Is(err, ErrClosed) || a.ID == 0 {
		t.Errorf("after closing: %+v, %v", a, err)
	}
	k.open()
}

func TestActionsOnAReadOnlyDiskAreInMemory(t *testing.T) {
	k := onDisk(t)
	if k == nil {
		return
	}
	k.open()
	k.keepsInMemory()
	// The same when the file cannot be used at all.
	k.must(k.Close())
	dir := strings.TrimSuffix(k.path, "/calendarbot.db")
	k.must(errors.Join(mischief.Unseal(dir), os.Truncate(k.path, 0), mischief.Seal(dir)))
	k.open()
	k.says("changes are lost when the program ends")
	k.keepsInMemory()
}

// keepsInMemory fails when anything of the ledger is refused.
func (k *kept) keepsInMemory() {
	k.t.Helper()
	a := k.begin(k.hot(1))
	k.end(a.ID)
	k.must(k.AddDay(k.t.Context(), dayOf("2026-03-01", 60, 1)))
	k.must(k.SetBaseline(k.t.Context(), pressure.Baseline{Line: "1.4", Mean: time.Millisecond, Since: k.clock.Now()}))
	if len(k.actions(9)) != 1 || len(k.days(9)) != 1 || len(k.baselines()) != 1 {
		k.t.Errorf("%v, %v, %v", k.actions(9), k.days(9), k.baselines())
	}
}

func TestLedgerIsTakenIntoANewFile(t *testing.T) {
	k := newStore(t)
	k.fill()
	k.begin(k.hot(1))
	k.keepsMore()
	want := k.picture.Load().ledger
	k.damage(1)
	k.between(day(3))
	if k.Recovered() == "" {
		t.Fatal("no damage was found")
	}
	for _, table := range []string{"action", "day", "baseline"} {
		if n := k.rowsOf(table); n != 1 {
			t.Errorf("%d rows of the table %s", n, table)
		}
	}
	k.crash()
	got := k.picture.Load().ledger
	if got.actions[0].Sign != pressure.Heat || !reflect.DeepEqual(got.baselines, want.baselines) || got.days[0].Requests != want.days[0].Requests {
		t.Errorf("%+v\nwant\n%+v", got, want)
	}
}

// TestDamageFoundByAnActionLosesNothing: the new file holds also the action that found it.
func TestDamageFoundByAnActionLosesNothing(t *testing.T) {
	k := newStore(t)
	k.fill()
	k.damage(1)
	k.must(k.db.CloseIdle())
	a, err := k.AddAction(t.Context(), k.hot(1))
	if !conn.IsCorrupt(err) || a.ID != 1 {
		t.Errorf("%+v, %v", a, err)
	}
	k.end(a.ID)
	k.crash()
	if got := k.actions(9); len(got) != 1 || got[0].Ended.IsZero() {
		t.Errorf("%+v", got)
	}
}

// actForEver is the program that is killed: action after action, each ended by the next.
func actForEver(t *testing.T, path string) {
	k := &kept{t: t, path: path, clock: newClock()}
	k.open()
	if last := k.actions(1); len(last) > 0 { // the clock of an earlier run
		k.clock.advance(last[0].Began.Sub(k.clock.Now()))
	}
	for n := len(k.actions(maxActions)) + 1; ; n++ {
		k.clock.advance(time.Hour)
		a := k.hot(1)
		a.Done = strconv.Itoa(n)
		a = k.begin(a)
		k.must(k.AddDay(t.Context(), dayOf("2026-03-01", 1, 1)))
		if _, err := fmt.Println("stored", n); err != nil {
			os.Exit(1)
		}
		k.end(a.ID)
	}
}

func TestActionsOfAProgramKilledAtAnyMoment(t *testing.T) {
	const inside = "CALENDARBOT_TEST_ACTIONS_KILLED"
	if path := os.Getenv(inside); path != "" {
		actForEver(t, path)
	}
	k := newStore(t)
	told := 0
	for round := range 6 {
		k.must(k.Close())
		told = runAndKill(t, inside, k.path, told)
		k.open()
		all := k.actions(maxActions)
		if k.Recovered() != "" || len(all) > maxActions || len(all) < min(told, maxActions) || len(all) > told+1 {
			t.Fatalf("round %d: %q, %d are stored, %d was the last that was told", round, k.Recovered(), len(all), told)
		}
		for i, a := range all {
			if a.Ended.Before(a.Began) || a.Done != strconv.Itoa(len(all)-i) {
				t.Fatalf("round %d: %+v", round, a)
			}
		}
		// Each time it was killed between the action and its minute, that minute is missing.
		if days := k.days(9); len(days) != 1 || days[0].Minutes < told-round-1 || days[0].Minutes > told+1 {
			t.Fatalf("round %d: %+v, told %d", round, days, told)
		}
		told = len(all)
	}
}

// TestActionsWhileOthersReadAndFetch is for the race detector; none is lost, and no id given out twice.
func TestActionsWhileOthersReadAndFetch(t *testing.T) {
	k := newStore(t)
	k.configure("work")
	var writing, reading sync.WaitGroup
	done := make(chan struct{})
	reading.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				k.actions(9)
				k.openActions()
				k.Acts()
				k.days(1)
			}
		}
	})
	errs := make([]error, 4)
	for i := range errs {
		writing.Go(func() {
			for n := range 20 {
				a := k.hot(n)
				a.Sign = pressure.Sign(fmt.Sprint("sign", i))
				added, err := k.AddAction(t.Context(), a)
				errs[i] = errors.Join(errs[i], err, k.EndAction(t.Context(), added.ID, k.clock.Now()), k.AddDay(t.Context(), dayOf("2026-03-01", 1, 1)))
			}
		})
	}
	for n := range 5 {
		k.fetch("work", versionOf(n+1))
	}
	writing.Wait()
	close(done)
	reading.Wait()
	k.must(errors.Join(errs...))
	k.restart()
	all := k.actions(maxActions)
	if len(all) != 80 || all[0].ID != 80 || all[79].ID != 1 || k.days(1)[0].Minutes != 80 {
		t.Errorf("%d actions, %+v", len(all), k.days(1))
	}
}
