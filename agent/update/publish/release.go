package publish

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"calendarbot/agent/slot"
	"calendarbot/agent/update"
	"calendarbot/agent/update/patch"
	"github.com/theupdateframework/go-tuf/v2/metadata"
	"golang.org/x/mod/semver"
)

// Release is what Add publishes: a program, a system, or both, of one version.
type Release struct {
	Version       string // semantic, such as 1.2.3, without build metadata
	Channel       string // lower-case letters, digits and -
	Percent       int    // of all devices, 0-100
	Notes         string // plain text, at most update.MostNotes bytes
	MinAgent      string // the oldest agent that takes it; "" for any
	MinSystem     string // the oldest system that takes it; "" for any
	ConfigFormats []int  // formats of configurations that it reads; none for all

	Agent   string   // file: the program for arm64; "" for none
	System  string   // file: the bundle of the system; "" for none
	From    []string // files: older programs that patches are made against
	Patches int      // patches are made against that many of the programs that are next older in the channel too
}

// Published is a target that Add wrote or found.
type Published struct {
	Name string // in the repository
	Size int64  // bytes
}

// Add publishes a release: the program whole and as patches, the system as it is. A version that is there already is only taken with
// the same content; then what is said of it becomes what is said now, which is how a roll-out is widened. It returns what there is of the
// release now, sorted by name.
func (r *Repository) Add(now time.Time, release Release) ([]Published, error) {
	if err := release.check(); err != nil {
		return nil, err
	}
	unlock, err := r.change()
	if err != nil {
		return nil, err
	}
	defer unlock()
	targets, err := r.copyTargets()
	if err != nil {
		return nil, err
	}
	d := draft{Repository: r, targets: targets, release: release, now: now.UTC().Truncate(time.Second)}
	if release.Agent != "" {
		if err := d.addAgent(); err != nil {
			return nil, fmt.Errorf("publish the agent %s: %w", release.Version, err)
		}
	}
	if release.System != "" {
		if err := d.addSystem(); err != nil {
			return nil, fmt.Errorf("publish the system %s: %w", release.Version, err)
		}
	}
	if err := d.forget(); err != nil {
		return nil, err
	}
	if err := r.publish(now, targets); err != nil {
		return nil, err
	}
	slices.SortFunc(d.done, func(a, b Published) int { return strings.Compare(a.Name, b.Name) })
	return d.done, nil
}

// check tells in a sentence what of a release cannot be published.
func (r Release) check() error {
	if v := "v" + r.Version; !semver.IsValid(v) || semver.Build(v) != "" || semver.Canonical(v) != v {
		return fmt.Errorf("the version %q is no semantic version, such as 1.2.3 or 1.2.3-beta.1", r.Version)
	}
	if r.Agent == "" && r.System == "" {
		return errors.New("a release has an agent, a system, or both; this has neither")
	}
	if r.Channel == "" || strings.Trim(r.Channel, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return fmt.Errorf("the channel %q is not of lower-case letters, digits and -", r.Channel)
	}
	return nil
}

// draft is a release on its way into the repository.
type draft struct {
	*Repository
	targets *metadata.Metadata[metadata.TargetsType]
	release Release
	now     time.Time
	done    []Published
}

func (d *draft) addAgent() error {
	program, err := os.ReadFile(d.release.Agent)
	if err != nil {
		return err
	}
	if len(program) == 0 || len(program) > update.MostContent {
		return fmt.Errorf("%s has %d bytes; allowed are 1 to %d", d.release.Agent, len(program), update.MostContent)
	}
	sum := digest(program)
	custom, former, err := d.custom(slot.Agent, sum)
	if err != nil {
		return err
	}
	custom.Content = update.Content{SHA256: sum, Size: int64(len(program))}
	whole := "agent/calendarbot-" + d.release.Version + "-arm64.zst"
	if former != nil {
		if err := d.list(former.Name, former.Length, former.SHA256, custom); err != nil {
			return err
		}
	} else {
		packed, err := patch.Pack(program)
		if err != nil {
			return err
		}
		if err := d.put(whole, packed, custom); err != nil {
			return err
		}
	}
	olds, err := d.olds()
	if err != nil {
		return err
	}
	custom.Notes = "" // the whole program has them
	for _, old := range olds {
		if old.sum == sum {
			continue
		}
		name := strings.TrimSuffix(whole, ".zst") + ".from-" + old.sum[:12] + ".zst"
		custom.From = update.From{SHA256: old.sum, Version: old.version}
		if err := d.addPatch(name, whole, old.program, program, custom); err != nil {
			return err
		}
	}
	return nil
}

// addPatch makes a patch, applies it, and lists it where it is worth its name. One that is there already says from now on what
// the release says.
func (d *draft) addPatch(name, whole string, old, program []byte, custom update.Custom) error {
	if there := d.targets.Signed.Targets[name]; there != nil {
		return d.list(name, there.Length, there.Hashes["sha256"].String(), custom)
	}
	made, err := patch.Make(old, program)
	if err != nil {
		return err
	}
	var again bytes.Buffer
	if err := patch.Apply(bytes.NewReader(old), int64(len(old)), bytes.NewReader(made), &again, int64(len(program))); err != nil {
		return fmt.Errorf("try the patch %s: %w", name, err)
	}
	if !bytes.Equal(again.Bytes(), program) {
		return fmt.Errorf("try the patch %s: it makes another program", name)
	}
	if int64(len(made)) >= d.targets.Signed.Targets[whole].Length {
		return nil // the whole program is shorter
	}
	return d.put(name, made, custom)
}

func (d *draft) addSystem() error {
	f, err := os.Open(d.release.System)
	if err != nil {
		return err
	}
	defer f.Close()
	hash := sha256.New()
	size, err := io.Copy(hash, f)
	if err != nil {
		return err
	}
	if size == 0 {
		return fmt.Errorf("%s is empty", d.release.System)
	}
	switch version, err := bundledVersion(f, size); {
	case err != nil:
		return fmt.Errorf("%s: %w", d.release.System, err)
	case version != d.release.Version:
		return fmt.Errorf("%s says that it is version %q; a device would take it again and again", d.release.System, version)
	}
	sum := hex.EncodeToString(hash.Sum(nil))
	custom, former, err := d.custom(slot.System, sum)
	if err != nil {
		return err
	}
	name := "system/calendarbot-" + d.release.Version + "-pizero2w.raucb"
	if former == nil {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if err := d.store(name, sum, f); err != nil {
			return err
		}
	}
	return d.list(name, size, sum, custom)
}

// custom is what is said of a release, and what is there of its version already. A version that is there with another content,
// that was withdrawn, or that is older than the newest of its channel is an error.
func (d *draft) custom(kind slot.Kind, sum string) (update.Custom, *update.Offer, error) {
	r := d.release
	custom := update.Custom{
		Kind: kind, Version: r.Version, Channel: r.Channel, Percent: r.Percent, Notes: r.Notes, Published: d.now,
		MinAgent: r.MinAgent, MinSystem: r.MinSystem, ConfigFormats: r.ConfigFormats,
	}
	list, err := d.Withdrawn()
	if err != nil {
		return custom, nil, err
	}
	for _, w := range list {
		if w.Kind == kind && w.Version == r.Version {
			return custom, nil, errors.New("this version was withdrawn; give it a new number")
		}
	}
	offers, err := offers(d.targets)
	if err != nil {
		return custom, nil, err
	}
	offers = slices.DeleteFunc(offers, func(o update.Offer) bool { return o.Kind != kind || o.Patch() })
	// A version that is there may be older than others: it is only said something else of it.
	if at := slices.IndexFunc(offers, func(o update.Offer) bool { return o.Version == r.Version }); at >= 0 {
		former := offers[at]
		is := former.SHA256
		if kind == slot.Agent {
			is = former.Content.SHA256
		}
		if is != sum {
			return custom, nil, errors.New("this version is published already, with other content; give it a new number")
		}
		custom.Published = former.Published
		return custom, &former, nil
	}
	for _, o := range offers {
		if o.Channel == r.Channel && slot.Newer(o.Version, r.Version) {
			return custom, nil, fmt.Errorf("the channel %s has %s already, which is newer; no device would take it", r.Channel, o.Version)
		}
	}
	return custom, nil, nil
}

// old is a program that a patch is made against.
type old struct {
	version, sum string
	program      []byte
}

// olds are the programs to make patches against: those that were named, and the newest of the release's channel in the repository.
func (d *draft) olds() ([]old, error) {
	var list []old
	for _, name := range d.release.From {
		program, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		list = append(list, old{version: "", sum: digest(program), program: program})
	}
	offers, err := offers(d.targets)
	if err != nil {
		return nil, err
	}
	offers = slices.DeleteFunc(offers, func(o update.Offer) bool {
		return o.Kind != slot.Agent || o.Patch() || o.Version == d.release.Version
	})
	slices.SortFunc(offers, func(a, b update.Offer) int { return semver.Compare("v"+b.Version, "v"+a.Version) })
	left := d.release.Patches
	for _, o := range offers {
		// Nobody comes to the release from what is newer, or from another channel.
		comes := o.Channel == d.release.Channel && !slot.Newer(o.Version, d.release.Version) && left > 0
		if comes {
			left--
		}
		at := slices.IndexFunc(list, func(l old) bool { return l.sum == o.Content.SHA256 })
		switch {
		case at >= 0:
			list[at].version = o.Version
		case comes:
			program, err := d.unpack(o)
			if err != nil {
				return nil, err
			}
			list = append(list, old{version: o.Version, sum: o.Content.SHA256, program: program})
		}
	}
	return list, nil
}

// unpack reads a program that is in the repository.
func (d *draft) unpack(o update.Offer) ([]byte, error) {
	f, err := os.Open(d.target(o.Name, o.SHA256))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var program bytes.Buffer
	if err := patch.Unpack(f, &program, o.Content.Size); err != nil {
		return nil, fmt.Errorf("unpack %s: %w", o.Name, err)
	}
	if digest(program.Bytes()) != o.Content.SHA256 {
		return nil, fmt.Errorf("unpack %s: it is not what was published", o.Name)
	}
	return program.Bytes(), nil
}
