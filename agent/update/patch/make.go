package patch

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// MostProgram is the most bytes that a program may have for a patch.
const MostProgram = 1 << 30

// Make returns what makes the newer of two programs of the older one. The same two always give the same bytes. It takes seconds for
// a program of 15 MB, and memory of about five times its size.
func Make(old, new []byte) ([]byte, error) {
	if len(old) > MostProgram || len(new) > MostProgram {
		return nil, fmt.Errorf("make a patch: programs have at most %d bytes", MostProgram)
	}
	text := binary.AppendUvarint([]byte(magic), uint64(len(new)))
	at := 0 // in old
	for _, r := range records(old, new, anchors(old, new)) {
		text = binary.AppendVarint(text, int64(r.from-at))
		text = binary.AppendUvarint(text, uint64(r.like))
		text = binary.AppendUvarint(text, uint64(r.other))
		for i := range r.like {
			text = append(text, new[r.to+i]-old[r.from+i])
		}
		text = append(text, new[r.to+r.like:r.to+r.like+r.other]...)
		at = r.from + r.like
	}
	return Pack(text)
}

// anchor says that from a place of the newer program on it goes on as the older one does from another.
type anchor struct{ to, from int }

// How parts are found again.
const (
	key   = 16      // bytes that are looked up
	step  = 4       // bytes between what can be found in the older program: an instruction
	chain = 64      // places with the same hash that are tried
	far   = 4 << 10 // bytes that are compared of each: more say nothing more
	apart = 16      // bytes by which another place has to be more like it than to go on as now
)

// anchors goes through the newer program and notes where it leaves the place of the older one that it was going along.
func anchors(old, new []byte) []anchor {
	list := []anchor{{0, 0}}
	places := index(old)
	shift := 0 // what is at i of the newer program is at i+shift of the older one
	for i := 0; i+key <= len(new); {
		here := 0
		if at := i + shift; at >= 0 && at < len(old) {
			here = equal(old[at:], new[i:])
		}
		if here >= key {
			i += here
			continue
		}
		from, n := places.find(old, new[i:min(i+far, len(new))])
		if n >= key && n > likeness(old, new[i:i+n], i+shift)+apart {
			shift = from - i
			list = append(list, anchor{i, from})
			i += n
			continue
		}
		i++
	}
	return list
}

// likeness counts the bytes of a text that are the same in the older program from a place on.
func likeness(old, text []byte, at int) int {
	n := 0
	for i, b := range text {
		if at+i >= 0 && at+i < len(old) && old[at+i] == b {
			n++
		}
	}
	return n
}

// equal counts the bytes that two texts begin alike with.
func equal(a, b []byte) int {
	n := 0
	for ; len(a) >= n+8 && len(b) >= n+8; n += 8 {
		if differ := binary.LittleEndian.Uint64(a[n:]) ^ binary.LittleEndian.Uint64(b[n:]); differ != 0 {
			return n + bits.TrailingZeros64(differ)/8
		}
	}
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// places finds texts in the older program: lists of places with the same hash.
type places struct {
	first []int32 // by hash; -1 for none
	next  []int32 // by place/step; -1 for none
	shift int
}

func index(old []byte) places {
	size := max(bits.Len(uint(len(old)/step)), 8)
	p := places{first: make([]int32, 1<<size), next: make([]int32, len(old)/step+1), shift: 64 - size}
	for i := range p.first {
		p.first[i] = -1
	}
	for at := (len(old) - key + step) / step * step; at >= 0; at -= step {
		if at+key > len(old) {
			continue
		}
		hash := p.hash(old[at:])
		p.next[at/step] = p.first[hash]
		p.first[hash] = int32(at)
	}
	return p
}

func (p places) hash(text []byte) uint64 {
	const odd = 0x9E3779B97F4A7C15 // 2^64 by the golden ratio
	mixed := binary.LittleEndian.Uint64(text)*odd ^ bits.RotateLeft64(binary.LittleEndian.Uint64(text[8:])*odd, 31)
	return mixed * odd >> p.shift
}

// find is where in the older program most bytes of a text are, of the places that it tries, and how many.
func (p places) find(old, text []byte) (from, n int) {
	at := p.first[p.hash(text)]
	for range chain {
		if at < 0 {
			break
		}
		if like := equal(old[at:], text); like > n {
			from, n = int(at), like
		}
		at = p.next[int(at)/step]
	}
	return from, n
}

// record is one of a patch.
type record struct{ to, from, like, other int }

// records decides for each byte between two anchors whether it is told as a difference to what the former goes along, as it is, or as a
// difference to what comes before the latter.
func records(old, new []byte, anchors []anchor) []record {
	var list []record
	begin := anchors[0]
	for i, a := range anchors {
		end := anchor{to: len(new)}
		last := i == len(anchors)-1
		if !last {
			end = anchors[i+1]
		}
		ahead, back := split(old, new, a, end, last)
		r := record{to: begin.to, from: begin.from, like: ahead - begin.to, other: back - ahead}
		if r.like+r.other > 0 {
			list = append(list, r)
		}
		begin = anchor{to: back, from: end.from - (end.to - back)}
	}
	return list
}

// split finds where between two anchors to stop going along the first (ahead) and where to begin with the second (back), so that
// as many bytes as possible are like, and as few as possible are told as differences that are none.
func split(old, new []byte, a, b anchor, last bool) (ahead, back int) {
	n := b.to - a.to
	gain := make([]int32, n+1) // the best that going along the first gives up to a place
	stop := make([]int32, n+1) // and where it stops for that
	score := 0
	for i := range n {
		score += worth(old, new, a.to+i, a.from+i)
		gain[i+1], stop[i+1] = gain[i], stop[i]
		if score > int(gain[i]) {
			gain[i+1], stop[i+1] = int32(score), int32(i+1)
		}
	}
	best, ahead, back := int(gain[n]), a.to+int(stop[n]), b.to
	if last {
		return ahead, back
	}
	score = 0
	for i := n - 1; i >= 0; i-- {
		score += worth(old, new, a.to+i, b.from-(n-i))
		if sum := int(gain[i]) + score; sum > best {
			best, ahead, back = sum, a.to+int(stop[i]), a.to+i
		}
	}
	return ahead, back
}

// worth is 1 where a byte of the newer program is that of the older one, -1 where it is another. Outside of the older program it is
// so little that nobody goes there.
func worth(old, new []byte, to, from int) int {
	switch {
	case from < 0 || from >= len(old):
		return -MostProgram / 1024
	case old[from] == new[to]:
		return 1
	default:
		return -1
	}
}
