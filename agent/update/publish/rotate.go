package publish

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// ErrWaiting is that a root waits to be signed by more keys.
var ErrWaiting = errors.New("waits to be signed by more keys")

// Rotate gives a role new keys and stages the root that says so. The zero Share means as many as it has now. The root is
// published at once when enough of its keys are here; else the error is ErrWaiting, and the file in the folder staged beside the
// keys is carried to the other keys (Sign) and back (Land). Until then nothing has changed for anybody.
func (r *Repository) Rotate(now time.Time, role string, share Share, passphrase []byte) error {
	if !slices.Contains(Roles(), role) {
		return fmt.Errorf("there is no role %q; allowed are %s", role, strings.Join(Roles(), ", "))
	}
	// A passphrase that was forgotten, or is another one, must not leave keys beside these that nothing or something else protects.
	if locked := slices.Sorted(maps.Keys(r.keys.locked)); len(locked) > 0 {
		return fmt.Errorf("no new keys are made while one that is here cannot be opened: %w", r.keys.locked[locked[0]])
	}
	return r.stage(now, func(root *metadata.RootType) error {
		former := root.Roles[role]
		if share == (Share{}) {
			share = Share{Keys: len(former.KeyIDs), Threshold: former.Threshold}
		}
		if share.Threshold < 1 || share.Keys < share.Threshold || share.Keys > mostKeys {
			return fmt.Errorf("%s: %d of %d keys cannot be asked to sign; allowed are 1 to %d keys", role, share.Threshold, share.Keys, mostKeys)
		}
		for _, id := range slices.Clone(former.KeyIDs) {
			if err := root.RevokeKey(id, role); err != nil {
				return err
			}
		}
		for range share.Keys {
			public, err := r.keys.add(role, passphrase)
			if err != nil {
				return err
			}
			if err := root.AddKey(public, role); err != nil {
				return err
			}
		}
		root.Roles[role].Threshold = share.Threshold
		return nil
	})
}

// RenewRoot stages a root with the same keys that is good for longer, as Rotate does one with others.
func (r *Repository) RenewRoot(now time.Time) error {
	return r.stage(now, func(*metadata.RootType) error { return nil })
}

// stage writes the next root beside the keys and publishes it if enough of them are here.
func (r *Repository) stage(now time.Time, alter func(*metadata.RootType) error) error {
	unlock, err := r.change()
	if err != nil {
		return err
	}
	defer unlock()
	name := r.staged(r.root.Signed.Version + 1)
	if _, err := os.Stat(name); err == nil {
		return fmt.Errorf("%s waits to be signed; publish it or remove it first", name)
	}
	next, err := duplicate(r.root)
	if err != nil {
		return err
	}
	next.Signed.Version++
	next.Signed.Expires = r.expires(now, Root)
	next.ClearSignatures()
	if err := alter(&next.Signed); err != nil {
		return err
	}
	if err := r.keys.sign(next, append(slices.Clone(r.root.Signed.Roles[Root].KeyIDs), next.Signed.Roles[Root].KeyIDs...)); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	data, err := next.ToBytes(true)
	if err != nil {
		return err
	}
	if err := writeFile(name, data); err != nil {
		return err
	}
	return r.land(now, name)
}

// staged is where a root of that version waits to be signed.
func (r *Repository) staged(version int64) string {
	return filepath.Join(r.keys.dir, "staged", fmt.Sprintf("%d.root.json", version))
}

// Land publishes a staged root that enough keys have signed by now.
func (r *Repository) Land(now time.Time, name string) error {
	unlock, err := r.change()
	if err != nil {
		return err
	}
	defer unlock()
	return r.land(now, name)
}

// land writes first what both the former and the new keys have signed, then the root: a device that has only the former root can
// check the timestamp by the former keys, one that has the new one by the new.
func (r *Repository) land(now time.Time, name string) error {
	next, err := readRoot(name)
	if err != nil {
		return err
	}
	switch err := follows(r.root, next); {
	case errors.Is(err, ErrBelowThreshold):
		return fmt.Errorf("%s %w: %w", name, ErrWaiting, err)
	case err != nil:
		return fmt.Errorf("%s cannot be published: %w", name, err)
	}
	targets, err := r.copyTargets()
	if err != nil {
		return err
	}
	// A list that the new keys need not sign anew stays as it is: their keys may lie elsewhere.
	if verify(next, Targets, r.targets) == nil {
		targets = nil
	}
	if err := r.publishSigned(now, targets, r.root, next); err != nil {
		return err
	}
	if err := r.write(fmt.Sprintf("%d.root.json", next.Signed.Version), next); err != nil {
		return err
	}
	r.root = next
	if err := r.keys.keep(next); err != nil {
		return err
	}
	if staged := r.staged(next.Signed.Version); staged != name {
		return nil // a copy that was carried here is somebody else's file
	}
	return os.Remove(name)
}

// Sign adds to a staged root the signatures of the keys that are here, and returns how many it added. The keys' own root.json
// has to be the root before it: nobody signs what does not follow from what is known.
func (k *Keys) Sign(name string) (int, error) {
	former, err := k.root()
	if err != nil {
		return 0, err
	}
	next, err := readRoot(name)
	if err != nil {
		return 0, err
	}
	if next.Signed.Version != former.Signed.Version+1 {
		return 0, fmt.Errorf("%s is root %d, and root.json beside the keys is root %d: only the one after that is signed here", name, next.Signed.Version, former.Signed.Version)
	}
	before := len(next.Signatures)
	if err := k.sign(next, append(slices.Clone(former.Signed.Roles[Root].KeyIDs), next.Signed.Roles[Root].KeyIDs...)); err != nil {
		return 0, err
	}
	if len(next.Signatures) == before {
		if err := k.missing(next, Root); err != nil {
			return 0, err
		}
		return 0, nil
	}
	data, err := next.ToBytes(true)
	if err != nil {
		return 0, err
	}
	return len(next.Signatures) - before, writeFile(name, data)
}

func readRoot(name string) (*metadata.Metadata[metadata.RootType], error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	root, err := (&metadata.Metadata[metadata.RootType]{}).FromBytes(data)
	if err != nil {
		return nil, fmt.Errorf("%s is no root: %w", name, err)
	}
	return root, nil
}
