// Package debiantest is a small archive of Debian packages, signed and served on this host, for tests.
package debiantest

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"calendarbot/scripts/debian"
)

// Package is one that the archive has.
type Package struct {
	Name, Version, Depends, Source string
	Files                          map[string]string // content, by path
}

// Archive serves packages of the suite "trixie" for arm64.
type Archive struct {
	URL     string
	Keyring string // who signs it

	t    testing.TB
	root string
	home string // of the one who signs

	published time.Time

	mu    sync.Mutex
	asked []string
}

// New makes an empty archive. A host without the tools to make one skips the test.
func New(t testing.TB) *Archive {
	t.Helper()
	for _, tool := range []string{"apt-get", "dpkg-deb", "gpg", "gpgv"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	home, err := os.MkdirTemp("", "gpg") // a short path: gpg's socket is in it
	if err != nil {
		t.Fatal(err)
	}
	a := &Archive{published: time.Date(2025, time.November, 1, 10, 0, 0, 0, time.UTC), t: t, root: t.TempDir(), home: home, Keyring: filepath.Join(t.TempDir(), "archive.gpg")}
	t.Cleanup(func() {
		if out, err := exec.Command("gpgconf", "--homedir", home, "--kill", "all").CombinedOutput(); err != nil {
			t.Logf("end gpg's agent: %v: %s", err, out)
		}
		if err := os.RemoveAll(home); err != nil {
			t.Log(err)
		}
	})
	a.run("", "gpg", "--homedir", a.home, "--batch", "--quiet", "--passphrase", "", "--quick-generate-key", "Archive <archive@example.org>", "ed25519", "sign", "never")
	a.run("", "gpg", "--homedir", a.home, "--batch", "--quiet", "--output", a.Keyring, "--export")
	files := http.FileServer(http.Dir(a.root))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		a.asked = append(a.asked, r.URL.Path)
		a.mu.Unlock()
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	a.URL = server.URL
	return a
}

// Source is where apt finds it.
func (a *Archive) Source() debian.Archive {
	return debian.Archive{Suites: []debian.Suite{{Name: "trixie", Site: a.URL}}, Components: []string{"main"}, Architecture: "arm64", Keyring: a.Keyring}
}

// Asked returns the paths that somebody wanted since it was last asked.
func (a *Archive) Asked() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	asked := a.asked
	a.asked = nil
	return asked
}

// Publish makes some packages all that the archive has.
func (a *Archive) Publish(packages ...Package) {
	a.t.Helper()
	pool := filepath.Join(a.root, "pool")
	index := filepath.Join(a.root, "dists", "trixie", "main", "binary-arm64")
	if err := os.RemoveAll(pool); err != nil {
		a.t.Fatal(err)
	}
	for _, folder := range []string{pool, index} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			a.t.Fatal(err)
		}
	}
	var list strings.Builder
	for _, p := range packages {
		list.WriteString(a.add(p))
	}
	a.write(filepath.Join(index, "Packages"), list.String())
	release := fmt.Sprintf("Origin: Debian\nLabel: Debian\nSuite: stable\nCodename: trixie\nDate: Sat, 01 Nov 2025 10:00:00 UTC\nArchitectures: arm64\nComponents: main\nSHA256:\n %x %d main/binary-arm64/Packages\n",
		sha256.Sum256([]byte(list.String())), list.Len())
	signed := a.run(release, "gpg", "--homedir", a.home, "--batch", "--quiet", "--passphrase", "", "--clearsign")
	name := filepath.Join(a.root, "dists", "trixie", "InRelease")
	a.write(name, signed)
	// Each time a later one, as apt asks for what is newer than what it has.
	a.published = a.published.Add(time.Hour)
	if err := os.Chtimes(name, a.published, a.published); err != nil {
		a.t.Fatal(err)
	}
}

// Change changes a file of the archive behind its signature.
func (a *Archive) Change(pattern, text string) {
	a.t.Helper()
	found, err := filepath.Glob(filepath.Join(a.root, pattern))
	if err != nil || len(found) == 0 {
		a.t.Fatalf("%q: found %q, %v", pattern, found, err)
	}
	for _, name := range found {
		a.write(name, text)
	}
}

// add makes a package, and returns what the index says of it.
func (a *Archive) add(p Package) string {
	a.t.Helper()
	tree, err := os.MkdirTemp(a.t.TempDir(), "tree")
	if err != nil {
		a.t.Fatal(err)
	}
	control := fmt.Sprintf("Package: %s\nVersion: %s\nArchitecture: arm64\nMaintainer: Nobody <nobody@example.org>\nDescription: a test\n", p.Name, p.Version)
	if p.Depends != "" {
		control += "Depends: " + p.Depends + "\n"
	}
	if p.Source != "" {
		control += "Source: " + p.Source + "\n"
	}
	a.write(filepath.Join(tree, "DEBIAN", "control"), control)
	for name, text := range p.Files {
		a.write(filepath.Join(tree, name), text)
	}
	deb := debian.Deb{Name: p.Name, Version: p.Version, Architecture: "arm64"}
	file := filepath.Join(a.root, "pool", strings.ReplaceAll(deb.File(), "%3a", "."))
	a.run("", "dpkg-deb", "--root-owner-group", "-b", tree, file)
	data, err := os.ReadFile(file)
	if err != nil {
		a.t.Fatal(err)
	}
	return control + fmt.Sprintf("Filename: pool/%s\nSize: %d\nSHA256: %x\n\n", filepath.Base(file), len(data), sha256.Sum256(data))
}

func (a *Archive) write(name, text string) {
	a.t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		a.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		a.t.Fatal(err)
	}
}

func (a *Archive) run(in, name string, args ...string) string {
	a.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(slices.Clone(os.Environ()), "SOURCE_DATE_EPOCH=1700000000")
	cmd.Stdin = strings.NewReader(in)
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		a.t.Fatalf("%s: %v: %s", name, err, problems.String())
	}
	return string(out)
}
