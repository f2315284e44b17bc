package publish

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"calendarbot/agent/slot"
	"calendarbot/agent/update"
	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// Offers are the releases and patches there are, sorted by name.
func (r *Repository) Offers() ([]update.Offer, error) { return offers(r.targets) }

func offers(targets *metadata.Metadata[metadata.TargetsType]) ([]update.Offer, error) {
	var list []update.Offer
	for _, name := range slices.Sorted(maps.Keys(targets.Signed.Targets)) {
		if name == update.WithdrawnName {
			continue
		}
		target := targets.Signed.Targets[name]
		if target.Custom == nil {
			return nil, fmt.Errorf("the repository says nothing of %s", name)
		}
		o, err := update.ParseOffer(name, target.Length, target.Hashes["sha256"].String(), *target.Custom)
		if err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	return list, nil
}

// Withdrawn are the releases that were withdrawn, the first one first.
func (r *Repository) Withdrawn() ([]update.Withdrawal, error) {
	target := r.targets.Signed.Targets[update.WithdrawnName]
	if target == nil {
		return nil, errors.New("the repository has no list of what was withdrawn")
	}
	text, err := os.ReadFile(r.target(update.WithdrawnName, target.Hashes["sha256"].String()))
	if err != nil {
		return nil, err
	}
	if err := target.VerifyLengthHashes(text); err != nil {
		return nil, fmt.Errorf("the list of what was withdrawn: %w", err)
	}
	return update.ParseWithdrawn(text)
}

// mostWhy is how many bytes the reason of a withdrawal has at most.
const mostWhy = 400

// Withdraw takes a release back: it is listed no more, no device takes it any more, and one that runs it is told so. The reason is
// for the people who own them. One that is so old that it is not listed any more can be taken back too. A version that was withdrawn is never published again.
func (r *Repository) Withdraw(now time.Time, kind slot.Kind, version, why string) error {
	if why == "" || len(why) > mostWhy {
		return fmt.Errorf("a withdrawal has a reason of 1 to %d bytes", mostWhy)
	}
	unlock, err := r.change()
	if err != nil {
		return err
	}
	defer unlock()
	targets, err := r.copyTargets()
	if err != nil {
		return err
	}
	list, err := r.Withdrawn()
	if err != nil {
		return err
	}
	for _, w := range list {
		if w.Kind == kind && w.Version == version {
			return fmt.Errorf("the %s %s was withdrawn already: %s", kind, version, w.Why)
		}
	}
	offers, err := offers(targets)
	if err != nil {
		return err
	}
	found := false
	for _, o := range offers {
		if o.Kind != kind {
			continue
		}
		if o.Version == version {
			delete(targets.Signed.Targets, o.Name)
		}
		// One that is older than others may have been listed once.
		found = found || o.Version == version || slot.Newer(o.Version, version) && update.IsVersion(version)
	}
	if !found {
		return fmt.Errorf("the repository has no %s %s", kind, version)
	}
	if err := r.addWithdrawn(targets, append(list, update.Withdrawal{Kind: kind, Version: version, Why: why})); err != nil {
		return err
	}
	return r.publish(now, targets)
}

// addWithdrawn writes and lists the target with what was withdrawn.
func (r *Repository) addWithdrawn(targets *metadata.Metadata[metadata.TargetsType], list []update.Withdrawal) error {
	if list == nil {
		list = []update.Withdrawal{} // an empty list, not null
	}
	text, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	if _, err := update.ParseWithdrawn(text); err != nil {
		return err
	}
	sum := digest(text)
	if err := r.store(update.WithdrawnName, sum, bytes.NewReader(text)); err != nil {
		return err
	}
	return enter(targets, update.WithdrawnName, int64(len(text)), sum, nil)
}

// copyTargets is a copy of the list to change: what goes wrong halfway leaves the one there is.
func (r *Repository) copyTargets() (*metadata.Metadata[metadata.TargetsType], error) {
	return duplicate(r.targets)
}

// duplicate copies what a role signs.
func duplicate[T metadata.Roles](m *metadata.Metadata[T]) (*metadata.Metadata[T], error) {
	data, err := m.ToBytes(false)
	if err != nil {
		return nil, err
	}
	return (&metadata.Metadata[T]{}).FromBytes(data)
}

// Status is how it stands with a role.
type Status struct {
	Role            string
	Version         int64
	Expires         time.Time
	Keys, Threshold int
	Here            int // keys that can sign here
}

// Roles tells how it stands with each role.
func (r *Repository) Roles() []Status {
	list := []Status{
		{Role: Root, Version: r.root.Signed.Version, Expires: r.root.Signed.Expires},
		{Role: Targets, Version: r.targets.Signed.Version, Expires: r.targets.Signed.Expires},
		{Role: Snapshot, Version: r.snapshot.Signed.Version, Expires: r.snapshot.Signed.Expires},
		{Role: Timestamp, Version: r.timestamp.Signed.Version, Expires: r.timestamp.Signed.Expires},
	}
	for i := range list {
		role := r.root.Signed.Roles[list[i].Role]
		list[i].Keys, list[i].Threshold = len(role.KeyIDs), role.Threshold
		for _, id := range role.KeyIDs {
			if _, here := r.keys.private[id]; here {
				list[i].Here++
			}
		}
	}
	return list
}
