package main

import (
	"bytes"
	"fmt"
	"html"
	"regexp"
	"strconv"
)

// bar is one bar of the plot.
type bar struct {
	Group string  `json:"group"` // connections
	Name  string  `json:"name"`
	Value float64 `json:"value"` // requests per second
}

var rateInCell = regexp.MustCompile(`^(\d+) req/s`)

// barsOf takes the rates out of the rows of the loads, each contender once in a group.
func barsOf(rows []row) []bar {
	title := regexp.MustCompile(regexp.QuoteMeta(whatsNext) + ` at (\d+) connections, against (.*)$`)
	var bars []bar
	ours := map[string]bool{}
	for _, r := range rows {
		m := title.FindStringSubmatch(r.What)
		if r.Part != "load" || m == nil {
			continue
		}
		add := func(name, cell string) {
			if rate := rateInCell.FindStringSubmatch(cell); rate != nil {
				if value, err := strconv.ParseFloat(rate[1], 64); err == nil {
					bars = append(bars, bar{Group: m[1] + " connections", Name: name, Value: value})
				}
			}
		}
		if !ours[m[1]] {
			ours[m[1]] = true
			add(everythingOn, r.Figure)
		}
		add(m[2], r.Against)
	}
	return bars
}

// Sizes of the plot in pixels.
const (
	plotWidth = 900
	labelRoom = 330
	barHeight = 18
	barPitch  = 24
	groupRoom = 40
)

// plot draws the bars as SVG, group under group.
func plot(bars []bar) []byte {
	most := 1.0
	for _, b := range bars {
		most = max(most, b.Value)
	}
	var b bytes.Buffer
	y, group := 30, ""
	for _, one := range bars {
		if one.Group != group {
			group = one.Group
			y += groupRoom
			fmt.Fprintf(&b, "<text x=\"10\" y=\"%d\" font-weight=\"bold\">%s</text>\n", y-12, html.EscapeString(group))
		}
		color := "#8a94a6"
		if one.Name == everythingOn {
			color = "#1f6feb"
		}
		width := one.Value / most * (plotWidth - labelRoom - 100)
		fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text><rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/><text x=\"%.1f\" y=\"%d\">%.0f</text>\n",
			labelRoom-8, y+14, html.EscapeString(one.Name), labelRoom, y, width, barHeight, color, labelRoom+width+6, y+14, one.Value)
		y += barPitch
	}
	head := fmt.Sprintf("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"13\">\n"+
		"<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n<text x=\"10\" y=\"24\" font-size=\"16\">%s, requests per second, one processor</text>\n", plotWidth, y+20, whatsNext)
	return append(append([]byte(head), b.Bytes()...), "</svg>\n"...)
}
