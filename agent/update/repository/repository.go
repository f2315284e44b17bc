// Package repository reads a repository of updates as The Update Framework has it: what it returns was signed by the keys that this
// device trusts, is not out of date, and is not older than what it returned before. It comes over the network, from a folder or
// from a tar file, and is verified the same.
package repository

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"calendarbot/agent/update"

	"github.com/theupdateframework/go-tuf/v2/metadata"
	"github.com/theupdateframework/go-tuf/v2/metadata/trustedmetadata"
)

// Limits bound what a repository may cost.
type Limits struct {
	Root, Timestamp, Snapshot, Targets int64         // bytes of a file
	Rotations                          int64         // roots followed at once
	Names                              int           // targets
	Slowest                            int64         // bytes a second; what is slower over Patience is refused
	Patience                           time.Duration // over which Slowest is measured; also until the first answer
	Check                              time.Duration // for all metadata
	Redirects                          int           // of one request
	Spare                              int64         // bytes that stay free beside a download
}

// Usual are the limits of a device.
func Usual() Limits {
	return Limits{
		Root: 512 << 10, Timestamp: 16 << 10, Snapshot: 1 << 20, Targets: 4 << 20,
		Rotations: 1024, Names: 4096,
		Slowest: 1 << 10, Patience: 30 * time.Second, Check: 15 * time.Minute,
		Redirects: 5, Spare: 16 << 20,
	}
}

// Options of Read.
type Options struct {
	Source Source
	Baked  []byte    // root.json of the system that runs
	Folder string    // where what was verified is kept: Folder/metadata and Folder/part
	Now    time.Time // what the files' ends are held against
	Limits Limits
}

// Repository is what was verified.
type Repository struct {
	Offers    []update.Offer      // by name
	Withdrawn []update.Withdrawal // from here on, whatever was fetched before
	Skipped   []string            // targets that could not be understood, as sentences
	Root      int64               // version of the keys

	o Options
}

// reading is one run of Read.
type reading struct {
	o       Options
	trusted *trustedmetadata.TrustedMetadata
	kept    kept
	seen    map[string]int64 // role: newest version that this device has seen
}

// Read brings the trusted metadata up to date from a source, in the order of the specification (5.3 to 5.6), and keeps it. Newer roots are
// kept each as soon as it is verified, as a device must not forget that keys were changed; the rest is kept when all of it
// is verified. The error is a *Refusal.
func Read(ctx context.Context, o Options) (*Repository, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, o.Limits.Check, refuse(TooSlow, nil, "The repository took longer than %s to tell what there is.", o.Limits.Check))
	defer cancel()
	r := &reading{o: o, seen: map[string]int64{}, kept: keptIn(o.Folder)}
	if err := r.anchor(); err != nil {
		return nil, err
	}
	if err := r.roots(ctx); err != nil {
		return nil, err
	}
	timestamp, err := r.timestamp(ctx)
	if err != nil {
		return nil, err
	}
	snapshot, err := r.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	targets, err := r.targets(ctx)
	if err != nil {
		return nil, err
	}
	result, err := r.result()
	if err != nil {
		return nil, err
	}
	if err := result.readWithdrawn(ctx, r.trusted.Targets[metadata.TARGETS].Signed.Targets[update.WithdrawnName]); err != nil {
		return nil, err
	}
	if err := r.kept.write(timestamp, snapshot, targets); err != nil {
		return nil, refuse(Unwritable, err, "What the repository tells cannot be kept: %v.", err)
	}
	return result, nil
}

// roots follows the changes of keys, one after the other, until there is none.
func (r *reading) roots(ctx context.Context) error {
	for range r.o.Limits.Rotations {
		name := fmt.Sprintf("metadata/%d.root.json", r.trusted.Root.Signed.Version+1)
		text, err := fetchAll(ctx, r.o.Source, name, r.o.Limits.Root)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := signedAtAll(text, metadata.ROOT); err != nil {
			return err
		}
		if _, err := r.trusted.UpdateRoot(text); err != nil {
			return r.judge(metadata.ROOT, text, err)
		}
		if err := r.kept.writeRoot(text); err != nil {
			return refuse(Unwritable, err, "The repository's new keys cannot be kept: %v.", err)
		}
	}
	return refuse(TooMany, nil, "The repository changed its keys more than %d times since this device saw it last.", r.o.Limits.Rotations)
}

func (r *reading) timestamp(ctx context.Context) ([]byte, error) {
	old := r.kept.read(metadata.TIMESTAMP, r.o.Limits.Timestamp)
	if old != nil && whole(old, metadata.TIMESTAMP) {
		// What is kept guards against an older one, also when it is out of date itself. What today's keys did not sign guards nothing.
		if _, err := r.trusted.UpdateTimestamp(old); err == nil || r.trusted.Timestamp != nil {
			r.seen[metadata.TIMESTAMP] = r.trusted.Timestamp.Signed.Version
		}
	}
	text, err := fetchAll(ctx, r.o.Source, "metadata/timestamp.json", r.o.Limits.Timestamp)
	if err != nil {
		return nil, absent(err, "metadata/timestamp.json")
	}
	if err := signedAtAll(text, metadata.TIMESTAMP); err != nil {
		return nil, err
	}
	_, err = r.trusted.UpdateTimestamp(text)
	switch {
	case errors.Is(err, &metadata.ErrEqualVersionNumber{}):
		if r.trusted.Timestamp.Signed.IsExpired(r.o.Now) {
			return nil, r.expired("timestamp.json", old, err)
		}
		return old, nil
	case err != nil:
		return nil, r.judge(metadata.TIMESTAMP, text, err)
	}
	return text, nil
}

func (r *reading) snapshot(ctx context.Context) ([]byte, error) {
	info := r.trusted.Timestamp.Signed.Meta["snapshot.json"]
	if old := r.kept.read(metadata.SNAPSHOT, r.o.Limits.Snapshot); old != nil && whole(old, metadata.SNAPSHOT) {
		_, err := r.trusted.UpdateSnapshot(old, true)
		if r.trusted.Snapshot != nil {
			r.seen[metadata.SNAPSHOT] = r.trusted.Snapshot.Signed.Version
			if targets := r.trusted.Snapshot.Signed.Meta["targets.json"]; targets != nil {
				r.seen[metadata.TARGETS] = targets.Version
			}
		}
		if err == nil && info.VerifyLengthHashes(old) == nil {
			return old, nil
		}
	}
	name := fmt.Sprintf("metadata/%d.snapshot.json", info.Version)
	text, err := fetchAll(ctx, r.o.Source, name, bound(info.Length, r.o.Limits.Snapshot))
	if err != nil {
		return nil, absent(err, name)
	}
	if err := signedAtAll(text, metadata.SNAPSHOT); err != nil {
		return nil, err
	}
	if _, err := r.trusted.UpdateSnapshot(text, false); err != nil {
		return nil, r.judge(metadata.SNAPSHOT, text, err)
	}
	return text, nil
}

func (r *reading) targets(ctx context.Context) ([]byte, error) {
	info := r.trusted.Snapshot.Signed.Meta["targets.json"]
	if info == nil {
		return nil, refuse(Broken, nil, "The repository's snapshot.json does not name its targets.json.")
	}
	if old := r.kept.read(metadata.TARGETS, r.o.Limits.Targets); old != nil && whole(old, metadata.TARGETS) {
		if _, err := r.trusted.UpdateTargets(old); err == nil {
			return old, nil
		}
	}
	name := fmt.Sprintf("metadata/%d.targets.json", info.Version)
	text, err := fetchAll(ctx, r.o.Source, name, bound(info.Length, r.o.Limits.Targets))
	if err != nil {
		return nil, absent(err, name)
	}
	if err := signedAtAll(text, metadata.TARGETS); err != nil {
		return nil, err
	}
	if _, err := r.trusted.UpdateTargets(text); err != nil {
		return nil, r.judge(metadata.TARGETS, text, err)
	}
	return text, nil
}

// bound is how many bytes are read of a file whose length was signed, or was not (0).
func bound(length, most int64) int64 {
	if length > 0 {
		return min(length, most)
	}
	return most
}

// result makes offers of the targets. One with a bad name has the repository refused: whoever signed it meant harm, or does not know
// what they sign. One that a newer program may understand is skipped.
func (r *reading) result() (*Repository, error) {
	targets := r.trusted.Targets[metadata.TARGETS].Signed.Targets
	if len(targets) > r.o.Limits.Names {
		return nil, refuse(TooMany, nil, "The repository has %d files; allowed are %d.", len(targets), r.o.Limits.Names)
	}
	result := &Repository{o: r.o, Root: r.trusted.Root.Signed.Version}
	for _, name := range slices.Sorted(maps.Keys(targets)) {
		t := targets[name]
		if !safe(name) {
			return nil, refuse(BadName, nil, "The repository has a file with the name %.80q, which could lead elsewhere.", name)
		}
		if name == update.WithdrawnName {
			continue
		}
		if t == nil || t.Length < 0 || len(t.Hashes["sha256"]) != 32 || t.Custom == nil {
			result.Skipped = append(result.Skipped, fmt.Sprintf("What the repository says of %q is not enough.", name))
			continue
		}
		offer, err := update.ParseOffer(name, t.Length, hex.EncodeToString(t.Hashes["sha256"]), *t.Custom)
		if err != nil {
			result.Skipped = append(result.Skipped, err.Error())
			continue
		}
		result.Offers = append(result.Offers, offer)
	}
	return result, nil
}

// readWithdrawn reads the list of what is not to run any more, where there is one.
func (p *Repository) readWithdrawn(ctx context.Context, t *metadata.TargetFiles) error {
	if t == nil {
		return nil
	}
	const most = 256 << 10
	if t.Length > most {
		return refuse(TooLong, nil, "The list of withdrawn releases is longer than %d bytes.", most)
	}
	sum := hex.EncodeToString(t.Hashes["sha256"])
	name := "targets/" + sum + "." + update.WithdrawnName
	text, err := fetchAll(ctx, p.o.Source, name, t.Length)
	if err != nil {
		return absent(err, name)
	}
	if len(sum) != 64 || t.VerifyLengthHashes(text) != nil {
		return refuse(WrongHash, nil, "The list of withdrawn releases is not the one that was signed.")
	}
	if p.Withdrawn, err = update.ParseWithdrawn(text); err != nil {
		return refuse(Broken, err, "%s.", strings.ToUpper(err.Error()[:1])+err.Error()[1:])
	}
	return nil
}

// safe tells whether a name is of plain characters, and leads nowhere but down.
func safe(name string) bool {
	if len(name) > 256 || !fs.ValidPath(name) || name == "." {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") {
			return false
		}
	}
	return strings.IndexFunc(name, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("._+-/", c)
	}) < 0
}
