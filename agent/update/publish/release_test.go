package publish_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"calendarbot/agent/slot"
	"calendarbot/agent/update/publish"
)

// add publishes a program; each change makes another one.
func (s *stage) add(version, channel string, change byte, alter ...func(*publish.Release)) error {
	s.t.Helper()
	name, _ := program(s.t, change)
	r := publish.Release{Version: version, Channel: channel, Percent: 100, Agent: name, Patches: 3}
	for _, a := range alter {
		a(&r)
	}
	_, err := s.open().Add(now(), r)
	return err
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// listed are the versions of a kind that are listed whole, sorted by name.
func (s *stage) listed(kind slot.Kind) []string {
	s.t.Helper()
	offers, err := s.open().Offers()
	s.must(err)
	var list []string
	for _, o := range offers {
		if o.Kind == kind && !o.Patch() {
			list = append(list, o.Version)
		}
	}
	return list
}

// from are the versions that there are patches from to another.
func (s *stage) from(version string) []string {
	s.t.Helper()
	offers, err := s.open().Offers()
	s.must(err)
	var list []string
	for _, o := range offers {
		if o.Version == version && o.Patch() {
			list = append(list, o.From.Version)
		}
	}
	slices.Sort(list)
	return list
}

// TestPatchesAreAgainstWhatDevicesRun that take a release: not against what is newer, nor what another channel has.
func TestPatchesAreAgainstWhatDevicesRun(t *testing.T) {
	s := newStage(t, one(), "")
	s.create()
	s.must(s.add("1.0.0", "stable", 0))
	for n := range 4 {
		s.must(s.add(fmt.Sprintf("1.1.0-beta.%d", n), "beta", byte(n+1)))
	}
	s.must(s.add("1.0.1", "stable", 5))
	if got := s.from("1.0.1"); !slices.Equal(got, []string{"1.0.0"}) {
		t.Errorf("patches of a mended release are from %v", got)
	}
	s.must(s.add("1.0.2", "stable", 6))
	s.must(s.add("1.0.1", "stable", 5, func(r *publish.Release) { r.Percent = 50 })) // said anew, with a newer one there
	if got := s.from("1.0.1"); !slices.Equal(got, []string{"1.0.0"}) {
		t.Errorf("patches of what was widened are from %v", got)
	}
	if got := s.from("1.1.0-beta.3"); !slices.Equal(got, []string{"1.1.0-beta.0", "1.1.0-beta.1", "1.1.0-beta.2"}) {
		t.Errorf("patches of a beta are from %v", got)
	}
	// What is named is made a patch of all the same, and is known by its version where it was published.
	s.must(s.add("1.0.3", "stable", 7, func(r *publish.Release) {
		name, _ := program(t, 4)
		r.From, r.Patches = []string{name}, 1
	}))
	if got := s.from("1.0.3"); !slices.Equal(got, []string{"1.0.2", "1.1.0-beta.3"}) {
		t.Errorf("patches with one that is named are from %v", got)
	}
}

// TestRollOutIsWidenedBesideNewerOnes, also of a version that comes behind newer ones in the order of names.
func TestRollOutIsWidenedBesideNewerOnes(t *testing.T) {
	s := newStage(t, one(), "")
	s.create()
	s.must(s.add("1.9.0", "stable", 0, func(r *publish.Release) { r.Percent = 10 }))
	s.must(s.add("1.10.0", "stable", 1))
	s.must(s.add("1.9.0", "stable", 0))
	offers, err := s.open().Offers()
	s.must(err)
	for _, o := range offers {
		if o.Percent != 100 {
			t.Errorf("%s is for %d %%", o.Name, o.Percent)
		}
	}
	if err := s.add("1.9.0", "stable", 2); err == nil || !strings.Contains(err.Error(), "other content") {
		t.Errorf("another 1.9.0: %v", err)
	}
	if err := s.add("1.9.1", "stable", 2); err == nil || !strings.Contains(err.Error(), "1.10.0 already, which is newer") {
		t.Errorf("an older one: %v", err)
	}
}

// TestNoDeviceIsTooOldForTheNewest however many releases came since: what the newest ones need stays listed, and what that needs.
func TestNoDeviceIsTooOldForTheNewest(t *testing.T) {
	s := newStage(t, one(), "")
	s.create()
	s.must(s.add("1.0.0", "stable", 0))
	s.must(s.add("1.1.0", "stable", 1)) // the newest that any device takes
	s.must(s.add("1.2.0", "stable", 2, func(r *publish.Release) { r.MinAgent = "1.1.0" }))
	_, err := s.open().Add(now(), publish.Release{Version: "1.0.0", Channel: "stable", Percent: 100, System: bundle(t, "1.0.0"), MinAgent: "1.2.0"})
	s.must(err)
	for n := range publish.Kept + 2 {
		s.must(s.add(fmt.Sprintf("2.%d.0", n), "stable", byte(n+3), func(r *publish.Release) { r.MinAgent, r.MinSystem, r.Patches = "1.2.0", "1.0.0", 0 }))
	}
	got := s.listed(slot.Agent)
	for _, version := range []string{"1.1.0", "1.2.0"} {
		if !slices.Contains(got, version) {
			t.Errorf("%s, which the newest needs, is dropped", version)
		}
	}
	if slices.Contains(got, "1.0.0") || slices.Contains(got, "2.0.0") || len(got) != publish.Kept+2 {
		t.Errorf("too much is listed: %v", got)
	}
	if got := s.listed(slot.System); !slices.Equal(got, []string{"1.0.0"}) {
		t.Errorf("systems: %v", got)
	}
	// What is dropped can still be taken back: devices run it.
	s.must(s.open().Withdraw(now(), slot.Agent, "1.0.0", "It forgets things."))
	list, err := s.open().Withdrawn()
	if err != nil || len(list) != 1 || list[0].Version != "1.0.0" {
		t.Errorf("%v %v", list, err)
	}
	for _, version := range []string{"3.0.0", "old"} {
		if err := s.open().Withdraw(now(), slot.Agent, version, "It forgets things."); err == nil || !strings.Contains(err.Error(), "has no agent "+version) {
			t.Errorf("withdraw %s: %v", version, err)
		}
	}
}

// bundle is the end of one as RAUC makes it, with a system of another kind.
func bundle(t *testing.T, version string) string {
	t.Helper()
	manifest := "0\x82 of a signature[update]\ncompatible=calendarbot-pizero2w\nversion=" + version + "\n\n[bundle]\nformat=verity\nversion=9\n\n[image.system]\nfilename=system.ext4\n"
	return bundleOf(t, []byte(manifest), uint64(len(manifest)))
}

func bundleOf(t *testing.T, end []byte, length uint64) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "calendarbot.raucb")
	text := binary.BigEndian.AppendUint64(append([]byte("a system"), end...), length)
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestBundleIsPublishedAsWhatItSays: a device knows what runs by that, and would take one that says something else each night.
func TestBundleIsPublishedAsWhatItSays(t *testing.T) {
	s := newStage(t, one(), "")
	s.create()
	for name, c := range map[string]struct{ file, want string }{
		"another version":      {bundle(t, "1.1.0"), `says that it is version "1.1.0"`},
		"no bundle":            {bundleOf(t, nil, 0), "no bundle"},
		"a length of too much": {bundleOf(t, []byte("[update]\nversion=1.0.0\n"), 1<<40), "no bundle"},
		"longer than the file": {bundleOf(t, []byte("[update]\nversion=1.0.0\n"), 1000), "no bundle"},
		"no version":           {bundleOf(t, []byte("[update]\ncompatible=x\n\n[bundle]\nversion=1.0.0\n"), 50), "has no version"},
	} {
		_, err := s.open().Add(now(), publish.Release{Version: "1.0.0", Channel: "stable", Percent: 100, System: c.file})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	short := filepath.Join(t.TempDir(), "short")
	s.must(os.WriteFile(short, []byte("short"), 0o600))
	if _, err := s.open().Add(now(), publish.Release{Version: "1.0.0", Channel: "stable", Percent: 100, System: short}); err == nil {
		t.Error("five bytes are taken")
	}
	if got := s.listed(slot.System); len(got) > 0 {
		t.Errorf("%v is listed", got)
	}
	_, err := s.open().Add(now(), publish.Release{Version: "1.0.0", Channel: "stable", Percent: 100, System: bundle(t, "1.0.0")})
	s.must(err)
}

// TestWhatIsRefusedLeavesNothing in the folder that is published, whichever part of a release is wrong.
func TestWhatIsRefusedLeavesNothing(t *testing.T) {
	s := newStage(t, one(), "")
	s.create()
	s.must(s.add("1.0.0", "stable", 0))
	files := func() (list []string) {
		t.Helper()
		s.must(filepath.WalkDir(s.repo, func(name string, _ os.DirEntry, err error) error {
			list = append(list, name)
			return err
		}))
		return list
	}
	before := files()
	for name, c := range map[string]struct {
		alter func(*publish.Release)
		want  string
	}{
		"too many devices":        {func(r *publish.Release) { r.Percent = 500 }, "percent is 500; allowed is 0 to 100"},
		"notes too long":          {func(r *publish.Release) { r.Notes = strings.Repeat("x", 8<<10+1) }, "the notes are longer"},
		"no oldest version":       {func(r *publish.Release) { r.MinSystem = "old" }, "min_agent or min_system is no version"},
		"another system":          {func(r *publish.Release) { r.System = bundle(t, "1.2.0") }, `says that it is version "1.2.0"`},
		"a folder to patch":       {func(r *publish.Release) { r.From = []string{t.TempDir()} }, "is no file"},
		"nothing to patch":        {func(r *publish.Release) { r.From = []string{"missing"} }, "no such file"},
		"no system":               {func(r *publish.Release) { r.System = "missing" }, "no such file"},
		"a version that there is": {func(r *publish.Release) { r.Version = "1.0.0" }, "with other content"},
	} {
		if err := s.add("1.1.0", "stable", 1, c.alter); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after := files(); !slices.Equal(before, after) {
		t.Errorf("%v is there; it was %v", after, before)
	}
}
