package calendar

import (
	"cmp"
	"slices"
	"strings"
)

// gathering collects occurrences without moving them, and orders them at the end by small
// keys: an Occurrence is large, and most differ in their start.
type gathering struct {
	blocks [][]Occurrence
	keys   []key
	arena  []Moment // of slots
}

// key is where an occurrence stands.
type key struct {
	start        int64
	block, index int32
}

const (
	firstBlock = 16
	mostBlock  = 1024
)

func (g *gathering) add(o Occurrence, start int64, slot *Moment) {
	n := len(g.blocks) - 1
	if n < 0 || len(g.blocks[n]) == cap(g.blocks[n]) {
		n++
		g.blocks = append(g.blocks, make([]Occurrence, 0, min(firstBlock<<n, mostBlock)))
	}
	if slot != nil {
		o.Slot = g.keep(*slot)
	}
	g.keys = append(g.keys, key{start, int32(n), int32(len(g.blocks[n]))})
	g.blocks[n] = append(g.blocks[n], o)
}

// keep gives a slot a place that lasts.
func (g *gathering) keep(slot Moment) *Moment {
	if len(g.arena) == cap(g.arena) {
		g.arena = make([]Moment, 0, min(max(firstBlock, 2*cap(g.arena)), mostBlock))
	}
	g.arena = append(g.arena, slot)
	return &g.arena[len(g.arena)-1]
}

// sorted returns the occurrences by start, then UID, then slot.
func (g *gathering) sorted() []Occurrence {
	slices.SortFunc(g.keys, func(a, b key) int {
		if a.start != b.start {
			return cmp.Compare(a.start, b.start)
		}
		return inOrder(&g.blocks[a.block][a.index], &g.blocks[b.block][b.index])
	})
	list := make([]Occurrence, len(g.keys))
	for i, k := range g.keys {
		list[i] = g.blocks[k.block][k.index]
	}
	return list
}

// inOrder compares occurrences with the same start.
func inOrder(a, b *Occurrence) int {
	if c := strings.Compare(a.Event.UID, b.Event.UID); c != 0 {
		return c
	}
	if c := cmp.Compare(slotOrder(a), slotOrder(b)); c != 0 {
		return c
	}
	return a.End.Compare(b.End)
}

// slotOrder puts an event that does not recur before every instance of a series.
func slotOrder(o *Occurrence) Wall {
	if o.Slot == nil {
		return earliest - 1
	}
	return o.Slot.Wall
}
