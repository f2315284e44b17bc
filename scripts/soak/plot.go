package main

import (
	"bytes"
	"fmt"
	"html"
)

// Sizes of the plot in pixels.
const (
	plotWidth   = 900
	panelHeight = 120
	panelPitch  = 160
	leftRoom    = 70
	topRoom     = 40
)

// plot draws each quantity over time as SVG, under each other: the samples, the warm-up in grey, and the line.
func (r *result) plot() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"13\">\n"+
		"<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n", plotWidth, topRoom+panelPitch*len(r.Quantities))
	for i, q := range r.Quantities {
		r.panel(&b, q, float64(topRoom+i*panelPitch))
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// panel is one quantity, with its top at y.
func (r *result) panel(b *bytes.Buffer, q quantity, y float64) {
	points := r.series(q)
	top, end := 1.0, max(r.Took, 1)
	for _, p := range points {
		top = max(top, p.Value*1.1)
	}
	x := func(second float64) float64 { return leftRoom + second/end*(plotWidth-leftRoom-20) }
	height := func(value float64) float64 { return y + panelHeight*(1-max(0, min(value/top, 1))) }
	fmt.Fprintf(b, "<text x=\"%d\" y=\"%.0f\" font-weight=\"bold\">%s: rises by %.2f of %.2f %s allowed, %s</text>\n",
		leftRoom, y-8, html.EscapeString(q.Name), q.Rise, q.Allowed, q.Unit, q.Verdict)
	fmt.Fprintf(b, "<rect x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" fill=\"#eceff3\"/>\n", leftRoom, y, x(min(q.since, end))-leftRoom, panelHeight)
	for _, v := range []float64{0, top / 2, top} {
		fmt.Fprintf(b, "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"#d0d5dd\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.0f</text>\n",
			leftRoom, height(v), plotWidth-20, height(v), leftRoom-8, height(v)+4, v)
	}
	b.WriteString("<polyline fill=\"none\" stroke=\"#1f6feb\" stroke-width=\"1.2\" points=\"")
	for _, p := range points {
		fmt.Fprintf(b, "%.1f,%.1f ", x(p.At), height(p.Value))
	}
	b.WriteString("\"/>\n")
	if q.Verdict != skipped {
		fmt.Fprintf(b, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#b03a6f\" stroke-width=\"2\" stroke-dasharray=\"6 4\"/>\n",
			x(q.since), height(q.line.at(q.since)), x(end), height(q.line.at(end)))
	}
	fmt.Fprintf(b, "<text x=\"%d\" y=\"%.0f\" text-anchor=\"end\" fill=\"#667085\">%.0f min</text>\n", plotWidth-20, y+panelHeight+16, end/60)
}
