package differential

import (
	"math/rand/v2"
	"testing"
	"time"
)

// The zones of the random feeds: gaps and overlaps by day and at midnight, half an hour, none at all, and a
// day that was skipped whole.
var zoneNames = []string{
	"Europe/Berlin", "Europe/Berlin", "America/New_York", "America/New_York",
	"Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kolkata", "Pacific/Apia", "Europe/London",
	"Africa/Casablanca", "Asia/Tehran", "America/St_Johns",
}

func location(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return loc
}

// resolve returns the instant at which a clock in loc shows wall (RFC 5545 section 3.3.5), by trying every
// stretch of constant offset around it in turn.
func resolve(wall time.Time, loc *time.Location) time.Time {
	at := wall.Add(-48 * time.Hour).In(loc)
	var before time.Duration
	for {
		_, seconds := at.Zone()
		offset := time.Duration(seconds) * time.Second
		start, end := stretch(at)
		instant := wall.Add(-offset)
		if !start.IsZero() && instant.Before(start) {
			return wall.Add(-before) // in the gap before this stretch
		}
		if end.IsZero() || instant.Before(end) {
			return instant
		}
		at, before = end.In(loc), offset
	}
}

// stretch is at.ZoneBounds with an end after at: beyond the changes that a zone lists, the standard library
// ends a stretch with the year, and each year after 365 days.
func stretch(at time.Time) (start, end time.Time) {
	start, end = at.ZoneBounds()
	if !end.IsZero() && !end.After(at) {
		end = end.Add(24 * time.Hour)
	}
	return start, end
}

func TestResolve(t *testing.T) {
	for _, c := range []struct{ zone, wall, want string }{
		{"Europe/Berlin", "2024-03-31T02:30:00", "2024-03-31T01:30:00Z"},
		{"Europe/Berlin", "2024-03-31T03:30:00", "2024-03-31T01:30:00Z"},
		{"Europe/Berlin", "2024-10-27T02:30:00", "2024-10-27T00:30:00Z"},
		{"Europe/Berlin", "2024-10-27T03:00:00", "2024-10-27T02:00:00Z"},
		{"America/New_York", "2024-03-10T02:30:00", "2024-03-10T07:30:00Z"},
		{"America/New_York", "2024-11-03T01:30:00", "2024-11-03T05:30:00Z"},
		{"America/Sao_Paulo", "2018-11-04T00:00:00", "2018-11-04T03:00:00Z"},
		{"Pacific/Apia", "2011-12-30T10:00:00", "2011-12-30T20:00:00Z"},
		{"Australia/Lord_Howe", "2024-10-06T02:15:00", "2024-10-05T15:45:00Z"},
		{"America/New_York", "2044-12-31T06:00:00", "2044-12-31T11:00:00Z"},
		{"Australia/Lord_Howe", "2045-01-01T06:00:00", "2044-12-31T19:00:00Z"},
		{"Asia/Kolkata", "2024-10-06T02:15:00", "2024-10-05T20:45:00Z"},
	} {
		wall, err := time.Parse("2006-01-02T15:04:05", c.wall)
		if err != nil {
			t.Fatal(err)
		}
		if got := resolve(wall, location(c.zone)).UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("%s in %s is %s, want %s", c.wall, c.zone, got, c.want)
		}
	}
}

// nearChange returns a wall clock reading within a few hours of a change of the zone's offset in the
// year, or any reading of the year when it has none.
func nearChange(r *rand.Rand, loc *time.Location, year int) time.Time {
	var changes []time.Time
	at := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).In(loc)
	for {
		_, end := stretch(at)
		if end.IsZero() || end.Year() > year {
			break
		}
		changes = append(changes, end)
		at = end.In(loc)
	}
	if len(changes) == 0 {
		return anyReading(r, year)
	}
	change := changes[r.IntN(len(changes))].Add(-time.Second).In(loc)
	_, offset := change.Zone()
	wall := change.UTC().Add(time.Duration(offset)*time.Second + time.Second)
	return wall.Add(time.Duration(r.IntN(24)-12) * 15 * time.Minute)
}

// anyReading returns a reading of the year, mostly at a round time.
func anyReading(r *rand.Rand, year int) time.Time {
	day := time.Date(year, 1, 1+r.IntN(365), r.IntN(24), 0, 0, 0, time.UTC)
	switch r.IntN(4) {
	case 0:
		return day.Add(time.Duration(r.IntN(3600)) * time.Second)
	case 1:
		return day.Add(time.Duration(r.IntN(4)) * 15 * time.Minute)
	}
	return day
}
