package config

import (
	"reflect"
	"slices"
)

// State is the configuration that holds, whole. It is never changed, only replaced.
type State struct {
	Config   Config
	Values   []Value  // every setting and who said so
	Revision uint64   // grows with every change of the rest while the program runs
	Problem  string   // what is wrong, a sentence a line: why the file on the disk is not what holds, what was left out; "" when nothing is
	Pending  []string // keys whose value takes effect at the next start
	Text     []byte   // of the file that was accepted; nil without a file
}

// restart are the keys whose value is only looked at when the program starts.
func restart() []string {
	return []string{"device.time_zone", "web.host", "web.port", "web.socket", "store.path"}
}

// pending are the keys whose value is not the one that the program started with.
func pending(start, now Config) []string {
	var list []string
	before, after := start.settings(), now.settings()
	for i, s := range before {
		if slices.Contains(restart(), s.key) && s.raw() != after[i].raw() {
			list = append(list, s.key)
		}
	}
	return list
}

// next is the state that follows on another: the same one when nothing is different.
func (s *State) next(n State) *State {
	n.Revision = s.Revision
	if reflect.DeepEqual(n, *s) {
		return s
	}
	n.Revision++
	return &n
}
