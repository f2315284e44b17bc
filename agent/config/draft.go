package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"calendarbot/agent/feature"
)

// maxProblems is how many sentences one error has at most.
const maxProblems = 20

// said is who set a value, and where.
type said struct {
	layer  Layer
	origin string
}

// draft is a configuration while its layers are laid on each other. A text that is not allowed
// changes nothing, so that a draft is valid at every moment.
type draft struct {
	config   Config
	said     map[string]said // by key; missing: the default
	sources  []draftSource
	problems map[Layer]*problems
}

func newDraft() *draft {
	return &draft{config: Default(), said: map[string]said{}, problems: map[Layer]*problems{
		File: {}, Environment: {}, Flag: {}, Runtime: {},
	}}
}

// draftSource is a source and who set what of it.
type draftSource struct {
	Source
	origin string // of the whole
	said   map[string]said
	broken bool // named in the problems; left out of the result
}

// problem notes a sentence about a layer.
func (d *draft) problem(layer Layer, err error) {
	d.problems[layer].add(err)
}

// err joins the problems of some layers, of all without one.
func (d *draft) err(layers ...Layer) error {
	if layers == nil {
		layers = []Layer{File, Environment, Flag, Runtime}
	}
	var all []error
	for _, layer := range layers {
		all = append(all, d.problems[layer].all()...)
	}
	return errors.Join(all...)
}

// problems are sentences, as many as a person reads.
type problems struct {
	list []error
	more int // beyond maxProblems
}

func (p *problems) add(err error) {
	if len(p.list) == maxProblems {
		p.more++
		return
	}
	p.list = append(p.list, err)
}

func (p *problems) count() int { return len(p.list) + p.more }

func (p *problems) all() []error {
	if p.more == 0 {
		return p.list
	}
	return append(slices.Clone(p.list), fmt.Errorf("and %d more of the kind", p.more))
}

// put sets one key by its text.
func (d *draft) put(key, text string, by said) {
	known := d.config.settings()
	i := slices.IndexFunc(known, func(s setting) bool { return s.key == key })
	if i < 0 {
		d.problem(by.layer, fmt.Errorf("%s: %s is not a setting%s", by.origin, quoted(key), didYouMean(key, keys(known))))
		return
	}
	if !known[i].set(text) {
		d.problem(by.layer, refusal(by.origin, key, known[i], text))
		return
	}
	d.said[key] = by
}

// settle completes the sources, which only a file can get wrong: what they need is there, and each has an ID and a color of its own.
func (d *draft) settle() {
	var named []Source
	for i := range d.sources {
		src := &d.sources[i]
		if !src.broken {
			for _, f := range src.settle() {
				d.problem(File, fmt.Errorf("%s: sources.%s: %s", src.where(f.key), f.key, f.text))
				src.broken = true
			}
		}
		if src.broken || src.ID == "" {
			continue
		}
		if slices.ContainsFunc(named, func(o Source) bool { return o.ID == src.ID }) {
			d.problem(File, fmt.Errorf("%s: sources.id: %s is taken by another source", src.where("id"), quoted(src.ID)))
			src.broken = true
			continue
		}
		named = append(named, src.Source)
	}
	d.sources = slices.DeleteFunc(d.sources, func(s draftSource) bool { return s.broken })
	for i := range d.sources {
		others := slices.Clone(named)
		for j := range d.sources {
			if j != i {
				others = append(others, d.sources[j].Source)
			}
		}
		d.sources[i].fill(others)
		d.config.Sources = append(d.config.Sources, d.sources[i].Source)
	}
}

// where is the origin of one of the source's values.
func (s *draftSource) where(key string) string {
	if by, ok := s.said[key]; ok {
		return by.origin
	}
	return s.origin
}

// refusal is the sentence about a text that is not allowed.
func refusal(where, key string, s setting, text string) error {
	given := quoted(text)
	if s.secret {
		given = "what is given (not shown here)"
	}
	if where != "" {
		key = where + ": " + key
	}
	return fmt.Errorf("%s: %s is not allowed; allowed is %s", key, given, s.allowed)
}

// quoted is text of a stranger, short enough for a sentence.
func quoted(text string) string {
	const most = 60
	if runes := []rune(text[:min(len(text), 4*most)]); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return strconv.Quote(text)
}

// keys are those of a table.
func keys(table []setting) []string {
	var list []string
	for _, s := range table {
		list = append(list, s.key)
	}
	return list
}

// didYouMean is the end of a sentence about an unknown name: the nearest that is known, if any
// is near. Of dotted names the last parts are compared too, so that "port" finds "web.port".
func didYouMean(name string, known []string) string {
	const most = 40
	if len(name) > most {
		return ""
	}
	last := name[strings.LastIndexByte(name, '.')+1:]
	best, least := "", max(2, len(last)/3)+1
	for _, k := range known {
		n := feature.Distance(name, k)
		if i := strings.LastIndexByte(k, '.'); i >= 0 {
			n = min(n, feature.Distance(last, k[i+1:])+1)
		}
		if n < least {
			best, least = k, n
		}
	}
	if best == "" {
		return ""
	}
	return " (did you mean " + best + "?)"
}
