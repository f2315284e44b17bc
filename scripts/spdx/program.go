package spdx

import (
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

// sqliteModule is the module that has SQLite's source in it.
const sqliteModule = "github.com/mattn/go-sqlite3"

// library is a part that Go knows nothing of.
type library struct{ name, version, license, location, purl string }

// Program returns a program of ours, and then its parts. The modules are those that Go's linker wrote into it, and so
// neither more nor other ones than it really has. The architecture is Go's word for the processor.
func Program(ctx context.Context, file, version string) (parts []Part, relationships []Relationship, architecture string, err error) {
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		return nil, nil, "", fmt.Errorf("read what %s is made of: %w", file, err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, "", fmt.Errorf("read the program: %w", err)
	}
	var linked []library
	for _, dep := range info.Deps {
		if dep.Path == sqliteModule {
			sqlite, err := sqliteVersion(ctx, dep.Version)
			if err != nil {
				return nil, nil, "", err
			}
			linked = append(linked, library{"sqlite", sqlite, "blessing", "https://www.sqlite.org/", "pkg:generic/sqlite@" + sqlite})
		}
	}
	architecture = setting(info, "GOARCH")
	if setting(info, "CGO_ENABLED") == "1" {
		glibc := glibcVersion(ctx, architecture)
		linked = append(linked, library{"glibc", glibc, "LGPL-2.1-or-later", "https://www.gnu.org/software/libc/", strings.TrimSuffix("pkg:deb/debian/glibc@"+glibc, "@")})
	}
	hash := sha256.Sum256(data)
	parts, relationships = describe(info, hex.EncodeToString(hash[:]), version, linked)
	return parts, relationships, architecture, nil
}

// describe makes the parts.
func describe(info *debug.BuildInfo, hash, version string, linked []library) (parts []Part, relationships []Relationship) {
	arch := setting(info, "GOARCH")
	program := Part{
		SPDXID: "SPDXRef-program", Name: "calendarbot", Version: version, Location: NoAssertion, File: "calendarbot",
		Checksums: []Checksum{{"SHA256", hash}}, Concluded: "Apache-2.0", Declared: "Apache-2.0", Copyright: NoAssertion,
		Source: "built with " + info.GoVersion + " for linux/" + arch, Purpose: "APPLICATION",
		References: PackageURL("pkg:generic/calendarbot@" + version + "?arch=" + arch),
	}
	parts = []Part{program}
	add := func(p Part) {
		p.SPDXID = ID(p.Name, p.Version)
		p.Copyright = NoAssertion
		parts = append(parts, p)
		relationships = append(relationships, Relationship{program.SPDXID, "STATIC_LINK", p.SPDXID})
	}
	goVersion := strings.TrimPrefix(strings.Fields(info.GoVersion)[0], "go")
	add(Part{Name: "go-standard-library", Version: goVersion, Location: "https://go.dev/dl/", Concluded: NoAssertion, Declared: "BSD-3-Clause",
		References: PackageURL("pkg:golang/stdlib@" + goVersion)})
	for _, dep := range info.Deps {
		if dep.Replace != nil {
			dep = dep.Replace
		}
		add(Part{Name: dep.Path, Version: dep.Version, Location: "https://pkg.go.dev/" + dep.Path + "@" + dep.Version, Concluded: NoAssertion, Declared: NoAssertion,
			Source: "go.sum " + dep.Sum, References: PackageURL("pkg:golang/" + dep.Path + "@" + dep.Version)})
	}
	for _, l := range linked {
		add(Part{Name: l.name, Version: l.version, Location: l.location, Concluded: NoAssertion, Declared: l.license, References: PackageURL(l.purl)})
	}
	return parts, relationships
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
	dir, err := exec.CommandContext(ctx, "go", "mod", "download", "-json", sqliteModule+"@"+version).Output()
	if err != nil {
		return "", fmt.Errorf("find the source of SQLite: %w", err)
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
