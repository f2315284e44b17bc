package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"gopkg.in/yaml.v3"
)

// maxFile is the size of the largest configuration file that is read.
const maxFile = 1 << 20

// read returns the text of the configuration file; nil without one.
func (in Input) read() ([]byte, error) {
	if in.Text != nil || in.Path == "" {
		return in.Text, nil
	}
	text, err := readFile(in.Path)
	switch {
	case in.Optional && errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read the configuration: %w", err)
	case len(text) > maxFile:
		return nil, fmt.Errorf("%s: the file is larger than 1 MiB; a configuration is not", in.Path)
	}
	return text, nil
}

// readFile reads a regular file, as far as a little beyond maxFile; the null device is an empty one. What else a name may stand for
// could keep whoever opens or reads it waiting for ever: it is looked at before, and again once it is open.
func readFile(name string) ([]byte, error) {
	if name == os.DevNull {
		return []byte{}, nil
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if err := regular(name, info); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	var text []byte
	if info, err = f.Stat(); err == nil {
		err = regular(name, info)
	}
	if err == nil {
		text, err = io.ReadAll(io.LimitReader(f, maxFile+1))
	}
	return text, errors.Join(err, f.Close())
}

// regular tells in words what a file is that is not regular.
func regular(name string, info fs.FileInfo) error {
	kind := "not a regular file"
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		kind = "a directory"
	case mode&fs.ModeNamedPipe != 0:
		kind = "a named pipe"
	case mode&fs.ModeSocket != 0:
		kind = "a socket"
	case mode&fs.ModeDevice != 0:
		kind = "a device"
	}
	return fmt.Errorf("%s is %s; allowed is a regular file", name, kind)
}

// parse lays the text of a configuration file on the draft. It walks the nodes instead of
// decoding into Config: that keeps lines, finds every problem at once, and follows an alias no
// deeper than the table does, so that aliases of aliases cost nothing.
func (d *draft) parse(name string, data []byte) {
	f := file{draft: d, name: name}
	var doc yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(&doc); errors.Is(err, io.EOF) {
		return
	} else if err != nil {
		f.syntax(err)
		return
	}
	var second yaml.Node
	if err := decoder.Decode(&second); err == nil {
		f.problem(second.Line, "a second document begins here; allowed is one")
		return
	} else if !errors.Is(err, io.EOF) {
		f.syntax(err)
		return
	}
	f.root(doc.Content[0])
}

// file is a configuration file on its way into a draft.
type file struct {
	draft *draft
	name  string
}

// by names a line of the file.
func (f file) by(line int) said {
	return said{File, fmt.Sprintf("%s:%d", f.name, line)}
}

func (f file) problem(line int, format string, args ...any) {
	f.draft.problem(File, fmt.Errorf("%s: %s", f.by(line).origin, fmt.Sprintf(format, args...)))
}

// syntax turns the parser's error into a sentence with the file's name.
func (f file) syntax(err error) {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if strings.Contains(text, "unknown anchor") {
		text = "a value that begins with * needs quotes" // the parser would show it, and it may be a password
	}
	if line, rest, ok := strings.Cut(strings.TrimPrefix(text, "line "), ": "); ok && strings.HasPrefix(text, "line ") {
		f.draft.problem(File, fmt.Errorf("%s:%s: not valid YAML: %s", f.name, line, rest))
		return
	}
	f.draft.problem(File, fmt.Errorf("%s: not valid YAML: %s", f.name, text))
}

// root reads the sections.
func (f file) root(n *yaml.Node) {
	known := keys(f.draft.config.settings())
	names := sections(known)
	f.pairs(n, "", "sections such as web:", func(key, value *yaml.Node) {
		switch {
		case key.Value == "sources":
			f.sources(value)
		case slices.Contains(names, key.Value):
			f.section(key.Value, value, known)
		default:
			f.problem(key.Line, "%s is not a section%s; allowed are %s",
				quoted(key.Value), didYouMean(key.Value, append(names, known...)), strings.Join(append(names, "sources"), ", "))
		}
	})
}

// section reads the settings of one section.
func (f file) section(section string, n *yaml.Node, known []string) {
	table := f.draft.config.settings()
	f.pairs(n, section, "settings, one on each line below it", func(key, value *yaml.Node) {
		full := section + "." + key.Value
		i := slices.IndexFunc(table, func(s setting) bool { return s.key == full })
		if i < 0 {
			var here []string
			for _, k := range known {
				if rest, ok := strings.CutPrefix(k, section+"."); ok {
					here = append(here, rest)
				}
			}
			f.problem(key.Line, "%s is not a setting%s; allowed under %s: are %s",
				quoted(full), didYouMean(full, known), section, strings.Join(here, ", "))
			return
		}
		if text, ok := f.scalar(full, table[i], value); ok {
			f.draft.put(full, text, f.by(value.Line))
		}
	})
}

// sources reads the list of feeds.
func (f file) sources(n *yaml.Node) {
	n = resolve(n)
	if empty(n) {
		return
	}
	if n.Kind != yaml.SequenceNode {
		f.problem(n.Line, "sources: allowed is a list, each source beginning with a dash")
		return
	}
	if len(n.Content) > maxSources {
		f.problem(n.Line, "sources: %d are given; allowed are at most %d", len(n.Content), maxSources)
		return
	}
	for _, item := range n.Content {
		f.source(resolve(item), item.Line)
	}
}

// source reads one feed. The operator's word suffices for a feed in the home network, unless it
// is taken back there.
func (f file) source(n *yaml.Node, line int) {
	src := draftSource{Source: Source{LAN: true}, origin: f.by(line).origin, said: map[string]said{"lan": f.by(line)}}
	table := src.settings()
	problems := f.draft.problems[File].count()
	f.pairs(n, "sources", "settings such as url:", func(key, value *yaml.Node) {
		if key.Value == "headers" {
			f.headers(&src, value)
			return
		}
		i := slices.IndexFunc(table, func(s setting) bool { return s.key == key.Value })
		if i < 0 {
			names := append(keys(table), "headers")
			f.problem(key.Line, "%s is not a setting of a source%s; allowed are %s",
				quoted(key.Value), didYouMean(key.Value, names), strings.Join(names, ", "))
			return
		}
		full := "sources." + key.Value
		text, ok := f.scalar(full, table[i], value)
		switch {
		case !ok:
		case !table[i].set(text):
			f.draft.problem(File, refusal(f.by(value.Line).origin, full, table[i], text))
		default:
			src.said[key.Value] = f.by(value.Line)
		}
	})
	src.broken = f.draft.problems[File].count() > problems
	f.draft.sources = append(f.draft.sources, src)
}

// headers reads the headers that are sent with a source's fetches.
func (f file) headers(src *draftSource, n *yaml.Node) {
	f.pairs(n, "sources.headers", "headers such as X-Api-Key:", func(key, value *yaml.Node) {
		text, ok := f.scalar("sources.headers", setting{allowed: "text"}, value)
		if !ok {
			return
		}
		if len(src.Headers) == maxHeaders {
			f.problem(key.Line, "sources.headers: allowed are at most %d", maxHeaders)
			return
		}
		if allowed, ok := headerAllowed(key.Value, text); !ok {
			f.problem(key.Line, "sources.headers: %s is not allowed; allowed is %s", quoted(key.Value), allowed)
			return
		}
		if src.Headers == nil {
			src.Headers = map[string]Secret{}
		}
		src.Headers[key.Value] = Secret(text)
		src.said["headers."+key.Value] = f.by(value.Line)
	})
}

// pairs calls visit for each key of a mapping. A mapping that isn't there is an empty one: a
// section whose settings are all commented out is written so.
func (f file) pairs(n *yaml.Node, name, allowed string, visit func(key, value *yaml.Node)) {
	n = resolve(n)
	if empty(n) {
		return
	}
	if name != "" {
		name += ": "
	}
	if n.Kind != yaml.MappingNode {
		f.problem(n.Line, "%sallowed are %s", name, allowed)
		return
	}
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := resolve(n.Content[i])
		if key.Kind != yaml.ScalarNode {
			f.problem(key.Line, "%sa name is needed before the colon; allowed are %s", name, allowed)
			continue
		}
		if line, twice := first[key.Value]; twice {
			f.problem(key.Line, "%s%s is set twice; the first is on line %d", name, quoted(key.Value), line)
			continue
		}
		first[key.Value] = key.Line
		visit(key, n.Content[i+1])
	}
}

// scalar reads the text of a value, of a list joined with commas. A key with nothing after it
// counts as not there.
func (f file) scalar(key string, s setting, n *yaml.Node) (string, bool) {
	n = resolve(n)
	if empty(n) {
		return "", false
	}
	if n.Kind == yaml.ScalarNode {
		return n.Value, true
	}
	if s.list && n.Kind == yaml.SequenceNode {
		var items []string
		for _, item := range n.Content {
			if item = resolve(item); item.Kind != yaml.ScalarNode {
				f.problem(item.Line, "%s: allowed is %s", key, s.allowed)
				return "", false
			}
			items = append(items, item.Value)
		}
		return strings.Join(items, ","), true
	}
	f.problem(n.Line, "%s: one value is needed; allowed is %s", key, s.allowed)
	return "", false
}

// resolve follows an alias; an anchor is never an alias itself.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// empty tells whether nothing stands where a value would.
func empty(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// sections are the first parts of keys, each once.
func sections(known []string) []string {
	var list []string
	for _, k := range known {
		section, _, _ := strings.Cut(k, ".")
		if !slices.Contains(list, section) {
			list = append(list, section)
		}
	}
	return list
}
