package calendar

import (
	"cmp"
	"slices"
)

// gathering collects occurrences without moving them, and orders them at the end by small
// keys: an Occurrence is large.
type gathering struct {
	blocks [][]Occurrence // of blockSize each
	keys   []key
	uids   []uid
	arena  []Moment // of slots
}

// key is the order of an occurrence, and its place.
type key struct {
	start int64
	uid   int32 // in gathering.uids; once these are sorted, the rank of the UID
	index int32
}

// uid is one UID, with the number that it had in the order of coming.
type uid struct {
	text   string
	number int32
}

const blockSize = 64

// begin starts the occurrences of one UID.
func (g *gathering) begin(text string) {
	if n := len(g.uids); n > 0 && !g.used(n-1) { // nothing was in the window
		g.uids = g.uids[:n-1]
	}
	g.uids = append(g.uids, uid{text, int32(len(g.uids))})
}

// used tells whether the last occurrence is of the UID.
func (g *gathering) used(number int) bool {
	return len(g.keys) > 0 && g.keys[len(g.keys)-1].uid == int32(number)
}

func (g *gathering) add(o Occurrence, start int64, slot *Moment) {
	n := len(g.keys)
	if n/blockSize == len(g.blocks) {
		g.blocks = append(g.blocks, make([]Occurrence, 0, blockSize))
	}
	if slot != nil {
		o.Slot = g.keep(*slot)
	}
	block := &g.blocks[n/blockSize]
	*block = append(*block, o)
	g.keys = append(g.keys, key{start, int32(len(g.uids) - 1), int32(n)})
}

// count is how many occurrences there are.
func (g *gathering) count() int { return len(g.keys) }

// back forgets all but the first n occurrences, those of the last UID; the room is used again.
func (g *gathering) back(n int) {
	g.keys = g.keys[:n]
	for i := n / blockSize; i < len(g.blocks); i++ {
		keep := max(0, n-i*blockSize)
		g.blocks[i] = g.blocks[i][:min(keep, len(g.blocks[i]))]
	}
}

// keep gives a slot a place that lasts.
func (g *gathering) keep(slot Moment) *Moment {
	if len(g.arena) == cap(g.arena) {
		g.arena = make([]Moment, 0, blockSize)
	}
	g.arena = append(g.arena, slot)
	return &g.arena[len(g.arena)-1]
}

func (g *gathering) at(k key) *Occurrence { return &g.blocks[k.index/blockSize][k.index%blockSize] }

// sorted returns the occurrences by start, then UID, then slot.
func (g *gathering) sorted() []Occurrence {
	g.rank()
	slices.SortFunc(g.keys, func(a, b key) int {
		switch {
		case a.start != b.start:
			return cmp.Compare(a.start, b.start)
		case a.uid != b.uid:
			return cmp.Compare(a.uid, b.uid)
		}
		x, y := g.at(a), g.at(b)
		return cmp.Or(cmp.Compare(slotOrder(x), slotOrder(y)), x.End.Compare(y.End))
	})
	list := make([]Occurrence, len(g.keys))
	for i, k := range g.keys {
		list[i] = *g.at(k)
	}
	return list
}

// rank numbers the UIDs of the keys in their order, equal ones alike.
func (g *gathering) rank() {
	ranks := make([]int32, len(g.uids))
	slices.SortFunc(g.uids, func(a, b uid) int { return cmp.Compare(a.text, b.text) })
	rank := int32(0)
	for i, u := range g.uids {
		if i > 0 && u.text != g.uids[i-1].text {
			rank++
		}
		ranks[u.number] = rank
	}
	for i := range g.keys {
		g.keys[i].uid = ranks[g.keys[i].uid]
	}
}

// slotOrder puts an event that does not recur before every instance of a series.
func slotOrder(o *Occurrence) Wall {
	if o.Slot == nil {
		return earliest - 1
	}
	return o.Slot.Wall
}
