package calendar

import (
	"encoding/binary"
	"testing"
	"time"
)

// changing makes a zone whose offset changes every second between two values, as a feed may
// define it (RFC 8536, version 1).
func changing(t *testing.T, from Wall, changes, one, two int) *time.Location {
	t.Helper()
	data := append([]byte("TZif"), make([]byte, 16)...)
	for _, n := range []int{0, 0, 0, changes, 2, 4} { // UT marks, standard marks, leap seconds, changes, kinds, letters
		data = binary.BigEndian.AppendUint32(data, uint32(n))
	}
	for i := range changes {
		data = binary.BigEndian.AppendUint32(data, uint32(int(from)+i))
	}
	for i := range changes {
		data = append(data, byte(i%2))
	}
	for _, offset := range []int{one, two} {
		data = binary.BigEndian.AppendUint32(data, uint32(offset))
		data = append(data, 0, 0)
	}
	loc, err := time.LoadLocationFromTZData("changing", append(data, "ABC\x00"...))
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestZoneThatChangesAllTheTime(t *testing.T) {
	noon := WallOf(2024, 6, 3, 12, 0, 0)
	loc := changing(t, noon-5000, 10_000, 7200, -7200)
	z := newZone(loc)
	for w := noon - 9000; w < noon+9000; w += 7 {
		at := w.In(loc).Unix()
		if offset := int64(w) - at; offset != 7200 && offset != -7200 {
			t.Fatalf("%v resolves with the offset %d", w.UTC(), offset)
		}
		if offset := int64(w) - z.at(w); offset != 7200 && offset != -7200 {
			t.Fatalf("%v resolves with the remembered offset %d", w.UTC(), offset)
		}
	}
	e := event(t, "e", "2024-06-03 09:00 UTC", "", "FREQ=MINUTELY")
	e.Start.Loc = loc
	if list, _ := expand(t, between(t, "2024-06-03", "2024-06-04"), e); len(list) == 0 {
		t.Error("nothing is shown")
	}
}
