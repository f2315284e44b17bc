package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"strings"

	"calendarbot/agent/conn"
	"calendarbot/agent/ics"
)

// hashSize is how many bytes of a SHA-256 are kept.
const hashSize = 16

// maxSeries is how many components one UID may have: they are always read together.
const maxSeries = 5000

// ErrSuperseded is returned when the source was changed, removed or committed to by somebody
// else after the draft was begun. The draft is of no more use.
var ErrSuperseded = errors.New("the source was changed meanwhile")

// Draft collects the components of one fetch beside the last good ones, in little memory however many there are.
// The database is not touched before Commit; a draft that is not committed is simply dropped. It is for one goroutine.
type Draft struct {
	store  *Store
	id     string
	source *source // as it was at the beginning
	before int
	kept   int

	// known tells for each hash where the component is: stored in the row of that number, stored
	// in the row of minus that number and seen in this draft too, or, when 0, new in this draft.
	known  map[[hashSize]byte]int64
	joined map[int64]bool // rows that already know their series
	fresh  int
	texts  spool
	series map[uint64]members
	join   []lone // rows that now need to know their series
	over   map[uint64]*ics.Problem

	scratch []byte
}

// members are the components of one UID in the draft.
type members struct {
	n   int
	row int64 // the stored row that does not know its series as long as it is the only member; else 0
}

// lone is a stored row that is no longer the only one of its UID.
type lone struct {
	row    int64
	series uint64
}

// Draft starts one. It holds the hashes of what the source has now, so that components that did not
// change cost neither memory nor writes.
func (s *Store) Draft(ctx context.Context, id string) (*Draft, error) {
	src, _ := s.picture.Load().find(id)
	if src == nil {
		return nil, ErrUnknown
	}
	d := &Draft{
		store: s, id: id, source: src, texts: spool{database: s.o.Path},
		known: make(map[[hashSize]byte]int64, src.events), joined: map[int64]bool{},
		series: make(map[uint64]members, src.events), over: map[uint64]*ics.Problem{},
	}
	var used *conn.DB
	err := s.withDB(func(db *conn.DB) error {
		used = db
		if db.InMemory() {
			d.texts.database = ""
		}
		return each(ctx, db.Read(), `SELECT id, hash, series IS NOT NULL FROM component WHERE source = ?`, d.stored, src.num)
	})
	if broken(err) {
		err = errors.Join(err, s.repair(ctx, used))
	}
	if err != nil {
		return nil, inWords("read what is stored of "+id, err)
	}
	d.before = len(d.known)
	return d, nil
}

// stored notes one component that the source has now.
func (d *Draft) stored(rows *sql.Rows) error {
	var row int64
	var hash sql.RawBytes
	var joined bool
	if err := rows.Scan(&row, &hash, &joined); err != nil {
		return err
	}
	if len(hash) != hashSize {
		return nil // it is taken for gone
	}
	d.known[[hashSize]byte(hash)] = row
	if joined {
		d.joined[row] = true
	}
	return nil
}

// Keep is the callback for ics.Decode. A component that the draft has already is not counted
// twice. Of one UID at most 5000 components are kept; Commit adds a problem about the others.
func (d *Draft) Keep(c ics.Component) error {
	hash := d.hash(c)
	row, known := d.known[hash]
	if known && row <= 0 {
		return nil
	}
	series := seriesOf(c.UID)
	m := d.series[series]
	if m.n >= maxSeries {
		d.tooMany(series, c)
		return nil
	}
	m.n++
	if m.n > 1 && m.row != 0 {
		d.join = append(d.join, lone{m.row, series})
		m.row = 0
	}
	switch {
	case !known:
		d.known[hash] = 0
		d.fresh++
		if err := d.texts.add(fresh{hash, series, c.First, c.Last, d.kept, c.Text}); err != nil {
			return inWords("collect the events of "+d.id, err)
		}
	case d.joined[row]:
		d.known[hash] = -row
	case m.n == 1:
		d.known[hash] = -row
		m.row = row
	default:
		d.known[hash] = -row
		d.join = append(d.join, lone{row, series})
	}
	d.series[series] = m
	d.kept++
	return nil
}

// hash identifies the component with all that is stored of it.
func (d *Draft) hash(c ics.Component) [hashSize]byte {
	b := d.scratch[:0]
	b = append(b, c.UID...)
	b = append(b, 0)
	b = binary.BigEndian.AppendUint64(b, uint64(c.First))
	b = binary.BigEndian.AppendUint64(b, uint64(c.Last))
	b = append(b, c.Text...)
	d.scratch = b
	sum := sha256.Sum256(b)
	return [hashSize]byte(sum[:hashSize])
}

func seriesOf(uid string) uint64 {
	h := fnv.New64a()
	// Writing to a hash cannot fail.
	h.Write([]byte(uid))
	return h.Sum64()
}

func (d *Draft) tooMany(series uint64, c ics.Component) {
	if d.over[series] == nil {
		d.over[series] = &ics.Problem{UID: strings.Clone(c.UID), Skipped: true,
			Text: "this event comes more than 5000 times with changes of its own; the others are left out"}
	}
}

// Before and Kept count the components of the source now, and in the draft.
func (d *Draft) Before() int { return d.before }
func (d *Draft) Kept() int   { return d.kept }
