package spdx

import (
	"os"
	"regexp"
	"runtime/debug"
	"strings"
	"testing"
)

// program is what a linker could have written into a program.
func program() *debug.BuildInfo {
	return &debug.BuildInfo{
		GoVersion: "go1.26.8 X:nothing",
		Deps: []*debug.Module{
			{Path: "example.org/first", Version: "v1.2.3", Sum: "h1:abc="},
			{Path: "example.org/second", Version: "v2.0.0", Replace: &debug.Module{Path: "example.org/mended", Version: "v2.0.1+incompatible", Sum: "h1:def="}},
		},
		Settings: []debug.BuildSetting{{Key: "GOARCH", Value: "arm64"}, {Key: "CGO_ENABLED", Value: "1"}},
	}
}

func TestBillOfMaterialNamesEveryPart(t *testing.T) {
	parts, relationships := describe(program(), strings.Repeat("ab", 32), "1.2.3", []library{{"glibc", "2.41", "LGPL-2.1-or-later", "https://example.org/", "pkg:deb/debian/glibc@2.41"}})
	doc := New("calendarbot-1.2.3-linux-arm64", strings.Repeat("ab", 32), "2026-11-22T00:00:00Z", "test", parts, relationships)
	var names []string
	ids := map[string]bool{"SPDXRef-DOCUMENT": true}
	for _, p := range doc.Packages {
		names = append(names, p.Name+" "+p.Version+" "+p.References[0].Locator)
		if ids[p.SPDXID] || !regexp.MustCompile(`^SPDXRef-[A-Za-z0-9.-]+$`).MatchString(p.SPDXID) {
			t.Errorf("%q is twice there or no identifier", p.SPDXID)
		}
		ids[p.SPDXID] = true
		if p.Location == "" || p.Concluded == "" || p.Declared == "" || p.Copyright == "" {
			t.Errorf("SPDX wants more of %+v", p)
		}
	}
	want := `calendarbot 1.2.3 pkg:generic/calendarbot@1.2.3?arch=arm64
go-standard-library 1.26.8 pkg:golang/stdlib@1.26.8
example.org/first v1.2.3 pkg:golang/example.org/first@v1.2.3
example.org/mended v2.0.1+incompatible pkg:golang/example.org/mended@v2.0.1%2Bincompatible
glibc 2.41 pkg:deb/debian/glibc@2.41`
	if got := strings.Join(names, "\n"); got != want {
		t.Errorf("got\n%s", got)
	}
	if len(doc.Relationships) != len(doc.Packages) {
		t.Errorf("%d relationships of %d parts", len(doc.Relationships), len(doc.Packages))
	}
	for _, r := range doc.Relationships {
		if !ids[r.From] || !ids[r.To] {
			t.Errorf("%+v is about what is not there", r)
		}
	}
}

func TestBillOfMaterialKnowsSQLite(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(regexp.QuoteMeta(sqliteModule) + ` (v\S+)`).FindSubmatch(mod)
	if version == nil {
		t.Fatal("go.mod has no SQLite")
	}
	if got, err := sqliteVersion(t.Context(), string(version[1])); err != nil || !regexp.MustCompile(`^3\.\d+\.\d+$`).MatchString(got) {
		t.Errorf("%q, %v", got, err)
	}
}

func TestWrongBillsAreRefused(t *testing.T) {
	good := Part{SPDXID: "SPDXRef-a", Name: "a", Location: NoAssertion, Concluded: NoAssertion, Declared: NoAssertion, Copyright: NoAssertion,
		Checksums: []Checksum{{"SHA256", strings.Repeat("ab", 32)}}}
	for want, change := range map[string]func(*Document){
		"":                           func(*Document) {},
		`"SPDXRef-a" is there twice`: func(d *Document) { d.Packages = append(d.Packages, good) },
		`"a b" is there twice, or no`: func(d *Document) {
			odd := good
			odd.SPDXID = "a b"
			d.Packages = append(d.Packages, odd)
		},
		"SPDXRef-a lacks":         func(d *Document) { d.Packages[0].Declared = "" },
		"SPDXRef-a has the check": func(d *Document) { d.Packages[0].Checksums = []Checksum{{"SHA256", "ab"}} },
		"about what is not there": func(d *Document) {
			d.Relationships = append(d.Relationships, Relationship{"SPDXRef-a", "CONTAINS", "SPDXRef-b"})
		},
		"read when it was made": func(d *Document) { d.Creation.Created = "now" },
	} {
		doc := New("a-1", strings.Repeat("ab", 32), "2026-11-22T00:00:00Z", "test", []Part{good}, nil)
		change(&doc)
		_, err := doc.Encode()
		if (err == nil) != (want == "") || (err != nil && !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: got %v", want, err)
		}
	}
}
