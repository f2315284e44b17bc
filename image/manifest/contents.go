package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"calendarbot/scripts/spdx"
)

// deb is a Debian package in the image.
type deb struct {
	name, version, architecture string
	source                      string // with its version in brackets where that is another
	sha256                      string
	licenses                    []string // Debian's short names; none when nobody wrote them down so that a program reads them
}

// readDebs reads packages, a line each, as image/packages writes them. Licences are looked up in trees, each with a
// folder usr/share/doc; a package whose documentation is in none of them has none.
func readDebs(text string, trees []string) ([]deb, error) {
	var debs []deb
	number := 0
	for line := range strings.Lines(text) {
		number++
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 5 || slices.Contains(f, "") || !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(f[4]) {
			return nil, fmt.Errorf("read the packages: line %d: want package, version, architecture, source and SHA-256, got %q", number, line)
		}
		d := deb{name: f[0], version: f[1], architecture: f[2], source: f[3], sha256: f[4]}
		for _, tree := range trees {
			copyright, err := os.ReadFile(filepath.Join(tree, "usr/share/doc", d.name, "copyright"))
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("read the licence of %s: %w", d.name, err)
			}
			d.licenses = shortNames(string(copyright))
			break
		}
		debs = append(debs, d)
	}
	if len(debs) == 0 {
		return nil, errors.New("read the packages: there is none")
	}
	slices.SortFunc(debs, func(x, y deb) int { return strings.Compare(x.name, y.name) })
	return debs, nil
}

// shortNames are the licences that a copyright file of Debian's format 1.0 names
// (https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/); of another one there are none.
func shortNames(copyright string) []string {
	if !strings.HasPrefix(copyright, "Format: http") {
		return nil
	}
	var names []string
	for line := range strings.Lines(copyright) {
		if name, found := strings.CutPrefix(line, "License:"); found && strings.TrimSpace(name) != "" {
			names = append(names, strings.TrimSpace(name))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// table is the package manifest. What the image lacks stands in comments behind the packages.
func table(debs []deb, missing []string) string {
	var text strings.Builder
	text.WriteString("package\tversion\tarchitecture\tsource\tsha256\tlicences\n")
	for _, d := range debs {
		fmt.Fprintf(&text, "%s\t%s\t%s\t%s\t%s\t%s\n", d.name, d.version, d.architecture, d.source, d.sha256, strings.Join(d.licenses, ", "))
	}
	for _, path := range missing {
		fmt.Fprintf(&text, "# missing: %s\n", path)
	}
	return text.String()
}

// readMissing reads which files the image lacks, a path a line, from a file that is not there where it lacks none.
func readMissing(name string) ([]string, error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read what is missing: %w", err)
	}
	paths := strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' })
	for _, path := range paths {
		if !fs.ValidPath(path) || strings.ContainsFunc(path, unicode.IsControl) {
			return nil, fmt.Errorf("read what is missing: want a path below / in each line, got %q", path)
		}
	}
	slices.Sort(paths)
	return paths, nil
}

// blob is a file in the image that is of no package, as the firmware of a chip.
type blob struct{ path, sha256, origin string }

// readBlobs reads files, a line each: path in the image, SHA-256, and the address that it is from.
func readBlobs(text string) ([]blob, error) {
	var blobs []blob
	number := 0
	for line := range strings.Lines(text) {
		number++
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 3 || !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(f[1]) || !strings.HasPrefix(f[2], "http") {
			return nil, fmt.Errorf("read the firmware: line %d: want path, SHA-256 and address, got %q", number, line)
		}
		blobs = append(blobs, blob{f[0], f[1], f[2]})
	}
	slices.SortFunc(blobs, func(x, y blob) int { return strings.Compare(x.path, y.path) })
	return blobs, nil
}

// describe lists what is in an image: packages, firmware, and the program with its own parts, which come as SPDX has
// them, the program first.
func describe(p product, debs []deb, blobs []blob, program []spdx.Part, linked []spdx.Relationship) ([]spdx.Part, []spdx.Relationship) {
	image := spdx.Part{
		SPDXID: "SPDXRef-image", Name: "calendarbot-image", Version: p.version, Location: spdx.NoAssertion, File: p.name + ".img",
		Checksums: []spdx.Checksum{{Algorithm: "SHA256", Value: p.image.sha256}}, Concluded: spdx.NoAssertion, Declared: spdx.NoAssertion, Copyright: spdx.NoAssertion,
		Purpose: "OPERATING-SYSTEM", References: spdx.PackageURL("pkg:generic/calendarbot-image@" + p.version + "?arch=arm64"),
	}
	if len(p.missing) > 0 {
		image.Source = "made without firmware that could not be fetched: " + strings.Join(p.missing, ", ")
	}
	parts := []spdx.Part{image}
	var relationships []spdx.Relationship
	add := func(part spdx.Part) {
		part.Concluded, part.Declared, part.Copyright = spdx.NoAssertion, spdx.NoAssertion, spdx.NoAssertion
		parts = append(parts, part)
		relationships = append(relationships, spdx.Relationship{From: image.SPDXID, Type: "CONTAINS", To: part.SPDXID})
	}
	for _, d := range debs {
		part := spdx.Part{
			SPDXID: spdx.ID("deb", d.name, d.version), Name: d.name, Version: d.version, Supplier: "Organization: Debian", Location: spdx.NoAssertion,
			Checksums: []spdx.Checksum{{Algorithm: "SHA256", Value: d.sha256}}, Source: "built from Debian's source package " + d.source,
			References: spdx.PackageURL(fmt.Sprintf("pkg:deb/debian/%s@%s?arch=%s&distro=trixie", d.name, d.version, d.architecture)),
		}
		if len(d.licenses) > 0 {
			part.Comments = "Debian names: " + strings.Join(d.licenses, ", ")
		}
		add(part)
	}
	for _, b := range blobs {
		add(spdx.Part{
			SPDXID: spdx.ID("file", b.path), Name: filepath.Base(b.path), Location: b.origin, File: b.path, Purpose: "FIRMWARE",
			Checksums: []spdx.Checksum{{Algorithm: "SHA256", Value: b.sha256}},
		})
	}
	if len(program) > 0 {
		parts = append(parts, program...)
		relationships = append(relationships, spdx.Relationship{From: image.SPDXID, Type: "CONTAINS", To: program[0].SPDXID})
		relationships = append(relationships, linked...)
	}
	return parts, relationships
}
