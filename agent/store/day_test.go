package store

import (
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/conn"
	"calendarbot/agent/pressure"
	"calendarbot/scripts/demo/mischief"
)

// dayOf is a day of so many minutes on which everything was about a value; the temperature is not known.
func dayOf(date string, minutes int, about float64) pressure.Day {
	d := pressure.Day{Date: date, Minutes: minutes, Requests: uint64(minutes), Failures: 1, Tight: time.Minute, Critical: time.Second}
	for q := range d.Mean {
		d.Low[q], d.Mean[q], d.High[q] = about-1, about, about+1
	}
	q := pressure.QTemperature
	d.Low[q], d.Mean[q], d.High[q] = math.NaN(), math.NaN(), math.NaN()
	return d
}

func (k *kept) days(limit int) []pressure.Day {
	k.t.Helper()
	all, err := k.Days(k.t.Context(), limit)
	k.must(err)
	return all
}

func (k *kept) baselines() []pressure.Baseline {
	k.t.Helper()
	all, err := k.Baselines(k.t.Context())
	k.must(err)
	return all
}

// keepsMore keeps a day and a baseline.
func (k *kept) keepsMore() {
	k.t.Helper()
	k.must(k.AddDay(k.t.Context(), dayOf("2026-03-01", 60, 1)))
	k.must(k.SetBaseline(k.t.Context(), pressure.Baseline{Line: "1.4", Mean: time.Millisecond, P99: 20 * time.Millisecond, Requests: 1000, Since: k.clock.Now()}))
}

func TestPartsOfADayAreTakenTogether(t *testing.T) {
	k := newStore(t)
	ctx := t.Context()
	warm := dayOf("2026-03-01", 20, 7)
	warm.Low[pressure.QTemperature], warm.Mean[pressure.QTemperature], warm.High[pressure.QTemperature] = 40, 45, 50
	warm.Mean[pressure.QUnit] = math.NaN()
	k.must(k.AddDay(ctx, dayOf("2026-03-02", 5, 2)))
	k.must(k.AddDay(ctx, dayOf("2026-03-01", 60, 3)))
	k.must(k.AddDay(ctx, warm))
	for range 2 {
		days := k.days(10)
		if len(days) != 2 || days[0].Date != "2026-03-02" || days[1].Date != "2026-03-01" || len(k.days(1)) != 1 || len(k.days(-1)) != 0 {
			t.Fatalf("%+v", days)
		}
		d := days[1]
		if d.Minutes != 80 || d.Requests != 80 || d.Failures != 2 || d.Tight != 2*time.Minute || d.Critical != 2*time.Second {
			t.Errorf("%+v", d)
		}
		for q, want := range map[pressure.Quantity][3]float64{
			pressure.QResident: {2, 4, 8}, pressure.QRequests: {2, 4, 8}, pressure.QUnit: {2, 3, 4}, pressure.QTemperature: {40, 45, 50},
		} {
			if got := [3]float64{d.Low[q], d.Mean[q], d.High[q]}; got != want {
				t.Errorf("quantity %d: %v, want %v", q, got, want)
			}
		}
		if !math.IsNaN(days[0].Mean[pressure.QTemperature]) || days[0].Mean[pressure.QCPU] != 2 {
			t.Errorf("what was not known: %+v", days[0])
		}
		k.restart()
	}
	k.must(k.AddDay(ctx, dayOf("2026-03-03", 0, 2)))
	k.must(k.AddDay(ctx, dayOf("2026-03-03", 0, 4)))
	if d := k.days(1)[0]; d.Mean[pressure.QCPU] != 2 || d.High[pressure.QCPU] != 5 {
		t.Errorf("parts without minutes: %+v", d)
	}
}

func TestDaysAreBounded(t *testing.T) {
	k := newStore(t)
	first := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range maxDays + 30 {
		k.must(k.AddDay(t.Context(), dayOf(first.AddDate(0, 0, i).Format(time.DateOnly), 1440, float64(i))))
		k.clock.advance(24 * time.Hour)
	}
	for range 2 {
		days := k.days(2 * maxDays)
		if len(days) != maxDays || days[0].Mean[0] != maxDays+29 || days[maxDays-1].Mean[0] != 30 || k.rowsOf("day") != maxDays {
			t.Fatalf("%d days, %d rows, from %s to %s", len(days), k.rowsOf("day"), days[0].Date, days[len(days)-1].Date)
		}
		k.restart()
	}
	for _, date := range []string{"", "2026-02-30", "2026-03-01T00:00:00Z", "yesterday"} {
		if err := k.AddDay(t.Context(), dayOf(date, 1, 1)); err == nil || !strings.Contains(err.Error(), "save the figures of a day") {
			t.Errorf("%q: %v", date, err)
		}
	}
}

// TestDayIsOneWrite of one row.
func TestDayIsOneWrite(t *testing.T) {
	k := newStore(t)
	k.must(k.AddDay(t.Context(), dayOf("2026-03-01", 1, 1)))
	before := k.writes()
	k.must(k.AddDay(t.Context(), dayOf("2026-03-02", 1, 1)))
	if got := k.writes() - before; got != 1 {
		t.Errorf("%d rows were written", got)
	}
}

func TestDaysAreKnownWhenTheDiskRefuses(t *testing.T) {
	k := newStore(t)
	k.readOnly(true)
	if err := k.AddDay(t.Context(), dayOf("2026-03-01", 1, 1)); !conn.IsReadOnly(err) || !strings.Contains(err.Error(), "save the figures of 2026-03-01") {
		t.Errorf("got %v", err)
	}
	if err := k.SetBaseline(t.Context(), pressure.Baseline{Line: "1.4"}); !conn.IsReadOnly(err) || !strings.Contains(err.Error(), "save how fast 1.4 is") {
		t.Errorf("got %v", err)
	}
	k.readOnly(false)
	k.configure("work") // any write takes it along
	k.crash()
	if len(k.days(9)) != 1 || len(k.baselines()) != 1 {
		t.Errorf("%v, %v", k.days(9), k.baselines())
	}
}

func TestBaselinesAreOneForEachLine(t *testing.T) {
	k := newStore(t)
	k.keepsMore()
	first := k.baselines()[0]
	k.clock.advance(time.Hour)
	second := pressure.Baseline{Line: "1.5", Mean: 2 * time.Millisecond, P99: 30 * time.Millisecond, Requests: 2000, Since: k.clock.Now()}
	k.must(k.SetBaseline(t.Context(), second))
	for range 2 {
		if got := k.baselines(); !reflect.DeepEqual(got, []pressure.Baseline{second, first}) {
			t.Errorf("%+v", got)
		}
		k.restart()
	}
	before := k.writes()
	k.must(k.SetBaseline(t.Context(), second))
	if k.writes() != before {
		t.Error("the same baseline was written again")
	}
	k.clock.advance(time.Hour)
	first.Mean, first.Since = time.Second, k.clock.Now()
	k.must(k.SetBaseline(t.Context(), first))
	if got := k.baselines(); !reflect.DeepEqual(got, []pressure.Baseline{first, second}) {
		t.Errorf("%+v", got)
	}
	for i := range maxBaselines {
		k.clock.advance(time.Hour)
		k.must(k.SetBaseline(t.Context(), pressure.Baseline{Line: fmt.Sprint("2.", i) + strings.Repeat("ü", maxWord), Since: k.clock.Now()}))
	}
	k.restart()
	if got := k.baselines(); len(got) != maxBaselines || !strings.HasPrefix(got[maxBaselines-1].Line, "2.0ü") || len([]rune(got[0].Line)) != maxWord || k.rowsOf("baseline") != maxBaselines {
		t.Errorf("%d: %+v", len(got), got)
	}
}

// TestBaselineIsForgotten, in the file too, and no other.
func TestBaselineIsForgotten(t *testing.T) {
	k := newStore(t)
	for _, line := range []string{"1.4", "1.5"} {
		k.must(k.SetBaseline(t.Context(), pressure.Baseline{Line: line, Mean: time.Millisecond, P99: time.Second, Requests: 2000, Since: k.clock.Now()}))
	}
	k.must(k.ForgetBaseline(t.Context(), "1.4"))
	before := k.writes()
	k.must(k.ForgetBaseline(t.Context(), "1.4"))
	if k.writes() != before {
		t.Error("what is not there was forgotten again")
	}
	for range 2 {
		if got := k.baselines(); len(got) != 1 || got[0].Line != "1.5" || k.rowsOf("baseline") != 1 {
			t.Errorf("%+v", got)
		}
		k.restart()
	}
}

// TestDaysToComeAreDropped, in the file too.
func TestDaysToComeAreDropped(t *testing.T) {
	k := newStore(t)
	for _, date := range []string{"2026-06-14", "2026-06-15", "2036-06-12", "2036-06-13"} {
		k.must(k.AddDay(t.Context(), pressure.Day{Date: date, Minutes: 1}))
	}
	k.must(k.ForgetDaysAfter(t.Context(), "2026-06-15"))
	before := k.writes()
	k.must(k.ForgetDaysAfter(t.Context(), "2026-06-15"))
	if k.writes() != before {
		t.Error("what is not there was dropped again")
	}
	for range 2 {
		days, err := k.Days(t.Context(), 10)
		k.must(err)
		if len(days) != 2 || days[0].Date != "2026-06-15" || days[1].Date != "2026-06-14" || k.rowsOf("day") != 2 {
			t.Errorf("%+v", days)
		}
		k.restart()
	}
}

// TestLedgerThatIsDamagedIsReadAsFarAsItCanBe: a row that a failing card made nonsense of.
func TestLedgerThatIsDamagedIsReadAsFarAsItCanBe(t *testing.T) {
	for table, spoil := range map[string]string{
		"action": "UPDATE action SET began = 'nonsense'", "day": "UPDATE day SET figures = 'nonsense'", "baseline": "UPDATE baseline SET mean = 'nonsense'",
	} {
		k := newStore(t)
		k.end(k.begin(k.hot(1)).ID)
		k.keepsMore()
		_, err := k.db.Write().Exec(spoil)
		k.must(err)
		p, err := load(t.Context(), k.db.Write())
		if err == nil {
			t.Errorf("%s: nonsense was read", table)
		}
		l := p.ledger
		if got := fmt.Sprint(len(l.actions), len(l.days), len(l.baselines)); got != map[string]string{"action": "0 1 1", "day": "1 0 1", "baseline": "1 1 0"}[table] {
			t.Errorf("%s: %s", table, got)
		}
	}
	k := newStore(t)
	k.keepsMore()
	_, err := k.db.Write().Exec(`UPDATE day SET minutes = 'nonsense'`)
	k.must(err)
	if _, err := load(t.Context(), k.db.Write()); err == nil {
		t.Error("nonsense was read")
	}
}

// TestQuantitiesThatAnOlderProgramDidNotKnow are not known.
func TestQuantitiesThatAnOlderProgramDidNotKnow(t *testing.T) {
	k := newStore(t)
	k.keepsMore()
	_, err := k.db.Write().Exec(`UPDATE day SET figures = '[[1,2,3],null,[1]]'`)
	k.must(err)
	k.crash()
	d := k.days(1)[0]
	if d.Mean[0] != 2 || d.High[0] != 3 || !math.IsNaN(d.Mean[1]) || !math.IsNaN(d.Low[2]) || !math.IsNaN(d.Mean[pressure.Quantities-1]) {
		t.Errorf("%+v", d)
	}
}

func TestLedgerIsWholeOrNothingInTheFile(t *testing.T) {
	for _, table := range []string{"action", "day", "baseline"} {
		k := newStore(t)
		_, err := k.db.Write().Exec("CREATE TRIGGER refuse BEFORE INSERT ON " + table + " BEGIN SELECT RAISE(ABORT, 'not now'); END")
		k.must(err)
		_, first := k.AddAction(t.Context(), k.hot(1))
		second := k.AddDay(t.Context(), dayOf("2026-03-01", 1, 1))
		third := k.SetBaseline(t.Context(), pressure.Baseline{Line: "1"})
		if err := errors.Join(first, second, third); err == nil || !strings.Contains(err.Error(), "not now") {
			t.Errorf("%s: %v", table, err)
		}
		if len(k.actions(1)) != 1 || len(k.days(1)) != 1 || len(k.baselines()) != 1 || k.rowsOf(table) != 0 {
			t.Errorf("%s: something is lost", table)
		}
		_, err = k.db.Write().Exec("DROP TRIGGER refuse")
		k.must(err)
	}
}

// older makes the file one of the version before the ledger.
func (k *kept) older() {
	k.t.Helper()
	_, err := k.db.Write().Exec("DROP TABLE action; DROP TABLE day; DROP TABLE baseline; DELETE FROM goose_db_version WHERE version_id = 3")
	k.must(err)
}

func TestDatabaseOfTheVersionBeforeIsTakenOn(t *testing.T) {
	k := newStore(t)
	k.fill()
	k.older()
	k.restart()
	if k.Recovered() != "" || len(k.between(day(3)).Events) != 300 || len(k.between(day(3)).Hidden) != 1 {
		t.Errorf("%q, %d events", k.Recovered(), len(k.between(day(3)).Events))
	}
	if _, err := os.Stat(copies(k.path).of(2)); err != nil {
		t.Errorf("no copy was kept: %v", err)
	}
	k.keepsInMemory()
	k.restart()
	if len(k.actions(9)) != 1 || len(k.days(9)) != 1 || len(k.baselines()) != 1 {
		t.Errorf("%v, %v, %v", k.actions(9), k.days(9), k.baselines())
	}
}

func TestReadOnlyDatabaseOfTheVersionBefore(t *testing.T) {
	k := onDisk(t)
	if k == nil {
		return
	}
	dir := strings.TrimSuffix(k.path, "/calendarbot.db")
	k.must(mischief.Unseal(dir))
	k.open()
	k.older()
	k.must(errors.Join(k.Close(), mischief.Seal(dir)))
	k.open()
	k.says("The disk is read-only")
	if len(k.between(day(3)).Hidden) != 1 {
		t.Error("what can be read is not known")
	}
	k.keepsInMemory()
}
