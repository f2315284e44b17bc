package hwtest

import (
	"strconv"
	"strings"
)

// atoi is a decimal number; 0 for what is none.
func atoi(text string) int64 {
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return v
}

// hex is a number that is written as 0x0B; 0 for what is none.
func hex(text string) int64 {
	v, err := strconv.ParseInt(strings.TrimPrefix(text, "0x"), 16, 64)
	if err != nil {
		return 0
	}
	return v
}
