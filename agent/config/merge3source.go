package config

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// table is what is known of settings, to compare and to show their values.
type table struct {
	settings, sources map[string]setting
}

func newTable() table {
	scratch, source := Default(), Source{}
	t := table{map[string]setting{}, map[string]setting{}}
	for _, s := range scratch.settings() {
		t.settings[s.key] = s
	}
	for _, s := range source.settings() {
		t.sources[s.key] = s
	}
	return t
}

// setting is that of a key as Conflict names it; false when there is none.
func (t table) setting(key string) (setting, bool) {
	if rest, ok := strings.CutPrefix(key, sourcesStart); ok {
		s, known := t.sources[rest[strings.LastIndexByte(rest, '.')+1:]]
		return s, known && !strings.Contains(rest, "."+headersStart)
	}
	s, known := t.settings[key]
	return s, known
}

// plain is a value as one text to compare: two that mean the same have the same, "5m" and "300". Nothing is "".
func (t table) plain(key string, n *yaml.Node) string {
	if n == nil || empty(n) {
		return ""
	}
	text, ok := scalarText(n)
	if !ok {
		return flat(n)
	}
	if s, known := t.setting(key); known && s.set(text) {
		text = s.raw()
	}
	return "=" + text
}

// shown is a value as it may be shown. What is not known counts as a secret.
func (t table) shown(key string, n *yaml.Node) string {
	if n == nil || empty(n) {
		return ""
	}
	text, ok := scalarText(n)
	s, known := t.setting(key)
	switch {
	case !ok || !known:
		return mask
	case s.secret:
		return Secret(text).String()
	case s.set(text):
		return s.raw()
	}
	return quoted(text)
}

// scalarText is the text of a value, that of a list joined with commas.
func scalarText(n *yaml.Node) (string, bool) {
	if n.Kind == yaml.ScalarNode {
		return n.Value, true
	}
	var items []string
	for _, item := range n.Content {
		if n.Kind != yaml.SequenceNode || item.Kind != yaml.ScalarNode {
			return "", false
		}
		items = append(items, item.Value)
	}
	return strings.Join(items, ","), n.Kind == yaml.SequenceNode
}

// sources are those of a sheet.
func (s *sheet) sources() []*yaml.Node {
	if list := valueOf(s.root, "sources"); list != nil {
		return list.Content
	}
	return nil
}

// sourceName is what a source is called in the key of a conflict. Its address is a secret.
func sourceName(src *yaml.Node) string {
	for _, key := range []string{"id", "name"} {
		if n := valueOf(src, key); n != nil && n.Kind == yaml.ScalarNode && n.Value != "" {
			if !printable(n.Value) || len(n.Value) > 60 {
				return quoted(n.Value)
			}
			return n.Value
		}
	}
	if n := valueOf(src, "url"); n != nil && n.Kind == yaml.ScalarNode {
		return Redact(n.Value)
	}
	return mask
}

// partner finds for each source of a list the index of the same one in another list, -1 for none: by id, then name, then address, each taken once.
func partner(list, others []*yaml.Node) []int {
	found := slices.Repeat([]int{-1}, len(list))
	taken := make([]bool, len(others))
	for _, key := range []string{"id", "name", "url"} {
		at := map[string]int{}
		for j, o := range slices.Backward(others) {
			if n := valueOf(o, key); n != nil && n.Kind == yaml.ScalarNode && n.Value != "" && !taken[j] {
				at[n.Value] = j
			}
		}
		for i, src := range list {
			n := valueOf(src, key)
			if n == nil || found[i] >= 0 {
				continue
			}
			if j, ok := at[n.Value]; ok && n.Kind == yaml.ScalarNode && !taken[j] {
				found[i], taken[j] = j, true
			}
		}
	}
	return found
}

// at is an element of a list, nil without one.
func at(list []*yaml.Node, i int) *yaml.Node {
	if i < 0 {
		return nil
	}
	return list[i]
}

// fields are the keys of a source that say something, its headers among them.
func fields(src *yaml.Node) []string {
	if src == nil {
		return nil
	}
	var list []string
	for i := 0; i+1 < len(src.Content); i += 2 {
		name, n := src.Content[i].Value, src.Content[i+1]
		switch {
		case empty(n):
		case name != "headers":
			list = append(list, name)
		default:
			for j := 0; j+1 < len(n.Content); j += 2 {
				if !empty(n.Content[j+1]) {
					list = append(list, headersStart+n.Content[j].Value)
				}
			}
		}
	}
	return list
}

// field is what a source says for a key; nil for nothing.
func field(src *yaml.Node, key string) *yaml.Node {
	if src == nil {
		return nil
	}
	name, header := strings.CutPrefix(key, headersStart)
	if header {
		if src = valueOf(src, "headers"); src == nil {
			return nil
		}
	}
	if n := valueOf(src, name); n != nil && !empty(n) {
		return n
	}
	return nil
}

// putField says something for a key of a source, or nothing any more.
func putField(src *yaml.Node, key string, value *yaml.Node) {
	name, header := strings.CutPrefix(key, headersStart)
	switch {
	case !header:
		lay(src, name, value)
	case value != nil:
		lay(below(src, "headers", yaml.MappingNode), name, value)
	default:
		headers := valueOf(src, "headers")
		lay(headers, name, nil)
		if len(headers.Content) == 0 {
			lay(src, "headers", nil)
		}
	}
}

// union lists the keys that one of some sources has.
func union(sources ...*yaml.Node) []string {
	var list []string
	for _, src := range sources {
		for _, key := range fields(src) {
			if !slices.Contains(list, key) {
				list = append(list, key)
			}
		}
	}
	return list
}

// differ tells whether two sources say different things.
func (t table) differ(a, b *yaml.Node) bool {
	return slices.ContainsFunc(union(a, b), func(key string) bool {
		full := sourcesStart + "x." + key
		return t.plain(full, field(a, key)) != t.plain(full, field(b, key))
	})
}

// sources merges the sources.
func (m *merge3) sources() {
	mine, base, other := m.mine.sources(), m.base.sources(), m.other.sources()
	toBase, toOther := partner(mine, base), partner(mine, other)
	baseToOther := partner(base, other)
	var result []*yaml.Node
	placed := make([]bool, len(other))
	for i, src := range mine {
		was, now := at(base, toBase[i]), at(other, toOther[i])
		if now == nil && toBase[i] >= 0 { // renamed there
			if j := baseToOther[toBase[i]]; j >= 0 && !slices.Contains(toOther, j) {
				now, toOther[i] = other[j], j
			}
		}
		if now != nil {
			placed[toOther[i]] = true
		}
		if now == nil && was != nil {
			if !m.known.differ(was, src) {
				m.changed = true
				continue
			}
			m.tell(sourcesStart+sourceName(src), "changed", "removed")
		}
		if now != nil {
			m.source(was, src, now)
		}
		result = append(result, src)
	}
	for j, src := range other {
		if placed[j] {
			continue
		}
		if i := slices.Index(baseToOther, j); i >= 0 { // the person removed it
			if m.known.differ(base[i], src) {
				m.tell(sourcesStart+sourceName(src), "removed", "changed")
			}
			continue
		}
		result = append(result, src)
		m.changed = true
	}
	if !m.changed {
		return
	}
	if len(result) == 0 {
		lay(m.mine.root, "sources", nil)
		return
	}
	below(m.mine.root, "sources", yaml.SequenceNode).Content = result
}

// source merges one source.
func (m *merge3) source(was, mine, now *yaml.Node) {
	name := sourceName(mine)
	for _, key := range union(was, mine, now) {
		full := fmt.Sprintf("%s%s.%s", sourcesStart, name, key)
		value := field(now, key)
		switch m.known.decide(full, field(was, key), field(mine, key), value) {
		case followsOther:
			putField(mine, key, value)
			m.changed = true
		case inConflict:
			m.tell(full, m.known.shown(full, field(mine, key)), m.known.shown(full, value))
		case staysMine:
		}
	}
}

// compareSources lists what is different about the sources of two sheets.
func (t table) compareSources(a, b *sheet) []Difference {
	var list []Difference
	from, to := a.sources(), b.sources()
	partners := partner(from, to)
	for i, src := range from {
		name := sourcesStart + sourceName(src)
		now := at(to, partners[i])
		if now == nil {
			list = append(list, Difference{Key: name, From: "a source", To: ""})
			continue
		}
		for _, key := range union(src, now) {
			full := name + "." + key
			if t.plain(full, field(src, key)) != t.plain(full, field(now, key)) {
				list = append(list, Difference{full, t.shown(full, field(src, key)), t.shown(full, field(now, key))})
			}
		}
	}
	for j, src := range to {
		if !slices.Contains(partners, j) {
			list = append(list, Difference{Key: sourcesStart + sourceName(src), From: "", To: "a source"})
		}
	}
	return list
}
