package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// ErrUnreadable is what the error of Merge is when the text that is to be added to is not a configuration's at all.
var ErrUnreadable = errors.New("the configuration file cannot be read")

// headersStart begins the keys of a source's headers in its flat form: "headers.X-Api-Key".
const headersStart = "headers."

// SourceKeys lists the settings of a source but its headers, in the order of the reference file.
func SourceKeys() []Key {
	var scratch Source
	var list []Key
	for _, s := range scratch.settings() {
		list = append(list, Key{Key: s.key, Allowed: s.allowed, Secret: s.secret || s.key == "username"})
	}
	return list
}

// CheckSource returns the sentence with which a text for a key of a source would be refused; nil when it would not.
func CheckSource(key, text string) error {
	if name, ok := strings.CutPrefix(key, headersStart); ok {
		if allowed, ok := headerAllowed(name, text); !ok {
			return fmt.Errorf("headers: %s is not allowed; allowed is %s", quoted(name), allowed)
		}
		return nil
	}
	var scratch Source
	table := scratch.settings()
	i := slices.Index(keys(table), key)
	if i < 0 {
		return fmt.Errorf("%s is not a setting of a source%s; allowed are %s",
			quoted(key), didYouMean(key, keys(table)), strings.Join(append(keys(table), "headers"), ", "))
	}
	if !table[i].set(text) {
		return refusal("", key, table[i], text)
	}
	return nil
}

// Merge lays settings (dotted key -> text) and sources (each key -> text, headers as "headers.NAME") into the text of a configuration
// file and returns the new one. What else stands there stays, comments too; the indentation may change. A source takes the place of
// what the text says of the one with the same id, else the same name, else the same address; keys that are not given stay. Each value is to be
// checked before (Check, CheckSource). The error tells what would be wrong with the whole, such as too many sources, or is
// ErrUnreadable.
func Merge(text []byte, settings map[string]string, sources []map[string]string) ([]byte, error) {
	var doc yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&doc); errors.Is(err, io.EOF) {
		// Comments alone are not in the tree: they stay in front.
		doc = yaml.Node{Kind: yaml.DocumentNode, HeadComment: strings.TrimSpace(string(text)), Content: []*yaml.Node{{Kind: yaml.MappingNode, Tag: "!!map"}}}
	} else if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, treeError(err))
	}
	root := doc.Content[0]
	if empty(root) {
		*root = yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", HeadComment: root.HeadComment, FootComment: root.FootComment}
	}
	if root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%w: it is not made of sections", ErrUnreadable)
	}
	if len(settings) == 0 && len(sources) == 0 {
		return text, nil
	}
	before := newDraft()
	before.parse("", text)
	before.settle()

	for _, key := range slices.Sorted(maps.Keys(settings)) {
		section, name, _ := strings.Cut(key, ".")
		put(below(root, section, yaml.MappingNode), name, settings[key])
	}
	for _, given := range sources {
		list := below(root, "sources", yaml.SequenceNode)
		putSource(list, given)
	}

	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := errors.Join(encoder.Encode(&doc), encoder.Close()); err != nil {
		return nil, fmt.Errorf("write the configuration file: %w", err)
	}
	after := newDraft()
	after.parse("", out.Bytes())
	after.settle()
	if after.problems[File].count() > before.problems[File].count() {
		return nil, withoutLines(after.err(File))
	}
	return out.Bytes(), nil
}

// withoutLines takes the lines out of sentences: they are of a text that nobody has seen.
func withoutLines(err error) error {
	var list []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if rest, ok := strings.CutPrefix(line, ":"); ok {
			line = strings.TrimPrefix(strings.TrimLeft(rest, "0123456789"), ": ")
		}
		list = append(list, line)
	}
	return errors.New(strings.Join(list, "; "))
}

// valueOf is the value of a key; nil without one.
func valueOf(n *yaml.Node, name string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if resolve(n.Content[i]).Value == name {
			return n.Content[i+1]
		}
	}
	return nil
}

// below is the map or list under a key, which is made when there is none.
func below(n *yaml.Node, name string, kind yaml.Kind) *yaml.Node {
	at := valueOf(n, name)
	if at == nil {
		at = &yaml.Node{}
		n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: name}, at)
	}
	if at.Kind == yaml.AliasNode { // a copy, so that the other place stays as it is
		*at = yaml.Node{Kind: at.Alias.Kind, Tag: at.Alias.Tag, Content: slices.Clone(at.Alias.Content)}
	}
	if at.Kind != kind {
		*at = yaml.Node{Kind: kind, HeadComment: at.HeadComment, LineComment: at.LineComment, FootComment: at.FootComment}
	}
	if len(at.Content) == 0 {
		at.Style &^= yaml.FlowStyle // [] and {} are opened up
	}
	return at
}

// put sets one key of a map.
func put(n *yaml.Node, name, text string) {
	value := yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	if at := valueOf(n, name); at != nil {
		value.HeadComment, value.LineComment, value.FootComment = at.HeadComment, at.LineComment, at.FootComment
		*at = value
		return
	}
	n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name}, &value)
}

// putSource sets the keys of the source that is meant, or adds one.
func putSource(list *yaml.Node, given map[string]string) {
	var src *yaml.Node
	for _, key := range []string{"id", "name", "url"} {
		if i := slices.IndexFunc(list.Content, func(n *yaml.Node) bool { return same(n, key, given[key]) }); i >= 0 && given[key] != "" {
			src = list.Content[i]
			break
		}
	}
	if src == nil {
		src = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		list.Content = append(list.Content, src)
	}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		if name, ok := strings.CutPrefix(key, headersStart); ok {
			put(below(src, "headers", yaml.MappingNode), name, given[key])
			continue
		}
		put(src, key, given[key])
	}
}

// same tells whether a source of the file says a text for a key.
func same(n *yaml.Node, key, text string) bool {
	if n.Kind != yaml.MappingNode {
		return false
	}
	at := valueOf(n, key)
	return at != nil && resolve(at).Value == text
}
