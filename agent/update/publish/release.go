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
// release now, sorted by name. What is refused leaves nothing behind.
func (r *Repository) Add(now time.Time, release Release) ([]Published, error) {
	if err := release.Check(); err != nil {
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
	if err := errors.Join(d.readAgent(), d.readSystem()); err != nil {
		return nil, err
	}
	if d.agent != nil {
		if err := d.addAgent(*d.agent); err != nil {
			return nil, fmt.Errorf("publish the agent %s: %w", release.Version, err)
		}
	}
	if d.system != nil {
		if err := d.addSystem(*d.system); err != nil {
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

// draft is a release on its way into the repository.
type draft struct {
	*Repository
	targets       *metadata.Metadata[metadata.TargetsType]
	release       Release
	now           time.Time
	agent, system *half // nil where the release has none
	done          []Published
}

// half is the agent or the system of a release.
type half struct {
	program []byte // of the agent
	olds    []old  // what patches of the agent are made against
	sum     string // SHA-256 in hex
	size    int64  // bytes
	custom  update.Custom
	former  *update.Offer // the same content, which is published already; nil for none
}

// readAgent reads all that is needed to publish the agent, and refuses what the repository has no place for.
func (d *draft) readAgent() error {
	if d.release.Agent == "" {
		return nil
	}
	program, err := os.ReadFile(d.release.Agent)
	if err != nil {
		return err
	}
	h := half{program: program, sum: digest(program), size: int64(len(program))}
	if h.custom, h.former, err = d.custom(slot.Agent, h.sum); err != nil {
		return fmt.Errorf("publish the agent %s: %w", d.release.Version, err)
	}
	h.custom.Content = update.Content{SHA256: h.sum, Size: h.size}
	if h.olds, err = d.olds(); err != nil {
		return fmt.Errorf("read what patches are made against: %w", err)
	}
	d.agent = &h
	return nil
}

func (d *draft) addAgent(h half) error {
	whole := d.release.name(slot.Agent)
	if h.former != nil {
		if err := d.list(h.former.Name, h.former.Length, h.former.SHA256, h.custom); err != nil {
			return err
		}
	} else {
		packed, err := patch.Pack(h.program)
		if err != nil {
			return err
		}
		if err := d.put(whole, packed, h.custom); err != nil {
			return err
		}
	}
	custom := h.custom
	custom.Notes = "" // the whole program has them
	for _, old := range h.olds {
		if old.sum == h.sum {
			continue
		}
		name := strings.TrimSuffix(whole, ".zst") + ".from-" + old.sum[:12] + ".zst"
		custom.From = update.From{SHA256: old.sum, Version: old.version}
		if err := d.addPatch(name, whole, old.program, h.program, custom); err != nil {
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

// readSystem does for the system what readAgent does for the agent.
func (d *draft) readSystem() error {
	if d.release.System == "" {
		return nil
	}
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
	h := half{sum: hex.EncodeToString(hash.Sum(nil)), size: size}
	if h.custom, h.former, err = d.custom(slot.System, h.sum); err != nil {
		return fmt.Errorf("publish the system %s: %w", d.release.Version, err)
	}
	d.system = &h
	return nil
}

func (d *draft) addSystem(h half) error {
	name := d.release.name(slot.System)
	if h.former == nil {
		f, err := os.Open(d.release.System)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := d.store(name, h.sum, f); err != nil {
			return err
		}
	}
	return d.list(name, h.size, h.sum, h.custom)
}

// Why a version is refused for what there is already.
var (
	ErrOtherContent = errors.New("this version is published already, with other content; give it a new number")
	ErrNotNewest    = errors.New("which is newer; no device would take it")
)

// custom is what is said of a release, and what is there of its version already. A version that is there with another content,
// that was withdrawn, or that is older than the newest of its channel is an error.
func (d *draft) custom(kind slot.Kind, sum string) (update.Custom, *update.Offer, error) {
	r := d.release
	custom := r.says(kind)
	custom.Published = d.now
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
			return custom, nil, ErrOtherContent
		}
		custom.Published = former.Published
		return custom, &former, nil
	}
	for _, o := range offers {
		if o.Channel == r.Channel && slot.Newer(o.Version, r.Version) {
			return custom, nil, fmt.Errorf("the channel %s has %s already, %w", r.Channel, o.Version, ErrNotNewest)
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
