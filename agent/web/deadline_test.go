package web

import (
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

// clocked notes the deadlines that are set.
type clocked struct {
	net.Conn
	read, write []time.Time
}

func (c *clocked) SetReadDeadline(t time.Time) error  { c.read = append(c.read, t); return nil }
func (c *clocked) SetWriteDeadline(t time.Time) error { c.write = append(c.write, t); return nil }

// A deadline is set when it is earlier than the one that holds, or later by a second and more: never is more time given than asked.
func TestDeadlinesAreSetSeldom(t *testing.T) {
	base, below := time.Unix(1_800_000_000, 0), &clocked{}
	c := &lazyConn{Conn: below}
	moments := []time.Duration{0, time.Millisecond, deadlineSlack - 1, deadlineSlack, deadlineSlack + 1, deadlineSlack / 2, 0, time.Hour}
	for _, m := range moments {
		if err := c.SetReadDeadline(base.Add(m)); err != nil {
			t.Fatal(err)
		}
	}
	want := []time.Time{base, base.Add(deadlineSlack), base.Add(deadlineSlack / 2), base, base.Add(time.Hour)}
	if !slices.Equal(below.read, want) {
		t.Errorf("set %v, want %v", below.read, want)
	}
	if below.write != nil {
		t.Error("a deadline of reading is one of writing")
	}
	for range 2 {
		if err := c.SetDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.SetWriteDeadline(base); err != nil {
		t.Fatal(err)
	}
	if last := below.write[len(below.write)-1]; !last.Equal(base) || !below.read[len(below.read)-1].IsZero() || !slices.ContainsFunc(below.write, time.Time.IsZero) {
		t.Errorf("none, and then one again: %v, %v", below.read, below.write)
	}
	// What was passed long ago, as at the end of a stream, is earlier than anything.
	var set atomic.Int64
	set.Store(base.UnixNano())
	if near(&set, time.Unix(1, 0)) {
		t.Error("a reader that is to end is left waiting")
	}
}
