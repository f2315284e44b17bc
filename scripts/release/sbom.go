package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"
)

// document is an SPDX 2.3 document (https://spdx.github.io/spdx-spec/v2.3/), as far as it is used here.
type document struct {
	SPDXID        string         `json:"SPDXID"`
	Version       string         `json:"spdxVersion"`
	License       string         `json:"dataLicense"`
	Name          string         `json:"name"`
	Namespace     string         `json:"documentNamespace"`
	Creation      creation       `json:"creationInfo"`
	Packages      []part         `json:"packages"`
	Relationships []relationship `json:"relationships"`
}

type creation struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
}

// part is what SPDX calls a package: the program, or something that is linked into it.
type part struct {
	SPDXID     string      `json:"SPDXID"`
	Name       string      `json:"name"`
	Version    string      `json:"versionInfo,omitempty"`
	Location   string      `json:"downloadLocation"`
	Analyzed   bool        `json:"filesAnalyzed"`
	File       string      `json:"packageFileName,omitempty"`
	Checksums  []checksum  `json:"checksums,omitempty"`
	Concluded  string      `json:"licenseConcluded"`
	Declared   string      `json:"licenseDeclared"`
	Copyright  string      `json:"copyrightText"`
	Source     string      `json:"sourceInfo,omitempty"`
	Purpose    string      `json:"primaryPackagePurpose,omitempty"`
	References []reference `json:"externalRefs,omitempty"`
}

type checksum struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"checksumValue"`
}

type reference struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
}

type relationship struct {
	From string `json:"spdxElementId"`
	Type string `json:"relationshipType"`
	To   string `json:"relatedSpdxElement"`
}

// noAssertion is SPDX's word for what nobody looked at.
const noAssertion = "NOASSERTION"

// sqliteModule is the module that has SQLite's source in it.
const sqliteModule = "github.com/mattn/go-sqlite3"

// library is a part that Go knows nothing of.
type library struct{ name, version, license, location, purl string }

// sbom is the bill of material of a program of ours. The modules are those that Go's linker wrote into it, and so
// neither more nor other ones than it really has.
func sbom(ctx context.Context, program, version, created string) ([]byte, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return nil, fmt.Errorf("read what %s is made of: %w", program, err)
	}
	data, err := os.ReadFile(program)
	if err != nil {
		return nil, fmt.Errorf("read the program: %w", err)
	}
	var linked []library
	for _, dep := range info.Deps {
		if dep.Path == sqliteModule {
			sqlite, err := sqliteVersion(ctx, dep.Version)
			if err != nil {
				return nil, err
			}
			linked = append(linked, library{"sqlite", sqlite, "blessing", "https://www.sqlite.org/", "pkg:generic/sqlite@" + sqlite})
		}
	}
	arch := setting(info, "GOARCH")
	if setting(info, "CGO_ENABLED") == "1" {
		glibc := glibcVersion(ctx, arch)
		linked = append(linked, library{"glibc", glibc, "LGPL-2.1-or-later", "https://www.gnu.org/software/libc/", strings.TrimSuffix("pkg:deb/debian/glibc@"+glibc, "@")})
	}
	doc := describe(info, hex.EncodeToString(sum(data)), version, created, linked)
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(doc); err != nil {
		return nil, fmt.Errorf("write the bill of material: %w", err)
	}
	return text.Bytes(), nil
}

func sum(data []byte) []byte {
	s := sha256.Sum256(data)
	return s[:]
}

// describe makes the document. It is named after the program's own bytes, so that each has one.
func describe(info *debug.BuildInfo, hash, version, created string, linked []library) document {
	arch := setting(info, "GOARCH")
	program := part{
		SPDXID: "SPDXRef-program", Name: "calendarbot", Version: version, Location: noAssertion, File: "calendarbot",
		Checksums: []checksum{{"SHA256", hash}}, Concluded: "Apache-2.0", Declared: "Apache-2.0", Copyright: noAssertion,
		Source: "built with " + info.GoVersion + " for linux/" + arch, Purpose: "APPLICATION",
		References: packageURL("pkg:generic/calendarbot@" + version + "?arch=" + arch),
	}
	doc := document{
		SPDXID: "SPDXRef-DOCUMENT", Version: "SPDX-2.3", License: "CC0-1.0", Name: "calendarbot-" + version + "-linux-" + arch,
		Namespace:     "https://spdx.org/spdxdocs/calendarbot-" + version + "-" + hash,
		Creation:      creation{created, []string{"Tool: calendarbot-release", "Organization: CalendarBot"}},
		Packages:      []part{program},
		Relationships: []relationship{{"SPDXRef-DOCUMENT", "DESCRIBES", program.SPDXID}},
	}
	add := func(p part) {
		p.SPDXID = "SPDXRef-" + regexp.MustCompile(`[^A-Za-z0-9.]+`).ReplaceAllString(p.Name+"-"+p.Version, "-")
		p.Copyright = noAssertion
		doc.Packages = append(doc.Packages, p)
		doc.Relationships = append(doc.Relationships, relationship{program.SPDXID, "STATIC_LINK", p.SPDXID})
	}
	goVersion := strings.TrimPrefix(strings.Fields(info.GoVersion)[0], "go")
	add(part{Name: "go-standard-library", Version: goVersion, Location: "https://go.dev/dl/", Concluded: noAssertion, Declared: "BSD-3-Clause",
		References: packageURL("pkg:golang/stdlib@" + goVersion)})
	for _, dep := range info.Deps {
		if dep.Replace != nil {
			dep = dep.Replace
		}
		add(part{Name: dep.Path, Version: dep.Version, Location: "https://pkg.go.dev/" + dep.Path + "@" + dep.Version, Concluded: noAssertion, Declared: noAssertion,
			Source: "go.sum " + dep.Sum, References: packageURL("pkg:golang/" + dep.Path + "@" + dep.Version)})
	}
	for _, l := range linked {
		add(part{Name: l.name, Version: l.version, Location: l.location, Concluded: noAssertion, Declared: l.license, References: packageURL(l.purl)})
	}
	return doc
}

func packageURL(locator string) []reference {
	return []reference{{"PACKAGE-MANAGER", "purl", strings.ReplaceAll(locator, "+", "%2B")}}
}

// setting is one of the settings that a program was built with.
func setting(info *debug.BuildInfo, key string) string {
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

// sqliteVersion is the version of SQLite that a version of its module has in it.
func sqliteVersion(ctx context.Context, version string) (string, error) {
	dir, err := output(ctx, "go", "mod", "download", "-json", sqliteModule+"@"+version)
	if err != nil {
		return "", err
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(dir, &module); err != nil {
		return "", fmt.Errorf("find the source of SQLite: %w", err)
	}
	header, err := os.ReadFile(filepath.Join(module.Dir, "sqlite3-binding.h"))
	if err != nil {
		return "", fmt.Errorf("find the version of SQLite: %w", err)
	}
	found := regexp.MustCompile(`(?m)^#define SQLITE_VERSION\s+"([0-9.]+)"`).FindSubmatch(header)
	if found == nil {
		return "", errors.New("find the version of SQLite: its header has none")
	}
	return string(found[1]), nil
}

// glibcVersion is the version of the C library here that programs for a processor are linked with; nothing where dpkg does not know it.
func glibcVersion(ctx context.Context, arch string) string {
	for _, name := range []string{"libc6-dev-" + arch + "-cross", "libc6-dev:" + arch} {
		out, err := exec.CommandContext(ctx, "dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", name).Output()
		if version, found := strings.CutPrefix(string(out), "installed "); err == nil && found {
			return version
		}
	}
	return ""
}
