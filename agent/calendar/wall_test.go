package calendar

import (
	"testing"
	"time"
)

func TestCivilDaysCountAsTimeDoes(t *testing.T) {
	for day := -720000; day < 2940000; day += 11 {
		at := time.Unix(int64(day)*86400, 0).UTC()
		year, month, dom := civil(day)
		if year != at.Year() || month != int(at.Month()) || dom != at.Day() {
			t.Fatalf("day %d is %v, civil says %d-%d-%d", day, at, year, month, dom)
		}
		if n := dayNumber(year, month, dom); n != day {
			t.Fatalf("%d-%d-%d is day %d, not %d", year, month, dom, day, n)
		}
		if (weekday(day)+1)%7 != int(at.Weekday()) {
			t.Fatalf("%v is no weekday %d", at, weekday(day))
		}
		if yearLength(year) != time.Date(year, 12, 31, 0, 0, 0, 0, time.UTC).YearDay() {
			t.Fatalf("%d does not have %d days", year, yearLength(year))
		}
		if daysIn(year, month) != time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day() {
			t.Fatalf("%d-%d does not have %d days", year, month, daysIn(year, month))
		}
	}
}

func TestMidnightOfReadingsBefore1970(t *testing.T) {
	w := WallOf(1604, 2, 29, 13, 14, 15)
	if got, want := w.Midnight(), WallOf(1604, 2, 29, 0, 0, 0); got != want {
		t.Errorf("midnight is %v, want %v", got.UTC(), want.UTC())
	}
	if got := w.UTC().Format(time.DateTime); got != "1604-02-29 13:14:15" {
		t.Errorf("UTC says %s", got)
	}
}

func TestWallClockIsResolvedInItsZone(t *testing.T) {
	for _, c := range []struct{ name, wall, want string }{
		{"winter", "2024-01-15 12:00 Europe/Berlin", "2024-01-15T12:00:00+01:00"},
		{"summer", "2024-07-15 12:00 Europe/Berlin", "2024-07-15T12:00:00+02:00"},
		{"spring gap: the offset before it", "2024-03-31 02:30 Europe/Berlin", "2024-03-31T03:30:00+02:00"},
		{"first reading of the gap", "2024-03-31 02:00 Europe/Berlin", "2024-03-31T03:00:00+02:00"},
		{"last before the gap", "2024-03-31 01:59:59 Europe/Berlin", "2024-03-31T01:59:59+01:00"},
		{"first after the gap", "2024-03-31 03:00 Europe/Berlin", "2024-03-31T03:00:00+02:00"},
		{"autumn overlap: the first of two", "2024-10-27 02:30 Europe/Berlin", "2024-10-27T02:30:00+02:00"},
		{"first after the overlap", "2024-10-27 03:00 Europe/Berlin", "2024-10-27T03:00:00+01:00"},
		{"spring gap west of Greenwich", "2024-03-10 02:30 America/New_York", "2024-03-10T03:30:00-04:00"},
		{"autumn overlap west of Greenwich", "2024-11-03 01:30 America/New_York", "2024-11-03T01:30:00-04:00"},
		{"gap at midnight: the day begins at one", "2017-10-15 00:00 America/Sao_Paulo", "2017-10-15T01:00:00-02:00"},
		{"overlap before midnight: the first of two", "2018-02-17 23:30 America/Sao_Paulo", "2018-02-17T23:30:00-02:00"},
		{"midnight after that overlap", "2018-02-18 00:00 America/Sao_Paulo", "2018-02-18T00:00:00-03:00"},
		{"overlap over midnight", "2024-11-03 00:30 America/Havana", "2024-11-03T00:30:00-04:00"},
		{"a day that was left out", "2011-12-30 10:00 Pacific/Apia", "2011-12-31T10:00:00+14:00"},
		{"the day after", "2011-12-31 00:00 Pacific/Apia", "2011-12-31T00:00:00+14:00"},
		{"the day before", "2011-12-29 23:59 Pacific/Apia", "2011-12-29T23:59:00-10:00"},
		{"a day that came twice", "1993-08-20 12:00 Pacific/Kwajalein", "1993-08-20T12:00:00-12:00"},
		{"half an hour", "2024-10-06 02:15 Australia/Lord_Howe", "2024-10-06T02:45:00+11:00"},
		{"negative summer time", "2024-10-27 01:30 Europe/Dublin", "2024-10-27T01:30:00+01:00"},
		{"far past: local mean time", "1604-05-01 12:00 Europe/Berlin", "1604-05-01T12:00:00+00:53"},
		{"far future", "2704-07-01 12:00 Europe/Berlin", "2704-07-01T12:00:00+02:00"},
		{"last day of a leap year", "2044-12-31 20:00 Europe/Berlin", "2044-12-31T20:00:00+01:00"},
		{"last day of a leap year in the south", "2044-12-31 20:00 Australia/Lord_Howe", "2044-12-31T20:00:00+11:00"},
		{"first day after a leap year", "2045-01-01 00:30 America/New_York", "2045-01-01T00:30:00-05:00"},
		{"no change ever", "2024-03-31 02:30 UTC", "2024-03-31T02:30:00Z"},
		{"two changes in a month", "2024-03-10 02:30 Africa/Casablanca", "2024-03-10T02:30:00+01:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := moment(t, c.wall)
			if got := m.Wall.In(m.Loc).Format(time.RFC3339); got != c.want {
				t.Errorf("%s is %s, want %s", c.wall, got, c.want)
			}
		})
	}
	fixed := time.FixedZone("", 5*3600+30*60)
	if got := WallOf(2024, 3, 31, 2, 30, 0).In(fixed).Format(time.RFC3339); got != "2024-03-31T02:30:00+05:30" {
		t.Errorf("fixed zone: %s", got)
	}
}

// Every reading resolves to an instant that shows it, unless it lies in a gap, and to the first such.
func TestWallClockAndInstantAgreeEverywhere(t *testing.T) {
	for _, name := range []string{"Europe/Berlin", "America/New_York", "America/Sao_Paulo", "America/Havana", "Pacific/Apia", "Australia/Lord_Howe", "Africa/Casablanca", "Europe/Dublin", "Asia/Tehran", "Antarctica/Troll"} {
		loc := location(t, name)
		z := newZone(loc)
		for w := WallOf(2009, 1, 1, 0, 0, 0); w < WallOf(2026, 1, 1, 0, 0, 0); w += 7777 {
			at := w.In(loc)
			if z.at(w) != at.Unix() {
				t.Fatalf("%s: %v is %v, remembered as %v", name, w.UTC(), at, time.Unix(z.at(w), 0).In(loc))
			}
			shown := WallIn(at, loc)
			_, offset := at.Zone()
			_, before := at.Add(-26 * time.Hour).Zone()
			if shown != w && shown-w != Wall(offset-before) {
				t.Fatalf("%s: %v became %v", name, w.UTC(), at)
			}
			for _, earlier := range []time.Duration{30 * time.Minute, time.Hour, 2 * time.Hour} {
				if WallIn(at.Add(-earlier), loc) == w {
					t.Fatalf("%s: %v is also %v earlier than %v", name, w.UTC(), earlier, at)
				}
			}
		}
	}
}

func TestZoneRemembersABoundedNumberOfSpans(t *testing.T) {
	loc := location(t, "America/New_York")
	z := newZone(loc)
	for year := 1900; year < 2900; year++ {
		for month := time.January; month <= time.December; month++ {
			w := WallOf(year, month, 15, 12, 0, 0)
			if got, want := z.at(w), w.In(loc).Unix(); got != want {
				t.Fatalf("%v is %d, want %d", w.UTC(), got, want)
			}
		}
	}
	if len(z.spans) > maxSpans {
		t.Errorf("%d spans remembered", len(z.spans))
	}
}

func TestOffsetsNearAWindow(t *testing.T) {
	z := newZone(location(t, "Europe/Berlin"))
	z.near(WallOf(2024, 3, 1, 0, 0, 0).UTC().Unix(), WallOf(2024, 4, 15, 0, 0, 0).UTC().Unix())
	if z.least != 3600 || z.most != 7200 {
		t.Errorf("offsets %d to %d", z.least, z.most)
	}
	z.near(WallOf(1990, 3, 1, 0, 0, 0).UTC().Unix(), WallOf(2024, 4, 15, 0, 0, 0).UTC().Unix())
	if z.least > -widest || z.most < widest {
		t.Errorf("over many changes the offsets are %d to %d", z.least, z.most)
	}
}

func BenchmarkWallIn(b *testing.B) {
	loc := location(b, "Europe/Berlin")
	for _, w := range []Wall{WallOf(2024, 7, 2, 9, 0, 0), WallOf(2531, 7, 2, 9, 0, 0)} {
		b.Run(w.UTC().Format("2006"), func(b *testing.B) {
			for b.Loop() {
				w.In(loc)
			}
		})
	}
}
