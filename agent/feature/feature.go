// Package feature says which optional parts of the program are on for this device: each by a
// percentage of all devices that only ever adds devices as it rises, or by force.
package feature

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
)

// Feature is a part of the program that can be switched off while everything still works.
type Feature struct {
	Name       string // as in the configuration, under "features"
	Does       string // one sentence for a person
	Percent    int    // default, 0-100
	Since      string // date of the first version that has it, YYYY-MM-DD
	RemoveWhen string // what has to be true before the switch itself goes
}

// The features.
const (
	ConnectionPooling = "connection_pooling"
	RequestPipeline   = "request_pipeline"
	RequestBatching   = "request_batching"
	CacheWarming      = "cache_warming"
	AdaptiveSizing    = "adaptive_sizing"
	HTTPCompression   = "http_compression"
)

// All lists every feature in the order of the reference configuration.
func All() []Feature {
	const since = "2026-11-22"
	return []Feature{
		{
			ConnectionPooling, "Keeps connections to the servers of calendars and to the database open for the next use.", 100, since,
			"no device had to switch it off for two releases; the breaker stays",
		},
		{
			RequestPipeline, "Keeps finished pages until the picture changes, and draws a page that several ask for once.", 100, since,
			"no device had to switch it off for two releases; the breaker stays",
		},
		{
			// Off, as with few drawings at a time nobody shares a question: see agent/ARCHITECTURE.md, Figures.
			RequestBatching, "Asks the database once for what several requests want at the same time.", 0, since,
			"the benchmarks show a gain at a size that somebody has, or no device switched it on for two releases",
		},
		{
			CacheWarming, "Draws the pages that are asked for often before somebody waits for them.", 100, since,
			"it is on everywhere for two releases and the benchmarks still show a gain",
		},
		{
			// Off, as no benchmark shows a gain at a household's size: see agent/ARCHITECTURE.md, Figures.
			AdaptiveSizing, "Lets the number of connections and of kept pages follow what is used.", 0, since,
			"the benchmarks show a gain at a size that somebody has, or no device switched it on for two releases",
		},
		{
			HTTPCompression, "Sends pages compressed to those who take them so, which costs work once and saves radio time each time.", 100, since,
			"it is on everywhere for two releases and no reader had trouble with compressed pages",
		},
	}
}

// Find returns the feature of a name. The error is a sentence that names those there are.
func Find(name string) (Feature, error) {
	var names []string
	for _, f := range All() {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	meant := ""
	if near := nearest(name, names); near != "" {
		meant = " (did you mean " + near + "?)"
	}
	return Feature{}, fmt.Errorf("there is no feature %q%s; there are %s", clip(name), meant, strings.Join(names, ", "))
}

// On tells whether a feature is on for a device at a percentage: always the same answer for the same
// arguments; raising the percentage only adds devices; two features are independent of each other.
func On(name, device string, percent int) bool { return place(name, device) < percent }

// place is where a device stands in the roll-out of a feature, 0-99: the first eight bytes of the SHA-256 of name, NUL and
// device, as a big-endian number, modulo 100. Another hash would switch features on and off on devices
// all over; it stays as it is.
func place(name, device string) int {
	sum := sha256.Sum256([]byte(name + "\x00" + device))
	return int(binary.BigEndian.Uint64(sum[:8]) % 100)
}
