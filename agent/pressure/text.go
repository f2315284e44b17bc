package pressure

import (
	"bytes"
	"math"
	"strconv"
)

// What the kernel tells is lines of words. The functions below read them out of one buffer that is used again for each file, and
// leave what they do not understand alone: a newer kernel tells more.

// whole reads a whole number. The word is short, and no error keeps it: nothing of the heap is needed.
func whole(word []byte) (uint64, bool) {
	n, err := strconv.ParseUint(string(word), 10, 64)
	return n, err == nil
}

// share reads a number of percent, 0-100.
func share(word []byte) (float64, bool) {
	f, err := strconv.ParseFloat(string(word), 64)
	return f, err == nil && f >= 0 && f <= 100
}

// field is the first word of a line, and what is behind it.
func field(line []byte) (word, rest []byte) {
	line = bytes.TrimLeft(line, " \t")
	if end := bytes.IndexAny(line, " \t"); end >= 0 {
		return line[:end], line[end+1:]
	}
	return line, nil
}

// line is the first line of a text, and what is behind it.
func line(text []byte) (first, rest []byte) {
	if end := bytes.IndexByte(text, '\n'); end >= 0 {
		return text[:end], text[end+1:]
	}
	return text, nil
}

// figures calls found for each line of a name and a number, as in /proc/meminfo, /proc/self/status and most files of a cgroup. The
// name is without its colon; kilobytes become bytes.
func figures(text []byte, found func(name []byte, n uint64)) {
	for len(text) > 0 {
		var l []byte
		l, text = line(text)
		name, rest := field(l)
		word, rest := field(rest)
		n, ok := whole(word)
		if !ok {
			continue
		}
		if unit, _ := field(rest); string(unit) == "kB" {
			if n > math.MaxUint64/1024 {
				continue
			}
			n *= 1024
		}
		found(bytes.TrimSuffix(name, []byte(":")), n)
	}
}

// single reads a file of one number; "max", which stands for no limit, is 0.
func single(text []byte) (n uint64, ok bool) {
	l, _ := line(text)
	word, _ := field(l)
	if string(word) == "max" {
		return 0, true
	}
	return whole(word)
}

// stall reads a file of pressure; false when it holds none. The processor's may be without a line of "full".
func stall(text []byte) (s Stall, ok bool) {
	for len(text) > 0 {
		var l []byte
		l, text = line(text)
		kind, rest := field(l)
		ten, sixty := &s.Some10, &s.Some60
		switch string(kind) {
		case "some":
		case "full":
			ten, sixty = &s.Full10, &s.Full60
		default:
			continue
		}
		for len(rest) > 0 {
			var word []byte
			word, rest = field(rest)
			name, value, _ := bytes.Cut(word, []byte("="))
			f, good := share(value)
			switch {
			case !good:
			case string(name) == "avg10":
				*ten, ok = f, true
			case string(name) == "avg60":
				*sixty = f
			}
		}
	}
	return s, ok
}

// ticks reads the line of all processors of /proc/stat: how long they were busy, and how long there were any. Waiting for a disk
// is no work.
func ticks(text []byte) (busy, total uint64, ok bool) {
	const idle, wait, guest = 3, 4, 8
	l, _ := line(text)
	name, rest := field(l)
	if string(name) != "cpu" {
		return 0, 0, false
	}
	for i := 0; i < guest && len(rest) > 0; i++ { // what guests used is counted as the user's already
		var word []byte
		word, rest = field(rest)
		if len(word) == 0 {
			break
		}
		n, good := whole(word)
		if !good || n > math.MaxUint64-total {
			return 0, 0, false
		}
		total += n
		if i != idle && i != wait {
			busy += n
		}
	}
	return busy, total, total > 0
}

// degrees reads a temperature in thousandths of °C; false for what no working sensor tells.
func degrees(text []byte) (float64, bool) {
	const coldest, hottest = -60, 200
	l, _ := line(text)
	word, _ := field(l)
	n, err := strconv.ParseInt(string(word), 10, 64)
	if err != nil {
		return 0, false
	}
	c := float64(n) / 1000
	return c, c >= coldest && c <= hottest
}

// Bits of what the Raspberry Pi's firmware tells of the processor (get_throttled): how it is now. Those from 16 on tell what was.
const (
	lowVoltage = 1 << 0
	capped     = 1 << 1
	slowed     = 1 << 2
)

// firmware reads the firmware's word, which is hexadecimal.
func firmware(text []byte) (throttled, undervolted, ok bool) {
	l, _ := line(text)
	word, _ := field(l)
	bits, err := strconv.ParseUint(string(bytes.TrimPrefix(word, []byte("0x"))), 16, 64)
	return err == nil && bits&(capped|slowed) != 0, err == nil && bits&lowVoltage != 0, err == nil
}

// ownGroup reads /proc/self/cgroup: the path in the hierarchy of version 2, and whether version 1 has the memory.
func ownGroup(text []byte) (path string, first bool) {
	for len(text) > 0 {
		var l []byte
		l, text = line(text)
		_, rest, _ := bytes.Cut(l, []byte(":"))
		controllers, where, ok := bytes.Cut(rest, []byte(":"))
		switch {
		case !ok:
		case len(controllers) == 0:
			path = string(where)
		case bytes.Contains(controllers, []byte("memory")):
			first = true
		}
	}
	return path, first
}
