package config

import "context"

// Archive keeps what must outlive a restart: the runtime layer, the audit log and the last accepted file.
// Each method is one transaction.
type Archive interface {
	// Runtime returns the runtime layer: dotted key -> text.
	Runtime(ctx context.Context) (map[string]string, error)
	// Record adds changes to the audit log, makes runtime the runtime layer, and keeps text, if it is not nil, as the last
	// accepted file. The oldest changes beyond a bound are dropped. When ctx has ended nothing is written. The maps and
	// slices are the archive's to read until it returns.
	Record(ctx context.Context, runtime map[string]string, changes []Change, text []byte) error
	// Changes returns the newest changes first, at most limit.
	Changes(ctx context.Context, limit int) ([]Change, error)
	// Accepted returns the last accepted file; nil when there is none. An empty one is one: it stands for no file, too.
	Accepted(ctx context.Context) ([]byte, error)
}
