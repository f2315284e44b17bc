package publish_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"calendarbot/agent/update/patch"
	"calendarbot/agent/update/publish"
	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// TestWhatOthersChangedIsNeverSigned alters each file of metadata that holds: opening the repository fails, so that nobody signs it.
func TestWhatOthersChangedIsNeverSigned(t *testing.T) {
	s := newStage(t, one(), "")
	r := s.create()
	program, _ := program(t, 0)
	if _, err := r.Add(now(), publish.Release{Version: "1.0.0", Channel: "stable", Percent: 100, Agent: program}); err != nil {
		t.Fatal(err)
	}
	if err := r.RenewRoot(now()); err != nil {
		t.Fatal(err)
	}
	// The root beside the keys is still the first one here: that of the repository has to follow from it.
	if err := os.WriteFile(filepath.Join(s.keys, "root.json"), s.baked, 0o600); err != nil {
		t.Fatal(err)
	}
	s.open()
	for _, name := range []string{"timestamp.json", "3.snapshot.json", "2.targets.json", "2.root.json"} {
		path := filepath.Join(s.repo, "metadata", name)
		was, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, bytes.Replace(was, []byte(`"expires": "20`), []byte(`"expires": "21`), 1), 0o600); err != nil {
			t.Fatal(err)
		}
		keys, err := publish.LoadKeys(s.keys, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := publish.Open(s.repo, keys); err == nil {
			t.Errorf("%s was changed, and is taken", name)
		}
		if err := os.WriteFile(path, was, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.open()
}

// TestEachStepIsWholeForReaders publishes, rotates and withdraws on copies of the repository that are cut off before each of the files
// that were written, in their order: a device with what it knew before reads every one of them.
func TestEachStepIsWholeForReaders(t *testing.T) {
	first, _ := program(t, 0)
	for name, change := range map[string]func(*publish.Repository) error{
		"add": func(r *publish.Repository) error {
			_, err := r.Add(now(), publish.Release{Version: "1.0.0", Channel: "stable", Percent: 100, Agent: first})
			return err
		},
		"refresh":         func(r *publish.Repository) error { return r.Refresh(now()) },
		"rotate root":     func(r *publish.Repository) error { return r.Rotate(now(), publish.Root, publish.Share{}, nil) },
		"rotate targets":  func(r *publish.Repository) error { return r.Rotate(now(), publish.Targets, publish.Share{}, nil) },
		"rotate snapshot": func(r *publish.Repository) error { return r.Rotate(now(), publish.Snapshot, publish.Share{}, nil) },
		"rotate timestamp": func(r *publish.Repository) error {
			return r.Rotate(now(), publish.Timestamp, publish.Share{Keys: 2, Threshold: 2}, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, one(), "")
			s.create()
			known := t.TempDir()
			if _, err := s.device(s.baked, known); err != nil {
				t.Fatal(err)
			}
			before := files(t, s.repo)
			if err := change(s.open()); err != nil {
				t.Fatal(err)
			}
			after := files(t, s.repo)
			var written []string
			for name := range after {
				if before[name] != after[name] {
					written = append(written, name)
				}
			}
			// In the order of their times; each was written beside and renamed.
			slices.SortFunc(written, func(a, b string) int { return stamp(t, s.repo, a).Compare(stamp(t, s.repo, b)) })
			if len(written) < 2 {
				t.Fatalf("only %v was written", written)
			}
			whole := s.repo
			for n := range len(written) + 1 {
				s.repo = t.TempDir()
				for name, text := range before {
					put(t, s.repo, name, text)
				}
				for _, name := range written[:n] {
					put(t, s.repo, name, after[name])
				}
				if _, err := s.device(s.baked, t.TempDir()); err != nil {
					t.Errorf("a new device after %v: %v", written[:n], err)
				}
				folder := t.TempDir()
				if err := os.CopyFS(folder, os.DirFS(known)); err != nil {
					t.Fatal(err)
				}
				if _, err := s.device(s.baked, folder); err != nil {
					t.Errorf("a device that knows it after %v: %v", written[:n], err)
				}
				// Who publishes next goes on from there.
				keys, err := publish.LoadKeys(s.keys, nil)
				if err != nil {
					t.Fatal(err)
				}
				if strings.HasPrefix(name, "rotate") {
					continue // the keys are past it already
				}
				r, err := publish.Open(s.repo, keys)
				if err != nil {
					t.Fatal(err)
				}
				if err := r.Refresh(now()); err != nil {
					t.Errorf("nobody can publish after %v: %v", written[:n], err)
				}
			}
			s.repo = whole
		})
	}
}

// files is the text of each file below a folder.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		all[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func stamp(t *testing.T, dir, name string) time.Time {
	t.Helper()
	info, err := os.Stat(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return info.ModTime()
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestADeviceThatIsYearsBehindFindsItsWay rotates all roles many times, with the first root long expired.
func TestADeviceThatIsYearsBehindFindsItsWay(t *testing.T) {
	s := &stage{t: t, keys: filepath.Join(t.TempDir(), "keys"), repo: filepath.Join(t.TempDir(), "repo")}
	long := now().Add(-4 * 365 * 24 * time.Hour)
	if err := publish.NewKeys(s.keys, one(), nil, long); err != nil {
		t.Fatal(err)
	}
	var err error
	if s.baked, err = os.ReadFile(filepath.Join(s.keys, "root.json")); err != nil {
		t.Fatal(err)
	}
	r := s.open()
	if err := r.Create(long); err != nil {
		t.Fatal(err)
	}
	known := t.TempDir()
	for year := 3; year >= 0; year-- {
		for _, role := range publish.Roles() {
			if err := r.Rotate(now().Add(-time.Duration(year)*365*24*time.Hour), role, publish.Share{}, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	first, text := program(t, 0)
	if _, err := r.Add(now(), publish.Release{Version: "9.0.0", Channel: "stable", Percent: 100, Agent: first}); err != nil {
		t.Fatal(err)
	}
	u, err := s.device(s.baked, known)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := patch.Unpack(bytes.NewReader(fetch(t, u, "agent/calendarbot-9.0.0-arm64.zst")), &got, 1<<20); err != nil || !bytes.Equal(got.Bytes(), text) {
		t.Error(err)
	}
}

// TestListsStayBounded publishes more releases than are kept, with patches against the newest.
func TestListsStayBounded(t *testing.T) {
	s := newStage(t, one(), "")
	r := s.create()
	for i := range publish.Kept + 5 {
		name, _ := program(t, byte(i))
		if _, err := r.Add(now(), publish.Release{Version: fmt.Sprintf("1.%d.0", i), Channel: "stable", Percent: 100, Agent: name, Patches: 2}); err != nil {
			t.Fatal(err)
		}
	}
	offers, err := r.Offers()
	if err != nil {
		t.Fatal(err)
	}
	wholes, patches := 0, map[string]int{}
	for _, o := range offers {
		if o.Patch() {
			patches[o.Version]++
		} else {
			wholes++
		}
	}
	if wholes != publish.Kept || patches["1.24.0"] != 2 || patches["1.4.0"] != 0 {
		t.Errorf("%d releases are listed, patches %v", wholes, patches)
	}
	s.reads()
}

func TestOnlyOnePublishesAtATime(t *testing.T) {
	s := newStage(t, one(), "")
	r := s.create()
	folder, err := os.Open(s.repo)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(folder.Fd()), syscall.LOCK_EX); err != nil { // as another program that publishes
		t.Fatal(err)
	}
	name, _ := program(t, 0)
	release := publish.Release{Version: "1.0.0", Channel: "stable", Percent: 100, Agent: name}
	const want = "another program is publishing"
	if err := r.Refresh(now()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("two refresh at a time: %v", err)
	}
	if _, err := r.Add(now(), release); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("two publish at a time: %v", err)
	}
	if err := folder.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Add(now(), release); err != nil {
		t.Error(err)
	}
	s.reads()
}

// TestFewKeysAreEnoughToRefresh takes away the keys of root and targets, as on the machine that refreshes by a timer.
func TestFewKeysAreEnoughToRefresh(t *testing.T) {
	s := newStage(t, one(), "")
	s.create()
	for _, role := range []string{publish.Root, publish.Targets} {
		if err := os.RemoveAll(filepath.Join(s.keys, role)); err != nil {
			t.Fatal(err)
		}
	}
	r := s.open()
	if err := r.Refresh(now()); err != nil {
		t.Fatal(err)
	}
	name, _ := program(t, 0)
	before := files(t, filepath.Join(s.repo, "metadata"))
	if _, err := r.Add(now(), publish.Release{Version: "1.0.0", Channel: "stable", Percent: 100, Agent: name}); !errors.Is(err, publish.ErrBelowThreshold) {
		t.Errorf("published without the key of targets: %v", err)
	}
	if after := files(t, filepath.Join(s.repo, "metadata")); !equalFiles(before, after) {
		t.Error("what was refused left something behind")
	}
	s.reads()
}

func equalFiles(a, b map[string]string) bool {
	x, err := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err == nil && err2 == nil && bytes.Equal(x, y)
}

// TestKeysOfOthersEyes refuses a key that others may read, and keeps secrets out of files and errors.
func TestKeysOfOthersEyes(t *testing.T) {
	s := newStage(t, one(), "open sesame")
	err := filepath.WalkDir(s.keys, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if strings.HasSuffix(name, ".key") && (info.Mode().Perm() != 0o600 || bytes.Contains(text, []byte("seed"))) {
			t.Errorf("%s: mode %v\n%s", name, info.Mode(), text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(s.keys, publish.Targets, "*.key"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	if err := os.Chmod(found[0], 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := publish.LoadKeys(s.keys, []byte("open sesame")); err == nil || !strings.Contains(err.Error(), "others may read it") {
		t.Errorf("others may read it: %v", err)
	}
}

// TestRootBelowItsThresholdIsNoRoot of a device either.
func TestRootBelowItsThresholdIsNoRoot(t *testing.T) {
	shares := one()
	shares[publish.Root] = publish.Share{Keys: 2, Threshold: 2}
	s := newStage(t, shares, "")
	s.create()
	found, err := filepath.Glob(filepath.Join(s.keys, publish.Root, "*.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(found[0]); err != nil {
		t.Fatal(err)
	}
	r := s.open()
	if err := r.RenewRoot(now()); !errors.Is(err, publish.ErrWaiting) || !errors.Is(err, publish.ErrBelowThreshold) {
		t.Fatalf("renewed: %v", err)
	}
	staged, err := os.ReadFile(filepath.Join(s.keys, "staged", "2.root.json"))
	if err != nil {
		t.Fatal(err)
	}
	s.reads()
	put(t, s.repo, "metadata/2.root.json", string(staged))
	if _, err := s.device(s.baked, t.TempDir()); !errors.Is(err, &metadata.ErrUnsignedMetadata{}) {
		t.Errorf("a device takes it: %v", err)
	}
}
