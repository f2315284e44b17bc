package config

import "slices"

// Key is what there is to say about a setting whatever its value.
type Key struct {
	Key     string // dotted, as in the file
	Allowed string // what it can be; ends the sentence "allowed is ..."
	Secret  bool   // its value is not shown
	Restart bool   // a change takes effect at the next start
}

// Keys lists every setting but the sources, in the order of the reference file.
func Keys() []Key {
	var scratch Config
	var list []Key
	for _, s := range scratch.settings() {
		list = append(list, Key{Key: s.key, Allowed: s.allowed, Secret: s.secret, Restart: slices.Contains(restart(), s.key)})
	}
	return list
}
