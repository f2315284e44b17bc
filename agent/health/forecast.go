package health

import (
	"fmt"
	"math"
	"time"

	"calendarbot/agent/pressure"
)

const (
	diskEvery = 5 * time.Minute // between two points of the disk
	diskMost  = int(trendSpan/diskEvery) + 1

	// Heat and slowness follow the day, so a line through them reaches no further forward than it comes from; what fills up or leaks goes on.
	followsDay = trendSpan
)

// forecasts are the problems that the trends of the last hours will bring, if they go on. disk is how much of the disk was in use.
func forecasts(f *Facts, disk []Point) []Problem {
	var l list
	predict := func(c Code, points []Point, limit float64, reach time.Duration, words string) {
		if limit <= 0 || math.IsNaN(limit) {
			return
		}
		if in, ok := Trend(points, limit, reach); ok {
			l.add(c, "", fmt.Sprintf("If it goes on as in the last hours, %s in about %s.", words, about(in)))
			l.problems[len(l.problems)-1].In = in
		}
	}
	course := func(q pressure.Quantity) []Point {
		points := make([]Point, len(f.History))
		for i := range f.History {
			points[i] = Point{At: f.History[i].At, Value: float64(f.History[i].Mean[q])}
		}
		return points
	}
	calm := func(s pressure.Sign) float64 { // the threshold of the first step; 0 when it is reached, or not known
		if is := f.Pressure.Of(s); is.Step == 0 && is.Known {
			return is.Limit
		}
		return 0
	}

	program := pressure.QUnit
	if r := f.Reading; r != nil && r.Unit.Current == 0 {
		program = pressure.QResident
	}
	share := calm(pressure.UnitMemory)
	limit := share / 100 * float64(f.Pressure.Room)
	predict(MemorySoon, course(program), limit, trendReach, fmt.Sprintf("the program uses %s, %.0f %% of the memory it may use,", bytes(limit), share))
	limit = calm(pressure.DeviceMemory) * 1e6
	predict(DeviceMemorySoon, course(pressure.QDevice), limit, trendReach, fmt.Sprintf("%s of the device's memory are in use", bytes(limit)))
	limit = calm(pressure.Heat)
	predict(HeatSoon, course(pressure.QTemperature), limit, followsDay, fmt.Sprintf("the processor is %.0f °C hot", limit))
	limit = calm(pressure.SlowAnswers)
	predict(SlowSoon, course(pressure.QLatency), limit, followsDay, fmt.Sprintf("the slowest hundredth of the answers takes %.0f s", limit))

	total, low := float64(f.Disk.Total), diskLow
	if float64(f.Disk.Free) < total*diskLow {
		low = diskFull
	}
	predict(DiskSoon, disk, total*(1-low), trendReach, fmt.Sprintf("only %.0f %% of the disk are free", 100*low))
	return l.problems
}

// about is a length of time in the future, for a person.
func about(d time.Duration) string {
	if d < 2*time.Hour {
		return fmt.Sprintf("%d minutes", int(d/time.Minute))
	}
	return fmt.Sprintf("%d hours", int((d+30*time.Minute)/time.Hour))
}
