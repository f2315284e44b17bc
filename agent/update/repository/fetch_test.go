package repository_test

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"calendarbot/agent/update"
	"calendarbot/agent/update/repository"
)

// partOf is where a download of an offer lies.
func (w *world) partOf(o update.Offer) string { return filepath.Join(w.folder, "part", o.SHA256) }

// published is where an offer lies in the published folder.
func (w *world) published(o update.Offer) string {
	return filepath.Join(w.public, "targets", filepath.Dir(o.Name), o.SHA256+"."+filepath.Base(o.Name))
}

// leave writes a file, with the folders above it.
func (w *world) leave(name, text string) {
	w.t.Helper()
	w.must(os.MkdirAll(filepath.Dir(name), 0o755))
	w.must(os.WriteFile(name, []byte(text), 0o600))
}

func TestDownloadGoesOnWhereItEnded(t *testing.T) {
	for name, c := range map[string]struct {
		part func(content string) string // what an earlier run left; the name of its state is "tag"
		tag  string
		say  func(w http.ResponseWriter, r *http.Request, content string) // the server; nil for a usual one
		want string                                                       // the requests for the file: Range and If-Range
	}{
		"nothing is there":        {want: " "},
		"a third is there":        {part: func(s string) string { return s[:len(s)/3] }, want: "bytes=THIRD- "},
		"with a tag":              {part: func(s string) string { return s[:len(s)/3] }, tag: `"one"`, want: `bytes=THIRD- "one"`},
		"all is there":            {part: func(s string) string { return s }},
		"more is there":           {part: func(s string) string { return s + "x" }, want: " "},
		"what is there is broken": {part: func(s string) string { return strings.Repeat("\x00", len(s)/3) }, want: "bytes=THIRD- | "},
		"all of it is broken":     {part: func(s string) string { return strings.Repeat("\x00", len(s)) }, want: " "},
		"the server knows no parts": {part: func(s string) string { return s[:len(s)/3] }, want: "bytes=THIRD- ",
			say: func(w http.ResponseWriter, _ *http.Request, content string) { fmt.Fprint(w, content) }},
		"the server says there is no such part": {part: func(s string) string { return s[:len(s)/3] }, want: "bytes=THIRD- | ",
			say: func(w http.ResponseWriter, r *http.Request, content string) {
				if r.Header.Get("Range") != "" {
					w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
					return
				}
				fmt.Fprint(w, content)
			}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1)
			var asked []string
			w.between = func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					if !strings.Contains(r.URL.Path, "/agent/") {
						next.ServeHTTP(rw, r)
						return
					}
					asked = append(asked, r.Header.Get("Range")+" "+r.Header.Get("If-Range"))
					rw.Header().Set("Etag", `"one"`)
					if c.say != nil {
						c.say(rw, r, string(w.read(filepath.Join(w.public, r.URL.Path))))
						return
					}
					next.ServeHTTP(rw, r)
				})
			}
			r := w.reads("1.1.0")
			o := offer(t, r, "1.1.0")
			content := string(w.read(w.published(o)))
			if c.part != nil {
				w.leave(w.partOf(o), c.part(content))
			}
			if c.tag != "" {
				w.leave(w.partOf(o)+".tag", c.tag)
			}
			last := int64(-1)
			name, err := r.Fetch(t.Context(), o, func(done int64) { last = done })
			if err != nil || string(w.read(name)) != content || last != o.Length {
				t.Fatalf("%d of %d bytes are there: %v", last, o.Length, err)
			}
			want := strings.ReplaceAll(c.want, "THIRD", fmt.Sprint(len(content)/3))
			if got := strings.Join(asked, "|"); got != want {
				t.Errorf("it asks for %q, want %q", got, want)
			}
		})
	}
}

func TestConnectionThatBreaksIsGoneOnWith(t *testing.T) {
	w := newWorld(t, 1)
	broken := true
	w.between = func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/agent/") && broken {
				text := w.read(filepath.Join(w.public, r.URL.Path))
				rw.Header().Set("Content-Length", fmt.Sprint(len(text)))
				if _, err := rw.Write(text[:len(text)/2]); err != nil {
					t.Error(err)
				}
				if err := http.NewResponseController(rw).Flush(); err != nil {
					t.Error(err)
				}
				panic(http.ErrAbortHandler)
			}
			next.ServeHTTP(rw, r)
		})
	}
	r := w.reads("1.1.0")
	o := offer(t, r, "1.1.0")
	if _, err := r.Fetch(t.Context(), o, nil); repository.CodeOf(err) != repository.Unreachable {
		t.Fatalf("%v", err)
	}
	if part := w.read(w.partOf(o)); int64(len(part)) != o.Length/2 {
		t.Errorf("%d of %d bytes are kept", len(part), o.Length)
	}
	broken = false
	if name, err := r.Fetch(t.Context(), o, nil); err != nil || int64(len(w.read(name))) != o.Length {
		t.Error(err)
	}
}

func TestDownloadThatDoesNotFitIsRefused(t *testing.T) {
	w := newWorld(t, 1)
	w.limits.Spare = 1 << 60
	r := w.reads("1.1.0")
	o := offer(t, r, "1.1.0")
	_, err := r.Fetch(t.Context(), o, nil)
	if repository.CodeOf(err) != repository.NoSpace || !strings.Contains(err.Error(), "There is too little room") {
		t.Error(err)
	}
}

func TestTidyKeepsWhatIsWanted(t *testing.T) {
	w := newWorld(t, 1)
	r := w.reads("1.1.0")
	o := offer(t, r, "1.1.0")
	for _, name := range []string{w.partOf(o), w.partOf(o) + ".tag", filepath.Join(w.folder, "part", "other")} {
		w.leave(name, "x")
	}
	w.must(r.Tidy(o))
	left, err := os.ReadDir(filepath.Join(w.folder, "part"))
	if err != nil || len(left) != 2 {
		t.Errorf("%v, %v", left, err)
	}
	w.must(os.RemoveAll(filepath.Join(w.folder, "part")))
	w.must(r.Tidy())
}

// from reads a repository at a place.
func (w *world) from(place string) (*repository.Repository, error) {
	w.t.Helper()
	source, err := repository.Open(place, repository.Web{Limits: w.limits})
	if err != nil {
		return nil, err
	}
	w.t.Cleanup(func() { w.must(source.Close()) })
	return repository.Read(w.t.Context(), repository.Options{Source: source, Baked: w.baked, Folder: w.folder, Now: w.now, Limits: w.limits})
}

// packed is a tar file of the published folder, with something in front of each name.
func (w *world) packed(before string, more ...*tar.Header) string {
	w.t.Helper()
	name := filepath.Join(w.t.TempDir(), "repository.tar")
	file, err := os.Create(name)
	w.must(err)
	pack := tar.NewWriter(file)
	for _, h := range more {
		w.must(pack.WriteHeader(h))
	}
	w.must(filepath.WalkDir(w.public, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text := w.read(path)
		within, err := filepath.Rel(w.public, path)
		w.must(err)
		w.must(pack.WriteHeader(&tar.Header{Name: before + within, Mode: 0o644, Size: int64(len(text))}))
		_, err = pack.Write(text)
		return err
	}))
	w.must(pack.Close())
	w.must(file.Close())
	return name
}

func TestStickAndUploadAreReadAlike(t *testing.T) {
	for name, place := range map[string]func(w *world) string{
		"folder":            func(w *world) string { return w.public },
		"tar":               func(w *world) string { return w.packed("") },
		"tar with dots":     func(w *world) string { return w.packed("./") },
		"tar with a folder": func(w *world) string { return w.packed("calendarbot-update/") },
		"tar with links": func(w *world) string {
			return w.packed("", &tar.Header{Name: "metadata/9.root.json", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}, &tar.Header{Name: "../metadata/timestamp.json", Mode: 0o644})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1)
			r, err := w.from(place(w))
			w.must(err)
			o := offer(t, r, "1.1.0")
			w.leave(w.partOf(o), string(w.read(w.published(o))[:7]))
			if file, err := r.Fetch(t.Context(), o, nil); err != nil || string(w.read(file)) != string(w.read(w.published(o))) {
				t.Error(err)
			}
		})
	}
}

func TestPlacesThatAreNoRepository(t *testing.T) {
	w := newWorld(t, 1)
	half := w.packed("")
	text := w.read(half)
	w.must(os.WriteFile(half, text[:len(text)/2], 0o600))
	plain := filepath.Join(t.TempDir(), "plain")
	w.must(os.WriteFile(plain, []byte(strings.Repeat("no tar at all ", 100)), 0o600))
	linked := filepath.Join(t.TempDir(), "linked")
	w.must(os.MkdirAll(linked, 0o755))
	w.must(os.Symlink(filepath.Join(w.public, "metadata"), filepath.Join(linked, "metadata")))
	fifo := t.TempDir()
	w.must(os.MkdirAll(filepath.Join(fifo, "metadata", "timestamp.json"), 0o755))
	for name, c := range map[string]struct {
		place string
		code  repository.Code
	}{
		"nowhere":             {filepath.Join(t.TempDir(), "nowhere"), repository.Missing},
		"an empty folder":     {t.TempDir(), repository.Missing},
		"a tar cut off":       {half, repository.Broken},
		"another file":        {plain, repository.Broken},
		"a device":            {"/dev/zero", repository.Broken},
		"links lead out":      {linked, repository.Unreachable},
		"a folder for a file": {fifo, repository.Broken},
		"no server":           {"http://127.0.0.1:1", repository.Unreachable},
		"no address":          {"http://", repository.Unreachable},
	} {
		before := tree(t, w.folder)
		if _, err := w.from(c.place); repository.CodeOf(err) != c.code {
			t.Errorf("%s: %s: %v", name, repository.CodeOf(err), err)
		}
		if tree(t, w.folder) != before {
			t.Errorf("%s: something was changed", name)
		}
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	var server *httptest.Server
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		code   repository.Code
	}{
		"an error": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, repository.Unreachable},
		"packed": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			fmt.Fprint(w, "x")
		}, repository.Broken},
		"a part that nobody asked for": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", "bytes 0-1/2")
			w.WriteHeader(http.StatusPartialContent)
		}, repository.Broken},
		"round in circles": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }, repository.TooMany},
		"to a file": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		}, repository.Insecure},
	} {
		server = httptest.NewServer(c.answer)
		source, err := repository.Open(server.URL, repository.Web{Limits: repository.Usual()})
		if err != nil {
			t.Fatal(err)
		}
		file, err := source.Open(context.Background(), "metadata/timestamp.json", 0, "")
		if repository.CodeOf(err) != c.code || file != nil {
			t.Errorf("%s: %s: %v", name, repository.CodeOf(err), err)
		}
		if err := source.Close(); err != nil {
			t.Error(err)
		}
		server.Close()
	}
}

// Nothing in the environment leads the updater elsewhere.
func TestEnvironmentNamesNoProxy(t *testing.T) {
	w := newWorld(t, 1)
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("http_proxy", "http://127.0.0.1:1")
	w.reads("1.1.0")
}

// TestArchivesTakeLittleMemory whatever their headers hold: names, or what is said beside them.
func TestArchivesTakeLittleMemory(t *testing.T) {
	const files, long = 20, 900_000
	for what, header := range map[string]func(n int) *tar.Header{
		"names": func(n int) *tar.Header {
			return &tar.Header{Name: fmt.Sprint(n) + strings.Repeat("x", long), Format: tar.FormatPAX}
		},
		"remarks": func(n int) *tar.Header {
			// Behind it the name is a record as well, as it is not of ASCII.
			return &tar.Header{Name: fmt.Sprint("ä", n), Format: tar.FormatPAX, PAXRecords: map[string]string{"A.b": strings.Repeat("x", long)}}
		},
	} {
		t.Run(what, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "repository.tar")
			file, err := os.Create(name)
			if err != nil {
				t.Fatal(err)
			}
			w := tar.NewWriter(file)
			for n := range files {
				if err := w.WriteHeader(header(n)); err != nil {
					t.Fatal(err)
				}
			}
			if err := errors.Join(w.Close(), file.Close()); err != nil {
				t.Fatal(err)
			}
			held := func() uint64 {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				return m.HeapAlloc
			}
			before := held()
			source, err := repository.Open(name, repository.Web{})
			if err != nil {
				t.Fatal(err)
			}
			if now := held(); now > before+4<<20 {
				t.Errorf("of %d files it holds %d MiB", files, (now-before)>>20)
			}
			if err := source.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
