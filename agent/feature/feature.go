// Package feature says which optional parts of the program are on for this device: each by a
// percentage of all devices that only ever adds devices as it rises, or by force.
package feature

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

// Setting is what an operator says about a feature.
type Setting struct {
	Percent int    // of all devices, 0-100
	Forced  Forced // wins over Percent
}

// Forced says that a feature is on or off on this device whatever its percentage.
type Forced uint8

// What can be forced.
const (
	NotForced Forced = iota
	ForcedOn
	ForcedOff
)

// All lists every feature in the order of the reference configuration.
func All() []Feature { panic("not yet") }

// Find returns the feature of a name. The error is a sentence that names those there are.
func Find(name string) (Feature, error) { panic("not yet") }

// Parse reads "on", "off" (also true, false), the name of a step (disabled 0, canary 5, gradual 25, majority 75,
// full 100) or a percentage from 0 to 100 with or without the sign.
func Parse(text string) (Setting, error) { panic("not yet") }

// String is the canonical text: "on", "off", or a percentage such as "25%".
func (s Setting) String() string { panic("not yet") }

// On tells whether a feature is on for a device at a percentage: always the same answer for the same
// arguments; raising the percentage only adds devices; two features are independent of each other.
func On(name, device string, percent int) bool { panic("not yet") }
