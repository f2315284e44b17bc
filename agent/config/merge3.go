package config

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"gopkg.in/yaml.v3"
)

// Conflict is a key that a person and the system both changed, to different values. The person's holds.
type Conflict struct {
	Key   string `json:"key"`   // dotted; of a source "sources.NAME.KEY", or "sources.NAME" as a whole
	Mine  string `json:"mine"`  // what the person said; secrets masked, "" for nothing
	Other string `json:"other"` // what the system says now; the same
}

// Merge3 carries the changes from one text of a configuration file (base) to another (other) over into a third (mine), which a person made of base:
// key by key, and source by source, which are the same by id, else name, else address. What the person changed holds, what the person did not change
// follows other; where both changed something to different values the person's holds, and a Conflict tells. The comments of mine stay; only
// where a person changed nothing at all the text is other's. The error is ErrUnreadable when one of the texts is not made of sections with keys; then
// nothing is merged.
func Merge3(base, mine, other []byte) (merged []byte, conflicts []Conflict, err error) {
	var sheets [3]*sheet
	for i, text := range [][]byte{base, mine, other} {
		if sheets[i], err = readSheet(text); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", [...]string{"what it was made of", "the changed one", "the new one"}[i], err)
		}
	}
	if err := sameShapes(sheets[:]); err != nil {
		return nil, nil, err
	}
	if bytes.Equal(base, mine) {
		return other, nil, nil
	}
	if bytes.Equal(base, other) {
		return mine, nil, nil
	}
	most := mistakes(mine) + mistakes(other)
	m := merge3{base: sheets[0], mine: sheets[1], other: sheets[2], known: newTable()}
	m.settings()
	if m.sources(); len(m.conflicts) == 0 && !m.changed {
		return mine, nil, nil
	}
	merged, err = m.mine.text()
	if err != nil {
		return nil, nil, err
	}
	if mistakes(merged) <= most {
		return merged, m.conflicts, nil
	}
	// The sources do not go together, such as too many of them: the person's stay as they are.
	again := merge3{base: sheets[0], other: sheets[2], known: m.known}
	if again.mine, err = readSheet(mine); err != nil {
		return nil, nil, err
	}
	again.settings()
	again.conflicts = append(again.conflicts, Conflict{Key: "sources", Mine: counted(again.mine), Other: counted(again.other)})
	merged, err = again.mine.text()
	return merged, again.conflicts, err
}

// counted says of sources how many they are.
func counted(s *sheet) string { return fmt.Sprintf("%d sources", len(s.sources())) }

// mistakes counts what is wrong with a text.
func mistakes(text []byte) int {
	d := newDraft()
	d.parse("", text)
	d.settle()
	return d.problems[File].count()
}

// merge3 is a merge on its way: mine becomes what is merged.
type merge3 struct {
	base, mine, other *sheet
	known             table
	conflicts         []Conflict
	changed           bool // mine is not as it was
}

// settings merges all but the sources.
func (m *merge3) settings() {
	keys := m.base.keys()
	for _, s := range []*sheet{m.mine, m.other} {
		for _, k := range s.keys() {
			if !slices.Contains(keys, k) {
				keys = append(keys, k)
			}
		}
	}
	for _, k := range keys {
		value := m.other.value(k)
		switch m.known.decide(k.String(), m.base.value(k), m.mine.value(k), value) {
		case followsOther:
			m.mine.put(k, m.other)
			m.changed = true
		case inConflict:
			m.tell(k.String(), m.known.shown(k.String(), m.mine.value(k)), m.known.shown(k.String(), value))
		case staysMine:
		}
	}
}

// tell notes a conflict.
func (m *merge3) tell(key, mine, other string) {
	m.conflicts = append(m.conflicts, Conflict{Key: key, Mine: mine, Other: other})
}

// decision is what becomes of one value.
type decision int

const (
	staysMine decision = iota
	followsOther
	inConflict // and stays mine
)

// decide compares three values of a key; nil is one that is not said.
func (t table) decide(key string, base, mine, other *yaml.Node) decision {
	switch b, m, o := t.plain(key, base), t.plain(key, mine), t.plain(key, other); {
	case m == o:
		return staysMine
	case m == b:
		return followsOther
	case o == b:
		return staysMine
	}
	return inConflict
}

// sameShapes refuses texts in which the same name is a section once and a value another time.
func sameShapes(sheets []*sheet) error {
	for _, s := range sheets {
		for _, k := range s.keys() {
			if k.key != "" || !k.flat {
				continue
			}
			for _, o := range sheets {
				if n := valueOf(o.root, k.section); n != nil && n.Kind == yaml.MappingNode {
					return fmt.Errorf("%w: %s is a section in one text and a value in another", ErrUnreadable, quoted(k.section))
				}
			}
		}
	}
	return nil
}

// Difference is a key about which two texts of a configuration file say different things.
type Difference struct {
	Key  string `json:"key"`  // as in Conflict
	From string `json:"from"` // secrets masked, "" for nothing
	To   string `json:"to"`
}

// Compare lists what another text of a configuration file says, key by key, first the settings and then the sources. Of secrets it tells alone that they differ. The
// error is as that of Merge3.
func Compare(from, to []byte) ([]Difference, error) {
	a, errA := readSheet(from)
	b, errB := readSheet(to)
	if err := errors.Join(errA, errB); err != nil {
		return nil, err
	}
	t := newTable()
	var list []Difference
	keys := a.keys()
	for _, k := range b.keys() {
		if !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	for _, k := range keys {
		if key := k.String(); t.plain(key, a.value(k)) != t.plain(key, b.value(k)) {
			list = append(list, Difference{key, t.shown(key, a.value(k)), t.shown(key, b.value(k))})
		}
	}
	return append(list, t.compareSources(a, b)...), nil
}
