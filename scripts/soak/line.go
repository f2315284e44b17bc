package main

import "math"

// point is one sample of something that should be flat.
type point struct {
	At    float64 // seconds since the start
	Value float64
}

// line is what a least-squares fit finds.
type line struct {
	Start, Slope float64 // the value at second 0, and what is added each second
	Noise        float64 // standard deviation of the points around it
}

// fit is the line with the smallest sum of squared distances; of fewer than two moments it is level.
func fit(points []point) line {
	n := float64(len(points))
	if n == 0 {
		return line{}
	}
	var at, value float64
	for _, p := range points {
		at += p.At / n
		value += p.Value / n
	}
	var along, across float64
	for _, p := range points {
		along += (p.At - at) * (p.At - at)
		across += (p.At - at) * (p.Value - value)
	}
	l := line{Start: value}
	if along > 0 {
		l.Slope = across / along
		l.Start = value - l.Slope*at
	}
	var squares float64
	for _, p := range points {
		away := p.Value - l.at(p.At)
		squares += away * away
	}
	if n > 2 {
		l.Noise = math.Sqrt(squares / (n - 2))
	}
	return l
}

func (l line) at(second float64) float64 { return l.Start + l.Slope*second }

// trend is what a series did after the warm-up.
type trend struct {
	Points  int     `json:"points"`
	Mean    float64 `json:"mean"`
	Highest float64 `json:"highest"`
	Noise   float64 `json:"noise"`        // standard deviation around the line
	Rise    float64 `json:"rise"`         // of the line, from the end of the warm-up to the last point
	Allowed float64 `json:"rise_allowed"` // the larger of twice the noise and the bound
	Verdict verdict `json:"verdict"`

	line  line
	since float64 // second in which the warm-up ended
}

// leastPoints are needed for a line that says anything.
const leastPoints = 10

// judge says whether a series was flat after a warm-up of so many seconds: its line rises by no more than twice the noise around
// it, or by no more than a bound, below which a rise is of no account. What falls is flat.
func judge(series []point, warmUp, bound float64) trend {
	var points []point
	t := trend{since: warmUp}
	for _, p := range series {
		if p.At >= warmUp {
			points = append(points, p)
			t.Mean += p.Value
			t.Highest = max(t.Highest, p.Value)
		}
	}
	if t.Points = len(points); t.Points < leastPoints {
		t.Verdict = skipped
		return t
	}
	t.Mean /= float64(t.Points)
	t.line = fit(points)
	t.Noise = t.line.Noise
	t.Rise = t.line.Slope * (points[t.Points-1].At - points[0].At)
	t.Allowed = max(2*t.Noise, bound)
	t.Verdict = missed
	if t.Rise <= t.Allowed {
		t.Verdict = met
	}
	return t
}
