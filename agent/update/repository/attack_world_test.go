package repository_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/update"
	"calendarbot/agent/update/publish"
	"calendarbot/agent/update/repository"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// world is a publisher, a server and a device. The publisher is honest; what an attacker holds of it is in the attack.
type world struct {
	t            *testing.T
	keys, public string // the publisher's keys and what it publishes
	baked        []byte
	now          time.Time
	folder       string // of the device
	limits       repository.Limits
	between      func(http.Handler) http.Handler // somebody on the way; nil for nobody
}

// newWorld has published 1.0.0, which the device has read, and 1.1.0, which it has not. Of each role so many keys have to sign.
func newWorld(t *testing.T, threshold int) *world {
	t.Helper()
	w := &world{t: t, keys: filepath.Join(t.TempDir(), "keys"), public: filepath.Join(t.TempDir(), "public"), folder: filepath.Join(t.TempDir(), "update"),
		now: time.Date(2026, 11, 1, 3, 0, 0, 0, time.UTC), limits: repository.Usual()}
	w.limits.Spare = 0
	share := publish.Share{Keys: threshold, Threshold: threshold}
	shares := map[string]publish.Share{}
	for _, role := range publish.Roles() {
		shares[role] = share
	}
	w.must(publish.NewKeys(w.keys, shares, nil, w.now))
	w.baked = w.read(filepath.Join(w.keys, "root.json"))
	w.must(w.publisher().Create(w.now))
	w.release("1.0.0")
	w.reads("1.0.0")
	w.later(time.Hour)
	w.release("1.1.0")
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) read(name string) []byte {
	w.t.Helper()
	text, err := os.ReadFile(name)
	w.must(err)
	return text
}

func (w *world) later(d time.Duration) { w.now = w.now.Add(d) }

func (w *world) publisher() *publish.Repository {
	w.t.Helper()
	keys, err := publish.LoadKeys(w.keys, nil)
	w.must(err)
	r, err := publish.Open(w.public, keys)
	w.must(err)
	return r
}

// release publishes a program that says its version.
func (w *world) release(version string) {
	w.t.Helper()
	_, err := w.publisher().Add(w.now, publish.Release{Version: version, Channel: "stable", Percent: 100, Agent: w.file(version), Patches: 1})
	w.must(err)
}

// device asks the server for what there is, within limits.
func (w *world) device() (*repository.Repository, error) {
	w.t.Helper()
	var handler http.Handler = http.FileServer(http.Dir(w.public))
	if w.between != nil {
		handler = w.between(handler)
	}
	server := httptest.NewServer(handler)
	w.t.Cleanup(server.Close)
	source, err := repository.Open(server.URL, repository.Web{Limits: w.limits, Agent: "test"})
	w.must(err)
	w.t.Cleanup(func() { w.must(source.Close()) })
	return repository.Read(w.t.Context(), repository.Options{Source: source, Baked: w.baked, Folder: w.folder, Now: w.now, Limits: w.limits})
}

// reads has the device see a version.
func (w *world) reads(version string) *repository.Repository {
	w.t.Helper()
	r, err := w.device()
	w.must(err)
	if !slices.ContainsFunc(r.Offers, func(o update.Offer) bool { return o.Version == version }) {
		w.t.Fatalf("the device does not see %s but %v", version, r.Offers)
	}
	return r
}

// offer is the whole program of a version.
func offer(t *testing.T, r *repository.Repository, version string) update.Offer {
	t.Helper()
	i := slices.IndexFunc(r.Offers, func(o update.Offer) bool { return o.Version == version && !o.Patch() })
	if i < 0 {
		t.Fatalf("there is no %s in %v", version, r.Offers)
	}
	return r.Offers[i]
}

// tree is everything that lies in a folder.
func tree(t *testing.T, folder string) string {
	t.Helper()
	sum := sha256.New()
	err := filepath.WalkDir(folder, func(name string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || e.IsDir() {
			return errors.Join(err, writeTo(sum, name))
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		text, err := os.ReadFile(name)
		return errors.Join(err, writeTo(sum, name, info.Mode().String(), string(text)))
	})
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func writeTo(sum interface{ Write([]byte) (int, error) }, texts ...string) error {
	_, err := fmt.Fprintf(sum, "%q\n", texts)
	return err
}

// refusedWith checks that an error is a refusal that a person understands.
func refusedWith(t *testing.T, err error, code repository.Code, words string) {
	t.Helper()
	if repository.CodeOf(err) != code || err == nil {
		t.Errorf("refused with %q: %v; want %q", repository.CodeOf(err), err, code)
		return
	}
	if !regexp.MustCompile(`^[A-Z][^!]*\.$`).MatchString(err.Error()) || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), words) {
		t.Errorf("it says %q; want a sentence with %q", err, words)
	}
}

// attacked checks that the device refuses what there is now, that nothing of it lies on its disk, and that it updates when the attacker
// is gone.
func (w *world) attacked(attack func(), code repository.Code, words string) {
	w.t.Helper()
	honest, before, now, limits := w.t.TempDir(), tree(w.t, w.folder), w.now, w.limits
	w.must(os.CopyFS(filepath.Join(honest, "public"), os.DirFS(w.public)))
	attack()
	for range 2 { // the second time the device knows of the first
		_, err := w.device()
		refusedWith(w.t, err, code, words)
		if tree(w.t, w.folder) != before {
			w.t.Error("something was kept of what was refused")
		}
	}
	w.public, w.between, w.now, w.limits = filepath.Join(honest, "public"), nil, now, limits
	w.reads("1.1.0")
}

// signers are the keys of a role.
func (w *world) signers(role string) []signature.Signer {
	w.t.Helper()
	var all []signature.Signer
	names, err := filepath.Glob(filepath.Join(w.keys, role, "*.key"))
	w.must(err)
	for _, name := range names {
		var key struct{ Seed string }
		w.must(json.Unmarshal(w.read(name), &key))
		seed, err := hex.DecodeString(key.Seed)
		w.must(err)
		all = append(all, signer(w.t, ed25519.NewKeyFromSeed(seed)))
	}
	return all
}

func signer(t *testing.T, key ed25519.PrivateKey) signature.Signer {
	t.Helper()
	s, err := signature.LoadED25519Signer(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// stranger is a key that nobody trusts.
func stranger(t *testing.T) []signature.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return []signature.Signer{signer(t, key)}
}

// forgery is what an attacker signs in the place of the publisher, from a role on down to the timestamp: with the publisher's keys but
// where others are named.
type forgery struct {
	from      string
	targets   func(*metadata.TargetsType)
	snapshot  func(*metadata.SnapshotType)
	timestamp func(*metadata.TimestampType)
	keys      map[string][]signature.Signer
}

func (w *world) forge(f forgery) {
	w.t.Helper()
	stamp := load(w, "timestamp.json", metadata.Timestamp())
	version := stamp.Signed.Meta["snapshot.json"].Version
	snapshot := load(w, fmt.Sprintf("%d.snapshot.json", version), metadata.Snapshot())
	if f.from == publish.Targets {
		at := snapshot.Signed.Meta["targets.json"].Version
		targets := load(w, fmt.Sprintf("%d.targets.json", at), metadata.Targets())
		targets.Signed.Version = at + 1
		if f.targets != nil {
			f.targets(&targets.Signed)
		}
		text := save(w, fmt.Sprintf("%d.targets.json", at+1), targets, publish.Targets, f.keys)
		snapshot.Signed.Meta["targets.json"] = described(at+1, text)
	}
	if f.from != publish.Timestamp {
		snapshot.Signed.Version = version + 1
		if f.snapshot != nil {
			f.snapshot(&snapshot.Signed)
		}
		text := save(w, fmt.Sprintf("%d.snapshot.json", version+1), snapshot, publish.Snapshot, f.keys)
		stamp.Signed.Meta["snapshot.json"] = described(version+1, text)
	}
	stamp.Signed.Version++
	if f.timestamp != nil {
		f.timestamp(&stamp.Signed)
	}
	save(w, "timestamp.json", stamp, publish.Timestamp, f.keys)
}

func (w *world) metadata(name string) string { return filepath.Join(w.public, "metadata", name) }

func load[T metadata.Roles](w *world, name string, empty *metadata.Metadata[T]) *metadata.Metadata[T] {
	w.t.Helper()
	m, err := empty.FromBytes(w.read(w.metadata(name)))
	w.must(err)
	return m
}

func save[T metadata.Roles](w *world, name string, m *metadata.Metadata[T], role string, keys map[string][]signature.Signer) []byte {
	w.t.Helper()
	signers, others := keys[role]
	if !others {
		signers = w.signers(role)
	}
	m.ClearSignatures()
	for _, s := range signers {
		_, err := m.Sign(s)
		w.must(err)
	}
	text, err := m.ToBytes(true)
	w.must(err)
	w.must(os.WriteFile(w.metadata(name), text, 0o644))
	return text
}

func described(version int64, text []byte) *metadata.MetaFiles {
	sum := sha256.Sum256(text)
	return &metadata.MetaFiles{Version: version, Length: int64(len(text)), Hashes: metadata.Hashes{"sha256": sum[:]}}
}

// rewrite changes the text of a file.
func (w *world) rewrite(name, from, to string) {
	w.t.Helper()
	text := string(w.read(w.metadata(name)))
	if !strings.Contains(text, from) {
		w.t.Fatalf("%s has no %q", name, from)
	}
	w.must(os.WriteFile(w.metadata(name), []byte(strings.ReplaceAll(text, from, to)), 0o644))
}

// answer has somebody on the way answer what has a path, instead of the server.
func (w *world) answer(part string, do http.HandlerFunc) {
	w.between = func(files http.Handler) http.Handler {
		return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, part) {
				do(out, r)
				return
			}
			files.ServeHTTP(out, r)
		})
	}
}

// endless sends bytes until nobody listens.
func endless(out http.ResponseWriter, _ *http.Request) {
	block := []byte(strings.Repeat(" ", 64<<10))
	for {
		if _, err := out.Write(block); err != nil {
			return
		}
	}
}

// silent sends a byte and then nothing until nobody listens.
func silent(out http.ResponseWriter, r *http.Request) {
	if _, err := out.Write([]byte{' '}); err != nil {
		return
	}
	if f, can := out.(http.Flusher); can {
		f.Flush()
	}
	<-r.Context().Done()
}

// newest is the name of the newest file of a role.
func (w *world) newest(role string) string {
	w.t.Helper()
	version := load(w, "timestamp.json", metadata.Timestamp()).Signed.Meta["snapshot.json"].Version
	if role == publish.Targets {
		version = load(w, fmt.Sprintf("%d.snapshot.json", version), metadata.Snapshot()).Signed.Meta["targets.json"].Version
	}
	if role == publish.Timestamp {
		return "timestamp.json"
	}
	return fmt.Sprintf("%d.%s.json", version, role)
}

// again points from a file that was rewritten on up.
func (w *world) again(role string) {
	w.t.Helper()
	if role == publish.Timestamp {
		return
	}
	f := forgery{from: publish.Timestamp, timestamp: func(m *metadata.TimestampType) {
		name := w.newest(publish.Snapshot)
		m.Meta["snapshot.json"] = described(m.Meta["snapshot.json"].Version, w.read(w.metadata(name)))
	}}
	if role == publish.Targets {
		f = forgery{from: publish.Snapshot, snapshot: func(m *metadata.SnapshotType) {
			m.Meta["targets.json"] = described(m.Meta["targets.json"].Version, w.read(w.metadata(fmt.Sprintf("%d.targets.json", m.Meta["targets.json"].Version))))
		}}
	}
	w.forge(f)
}

// idOf is the name of a key.
func idOf(t *testing.T, s signature.Signer) string {
	t.Helper()
	public, err := s.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	key, err := metadata.KeyFromPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	id, err := key.ID()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// stolen has an attacker change what is published, for the device to see; then the publisher goes on from what it had.
func (w *world) stolen(attack func()) {
	w.t.Helper()
	honest := filepath.Join(w.t.TempDir(), "public")
	w.must(os.CopyFS(honest, os.DirFS(w.public)))
	attack()
	w.reads("1.1.0")
	w.public = honest
}
