package web

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// metricsType is the content type of the text format of Prometheus.
const metricsType = "text/plain; version=0.0.4; charset=utf-8"

// exposition writes metrics in the text format of Prometheus, version 0.0.4: help and type once for each metric, then its
// series, sorted. Between two uses it keeps its buffers.
//
// It is ours as the client library of Prometheus brings reflection over protobuf: 2.2 MB of program, about 3 MB of memory on a
// device that wants to do with 24 MiB, and 283 kB of garbage for each answer; for what is a page of text.
type exposition struct {
	text   []byte
	of     *metric // whose series are being written
	series []byte  // of that one metric, as they come
	spans  []span  // where each of them is
}

// span is where the lines of one series are.
type span struct{ from, to int }

// begin forgets what was written.
func (e *exposition) begin() { e.text = e.text[:0] }

// family writes a metric with what it tells about a look; nothing when it tells nothing.
func (e *exposition) family(m *metric, l *look) {
	e.of, e.series, e.spans = m, e.series[:0], e.spans[:0]
	m.read(l, e)
	if len(e.spans) == 0 {
		return
	}
	slices.SortFunc(e.spans, func(a, b span) int { return bytes.Compare(e.series[a.from:a.to], e.series[b.from:b.to]) })
	e.text = append(append(append(e.text, "# HELP "...), m.name...), ' ')
	e.text = append(escape(e.text, m.help, `\`), '\n')
	e.text = append(append(append(e.text, "# TYPE "...), m.name...), ' ')
	e.text = append(append(e.text, m.kind...), '\n')
	for _, s := range e.spans {
		e.text = append(e.text, e.series[s.from:s.to]...)
	}
}

// put tells a value of the metric; the labels are in the order of the metric's.
func (e *exposition) put(value float64, labels ...string) {
	from := len(e.series)
	e.head("", labels)
	e.end(value)
	e.spans = append(e.spans, span{from, len(e.series)})
}

// latency tells a histogram of the metric, with the bounds and the sum in seconds; nothing of one that is empty.
func (e *exposition) latency(h *histogram, labels ...string) {
	within, sum := h.read()
	total := within[bounds]
	if total == 0 {
		return
	}
	from := len(e.series)
	for i := range bounds {
		e.bucket(bound(i).Seconds(), within[i], labels)
	}
	e.bucket(math.Inf(1), total, labels)
	e.head("_sum", labels)
	e.end(sum.Seconds())
	e.head("_count", labels)
	e.end(float64(total))
	e.spans = append(e.spans, span{from, len(e.series)})
}

// bucket writes how many were at most bound.
func (e *exposition) bucket(bound float64, count uint64, labels []string) {
	e.head("_bucket", labels)
	if len(labels) > 0 {
		e.series[len(e.series)-1] = ',' // for the brace
	} else {
		e.series = append(e.series, '{')
	}
	e.series = append(number(append(e.series, `le="`...), bound), `"}`...)
	e.end(float64(count))
}

// head writes the name of a series and its labels.
func (e *exposition) head(suffix string, labels []string) {
	e.series = append(append(e.series, e.of.name...), suffix...)
	before := byte('{')
	for i, name := range e.of.labels {
		e.series = append(append(e.series, before), name...)
		e.series = append(escape(append(e.series, `="`...), labels[i], `\"`), '"')
		before = ','
	}
	if before == ',' {
		e.series = append(e.series, '}')
	}
}

// end writes the value of a line.
func (e *exposition) end(value float64) {
	e.series = append(number(append(e.series, ' '), value), '\n')
}

// number appends a number: a whole one as that while every whole number around it can be told from the next, else the
// shortest that reads back the same; +Inf, -Inf and NaN as the format calls them.
func number(to []byte, value float64) []byte {
	if whole := int64(value); math.Abs(value) < 1<<53 && float64(whole) == value {
		return strconv.AppendInt(to, whole, 10)
	}
	return strconv.AppendFloat(to, value, 'g', -1, 64)
}

// escape appends text with a backslash before each character of special, line ends as \n, and U+FFFD for what is not UTF-8.
func escape(to []byte, text, special string) []byte {
	for _, r := range text {
		switch {
		case r == '\n':
			to = append(to, '\\', 'n')
			continue
		case strings.ContainsRune(special, r):
			to = append(to, '\\')
		}
		to = utf8.AppendRune(to, r)
	}
	return to
}
