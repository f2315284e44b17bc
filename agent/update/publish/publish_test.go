package publish_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"calendarbot/agent/slot"
	"calendarbot/agent/update"
	"calendarbot/agent/update/patch"
	"calendarbot/agent/update/publish"
	"github.com/theupdateframework/go-tuf/v2/metadata"
	"github.com/theupdateframework/go-tuf/v2/metadata/config"
	"github.com/theupdateframework/go-tuf/v2/metadata/updater"
)

// now is when the tests publish: a device's clock is the machine's, so it is the present.
func now() time.Time { return time.Now() }

// stage is a folder with keys and a repository.
type stage struct {
	t          *testing.T
	keys, repo string
	baked      []byte // the first root
}

func newStage(t *testing.T, shares map[string]publish.Share, passphrase string) *stage {
	t.Helper()
	s := &stage{t: t, keys: filepath.Join(t.TempDir(), "keys"), repo: filepath.Join(t.TempDir(), "repo")}
	if err := publish.NewKeys(s.keys, shares, []byte(passphrase), now()); err != nil {
		t.Fatal(err)
	}
	var err error
	if s.baked, err = os.ReadFile(filepath.Join(s.keys, "root.json")); err != nil {
		t.Fatal(err)
	}
	return s
}

func one() map[string]publish.Share {
	return map[string]publish.Share{publish.Root: {Keys: 1, Threshold: 1}, publish.Targets: {Keys: 1, Threshold: 1}, publish.Snapshot: {Keys: 1, Threshold: 1}, publish.Timestamp: {Keys: 1, Threshold: 1}}
}

func (s *stage) open() *publish.Repository {
	s.t.Helper()
	keys, err := publish.LoadKeys(s.keys, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := publish.Open(s.repo, keys)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func (s *stage) create() *publish.Repository {
	s.t.Helper()
	r := s.open()
	if err := r.Create(now()); err != nil {
		s.t.Fatal(err)
	}
	return r
}

// device reads the repository as a device with a root does, in a folder that lasts where one is given.
func (s *stage) device(root []byte, folder string) (*updater.Updater, error) {
	s.t.Helper()
	server := httptest.NewServer(http.FileServer(http.Dir(s.repo)))
	s.t.Cleanup(server.Close)
	c, err := config.New(server.URL+"/metadata", root)
	if err != nil {
		s.t.Fatal(err)
	}
	c.LocalMetadataDir = folder
	c.LocalTargetsDir = s.t.TempDir()
	c.RemoteTargetsURL = server.URL + "/targets"
	c.PrefixTargetsWithHash = true
	u, err := updater.New(c)
	if err != nil {
		s.t.Fatal(err)
	}
	return u, u.Refresh()
}

// reads fails the test unless a device with the first root reads the repository.
func (s *stage) reads() *updater.Updater {
	s.t.Helper()
	u, err := s.device(s.baked, s.t.TempDir())
	if err != nil {
		s.t.Fatalf("a device cannot read the repository: %v", err)
	}
	return u
}

// fetch is a target as a device gets it.
func fetch(t *testing.T, u *updater.Updater, name string) []byte {
	t.Helper()
	info, err := u.GetTargetInfo(name)
	if err != nil {
		t.Fatal(err)
	}
	_, data, err := u.DownloadTarget(info, "", "")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// program is something like a program: a seed's noise with changes here and there.
func program(t *testing.T, change byte) (name string, text []byte) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	text = make([]byte, 200_000)
	for i := range text {
		text[i] = byte(random.Uint32())
	}
	for i := 1000; i < len(text); i += 10_000 {
		text[i] += change
	}
	name = filepath.Join(t.TempDir(), "calendarbot")
	if err := os.WriteFile(name, text, 0o755); err != nil {
		t.Fatal(err)
	}
	return name, text
}

func TestADeviceReadsWhatWasPublished(t *testing.T) {
	s := newStage(t, one(), "")
	r := s.create()
	first, _ := program(t, 0)
	if _, err := r.Add(now(), publish.Release{Version: "1.0.0", Channel: "stable", Percent: 100, Notes: "The first one.", Agent: first, Patches: 3}); err != nil {
		t.Fatal(err)
	}
	second, text := program(t, 1)
	done, err := r.Add(now(), publish.Release{Version: "1.1.0", Channel: "stable", Percent: 20, Notes: "The second one.", Agent: second, Patches: 3})
	if err != nil {
		t.Fatal(err)
	}
	if len(done) != 2 {
		t.Fatalf("published %v, not the program and a patch", done)
	}
	u := s.reads()
	whole := fetch(t, u, "agent/calendarbot-1.1.0-arm64.zst")
	var got bytes.Buffer
	if err := patch.Unpack(bytes.NewReader(whole), &got, int64(len(text))); err != nil || !bytes.Equal(got.Bytes(), text) {
		t.Errorf("the whole program is not what was published: %v", err)
	}
	if got := string(fetch(t, u, update.WithdrawnName)); got != "[]" {
		t.Errorf("withdrawn: %s", got)
	}
	if _, err := r.Add(now(), publish.Release{Version: "1.1.0", Channel: "stable", Agent: first}); err == nil {
		t.Error("the same version was taken with another content")
	}
	if err := r.Withdraw(now(), slot.Agent, "1.1.0", "It forgets things."); err != nil {
		t.Fatal(err)
	}
	if _, err := s.reads().GetTargetInfo("agent/calendarbot-1.1.0-arm64.zst"); err == nil {
		t.Error("what was withdrawn is still there")
	}
	for _, role := range publish.Roles() {
		if err := r.Rotate(now(), role, publish.Share{}, nil); err != nil {
			t.Fatalf("rotate %s: %v", role, err)
		}
		s.reads()
	}
	if err := s.open().Refresh(now()); err != nil {
		t.Fatal(err)
	}
	s.reads()
}

func TestExpiryIsSeen(t *testing.T) {
	s := newStage(t, one(), "")
	r := s.create()
	if err := r.Refresh(now().Add(-15 * 24 * time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.device(s.baked, t.TempDir()); !errors.Is(err, &metadata.ErrExpiredMetadata{}) {
		t.Errorf("got %v", err)
	}
}
