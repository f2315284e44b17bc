package view

import (
	"fmt"
	"math"
	"strconv"
)

// The contrasts asked for by WCAG 2.2: 1.4.11 for marks, 1.4.3 for text.
const (
	MarkContrast = 3.0
	TextContrast = 4.5
)

type rgb [3]float64 // 0-1, sRGB

// Readable returns the colour nearest to color, mixed with white or black, that has at least the given contrast to
// background. Both are #rrggbb; a color that is not is taken as grey. A contrast that cannot be had gives
// white or black.
func Readable(color, background string, contrast float64) string {
	c, b := parseColor(color), parseColor(background)
	if contrastOf(c, b) >= contrast {
		return c.String()
	}
	toward := rgb{1, 1, 1}
	if black := (rgb{}); contrastOf(black, b) > contrastOf(toward, b) {
		toward = black
	}
	const steps = 64
	for i := 1; i < steps; i++ {
		m := c.mix(toward, float64(i)/steps).rounded()
		if contrastOf(m, b) >= contrast {
			return m.String()
		}
	}
	return toward.String()
}

// Contrast returns the contrast ratio of two colours, 1-21, as WCAG 2.2 defines it.
func Contrast(a, b string) float64 { return contrastOf(parseColor(a), parseColor(b)) }

func parseColor(s string) rgb {
	if len(s) == 7 && s[0] == '#' {
		if n, err := strconv.ParseUint(s[1:], 16, 32); err == nil {
			return rgb{float64(n>>16) / 255, float64(n>>8&255) / 255, float64(n&255) / 255}
		}
	}
	return rgb{0.5, 0.5, 0.5}
}

func (c rgb) String() string {
	return fmt.Sprintf("#%02x%02x%02x", byte(math.Round(c[0]*255)), byte(math.Round(c[1]*255)), byte(math.Round(c[2]*255)))
}

func (c rgb) rounded() rgb {
	for i := range c {
		c[i] = math.Round(c[i]*255) / 255
	}
	return c
}

func (c rgb) mix(other rgb, part float64) rgb {
	for i := range c {
		c[i] += (other[i] - c[i]) * part
	}
	return c
}

// luminance is the relative luminance of WCAG 2.2.
func (c rgb) luminance() float64 {
	for i, v := range c {
		if v <= 0.04045 {
			c[i] = v / 12.92
		} else {
			c[i] = math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*c[0] + 0.7152*c[1] + 0.0722*c[2]
}

func contrastOf(a, b rgb) float64 {
	la, lb := a.luminance(), b.luminance()
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}
