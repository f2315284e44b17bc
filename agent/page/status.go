package page

import (
	"math"
	"time"

	"github.com/valyala/quicktemplate"

	"calendarbot/agent/pressure"
)

// StatusView is the page that says how the device fares, in words.
type StatusView struct {
	Look     string // of the headline: fine, warning, critical, unknown
	Headline string
	Since    string
	Say      string // what is read aloud when it changes
	Until    int64  // Unix milliseconds at which to look again
	Problems []ProblemRow
	Coming   []ProblemRow // what will be one
	Actions  []ActionRow  // what was done by itself, the newest first
	NoDeeds  string       // why there are none
	Level    string       // how scarce things are, as a sentence; ""
	Plots    []PlotView
	Table    PlotTable
	Facts    []FactRow
	Features []FeatureState
	Sources  []SourceState
	Missing  []string // what this device cannot tell
}

// ProblemRow is a problem, and under it what follows from it.
type ProblemRow struct {
	Look  string // notice, warning, critical
	Word  string // the same, for people
	Title string
	Words string
	Do    string
	When  string // since when, or in what time
	Under []ProblemRow
}

// ActionRow is something that was done by itself.
type ActionRow struct {
	Done, When string
	Running    bool
}

// FactRow is a name and what there is to be said of it.
type FactRow struct{ Name, Text string }

// FeatureState is an optional part.
type FeatureState struct {
	Title, Setting, Words string
	On                    bool
}

// SourceState is a calendar.
type SourceState struct {
	Name, State, Error string
	Failing            bool
}

// Status draws the page that says how the device fares.
func Status(f *Frame, v *StatusView) []byte {
	w := statusEnglish()
	u := loadAssets().url
	return outputOf(func(to *quicktemplate.Writer) { streamstatusPage(to, f, v, &w, u["status.css"], u["page.js"]) })
}

// PlotView is a plot with its words.
type PlotView struct {
	Plot
	ID, Title, Unit string
	Now             string // what it is now
	Text            string // how low and how high it was
	Empty           bool
}

// PlotTable is the same as the plots, for those who do not see them: means of two hours.
type PlotTable struct {
	Heads []string
	Rows  []PlotTableRow
}

// PlotTableRow is two hours.
type PlotTableRow struct {
	When  string
	Cells []string
}

// tableBins is how many bins of the plots one row of the table is about.
const tableBins = 12

// measure is one plotted quantity.
type measure struct {
	id          string
	title       string
	unit        string
	of          pressure.Quantity
	factor      float64 // from what is measured to the unit
	digits      int     // after the point
	floor, roof float64
}

// measures are the plots, in their order.
func measures() []measure {
	free := math.NaN()
	w := statusEnglish()
	return []measure{
		{"memory", w.Memory, "MB", pressure.QResident, 1e-6, 0, 0, free},
		{"latency", w.Latency, "ms", pressure.QLatency, 1000, 1, 0, free},
		{"hits", w.Hits, "%", pressure.QHitRate, 100, 0, 0, 100},
		{"stall", w.Stall, "%", pressure.QMemoryStall, 1, 1, 0, 1},
		{"heat", w.Heat, "°C", pressure.QTemperature, 1, 1, free, free},
		{"cpu", w.CPU, "%", pressure.QCPU, 100, 0, 0, 100},
	}
}

// Plots draws the history of the day before now, and the table that says the same; both are empty when nothing is known of that day.
func Plots(history []pressure.Sample, now time.Time, zone *time.Location) ([]PlotView, PlotTable) {
	var plots []PlotView
	var table PlotTable
	known := false
	for i := range plotBins / tableBins {
		from := now.Add(-plotSpan + time.Duration(i*tableBins)*plotBin).In(zone)
		table.Rows = append(table.Rows, PlotTableRow{When: from.Format("Mon 15:04")})
	}
	for _, m := range measures() {
		mean, high, low := m.bins(history, now)
		p := PlotView{
			Plot: NewPlot(Curve{Mean: mean, High: high, To: now, Zone: zone, Floor: m.floor, Roof: m.roof}),
			ID:   m.id, Title: m.title, Unit: m.unit,
		}
		p.Empty = p.Top == nil
		if !p.Empty {
			p.Text = between(m.write(low), m.write(p.Top.Value), m.unit)
			p.Now = m.latest(history, now)
		}
		plots, known = append(plots, p), known || !p.Empty
		table.Heads = append(table.Heads, m.title+", "+m.unit)
		for i := range table.Rows {
			cell, part := "–", mean[i*tableBins:(i+1)*tableBins]
			if v := meanOf(part); !math.IsNaN(v) {
				cell = m.write(v)
			}
			table.Rows[i].Cells = append(table.Rows[i].Cells, cell)
		}
	}
	if !known {
		return nil, PlotTable{}
	}
	return plots, table
}

// write writes a value in the unit.
func (m measure) write(v float64) string { return decimal(v, m.digits) }

// recent is how old a sample may be that is called now.
const recent = 5 * time.Minute

// latest is the value of now; "" when none is known.
func (m measure) latest(history []pressure.Sample, now time.Time) string {
	for i := len(history) - 1; i >= 0 && now.Sub(history[i].At) < recent; i-- {
		if v := float64(history[i].Mean[m.of]); !math.IsNaN(v) {
			return m.write(v*m.factor) + " " + m.unit
		}
	}
	return ""
}

// bins are the means and the highest values of each plotBin, and the lowest mean of a sample; what is not of the last plotSpan is left
// out.
func (m measure) bins(history []pressure.Sample, now time.Time) (mean, high []float64, low float64) {
	low = math.Inf(1)
	mean, high = make([]float64, plotBins), make([]float64, plotBins)
	counts := make([]int, plotBins)
	from := now.Add(-plotSpan)
	for i := range history {
		s := &history[i]
		v, top := float64(s.Mean[m.of])*m.factor, float64(s.High[m.of])*m.factor
		if s.At.Before(from) || s.At.After(now) || !finite(v) || !finite(top) {
			continue
		}
		at := min(int(s.At.Sub(from)/plotBin), plotBins-1)
		mean[at] += v
		low = min(low, v)
		if counts[at] == 0 || top > high[at] {
			high[at] = top
		}
		counts[at]++
	}
	for i, n := range counts {
		if n == 0 {
			mean[i], high[i] = math.NaN(), math.NaN()
			continue
		}
		mean[i] /= float64(n)
		high[i] = math.Max(high[i], mean[i])
	}
	return mean, high, low
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// meanOf is the mean of what is known; NaN without anything.
func meanOf(values []float64) float64 {
	sum, n := 0.0, 0
	for _, v := range values {
		if !math.IsNaN(v) {
			sum, n = sum+v, n+1
		}
	}
	return sum / float64(n)
}
