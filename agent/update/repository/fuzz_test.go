package repository_test

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"calendarbot/agent/update/publish"
	"calendarbot/agent/update/repository"

	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// memory is a repository that somebody made up.
type memory map[string][]byte

func (m memory) Open(_ context.Context, name string, _ int64, _ string) (*repository.File, error) {
	text, ok := m[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return &repository.File{ReadCloser: io.NopCloser(bytes.NewReader(text)), Size: int64(len(text))}, nil
}

func (m memory) String() string { return "memory" }

func (m memory) Close() error { return nil }

func FuzzRead(f *testing.F) {
	now := time.Date(2026, 11, 1, 3, 0, 0, 0, time.UTC)
	keys, public := filepath.Join(f.TempDir(), "keys"), filepath.Join(f.TempDir(), "public")
	must := func(err error) {
		f.Helper()
		if err != nil {
			f.Fatal(err)
		}
	}
	one := publish.Share{Keys: 1, Threshold: 1}
	must(publish.NewKeys(keys, map[string]publish.Share{publish.Root: one, publish.Targets: one, publish.Snapshot: one, publish.Timestamp: one}, nil, now))
	held, err := publish.LoadKeys(keys, nil)
	must(err)
	publisher, err := publish.Open(public, held)
	must(err)
	must(publisher.Create(now))
	read := func(name string) []byte {
		text, err := os.ReadFile(name)
		must(err)
		return text
	}
	file := func(name string) []byte { return read(filepath.Join(public, "metadata", name)) }
	baked, withdrawn := read(filepath.Join(keys, "root.json")), memory{}
	must(filepath.WalkDir(filepath.Join(public, "targets"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			withdrawn["targets/"+filepath.Base(path)] = read(path)
		}
		return err
	}))
	f.Add([]byte("{}"), file("timestamp.json"), file("1.snapshot.json"), file("1.targets.json"))
	f.Add(file("1.root.json"), file("timestamp.json"), []byte(`{"signed":null}`), []byte("[]"))
	genuine := file("timestamp.json")
	whole := memory{"metadata/timestamp.json": genuine, "metadata/1.snapshot.json": file("1.snapshot.json"), "metadata/1.targets.json": file("1.targets.json")}
	maps.Copy(whole, withdrawn)
	_, err = repository.Read(f.Context(), repository.Options{Source: whole, Baked: baked, Folder: f.TempDir(), Now: now, Limits: repository.Usual()})
	must(err)
	f.Fuzz(func(t *testing.T, root, timestamp, snapshot, targets []byte) {
		m := memory{"metadata/timestamp.json": timestamp, "metadata/1.snapshot.json": snapshot, "metadata/1.targets.json": targets}
		if len(root) > 2 {
			m["metadata/2.root.json"] = root
		}
		maps.Copy(m, withdrawn)
		// Nothing can be kept there, so what would be taken ends as that, without a wait for a disk.
		nowhere := filepath.Join(os.DevNull, "update")
		r, err := repository.Read(t.Context(), repository.Options{Source: m, Baked: baked, Folder: nowhere, Now: now, Limits: repository.Usual()})
		if r != nil || repository.CodeOf(err) == "" {
			t.Errorf("%v, %v", r, err)
		}
		// Spaces and the order of keys are nobody's signature; when it ends is.
		if repository.CodeOf(err) == repository.Unwritable && !expires(t, timestamp).Equal(expires(t, genuine)) {
			t.Errorf("it takes what nobody signed: it ends on %s", expires(t, timestamp))
		}
	})
}

func expires(t *testing.T, text []byte) time.Time {
	t.Helper()
	m, err := metadata.Timestamp().FromBytes(text)
	if err != nil {
		t.Fatal(err)
	}
	return m.Signed.Expires
}

func FuzzArchive(f *testing.F) {
	f.Add([]byte("metadata/timestamp.json"))
	f.Add(bytes.Repeat([]byte{0}, 1024))
	f.Fuzz(func(t *testing.T, text []byte) {
		name := filepath.Join(t.TempDir(), "repository.tar")
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
		source, err := repository.Open(name, repository.Web{})
		if err != nil {
			return
		}
		file, err := source.Open(t.Context(), "metadata/timestamp.json", 0, "")
		if err == nil {
			if n, err := io.Copy(io.Discard, file); err != nil || n != file.Size || n > int64(len(text)) {
				t.Errorf("%d of %d bytes: %v", n, file.Size, err)
			}
		}
		if err := source.Close(); err != nil {
			t.Error(err)
		}
	})
}
