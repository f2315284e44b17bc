package store

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"calendarbot/agent/calendar"
	"calendarbot/agent/ics"
)

// large returns a feed of n events over three years, 30 % of them recurring, each tenth of those with an override.
func large(n int, version string) string {
	var all []string
	start := time.Date(2025, 1, 1, 8, 0, 0, 0, time.UTC)
	for i := range n {
		at := start.Add(time.Duration(i) * 3 * 365 * 24 * time.Hour / time.Duration(n)).Truncate(15 * time.Minute)
		uid := fmt.Sprintf("%08d-4a1b-4c2d-9e3f-0123456789ab@calendar.example", i)
		more := ""
		if i%10 < 3 {
			more = "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE\r\n"
		}
		all = append(all, fmt.Sprintf("BEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260301T000000Z\r\nDTSTART:%s\r\nDTEND:%s\r\n%sSUMMARY:Meeting %d %s\r\n"+
			"LOCATION:Room %d\r\nDESCRIPTION:%s\r\nSTATUS:CONFIRMED\r\nEND:VEVENT\r\n", uid, at.Format("20060102T150405Z"),
			at.Add(time.Hour).Format("20060102T150405Z"), more, i, version, i%40, strings.Repeat("What we talk about. ", i%12)))
	}
	return calendarOf(all...)
}

func parse(b testing.TB, feed string) ([]ics.Component, ics.Report) {
	var all []ics.Component
	r, err := ics.Decode(b.Context(), strings.NewReader(feed), ics.DefaultLimits(), time.UTC, func(c ics.Component) error {
		c.Text = append([]byte(nil), c.Text...)
		all = append(all, c)
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return all, r
}

func (k *kept) commit(components []ics.Component, r ics.Report) bool {
	d, err := k.Draft(k.t.Context(), "work")
	k.must(err)
	for _, c := range components {
		k.must(d.Keep(c))
	}
	changed, err := d.Commit(k.t.Context(), r, Validators{}, k.clock.Now().Add(time.Minute))
	k.must(err)
	return changed
}

// cpuTime is what this process has used of the processors.
func cpuTime(b *testing.B) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func BenchmarkCommitFirst10000(b *testing.B) {
	components, r := parse(b, large(10_000, ""))
	b.ReportAllocs()
	var spent time.Duration
	for b.Loop() {
		b.StopTimer()
		k := newStore(b)
		k.configure("work")
		b.StartTimer()
		before := cpuTime(b)
		k.commit(components, r)
		spent += cpuTime(b) - before
	}
	b.ReportMetric(float64(spent.Microseconds())/1000/float64(b.N), "cpu-ms/op")
}

func BenchmarkCommitUnchanged10000(b *testing.B) {
	components, r := parse(b, large(10_000, ""))
	k := newStore(b)
	k.configure("work")
	k.commit(components, r)
	b.ReportAllocs()
	for b.Loop() {
		if k.commit(components, r) {
			b.Fatal("the same events are a change")
		}
	}
}

func BenchmarkBetweenFourWeeksOf10000(b *testing.B) {
	components, r := parse(b, large(10_000, ""))
	k := newStore(b)
	k.configure("work")
	k.commit(components, r)
	span := calendar.Span{Start: k.clock.Now(), End: k.clock.Now().AddDate(0, 0, 28)}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n = len(k.between(span).Events)
	}
	b.ReportMetric(float64(n), "events")
}

func BenchmarkOpenFilled(b *testing.B) {
	components, r := parse(b, large(10_000, ""))
	k := newStore(b)
	k.configure("work")
	k.commit(components, r)
	for b.Loop() {
		k.restart()
	}
}

func BenchmarkOpenNew(b *testing.B) {
	for b.Loop() {
		newStore(b)
	}
}
