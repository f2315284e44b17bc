package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// maxPlaces is how many places a text has at most once its aliases are written out; a long one has a few hundred.
const maxPlaces = 10_000

// sheet is a configuration file as a tree without aliases: sections of keys, and a list of sources.
type sheet struct {
	doc, root *yaml.Node
}

// place is where a value stands: under a section, or at the left edge (flat), where no setting belongs.
type place struct {
	section, key string
	flat         bool
}

func (p place) String() string {
	if p.flat {
		return p.section
	}
	return p.section + "." + p.key
}

// readSheet reads a text; one without a document is an empty sheet.
func readSheet(text []byte) (*sheet, error) {
	var doc yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&doc); errors.Is(err, io.EOF) {
		root := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		return &sheet{&yaml.Node{Kind: yaml.DocumentNode, HeadComment: strings.TrimSpace(string(text)), Content: []*yaml.Node{root}}, root}, nil
	} else if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, treeError(err))
	}
	var second yaml.Node
	if err := decoder.Decode(&second); err == nil {
		return nil, fmt.Errorf("%w: line %d: a second document begins here; allowed is one", ErrUnreadable, second.Line)
	} else if !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, treeError(err))
	}
	left := maxPlaces
	out, err := expanded(&doc, &left)
	if err != nil {
		return nil, err
	}
	root := out.Content[0]
	if empty(root) {
		*root = yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", HeadComment: root.HeadComment, FootComment: root.FootComment}
	}
	s := &sheet{out, root}
	return s, s.check()
}

// expanded is a copy of a tree in which aliases are written out.
func expanded(n *yaml.Node, left *int) (*yaml.Node, error) {
	if *left--; *left < 0 {
		return nil, fmt.Errorf("%w: line %d: with its aliases (*) written out it is too long; allowed are %d values", ErrUnreadable, n.Line, maxPlaces)
	}
	if n.Kind == yaml.AliasNode {
		out, err := expanded(n.Alias, left)
		if err == nil {
			out.HeadComment, out.LineComment, out.FootComment = n.HeadComment, n.LineComment, n.FootComment
		}
		return out, err
	}
	out := *n
	out.Anchor, out.Content = "", nil
	for _, below := range n.Content {
		copied, err := expanded(below, left)
		if err != nil {
			return nil, err
		}
		out.Content = append(out.Content, copied)
	}
	return &out, nil
}

// check refuses what is not made of sections, keys and sources.
func (s *sheet) check() error {
	if err := checkKeys(s.root); err != nil {
		return err
	}
	for i := 0; i+1 < len(s.root.Content); i += 2 {
		name, n := s.root.Content[i].Value, s.root.Content[i+1]
		if name != "sources" {
			if n.Kind == yaml.MappingNode {
				if err := checkKeys(n); err != nil {
					return err
				}
			}
			continue
		}
		if n.Kind != yaml.SequenceNode && !empty(n) {
			return fmt.Errorf("%w: line %d: sources: allowed is a list, each source beginning with a dash", ErrUnreadable, n.Line)
		}
		for _, src := range n.Content {
			if err := checkSource(src); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkSource(src *yaml.Node) error {
	if err := checkKeys(src); err != nil {
		return err
	}
	for i := 0; i+1 < len(src.Content); i += 2 {
		name, n := src.Content[i], src.Content[i+1]
		if strings.HasPrefix(name.Value, headersStart) {
			return fmt.Errorf("%w: line %d: %s is not a setting of a source", ErrUnreadable, name.Line, quoted(name.Value))
		}
		if name.Value == "headers" && !empty(n) {
			if err := checkKeys(n); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkKeys asks that a map has names for keys, each once.
func checkKeys(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("%w: line %d: it is not made of keys and values", ErrUnreadable, n.Line)
	}
	names := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode {
			return fmt.Errorf("%w: line %d: a name is needed before the colon", ErrUnreadable, key.Line)
		}
		if names[key.Value] {
			return fmt.Errorf("%w: line %d: %s is set twice", ErrUnreadable, key.Line, quoted(key.Value))
		}
		names[key.Value] = true
	}
	return nil
}

// keys lists the places that say something, in the order of the text, but the sources.
func (s *sheet) keys() []place {
	var list []place
	for i := 0; i+1 < len(s.root.Content); i += 2 {
		section, n := s.root.Content[i].Value, s.root.Content[i+1]
		switch {
		case section == "sources" || empty(n):
		case n.Kind != yaml.MappingNode:
			list = append(list, place{section: section, flat: true})
		default:
			for j := 0; j+1 < len(n.Content); j += 2 {
				if !empty(n.Content[j+1]) {
					list = append(list, place{section: section, key: n.Content[j].Value})
				}
			}
		}
	}
	return list
}

// value is what is said at a place; nil for nothing.
func (s *sheet) value(p place) *yaml.Node {
	n := valueOf(s.root, p.section)
	if n != nil && !p.flat {
		if n.Kind != yaml.MappingNode {
			return nil
		}
		n = valueOf(n, p.key)
	}
	if n == nil || empty(n) {
		return nil
	}
	return n
}

// put says something at a place as it stands in another sheet, or nothing any more.
func (s *sheet) put(p place, other *sheet) {
	value := other.value(p)
	switch {
	case p.flat:
		lay(s.root, p.section, value)
	case value != nil:
		section := below(s.root, p.section, yaml.MappingNode)
		added := valueOf(section, p.key) == nil
		lay(section, p.key, value)
		if added {
			section.Content[len(section.Content)-2].HeadComment = other.comment(p)
		}
	default:
		section := valueOf(s.root, p.section)
		lay(section, p.key, nil)
		if len(section.Content) == 0 {
			lay(s.root, p.section, nil)
		}
	}
}

// comment is what stands above a key of a section.
func (s *sheet) comment(p place) string {
	section := valueOf(s.root, p.section)
	for i := 0; i+1 < len(section.Content); i += 2 {
		if section.Content[i].Value == p.key {
			return section.Content[i].HeadComment
		}
	}
	return ""
}

// lay gives a key of a map another value, whose place it keeps with the comments there, or takes it away.
func lay(n *yaml.Node, name string, value *yaml.Node) {
	i := 0
	for i < len(n.Content) && n.Content[i].Value != name {
		i += 2
	}
	switch {
	case value == nil && i < len(n.Content):
		n.Content = slices.Delete(n.Content, i, i+2)
	case value != nil && i < len(n.Content):
		at, next := n.Content[i+1], *value
		next.HeadComment, next.LineComment, next.FootComment = at.HeadComment, at.LineComment, at.FootComment
		*at = next
	case value != nil:
		n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name}, value)
	}
}

// text writes the sheet. What cannot be written with its comments and in its style, so that it reads the same again, is written without.
func (s *sheet) text() ([]byte, error) {
	out, err := s.encode()
	if err == nil {
		return out, nil
	}
	bare(s.doc)
	if out, err = s.encode(); err != nil {
		return nil, fmt.Errorf("write the configuration file: %w", err)
	}
	return out, nil
}

// encode writes the sheet, and asks that it reads the same again.
func (s *sheet) encode() (text []byte, err error) {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := errors.Join(encoder.Encode(s.doc), encoder.Close()); err != nil {
		return nil, err
	}
	again, err := readSheet(out.Bytes())
	if err != nil {
		return nil, err
	}
	if flat(again.root) != flat(s.root) {
		return nil, errors.New("it does not read as it was written")
	}
	return out.Bytes(), nil
}

// bare takes comments and style off a tree.
func bare(n *yaml.Node) {
	n.HeadComment, n.LineComment, n.FootComment, n.Style = "", "", "", 0
	if n.Kind == yaml.ScalarNode && !empty(n) {
		n.Tag = "!!str"
	}
	for _, below := range n.Content {
		bare(below)
	}
}

// flat is a tree as one text; two that say the same have the same.
func flat(n *yaml.Node) string {
	var b strings.Builder
	var walk func(*yaml.Node)
	walk = func(n *yaml.Node) {
		if n.Kind == yaml.ScalarNode {
			if empty(n) {
				b.WriteByte('~')
				return
			}
			fmt.Fprintf(&b, "%q", n.Value)
			return
		}
		fmt.Fprintf(&b, "%d(", n.Kind)
		for _, below := range n.Content {
			walk(below)
			b.WriteByte(' ')
		}
		b.WriteByte(')')
	}
	walk(n)
	return b.String()
}
