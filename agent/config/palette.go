package config

// palette is the colours that sources get in turn. Each stands out at least 3:1 from white and
// from the dark theme's background, and each from its neighbours by hue.
func palette() []string {
	return []string{
		"#1e78d2", // blue
		"#c2571a", // orange
		"#2e8540", // green
		"#b0489e", // magenta
		"#8a6d00", // olive
		"#0e8390", // teal
		"#d0404a", // red
		"#7b61c9", // violet
		"#6b7785", // grey
		"#9a5f3f", // brown
	}
}

// freeColor returns the first colour of the palette that is used least.
func freeColor(others []Source) string {
	least, best := len(others)+1, ""
	for _, c := range palette() {
		used := 0
		for _, o := range others {
			if o.Color == c {
				used++
			}
		}
		if used < least {
			least, best = used, c
		}
	}
	return best
}
