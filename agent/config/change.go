package config

import (
	"reflect"
	"slices"
	"strings"
	"time"
)

// By is who changes something, and why: words for the audit log, such as "root over the local socket".
type By struct{ Who, Why string }

// Change is one entry of the audit log.
type Change struct {
	ID       int64 // grows by one with each; 0 before it is kept
	At       time.Time
	By       By
	Key      string // of a source, which changes as a whole: "sources." and its ID
	Layer    Layer  // whose value changed: Runtime or File
	From, To string // as the configuration takes them, secrets of the layer Runtime in full: show Shown. Of a source To is only "added", "changed" or "removed"
	Had, Has bool   // whether the layer said something about the key before and after
	Undoes   int64  // the change that this one takes back; 0 for none
}

// Shown is the change as it may be shown: secrets masked. A key that is no setting any more counts as a secret.
func (c Change) Shown() Change {
	if strings.HasPrefix(c.Key, sourcesStart) {
		return c
	}
	var known Config
	table := known.settings()
	if i := slices.IndexFunc(table, func(s setting) bool { return s.key == c.Key }); i >= 0 && !table[i].secret {
		return c
	}
	for _, text := range []*string{&c.From, &c.To} {
		if *text != "" {
			*text = mask
		}
	}
	return c
}

// sourcesStart begins the keys of sources.
const sourcesStart = "sources."

// differences are the changes from one text of the file to another, key by key. They have neither ID nor author.
func differences(from, to []byte) []Change {
	before, after := newDraft(), newDraft()
	before.parse("", from)
	before.settle()
	after.parse("", to)
	after.settle()

	var list []Change
	then := after.config.settings()
	for i, s := range before.config.settings() {
		c := Change{Key: s.key, Layer: File}
		if _, c.Had = before.said[s.key]; c.Had {
			c.From = s.raw()
		}
		if _, c.Has = after.said[s.key]; c.Has {
			c.To = then[i].raw()
		}
		if c.Had != c.Has || c.From != c.To {
			list = append(list, c)
		}
	}

	had, has := before.sourcesByID(), after.sourcesByID()
	for _, src := range before.config.Sources {
		now, still := has[src.ID]
		switch {
		case !still:
			list = append(list, Change{Key: sourcesStart + src.ID, Layer: File, Had: true, To: "removed"})
		case !reflect.DeepEqual(had[src.ID], now):
			list = append(list, Change{Key: sourcesStart + src.ID, Layer: File, Had: true, Has: true, To: "changed"})
		}
	}
	for _, src := range after.config.Sources {
		if _, before := had[src.ID]; !before {
			list = append(list, Change{Key: sourcesStart + src.ID, Layer: File, Has: true, To: "added"})
		}
	}
	return list
}

// sourcesByID are the sources as they are given: a color that nobody chose says nothing.
func (d *draft) sourcesByID() map[string]Source {
	by := map[string]Source{}
	for _, src := range d.sources {
		if _, chosen := src.said["color"]; !chosen {
			src.Color = ""
		}
		by[src.ID] = src.Source
	}
	return by
}
