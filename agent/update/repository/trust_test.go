package repository_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"calendarbot/agent/update/publish"
	"calendarbot/agent/update/repository"
)

func (w *world) kept(role string) string { return filepath.Join(w.folder, "metadata", role+".json") }

// Whatever a failing card, or a power cut between two files, leaves of what is kept: the next run reads what there is.
func TestKeptMetadataMayBeBrokenOrMissing(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "half": `{"signed":{"_type":"timest`, "null": "null", "another": `{"signatures":[],"signed":{"_type":"mirrors","version":1}}`,
		"nulls":   `{"signatures":null,"signed":{"_type":"TYPE","version":1,"expires":"2030-01-01T00:00:00Z","meta":{"snapshot.json":null},"roles":{"root":null},"keys":null}}`,
		"endless": strings.Repeat(" ", 5<<20), "missing": "-",
	} {
		for _, role := range publish.Roles() {
			w := newWorld(t, 1)
			if text == "-" {
				w.must(os.RemoveAll(w.kept(role)))
			} else {
				w.must(os.WriteFile(w.kept(role), []byte(strings.ReplaceAll(text, "TYPE", role)), 0o600))
			}
			w.reads("1.1.0")
			for _, role := range below() {
				if got := string(w.read(w.kept(role))); !strings.Contains(got, `"_type"`) || len(got) < 200 {
					t.Errorf("%s %s: afterwards it is %.80q", name, role, got)
				}
			}
		}
	}
}

func TestPowerCutBetweenTheKeptFilesIsNoRollBack(t *testing.T) {
	roles := []string{publish.Timestamp, publish.Snapshot, publish.Targets} // as they are written
	for written := range len(roles) + 1 {
		w := newWorld(t, 1)
		before := map[string][]byte{}
		for _, role := range roles {
			before[role] = w.read(w.kept(role))
		}
		w.reads("1.1.0")
		for _, role := range roles[written:] {
			w.must(os.WriteFile(w.kept(role), before[role], 0o600))
		}
		w.reads("1.1.0")
		w.later(day)
		w.release("1.2.0")
		w.reads("1.2.0")
	}
}

func TestBakedKeysThatAreNewerCount(t *testing.T) {
	w := newWorld(t, 1)
	w.must(w.publisher().Rotate(w.now, publish.Root, publish.Share{}, nil))
	// The image of today has the new keys; what this device keeps has none of its own yet.
	w.baked = w.read(filepath.Join(w.keys, "root.json"))
	if r := w.reads("1.1.0"); r.Root != 2 {
		t.Errorf("it trusts version %d of the keys", r.Root)
	}
	if _, err := os.Stat(w.kept(publish.Root)); !os.IsNotExist(err) {
		t.Errorf("what is baked is kept a second time: %v", err)
	}
}

func TestWithoutKeysNothingIsTrusted(t *testing.T) {
	w := newWorld(t, 1)
	for _, baked := range []string{"", "no keys", "{}"} {
		w.baked = []byte(baked)
		if _, err := w.device(); repository.CodeOf(err) != repository.NoKeys {
			t.Errorf("%q: %v", baked, err)
		}
	}
}
