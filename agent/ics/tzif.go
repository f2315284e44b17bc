package ics

import "encoding/binary"

// tzif writes a zone as time zone data (RFC 8536, version 2) for time.LoadLocationFromTZData: first holds from the
// beginning of time, then each change in turn, and after the last one what footer says. More than 200 different observances are more than the format
// is asked to hold; those beyond are left out.
func tzif(first observance, changes []change) []byte {
	type local struct {
		offset   int
		daylight bool
		name     string
	}
	var types []local
	var names []byte
	var data, infos []byte
	index := func(o observance) (byte, bool) {
		l := local{o.to, o.daylight, abbreviation(o)}
		for i, t := range types {
			if t == l {
				return byte(i), true
			}
		}
		if len(types) == 200 || len(names)+len(l.name)+1 > 255 {
			return 0, false
		}
		infos = binary.BigEndian.AppendUint32(infos, uint32(int32(l.offset)))
		dst := byte(0)
		if l.daylight {
			dst = 1
		}
		infos = append(infos, dst, byte(len(names)))
		names = append(append(names, l.name...), 0)
		types = append(types, l)
		return byte(len(types) - 1), true
	}
	last := int64(-1 << 40) // long ago
	times := binary.BigEndian.AppendUint64(nil, uint64(last))
	n, _ := index(first)
	which := []byte{n}
	for _, c := range changes {
		n, ok := index(*c.to)
		if !ok || c.at <= last {
			continue
		}
		times = binary.BigEndian.AppendUint64(times, uint64(c.at))
		which = append(which, n)
		last = c.at
	}
	header := func(counts ...int) {
		data = append(append(data, "TZif2"...), make([]byte, 15)...)
		for _, n := range counts {
			data = binary.BigEndian.AppendUint32(data, uint32(n))
		}
	}
	header(0, 0, 0, 0, 0, 0)
	header(0, 0, 0, len(which), len(types), len(names))
	data = append(append(append(append(data, times...), which...), infos...), names...)
	return append(append(append(data, '\n'), footer(changes)...), '\n')
}

// abbreviation is the short name that a clock in the observance shows: its TZNAME, else its offset.
func abbreviation(o observance) string {
	name := make([]byte, 0, 8)
	for i := 0; i < len(o.name) && len(name) < 8; i++ {
		if c := o.name[i]; c > ' ' && c < 0x7F && c != '<' && c != '>' {
			name = append(name, c)
		}
	}
	if len(name) > 0 {
		return string(name)
	}
	sign := "+"
	if o.to < 0 {
		sign = "-"
	}
	return sign + clock(o.to)
}
