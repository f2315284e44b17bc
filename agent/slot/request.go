// Package slot is the state of things of which there are two, one in use and one to fall back on: configurations, programs,
// systems. It is durable at every step.
package slot

import "time"

// Request is the wish to go back. It is carried out by whoever owns the slots; here it is kept.
type Request struct {
	Level int       `json:"level"` // 2: the other configuration slot; 3: the other program, then the other system
	Why   string    `json:"why"`   // a sentence for a person
	By    string    `json:"by"`    // "errors", "crash loop", "no ready", "watchdog", "person"
	At    time.Time `json:"at"`
	Count int       `json:"count"` // how often it was asked for since it was last carried out, or taken back
}

// Ask keeps a request in a folder: written anew, synced and renamed, so that a crash leaves the old one or the new one whole. A
// request of a lower level than one that stands does not take its place. It makes the folder if it is not there.
func Ask(dir string, r Request) error { panic("not yet") }

// Asked returns the request that stands; nil for none. A file that cannot be read as one is an error that names it.
func Asked(dir string) (*Request, error) { panic("not yet") }

// Settle takes the request back, as it was carried out or is not wished any more. None is no error.
func Settle(dir string) error { panic("not yet") }
