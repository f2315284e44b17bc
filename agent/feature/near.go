package feature

import "strings"

// maxName is the most of what somebody typed that is looked at and repeated.
const maxName = 64

// clip shortens what somebody typed, so that an answer cannot be made long.
func clip(text string) string {
	if len(text) <= maxName {
		return text
	}
	return strings.ToValidUTF8(text[:maxName], "") + "..."
}

// nearest returns the name that most likely was meant; "" when none is near. Case, dashes and spaces count for nothing, and the
// beginning or the end of a name is near it.
func nearest(typed string, names []string) string {
	word := strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToLower(strings.TrimSpace(clip(typed))))
	if len(word) < 3 {
		return ""
	}
	best, least := "", len(word)/3+1
	for _, name := range names {
		if strings.HasPrefix(name, word) || strings.HasSuffix(name, word) {
			return name
		}
		if d := Distance(word, name); d < least {
			best, least = name, d
		}
	}
	return best
}

// Distance is how many characters have to be put in, left out or replaced to make one text of the other (Levenshtein), in bytes.
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := before
			if a[i] != b[j] {
				replaced++
			}
			before = row[j+1]
			row[j+1] = min(replaced, before+1, row[j]+1)
		}
	}
	return row[len(b)]
}
