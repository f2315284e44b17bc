package view

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clip shortens text to at most n letters, at the end of a word where there is one in the second half, with an ellipsis that
// counts as a letter. It never parts a letter from its accents, nor the pieces of a composed emoji.
func Clip(text string, n int) string {
	if len(text) <= n || utf8.RuneCountInString(text) <= n {
		return text
	}
	cut := len(text)
	count := 0
	for i := range text {
		if count == n-1 {
			cut = i
			break
		}
		count++
	}
	if w := lastSpace(text[:cut+1]); w > cut/2 {
		cut = w
	}
	for cut > 0 && clings(text, cut) {
		_, size := utf8.DecodeLastRuneInString(text[:cut])
		cut -= size
	}
	return strings.TrimRight(text[:cut], " ,;:-–—/·(") + "…"
}

func lastSpace(text string) int { return strings.LastIndexByte(text, ' ') }

// clings tells whether what stands at i belongs to the letter before it.
func clings(text string, i int) bool {
	const joiner = '\u200d'
	next, _ := utf8.DecodeRuneInString(text[i:])
	prev, _ := utf8.DecodeLastRuneInString(text[:i])
	return prev == joiner || next == joiner || unicode.In(next, unicode.Mn, unicode.Me) || (next >= 0x1f3fb && next <= 0x1f3ff)
}
