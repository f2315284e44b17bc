package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"gopkg.in/yaml.v3"
)

// Kind is what stands at a place of a YAML text.
type Kind int

// The kinds of a Node.
const (
	Nothing Kind = iota // nothing, null or ~
	Text                // one value
	List
	Map
)

// Node is a place in a YAML text that is not the program's own configuration, such as what a person wrote on the card. Texts are as
// they stand there: 0123 stays "0123", and no stays "no".
type Node struct {
	Kind         Kind
	Text         string // of a Text
	Line, Column int    // from 1; the column counts characters, not bytes
	Flow         bool   // it stands within [] or {}
	Items        []*Node
	Pairs        []Pair // as they are written, twice if they stand there twice
}

// Pair is one key of a Map and its value.
type Pair struct{ Key, Value *Node }

// Tree reads a YAML text with one document at most; without one it is Nothing. The error is a sentence that begins with "line N: "
// where the line is known. Anchors and aliases are refused, so the tree is never larger than the text.
func Tree(text []byte) (*Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var doc yaml.Node
	if err := decoder.Decode(&doc); errors.Is(err, io.EOF) {
		return &Node{Line: 1, Column: 1}, nil
	} else if err != nil {
		return nil, treeError(err)
	}
	var second yaml.Node
	if err := decoder.Decode(&second); err == nil {
		return nil, fmt.Errorf("line %d: a second document begins here; allowed is one", second.Line)
	} else if !errors.Is(err, io.EOF) {
		return nil, treeError(err)
	}
	return tree(doc.Content[0], false)
}

func tree(n *yaml.Node, flow bool) (*Node, error) {
	out := &Node{Line: n.Line, Column: n.Column, Flow: flow}
	if n.Anchor != "" || n.Kind == yaml.AliasNode {
		return nil, fmt.Errorf("line %d: a value that begins with & or * needs quotes", n.Line)
	}
	flow = flow || n.Style&yaml.FlowStyle != 0
	switch n.Kind {
	case yaml.ScalarNode:
		if !empty(n) {
			out.Kind, out.Text = Text, n.Value
		}
	case yaml.SequenceNode:
		out.Kind = List
		for _, item := range n.Content {
			below, err := tree(item, flow)
			if err != nil {
				return nil, err
			}
			out.Items = append(out.Items, below)
		}
	case yaml.MappingNode:
		out.Kind = Map
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, err := tree(n.Content[i], flow)
			if err != nil {
				return nil, err
			}
			value, err := tree(n.Content[i+1], flow)
			if err != nil {
				return nil, err
			}
			out.Pairs = append(out.Pairs, Pair{key, value})
		}
	}
	return out, nil
}

// treeError is the parser's error without its own name, and without what it quotes of the text, which may be a password.
func treeError(err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if strings.Contains(text, "unknown anchor") {
		text = "a value that begins with * needs quotes"
	}
	return errors.New(text)
}
