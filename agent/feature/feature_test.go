package feature

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

// device is the id of one of many devices, of the shape that systemd gives.
func device(i int) string { return fmt.Sprintf("%032x", uint64(i)*0x9e3779b97f4a7c15) }

func TestEveryFeatureIsDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range All() {
		if seen[f.Name] {
			t.Errorf("%s is there twice", f.Name)
		}
		seen[f.Name] = true
		if !strings.HasSuffix(f.Does, ".") || f.RemoveWhen == "" || f.Percent < 0 || f.Percent > 100 {
			t.Errorf("%+v is not described whole", f)
		}
		if _, err := time.Parse(time.DateOnly, f.Since); err != nil {
			t.Errorf("%s: since: %v", f.Name, err)
		}
		if found, err := Find(f.Name); err != nil || found != f {
			t.Errorf("Find(%q) = %+v, %v", f.Name, found, err)
		}
	}
	for _, name := range []string{ConnectionPooling, RequestPipeline, RequestBatching, CacheWarming, AdaptiveSizing, HTTPCompression} {
		if !seen[name] {
			t.Errorf("%s is not listed", name)
		}
	}
}

func TestUnknownFeatureIsAnErrorThatHelps(t *testing.T) {
	const all = "; there are connection_pooling, request_pipeline, request_batching, cache_warming, adaptive_sizing, http_compression"
	for typed, want := range map[string]string{
		"request_pipelin":         `there is no feature "request_pipelin" (did you mean request_pipeline?)` + all,
		"Request-Pipeline":        `there is no feature "Request-Pipeline" (did you mean request_pipeline?)` + all,
		"cache warmign":           `there is no feature "cache warmign" (did you mean cache_warming?)` + all,
		"batching":                `there is no feature "batching" (did you mean request_batching?)` + all,
		"http":                    `there is no feature "http" (did you mean http_compression?)` + all,
		"teleport":                `there is no feature "teleport"` + all,
		"":                        `there is no feature ""` + all,
		"xy":                      `there is no feature "xy"` + all,
		strings.Repeat("a", 5000): `there is no feature "` + strings.Repeat("a", 64) + `..."` + all,
	} {
		if _, err := Find(typed); err == nil || err.Error() != want {
			t.Errorf("Find(%.20q) = %v, want %s", typed, err, want)
		}
	}
}

// TestPlaceStaysAsItIs pins the hash: another one would switch features on and off on devices all over.
func TestPlaceStaysAsItIs(t *testing.T) {
	for _, c := range []struct {
		name, device string
		want         int
	}{
		{RequestPipeline, "", 10},
		{RequestPipeline, "device-1", 80},
		{RequestPipeline, "0123456789abcdef0123456789abcdef", 90},
		{ConnectionPooling, "device-1", 92},
		{HTTPCompression, "device-1", 71},
	} {
		if got := place(c.name, c.device); got != c.want {
			t.Errorf("place(%q, %q) = %d, want %d", c.name, c.device, got, c.want)
		}
	}
}

func TestOnIsTheSameEachTime(t *testing.T) {
	for i := range 200 {
		for _, f := range All() {
			first := On(f.Name, device(i), 50)
			for range 3 {
				if On(f.Name, device(i), 50) != first {
					t.Fatalf("%s on %s changed its answer", f.Name, device(i))
				}
			}
		}
	}
}

// TestRaisingThePercentageOnlyAddsDevices is also: 0 is nobody, 100 everybody.
func TestRaisingThePercentageOnlyAddsDevices(t *testing.T) {
	for i := range 500 {
		for _, f := range All() {
			if On(f.Name, device(i), 0) || On(f.Name, device(i), -1) || !On(f.Name, device(i), 100) {
				t.Fatalf("%s on %s: 0 is nobody and 100 everybody", f.Name, device(i))
			}
			on := false
			for percent := range 101 {
				now := On(f.Name, device(i), percent)
				if on && !now {
					t.Fatalf("%s on %s: on at %d%%, off at %d%%", f.Name, device(i), percent-1, percent)
				}
				on = now
			}
		}
	}
}

// TestDevicesAreSpreadEvenly: the share of devices is the percentage, and every one of the hundred places is as full as the
// others (chi-squared with 99 degrees of freedom: 161 is passed by chance once in ten thousand).
func TestDevicesAreSpreadEvenly(t *testing.T) {
	const devices = 50_000
	for _, f := range All() {
		var places [100]int
		for i := range devices {
			places[place(f.Name, device(i))]++
		}
		const expected = devices / 100.0
		chi, below := 0.0, 0
		for percent, n := range places {
			below += n
			chi += (float64(n) - expected) * (float64(n) - expected) / expected
			if share := 100 * float64(below) / devices; math.Abs(share-float64(percent+1)) > 1 {
				t.Errorf("%s: %.2f%% of the devices are on at %d%%", f.Name, share, percent+1)
			}
		}
		if chi > 161 {
			t.Errorf("%s: chi-squared is %.0f", f.Name, chi)
		}
	}
}

// TestFeaturesAreIndependent: to have one feature says nothing about having another.
func TestFeaturesAreIndependent(t *testing.T) {
	const devices = 20_000
	for _, percent := range []int{5, 25, 75} {
		p := float64(percent) / 100
		for i, a := range All() {
			for _, b := range All()[i+1:] {
				both := 0
				for d := range devices {
					if On(a.Name, device(d), percent) && On(b.Name, device(d), percent) {
						both++
					}
				}
				// Five standard deviations of a binomial number.
				slack := 5 * math.Sqrt(devices*p*p*(1-p*p))
				if math.Abs(float64(both)-devices*p*p) > slack {
					t.Errorf("%s and %s at %d%%: %d of %d devices have both, expected %.0f", a.Name, b.Name, percent, both, devices, devices*p*p)
				}
			}
		}
	}
}
