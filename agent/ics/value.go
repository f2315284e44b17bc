package ics

import (
	"strings"
	"time"

	"calendarbot/agent/calendar"
)

// moment is a DATE or DATE-TIME as written: its zone is still a name.
type moment struct {
	wall calendar.Wall
	date bool // a DATE
	utc  bool // ended in Z, or in an offset: wall is in UTC
	east int  // that offset, in seconds, when exact
	// exact tells that the offset was a number: an instant, whatever the zone.
	exact bool
	zone  string // the TZID parameter, "" when not given
	tzid  bool   // there was a TZID parameter, perhaps an empty one
}

// readMoment reads YYYYMMDD or YYYYMMDDTHHMMSS with or without Z (RFC 5545 sections 3.3.4 and 3.3.5). It also
// takes what real files contain: lower case, no seconds, the punctuation and numeric offsets of ISO 8601, 240000 for the
// end of a day, and second 60.
func readMoment(s string) (m moment, ok bool) {
	if n := len(s); n > len("YYYYMMDDTHHMMSS") && '0' <= s[n-1] && s[n-1] <= '9' {
		// It can only end in an offset, or it has punctuation.
		if i := strings.LastIndexAny(s, "+-"); i > len("YYYY-MM-DD") {
			if m.east, ok = readOffset(s[i:]); !ok {
				return m, false
			}
			m.exact, s = true, s[:i]
		}
	}
	if len(s) > 10 && s[4] == '-' || len(s) == 10 {
		s = strings.NewReplacer("-", "", ":", "").Replace(s)
	}
	if len(s) < 8 {
		return m, false
	}
	year, month, day := number(s[0:4]), number(s[4:6]), number(s[6:8])
	if year < 1 || month < 1 || month > 12 || day < 1 || day > 31 {
		return m, false
	}
	m.wall = calendar.WallOf(year, time.Month(month), day, 0, 0, 0)
	if day > 28 && m.wall.UTC().Day() != day {
		return m, false // the month is shorter
	}
	if len(s) == 8 {
		m.date = true
		return m, !m.exact
	}
	if s[8] != 'T' && s[8] != 't' && s[8] != ' ' {
		return m, false
	}
	clock := s[9:]
	if n := len(clock); n > 0 && (clock[n-1] == 'Z' || clock[n-1] == 'z') {
		m.utc = true
		clock = clock[:n-1]
		if m.exact {
			return m, false
		}
	}
	hour, minute, second := 0, 0, 0
	switch len(clock) {
	case 4:
		hour, minute = number(clock[0:2]), number(clock[2:4])
	case 6:
		hour, minute, second = number(clock[0:2]), number(clock[2:4]), number(clock[4:6])
	default:
		return m, false
	}
	if hour < 0 || minute < 0 || minute > 59 || second < 0 || second > 60 || hour > 23 && (hour != 24 || minute+second != 0) {
		return m, false
	}
	m.wall += calendar.Wall(hour*3600 + minute*60 + min(second, 59) - m.east)
	m.utc = m.utc || m.exact
	return m, true
}

// number returns the value of a string of digits, else -1. It is for short strings.
func number(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// readLength reads a DURATION (RFC 5545 section 3.3.6). negative tells that it had a minus sign. A number has at
// most seven digits.
func readLength(s string) (l calendar.Length, negative, ok bool) {
	s = strings.ToUpper(s)
	switch {
	case strings.HasPrefix(s, "-"):
		negative, s = true, s[1:]
	case strings.HasPrefix(s, "+"):
		s = s[1:]
	}
	if len(s) < 2 || s[0] != 'P' {
		return l, negative, false
	}
	inTime, numbers := false, 0
	digits := 0
	for i := 1; i < len(s); i++ {
		c := s[i]
		if '0' <= c && c <= '9' {
			digits++
			continue
		}
		if c == 'T' && digits == 0 {
			inTime = true
			continue
		}
		if digits == 0 || digits > 7 {
			return calendar.Length{}, negative, false
		}
		n := number(s[i-digits : i])
		digits = 0
		numbers++
		switch {
		case c == 'W':
			l.Days += 7 * n
		case c == 'D':
			l.Days += n
		case c == 'H':
			l.Seconds += int64(n) * 3600
		case c == 'M' && inTime:
			l.Seconds += int64(n) * 60
		case c == 'S':
			l.Seconds += int64(n)
		default:
			return calendar.Length{}, negative, false
		}
	}
	return l, negative, digits == 0 && numbers > 0
}

// readOffset reads a UTC offset (RFC 5545 section 3.3.14) as seconds east, less than a day: +HHMM, +HHMMSS, also
// with colons, without sign, or with hours alone.
func readOffset(s string) (seconds int, ok bool) {
	s = strings.ReplaceAll(strings.TrimSpace(s), ":", "")
	sign := 1
	if s != "" && (s[0] == '+' || s[0] == '-') {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	if len(s)%2 == 1 {
		s = "0" + s
	}
	if len(s) < 2 || len(s) > 6 {
		return 0, false
	}
	for unit := 3600; s != ""; s, unit = s[2:], unit/60 {
		n := number(s[:2])
		if n < 0 || unit < 3600 && n > 59 {
			return 0, false
		}
		seconds += n * unit
	}
	return sign * seconds, seconds < 24*3600
}

// unescape undoes the escaping of TEXT (RFC 5545 section 3.3.11) and leaves out control characters. A backslash
// before any other letter stays, as people write C:\temp.
func unescape(s string) string {
	var b strings.Builder
	from := 0 // of what is not written yet
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c != '\\' && c != 0x7F && (c >= ' ' || c == '\t' || c == '\n') {
			continue
		}
		if b.Len() == 0 {
			b.Grow(len(s))
		}
		b.WriteString(s[from:i])
		from = i + 1
		if c != '\\' || from == len(s) {
			continue
		}
		switch s[from] {
		case 'n', 'N':
			b.WriteByte('\n')
			from++
		case ',', ';', ':', '"', '\\':
			i++ // the letter itself is written with what follows
			continue
		default:
			from = i // the backslash stays
			continue
		}
		i++
	}
	if from == 0 {
		return s
	}
	b.WriteString(s[from:])
	return b.String()
}

// oneLine is unescape for what is shown in one line.
func oneLine(s string) string {
	s = strings.TrimSpace(unescape(s))
	if strings.IndexByte(s, '\n') < 0 {
		return s
	}
	return strings.Join(strings.Fields(s), " ")
}

// wholeRunes cuts text to at most n bytes, between characters and not inside an escape.
func wholeRunes(text []byte, n int) []byte {
	if len(text) <= n {
		return text
	}
	for n > 0 && text[n]&0xC0 == 0x80 {
		n--
	}
	text = text[:n]
	slashes := 0
	for slashes < n && text[n-1-slashes] == '\\' {
		slashes++
	}
	return text[:n-slashes%2]
}
