package health

import (
	"math"
	"slices"
	"time"
)

// Point is a quantity at a time.
type Point struct {
	At    time.Time
	Value float64 // NaN: not known then
}

const (
	trendSpan   = 6 * time.Hour // the line is drawn through that much at most
	trendLeast  = 3 * time.Hour // and at least that much
	trendPoints = 30            // and so many points
	trendFit    = 0.8           // R²: the share of what the values vary by that the line explains
	trendBend   = 0.5           // the newer half rises by that share of the whole's slope at least
	trendReach  = 24 * time.Hour
)

// Trend draws a least-squares line through the points of the six hours before the newest one, and says when it will have risen to a
// limit: within reach, which is at most 24 hours. It says so only of three hours and 30 points or more, when the line explains four
// fifths of what the values vary by (R² of 0.8), and the newer half of them still rises at half the pace or more: noise, one step, and what
// settles after a start predict nothing. The newest end of the line must be below the limit; what is there already is not predicted.
//
// Points are in the order in which they were taken. Those whose time does not fit, as the clock was set, are left out.
func Trend(points []Point, limit float64, reach time.Duration) (in time.Duration, ok bool) {
	points = newest(points)
	if len(points) < trendPoints {
		return 0, false
	}
	end := points[len(points)-1].At
	if end.Sub(points[0].At) < trendLeast {
		return 0, false
	}
	whole := fit(points, end)
	half := fit(points[len(points)/2:], end)
	if whole.slope <= 0 || whole.explains < trendFit || half.slope < trendBend*whole.slope || whole.end >= limit {
		return 0, false
	}
	hours := (limit - whole.end) / whole.slope
	if hours > min(reach, trendReach).Hours() { // before it is made a duration, as it may be too long for one
		return 0, false
	}
	in = time.Duration(hours * float64(time.Hour)).Round(time.Minute)
	return in, in > 0
}

// newest are those points, in order, that are known and within trendSpan of the newest one. What was taken before the clock jumped
// is not among them.
func newest(points []Point) []Point {
	list := make([]Point, 0, len(points))
	var end, at time.Time
	for i := len(points) - 1; i >= 0; i-- {
		p := points[i]
		switch {
		case math.IsNaN(p.Value) || math.IsInf(p.Value, 0):
			continue
		case end.IsZero():
			end = p.At
		case !p.At.Before(at) || end.Sub(p.At) > trendSpan:
			slices.Reverse(list)
			return list
		}
		at = p.At
		list = append(list, p)
	}
	slices.Reverse(list)
	return list
}

// line is a least-squares line: its value at the end, what it gains in an hour, and R².
type line struct{ end, slope, explains float64 }

// fit draws a line through points; its end is at a time.
func fit(points []Point, end time.Time) line {
	n := float64(len(points))
	var meanX, meanY float64
	for _, p := range points {
		meanX += p.At.Sub(end).Hours() / n
		meanY += p.Value / n
	}
	var xx, xy, yy float64
	for _, p := range points {
		x, y := p.At.Sub(end).Hours()-meanX, p.Value-meanY
		xx, xy, yy = xx+x*x, xy+x*y, yy+y*y
	}
	if xx == 0 || yy == 0 {
		return line{end: meanY}
	}
	slope := xy / xx
	return line{end: meanY - slope*meanX, slope: slope, explains: xy * xy / (xx * yy)}
}
