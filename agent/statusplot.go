package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

const (
	plainWidth = 80  // columns where there is no terminal
	mostWidth  = 120 // of a text, whatever the terminal has, as longer lines are hard to read
	plotName   = 24  // columns in front of a plot
	plotWords  = 28  // and behind it
	plotSpan   = 24 * time.Hour
)

// screenOf asks a terminal for its width. What is no terminal gets text alone.
func screenOf(to io.Writer) statusScreen {
	s := statusScreen{to: to, width: plainWidth}
	file, ok := to.(*os.File)
	if !ok {
		return s
	}
	var size struct{ rows, columns, _, _ uint16 }
	_, _, failed := syscall.Syscall(syscall.SYS_IOCTL, file.Fd(), syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&size)))
	if failed != 0 {
		return s
	}
	s.plots = os.Getenv("TERM") != "dumb"
	if size.columns > 0 {
		s.width = min(int(size.columns), mostWidth)
	}
	return s
}

// plotted is the figures that are plotted, as the page does.
func plotted() []struct {
	key, name, unit string
	factor          float64
	digits          int
} {
	return []struct {
		key, name, unit string
		factor          float64
		digits          int
	}{
		{"resident_bytes", "Memory of the program", "MB", 1e-6, 0},
		{"latency_p99_s", "Time for an answer", "ms", 1000, 1},
		{"hit_rate", "Answers that were ready", "%", 100, 0},
		{"memory_stall_percent", "Waiting for memory", "%", 1, 1},
		{"temperature_c", "Temperature", "°C", 1, 1},
		{"cpu", "Processor", "%", 100, 0},
	}
}

// print draws a line of blocks for each figure, oldest at the left.
func (h historyAnswer) print(p *statusPage, now time.Time) {
	p.heading("The last day, until now")
	columns := min(72, p.width-plotName-plotWords)
	for _, q := range plotted() {
		mean, low, high := h.bins(q.key, max(columns, 1), now)
		if math.IsNaN(low) {
			p.line("  %-*s nothing is known", plotName-2, q.name)
			continue
		}
		words := fmt.Sprintf("%.*f to %.*f %s", q.digits, low*q.factor, q.digits, high*q.factor, q.unit)
		if columns < 12 { // a terminal too narrow for plots
			p.line("  %s: %s", q.name, words)
			continue
		}
		p.line("  %-*s%s  %s", plotName-2, q.name, blocks(mean), words)
	}
}

// bins are the means of so many equal parts of the last day, NaN where nothing is known, and the lowest and highest of all minutes.
func (h historyAnswer) bins(key string, count int, now time.Time) (mean []float64, low, high float64) {
	series := h.Series[key]
	mean, low, high = make([]float64, count), math.NaN(), math.NaN()
	counts := make([]int, count)
	from := now.Add(-plotSpan)
	for i, at := range h.At {
		age := time.Unix(at, 0).Sub(from)
		if i >= len(series.Mean) || i >= len(series.High) || series.Mean[i] == nil || series.High[i] == nil || age < 0 || age > plotSpan {
			continue
		}
		bin := min(int(age*time.Duration(count)/plotSpan), count-1)
		mean[bin] += *series.Mean[i]
		counts[bin]++
		if !(low <= *series.Mean[i]) {
			low = *series.Mean[i]
		}
		if !(high >= *series.High[i]) {
			high = *series.High[i]
		}
	}
	for i, n := range counts {
		mean[i] /= float64(n) // NaN for none
	}
	return mean, low, high
}

// blocks draws values between the lowest and the highest of them as blocks of eight heights; nothing where none is known.
func blocks(values []float64) string {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if !math.IsNaN(v) {
			low, high = min(low, v), max(high, v)
		}
	}
	heights := []rune("▁▂▃▄▅▆▇█")
	var b strings.Builder
	for _, v := range values {
		switch {
		case math.IsNaN(v):
			b.WriteByte(' ')
		case high == low:
			b.WriteRune(heights[0])
		default:
			b.WriteRune(heights[min(int((v-low)/(high-low)*8), 7)])
		}
	}
	return b.String()
}
