package config

import (
	"context"
	"time"
)

// State is the configuration that holds, whole. It is never changed, only replaced.
type State struct {
	Config   Config
	Values   []Value  // every setting and who said so
	Revision uint64   // grows with every change while the program runs
	Problem  string   // why the file on the disk is not what holds, in sentences; "" when it is
	Pending  []string // keys whose value takes effect at the next start
	Text     []byte   // of the file that was accepted; nil without a file
}

// By is who changes something, and why: words for the audit log, such as "root over the local socket".
type By struct{ Who, Why string }

// Change is one entry of the audit log.
type Change struct {
	ID       int64 // grows by one with each; 0 before it is kept
	At       time.Time
	By       By
	Key      string
	Layer    Layer  // whose value changed: Runtime or File
	From, To string // as the configuration takes them, secrets in full: show Shown
	Had, Has bool   // whether the layer said something about the key before and after
	Undoes   int64  // the change that this one takes back; 0 for none
}

// Shown is the change as it may be shown: secrets masked.
func (c Change) Shown() Change { panic("not yet") }

// Archive keeps what must outlive a restart: the runtime layer, the audit log and the last accepted file.
// Each method is one transaction.
type Archive interface {
	// Runtime returns the runtime layer: dotted key -> text.
	Runtime(ctx context.Context) (map[string]string, error)
	// Record adds changes to the audit log, makes runtime the runtime layer, and keeps text, if it is not nil, as the last
	// accepted file. The oldest changes beyond a bound are dropped.
	Record(ctx context.Context, runtime map[string]string, changes []Change, text []byte) error
	// Changes returns the newest changes first, at most limit.
	Changes(ctx context.Context, limit int) ([]Change, error)
	// Accepted returns the last accepted file; nil when there is none.
	Accepted(ctx context.Context) ([]byte, error)
}

// Live is the configuration that holds now, and its only way to change. Its methods may be called from any goroutine;
// changes are made one after the other.
type Live struct{}

// Start loads the configuration. When what is on the disk is not usable, it is the last accepted one,
// with State.Problem saying so; the error is for when there is none of those either. in.Runtime and in.Text are not looked at: they
// come from the archive.
func Start(ctx context.Context, in Input, kept Archive, now func() time.Time) (*Live, error) {
	panic("not yet")
}

// State returns what holds.
func (l *Live) State() *State { panic("not yet") }

// Reload reads file and environment again: whole or not at all. On an error (one sentence for each problem) what holds
// stays, and State.Problem says so until a later one succeeds. Without any difference nothing changes and nothing is recorded.
func (l *Live) Reload(ctx context.Context, by By) (*State, error) { panic("not yet") }

// Set changes settings of the runtime layer, all or none; a nil text takes the layer's word on a key back. The error has a sentence for
// each that is not allowed.
func (l *Live) Set(ctx context.Context, settings map[string]*string, by By) (*State, error) {
	panic("not yet")
}

// Undo takes a change of the runtime layer back; id 0 is the newest that was not yet taken back. A change of the file, one that
// later changes of the same key hide, and an unknown one are errors in words.
func (l *Live) Undo(ctx context.Context, id int64, by By) (*State, error) { panic("not yet") }

// Changes returns the newest changes first, at most limit, secrets in full.
func (l *Live) Changes(ctx context.Context, limit int) ([]Change, error) { panic("not yet") }

// Watch calls changed after one of the files, or a file of those names in the same directories, was written, renamed, made or
// removed, until ctx ends. It watches the directories, as editors rename; several changes in a short time are told
// once. A directory that is not there is looked for again from time to time.
func Watch(ctx context.Context, files []string, changed func(file string)) error {
	panic("not yet")
}
