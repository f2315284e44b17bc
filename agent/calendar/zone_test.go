package calendar

import (
	"testing"
	"time"
)

// The standard library ends a zone's stretch a day early in leap years that its table does not list.
func TestLastDayOfLeapYears(t *testing.T) {
	for _, name := range []string{"America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata"} {
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, year := range []int{2024, 2028, 2036, 2040, 2044, 2096, 2100, 2400} {
			for hour := -36; hour < 72; hour++ {
				w := WallOf(year, 12, 31, hour, 0, 0)
				if got := WallIn(w.In(loc), loc); got != w {
					t.Errorf("%s: %v resolves to %v", name, w.UTC(), got.UTC())
				}
			}
		}
	}
}
