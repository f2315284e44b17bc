package page

import (
	"strconv"
	"strings"
	"unicode"

	"calendarbot/agent/view"
)

// The headline takes at most two lines on every screen and is never cut inside a word. The server cannot measure a font,
// so it reckons in units of half the height of a letter, with slack, and chooses one of four sizes; the style sheet gives each
// size what fits into two lines of the narrowest screen.

// titleSizes are the units that fit into the two lines of a size, and into one.
func titleSizes() [4]struct{ whole, line int } {
	return [4]struct{ whole, line int }{{18, 13}, {25, 15}, {42, 23}, {54, 27}}
}

// fitTitle returns the title as it is shown large, and the class of its size.
func fitTitle(title string) (short, class string) {
	sizes := titleSizes()
	last := sizes[len(sizes)-1]
	short = title
	for n := last.whole; n > 0 && units(short) > last.whole; n-- {
		short = view.Clip(title, n)
	}
	whole, word := units(short), longestWord(short)
	for i, s := range sizes {
		if whole <= s.whole && word <= s.line {
			return short, "t" + strconv.Itoa(i+1)
		}
	}
	return short, "t4"
}

// fitAmount returns the class of an amount's size.
func fitAmount(text string) string {
	for i, n := range [...]int{8, 11, 17} {
		if units(text) <= n {
			return "a" + strconv.Itoa(i+1)
		}
	}
	return "a4"
}

// units reckons how wide text is.
func units(text string) int {
	tenths := 0
	for _, r := range text {
		tenths += width(r)
	}
	return (tenths + 9) / 10
}

func longestWord(text string) int {
	longest := 0
	for word := range strings.FieldsSeq(text) {
		if breaksAnywhere(word) {
			continue
		}
		longest = max(longest, units(word))
	}
	return longest
}

// breaksAnywhere tells whether a script needs no spaces to break its lines.
func breaksAnywhere(word string) bool {
	return strings.ContainsFunc(word, func(r rune) bool {
		return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai)
	})
}

// width is a letter's width in tenths of a unit, as sans-serif fonts have it.
func width(r rune) int {
	switch {
	case strings.ContainsRune("iljtfrI.,;:'|!()[]-·/ ", r):
		return 7
	case strings.ContainsRune("mwMW@%&–—…", r):
		return 17
	case unicode.In(r, unicode.Mn, unicode.Me), r == '\u200d':
		return 0
	case r >= 0x1100 && (r <= 0x115f || r >= 0x2e80 && r <= 0xd7a3 || r >= 0xf900 && r <= 0xfaff || r >= 0xff00 && r <= 0xff60 || r >= 0x1f000), r >= 0x2600 && r <= 0x27bf:
		return 22
	case unicode.IsUpper(r):
		return 14
	}
	return 11
}
