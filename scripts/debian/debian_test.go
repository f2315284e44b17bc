package debian_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"calendarbot/scripts/debian"
	"calendarbot/scripts/debian/debiantest"
)

func TestPackagesOfAnotherProcessorComeWithWhatTheyNeed(t *testing.T) {
	archive := debiantest.New(t)
	archive.Publish(
		debiantest.Package{Name: "clock", Version: "2:1.0~rc1+b2", Depends: "spring, wheel"},
		debiantest.Package{Name: "spring", Version: "3"}, debiantest.Package{Name: "wheel", Version: "4"}, debiantest.Package{Name: "cuckoo", Version: "5"})
	apt, err := debian.New(filepath.Join(t.TempDir(), "new", "apt"), archive.Source())
	if err != nil {
		t.Fatal(err)
	}
	if err := apt.Update(t.Context()); err != nil {
		t.Fatal(err)
	}
	debs, err := apt.Resolve(t.Context(), "clock")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range debs {
		names = append(names, d.File())
	}
	if want := []string{"clock_2%3a1.0~rc1+b2_arm64.deb", "spring_3_arm64.deb", "wheel_4_arm64.deb"}; !slices.Equal(names, want) {
		t.Errorf("got %q", names)
	}
	file := filepath.Join(t.TempDir(), "clock.deb")
	if err := apt.Fetch(t.Context(), debs[0], file); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil || fmt.Sprintf("%x", sha256.Sum256(data)) != debs[0].SHA256 || int64(len(data)) != debs[0].Size {
		t.Errorf("got %d bytes of %d, %v", len(data), debs[0].Size, err)
	}
	control, err := debian.ReadControl(t.Context(), file)
	if err != nil || control["Package"] != "clock" || control["Version"] != "2:1.0~rc1+b2" {
		t.Errorf("got %v, %v", control, err)
	}
	if alone, err := apt.Lone(t.Context(), "clock=2:1.0~rc1+b2"); err != nil || alone != debs[0] {
		t.Errorf("alone: %v, %v", alone, err)
	}
	if _, err := apt.Lone(t.Context(), "nonsense"); err == nil {
		t.Error("found what is not there")
	}
	if _, err := apt.Resolve(t.Context(), "nonsense"); err == nil || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("found what is not there: %v", err)
	}
}

func TestNothingIsTakenThatNobodySigned(t *testing.T) {
	for name, change := range map[string]func(*debiantest.Archive){
		"another index":   func(a *debiantest.Archive) { a.Change("dists/trixie/main/binary-arm64/Packages", "Package: clock\n") },
		"another release": func(a *debiantest.Archive) { a.Change("dists/trixie/InRelease", "Origin: Debian\n") },
	} {
		archive := debiantest.New(t)
		archive.Publish(debiantest.Package{Name: "clock", Version: "1"})
		change(archive)
		apt, err := debian.New(t.TempDir(), archive.Source())
		if err != nil {
			t.Fatal(err)
		}
		if err := apt.Update(t.Context()); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	archive, other := debiantest.New(t), debiantest.New(t)
	archive.Publish(debiantest.Package{Name: "clock", Version: "1"})
	stranger := archive.Source()
	stranger.Keyring = other.Keyring
	apt, err := debian.New(t.TempDir(), stranger)
	if err != nil {
		t.Fatal(err)
	}
	if err := apt.Update(t.Context()); err == nil {
		t.Error("a stranger's signature was taken")
	}

	if apt, err = debian.New(t.TempDir(), archive.Source()); err != nil {
		t.Fatal(err)
	}
	if err := apt.Update(t.Context()); err != nil {
		t.Fatal(err)
	}
	debs, err := apt.Resolve(t.Context(), "clock")
	if err != nil {
		t.Fatal(err)
	}
	archive.Change("pool/clock_*.deb", "something else")
	folder := t.TempDir()
	if err := apt.Fetch(t.Context(), debs[0], filepath.Join(folder, "clock.deb")); err == nil {
		t.Error("another package was taken")
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestSuitesAreThoseThatTheMirrorHas(t *testing.T) {
	var status atomic.Int32 // the server reads it while the test runs
	status.Store(http.StatusNotFound)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/debian/dists/trixie/InRelease", "/debian-security/dists/trixie-security/InRelease":
			fmt.Fprintln(w, "signed")
		default:
			w.WriteHeader(int(status.Load()))
		}
	}))
	defer server.Close()
	mirror := debian.Mirror{Main: server.URL + "/debian", Security: server.URL + "/debian-security"}
	suites, missing, err := mirror.Suites(t.Context(), "trixie")
	want := []debian.Suite{{Name: "trixie", Site: mirror.Main}, {Name: "trixie-security", Site: mirror.Security}}
	if err != nil || !slices.Equal(suites, want) || !slices.Equal(missing, []string{"trixie-updates"}) {
		t.Errorf("got %v without %v, %v", suites, missing, err)
	}
	if _, _, err := mirror.Suites(t.Context(), "forky"); err == nil || !strings.Contains(err.Error(), "look for the suite forky") {
		t.Errorf("without the release: %v", err)
	}
	status.Store(http.StatusForbidden)
	if _, _, err := mirror.Suites(t.Context(), "trixie"); err == nil {
		t.Error("a mirror that refuses is one that has nothing")
	}
}

func TestMetapackagesStandForAnother(t *testing.T) {
	archive := debiantest.New(t)
	archive.Publish(
		debiantest.Package{Name: "meta", Version: "1", Depends: "real (= 2), more", Files: map[string]string{"usr/share/doc/meta/readme": "x", "usr/share/bug/meta": "x"}},
		debiantest.Package{Name: "real", Version: "2", Files: map[string]string{"usr/bin/real": "x"}})
	apt, err := debian.New(t.TempDir(), archive.Source())
	if err != nil {
		t.Fatal(err)
	}
	if err := apt.Update(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"meta": true, "real": false} {
		deb, err := apt.Lone(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), deb.File())
		if err := apt.Fetch(t.Context(), deb, file); err != nil {
			t.Fatal(err)
		}
		if got, err := debian.Meta(t.Context(), file); got != want || err != nil {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
	for depends, want := range map[string]string{
		"real (= 2), more": "real=2", "real": "real", "real:any (>= 2) | other": "real", "real (= 2:3-1) | other, more": "real=2:3-1", "": "",
	} {
		if got, err := (debian.Control{"Depends": depends}).First(); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v", depends, got, err)
		}
	}
}
