package config

import (
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
)

// Load reads the layers, each over the one before: defaults, file, environment, flags, what was
// changed while the program ran. It returns the configuration, and every setting with who said so.
//
// The error joins one sentence for each value that is not allowed, with where it stands, its
// key, what was given (unless it is a secret) and what is allowed. The configuration beside an
// error is valid too: a refused value keeps that of the layer below, a refused source is left out.
func Load(in Input) (Config, []Value, error) {
	d, _ := in.load()
	return d.config, d.values(), d.err()
}

// load reads the layers, and returns the text of the file too.
func (in Input) load() (*draft, []byte) {
	text, err := in.read()
	d := in.lay(text)
	if err != nil {
		d.problem(File, err)
	}
	return d, text
}

// lay lays the layers on each other, with a text as the file.
func (in Input) lay(text []byte) *draft {
	// 1. Defaults.
	d := newDraft()
	env := in.Env
	if env == nil {
		env = func(string) (string, bool) { return "", false }
	}

	// 2. File.
	d.parse(filepath.Base(in.Path), text)

	// 3. Environment.
	d.readEnvironment(env)

	// 4. Flags.
	for _, key := range slices.Sorted(maps.Keys(in.Flags)) {
		d.put(key, in.Flags[key], said{Flag, flagName(key)})
	}

	// 5. What was changed while the program ran.
	for _, key := range slices.Sorted(maps.Keys(in.Runtime)) {
		d.put(key, in.Runtime[key], said{Runtime, string(Runtime)})
	}

	if d.config.Device.TimeZone == "" {
		name, origin := systemZone(env, "/")
		d.config.Device.TimeZone = name
		d.said["device.time_zone"] = said{Defaults, origin}
	}
	d.settle()
	return d
}

// flagName is the flag that sets a key: --port for web.port, --store for store.path.
func flagName(key string) string {
	key = strings.TrimSuffix(key, ".path")
	return "--" + strings.ReplaceAll(key[strings.LastIndexByte(key, '.')+1:], "_", "-")
}

// values lists every setting.
func (d *draft) values() []Value {
	var list []Value
	for _, s := range d.config.settings() {
		list = append(list, value(s.key, s.text(), d.said, s.key))
	}
	for i := range d.sources {
		src := &d.sources[i]
		start := "sources." + src.ID + "."
		for _, s := range src.settings() {
			list = append(list, value(start+s.key, s.text(), src.said, s.key))
		}
		for _, name := range slices.Sorted(maps.Keys(src.Headers)) {
			key := "headers." + name
			list = append(list, value(start+key, src.Headers[name].String(), src.said, key))
		}
	}
	return list
}

func value(key, text string, by map[string]said, as string) Value {
	who, ok := by[as]
	if !ok {
		who.layer = Defaults
	}
	return Value{Key: key, Text: text, Layer: who.layer, Origin: who.origin}
}

// Fprint writes the values as a table for people: key, value, who said so.
func Fprint(w io.Writer, values []Value) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, v := range values {
		who := string(v.Layer)
		if v.Origin != "" && v.Origin != who {
			who += " (" + v.Origin + ")"
		}
		text := v.Text
		if text == "" {
			text = "-"
		}
		if _, err := fmt.Fprintf(table, "%s\t%s\t%s\n", v.Key, text, who); err != nil {
			return fmt.Errorf("print the configuration: %w", err)
		}
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print the configuration: %w", err)
	}
	return nil
}
