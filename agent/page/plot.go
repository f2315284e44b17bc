package page

import (
	"math"
	"strconv"
	"time"
)

// The size of a plot in units of its drawing, and the room in it for numbers at the left and hours below.
const (
	plotWidth, plotHeight                  = 320.0, 124.0
	plotLeft, plotRight, plotTop, plotFoot = 40.0, 314.0, 8.0, 102.0

	plotSpan = 24 * time.Hour
	plotBin  = 10 * time.Minute
	plotBins = int(plotSpan / plotBin)
)

// Curve is what is to be plotted: the last plotSpan up to To, a value for each plotBin, oldest first; NaN where none is known.
type Curve struct {
	Mean, High []float64
	To         time.Time
	Zone       *time.Location
	Floor      float64 // the axis begins there or below; NaN: where the curve does
	Roof       float64 // the axis ends there or above; NaN: where the curve does
}

// Plot is a curve as a template draws it.
type Plot struct {
	Mean, High string // paths, with gaps
	X, Y       []Tick
	Top        *Point // the highest value
}

// Tick is a line of the grid and its label.
type Tick struct{ At, Label string }

// Point is a place in a plot, and what was there.
type Point struct {
	X, Y  string
	Value float64
}

// NewPlot lays a curve out; a curve without any value has no lines.
func NewPlot(c Curve) Plot {
	low, top := extent(c.Mean, math.Min), extent(c.High, math.Max)
	if low < 0 || top < 0 {
		return Plot{X: hours(c.To, c.Zone)}
	}
	from, to := lesser(c.Floor, c.Mean[low]), greater(c.Roof, c.High[top])
	ticks, digits := niceTicks(from, to)
	a := axis{ticks[0], ticks[len(ticks)-1]}
	p := Plot{X: hours(c.To, c.Zone), Mean: a.path(c.Mean), High: a.path(c.High), Top: a.point(top, c.High[top])}
	for _, t := range ticks {
		p.Y = append(p.Y, Tick{coordinate(a.y(t)), strconv.FormatFloat(t, 'f', digits, 64)})
	}
	return p
}

// extent is the index of the least or the greatest value; -1 without one.
func extent(values []float64, better func(a, b float64) float64) int {
	best := -1
	for i, v := range values {
		if !math.IsNaN(v) && (best < 0 || better(v, values[best]) == v && v != values[best]) {
			best = i
		}
	}
	return best
}

func lesser(bound, v float64) float64 {
	if math.IsNaN(bound) {
		return v
	}
	return math.Min(bound, v)
}

func greater(bound, v float64) float64 {
	if math.IsNaN(bound) {
		return v
	}
	return math.Max(bound, v)
}

// niceTicks are three to six values at equal steps of 1, 2 or 5 times a power of ten, from at most from to at least to, and with how many
// digits after the point they are written.
func niceTicks(from, to float64) (ticks []float64, digits int) {
	if to-from < 1e-9*math.Max(1, math.Abs(to)) { // all the same
		to = from + math.Max(1e-3, math.Abs(from)/2)
	}
	power := math.Floor(math.Log10((to - from) / 4))
	step := math.Pow(10, power)
	for _, factor := range []float64{1, 2, 5, 10} {
		step = factor * math.Pow(10, power)
		if (to-from)/step <= 4 {
			break
		}
	}
	first, last := math.Floor(from/step+1e-9), math.Ceil(to/step-1e-9)
	for i := first; i <= last; i++ {
		ticks = append(ticks, i*step)
	}
	return ticks, max(0, int(-math.Floor(math.Log10(step)+1e-9)))
}

// axis is the values at the bottom and at the top.
type axis struct{ from, to float64 }

func (a axis) y(v float64) float64 { return plotFoot - (plotFoot-plotTop)*(v-a.from)/(a.to-a.from) }

// binX is the middle of a bin.
func binX(i int) float64 {
	return plotLeft + (plotRight-plotLeft)*(float64(i)+.5)/float64(plotBins)
}

func (a axis) point(i int, v float64) *Point {
	return &Point{X: coordinate(binX(i)), Y: coordinate(a.y(v)), Value: v}
}

// path joins what is known; a value between two gaps is a dot.
func (a axis) path(values []float64) string {
	var b []byte
	drawn := 0 // points since the last gap
	for i, v := range values {
		if math.IsNaN(v) {
			if drawn == 1 {
				b = append(b, "h.1"...)
			}
			drawn = 0
			continue
		}
		word := byte('L')
		if drawn == 0 {
			word = 'M'
		}
		b = append(b, word)
		b = append(b, coordinate(binX(i))...)
		b = append(b, ' ')
		b = append(b, coordinate(a.y(v))...)
		drawn++
	}
	if drawn == 1 {
		b = append(b, "h.1"...)
	}
	return string(b)
}

// coordinate writes a length with at most one digit after the point, as more are not seen.
func coordinate(v float64) string {
	return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64)
}

// hours are every sixth full hour of the day in the zone.
func hours(to time.Time, zone *time.Location) []Tick {
	const every = 6
	from := to.Add(-plotSpan)
	var list []Tick
	for t := from.Truncate(15 * time.Minute); !t.After(to); t = t.Add(15 * time.Minute) { // zones are off by quarters
		local := t.In(zone)
		if t.Before(from) || local.Minute() != 0 || local.Hour()%every != 0 {
			continue
		}
		x := plotLeft + (plotRight-plotLeft)*float64(t.Sub(from))/float64(plotSpan)
		list = append(list, Tick{coordinate(x), local.Format("15:04")})
	}
	return list
}
