// Package publish is the other side of the update channel: it makes and keeps the repository that devices read. The repository is
// a folder of plain files that any static server, CDN or USB stick can carry; it follows The Update Framework, version 1.0, with
// consistent snapshots:
//
//	metadata/N.root.json       who may sign what; every version stays for ever, so that a device of years ago finds its way here
//	metadata/N.targets.json    what there is: releases, patches, and the list of what was withdrawn
//	metadata/N.snapshot.json   which version of targets holds
//	metadata/timestamp.json    which version of snapshot holds; the one file that is ever replaced
//	targets/DIR/SHA256.NAME    the files themselves
//
// What is new is written before what points to it and the timestamp last, each file whole or not at all. A device that reads while
// something is published therefore sees what was before or what is after, and so does one that reads after the power went out in
// the middle; the next time anything is published writes over what was left half done. When the keys of a role change, what is
// signed by both the former and the new ones comes first and the new root after it, so that each device can check it at any moment.
//
// The keys are files in a folder of their own, a folder for each role. Those of the root sign nothing from day to day: their folder
// belongs on media that lie in a drawer. Who publishes needs the keys of targets, snapshot and timestamp. Who only keeps the
// repository fresh needs those of snapshot and timestamp.
//
// Refresh has to be called every week: timestamp and snapshot are good for Lifetimes (two weeks), so that nobody can show a device an
// old state of the repository for longer. When the publisher vanishes, each device runs on as it is, takes nothing
// new, and tells its owner that the repository has not been renewed; once it is, everything goes on by itself. Targets has to be signed anew
// within a year, which every release does, and root within three (Rotate).
package publish

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// The roles, as the standard names them.
const (
	Root      = metadata.ROOT
	Targets   = metadata.TARGETS
	Snapshot  = metadata.SNAPSHOT
	Timestamp = metadata.TIMESTAMP
)

// Roles are all roles there are, the most precious first.
func Roles() []string { return []string{Root, Targets, Snapshot, Timestamp} }

// Lifetimes is for how long what a role signs is good.
type Lifetimes map[string]time.Duration

const day = 24 * time.Hour

// UsualLifetimes are long enough for a person to be away and short enough that an old state cannot be shown for long.
func UsualLifetimes() Lifetimes {
	return Lifetimes{Root: 3 * 365 * day, Targets: 365 * day, Snapshot: 14 * day, Timestamp: 14 * day}
}

// Repository is a folder that is published. Only one program may change it at a time; who comes second is refused.
type Repository struct {
	Lifetimes Lifetimes

	dir       string
	keys      *Keys
	root      *metadata.Metadata[metadata.RootType]
	targets   *metadata.Metadata[metadata.TargetsType]
	snapshot  *metadata.Metadata[metadata.SnapshotType]
	timestamp *metadata.Metadata[metadata.TimestampType]
}

// Open reads a repository and checks it as a device does, from the root that lies beside the keys: what somebody else changed in
// the folder is refused and never signed, and so is a state older than what these keys signed last. What has expired is no error here, for it is to be signed anew. A folder that has no
// repository yet is no error either; Create makes one.
func Open(dir string, keys *Keys) (*Repository, error) {
	r := &Repository{Lifetimes: UsualLifetimes(), dir: dir, keys: keys}
	if _, err := os.Stat(r.metadata("1.root.json")); errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err := r.read(); err != nil {
		return nil, fmt.Errorf("read the repository %s: %w", dir, err)
	}
	return r, nil
}

// Exists tells whether Create has been called.
func (r *Repository) Exists() bool { return r.timestamp != nil }

// Create makes the repository's first files, with nothing in it but an empty list of what was withdrawn.
func (r *Repository) Create(now time.Time) error {
	if r.Exists() {
		return fmt.Errorf("%s has a repository already", r.dir)
	}
	root, err := r.keys.root()
	if err != nil {
		return err
	}
	if root.Signed.Version != 1 {
		return fmt.Errorf("root.json beside the keys is version %d: those keys belong to a repository that exists", root.Signed.Version)
	}
	if err := verify(root, Root, root); err != nil {
		return err
	}
	unlock, err := r.lock()
	if err != nil {
		return err
	}
	defer unlock()
	r.root = root
	// Where there was a repository before, devices that know it refuse versions that they had already.
	known, err := r.last()
	if err != nil {
		return err
	}
	targets := metadata.Targets()
	targets.Signed.Version = known[Targets]
	if err := r.addWithdrawn(targets, nil); err != nil {
		return err
	}
	if err := r.write("1.root.json", root); err != nil {
		return err
	}
	return r.publish(now, targets)
}

// Refresh signs snapshot and timestamp anew, and nothing else: no device finds anything new.
func (r *Repository) Refresh(now time.Time) error {
	unlock, err := r.change()
	if err != nil {
		return err
	}
	defer unlock()
	return r.publish(now, nil)
}

// read takes the way that a device takes, but for expiries.
func (r *Repository) read() error {
	root, err := r.keys.root()
	if err != nil {
		return err
	}
	for {
		next, err := readRoot(r.metadata(fmt.Sprintf("%d.root.json", root.Signed.Version+1)))
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return err
		}
		if err := follows(root, next); err != nil {
			return err
		}
		root = next
	}
	r.root = root
	if r.timestamp, err = open[metadata.TimestampType](r, "timestamp.json", Timestamp, nil); err != nil {
		return err
	}
	point := r.timestamp.Signed.Meta["snapshot.json"]
	if point == nil {
		return errors.New("timestamp.json points to no snapshot")
	}
	if r.snapshot, err = open[metadata.SnapshotType](r, fmt.Sprintf("%d.snapshot.json", point.Version), Snapshot, point); err != nil {
		return err
	}
	point = r.snapshot.Signed.Meta["targets.json"]
	if point == nil {
		return fmt.Errorf("%d.snapshot.json points to no targets", r.snapshot.Signed.Version)
	}
	if r.targets, err = open[metadata.TargetsType](r, fmt.Sprintf("%d.targets.json", point.Version), Targets, point); err != nil {
		return err
	}
	return r.older()
}

// open reads a file of the repository and checks who signed it and that it is what the one above it points to.
func open[T metadata.Roles](r *Repository, name, role string, point *metadata.MetaFiles) (*metadata.Metadata[T], error) {
	data, err := os.ReadFile(r.metadata(name))
	if err != nil {
		return nil, err
	}
	if point != nil {
		if err := point.VerifyLengthHashes(data); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	m, err := (&metadata.Metadata[T]{}).FromBytes(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := verify(r.root, role, m); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return m, nil
}

// publish writes targets if they are new, and in any case a new snapshot and timestamp.
func (r *Repository) publish(now time.Time, targets *metadata.Metadata[metadata.TargetsType]) error {
	return r.publishSigned(now, targets, r.root)
}

// publishSigned does that with the signatures that each of several roots asks for.
func (r *Repository) publishSigned(now time.Time, targets *metadata.Metadata[metadata.TargetsType], roots ...*metadata.Metadata[metadata.RootType]) error {
	snapshot, timestamp := metadata.Snapshot(), metadata.Timestamp()
	if r.Exists() {
		snapshot.Signed.Version = r.snapshot.Signed.Version + 1
		timestamp.Signed.Version = r.timestamp.Signed.Version + 1
		snapshot.Signed.Meta = r.snapshot.Signed.Meta
	} else {
		known, err := r.last()
		if err != nil {
			return err
		}
		snapshot.Signed.Version = known[Snapshot] + 1
		timestamp.Signed.Version = known[Timestamp] + 1
	}
	// All is signed before anything is written: a key that is missing must leave nothing half done.
	var files []file
	if targets != nil {
		targets.Signed.Version++
		targets.Signed.Expires = r.expires(now, Targets)
		data, err := seal(r, targets, Targets, roots)
		if err != nil {
			return err
		}
		snapshot.Signed.Meta = map[string]*metadata.MetaFiles{"targets.json": point(targets.Signed.Version, data)}
		files = append(files, file{fmt.Sprintf("%d.targets.json", targets.Signed.Version), data})
	} else {
		targets = r.targets
	}
	snapshot.Signed.Expires = r.expires(now, Snapshot)
	data, err := seal(r, snapshot, Snapshot, roots)
	if err != nil {
		return err
	}
	files = append(files, file{fmt.Sprintf("%d.snapshot.json", snapshot.Signed.Version), data})
	timestamp.Signed.Meta = map[string]*metadata.MetaFiles{"snapshot.json": point(snapshot.Signed.Version, data)}
	timestamp.Signed.Expires = r.expires(now, Timestamp)
	if data, err = seal(r, timestamp, Timestamp, roots); err != nil {
		return err
	}
	for _, f := range append(files, file{"timestamp.json", data}) {
		if err := writeFile(r.metadata(f.name), f.data); err != nil {
			return err
		}
	}
	r.targets, r.snapshot, r.timestamp = targets, snapshot, timestamp
	if err := r.keepLast(now); err != nil {
		return fmt.Errorf("it is published, but what was signed could not be kept beside the keys: %w", err)
	}
	return nil
}

// expires is when what a role signs now ends.
func (r *Repository) expires(now time.Time, role string) time.Time {
	return now.UTC().Truncate(time.Second).Add(r.Lifetimes[role])
}

// change locks a repository that exists, and reads it again, for another program may have changed it.
func (r *Repository) change() (func(), error) {
	if !r.Exists() {
		return nil, fmt.Errorf("%s has no repository yet", r.dir)
	}
	unlock, err := r.lock()
	if err != nil {
		return nil, err
	}
	if err := r.read(); err != nil {
		unlock()
		return nil, err
	}
	return unlock, nil
}

// metadata is the path of a file of metadata.
func (r *Repository) metadata(name string) string { return filepath.Join(r.dir, "metadata", name) }
