package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// agent is the package that is released; tags are those it is built with, as far as they decide which modules are linked.
const (
	agent = "calendarbot/agent"
	tags  = "sqlite_omit_load_extension,netgo,osusergo,nethttpomithttp2"
)

// commonLicense is where Debian keeps the licence of the C library.
const commonLicense = "/usr/share/common-licenses/LGPL-2.1"

// licenses is the text of all licences of what is linked into the program; most of them ask for that. A module that comes
// without one is an error: it must not be released.
func licenses(ctx context.Context) ([]byte, error) {
	list, err := output(ctx, "go", "list", "-deps", "-tags", tags, "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}\t{{.Dir}}{{end}}{{end}}", agent)
	if err != nil {
		return nil, err
	}
	goRoot, err := output(ctx, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	parts := strings.Split(strings.TrimSpace(string(list)), "\n")
	slices.Sort(parts)
	parts = append(slices.Compact(parts), "The Go standard library\t"+strings.TrimSpace(string(goRoot)))
	var text bytes.Buffer
	text.WriteString("CalendarBot's own licence is the Apache License 2.0. The program has the following parts of others in it.\n")
	for _, part := range parts {
		name, dir, found := strings.Cut(part, "\t")
		if !found {
			continue // a package of the standard library
		}
		if err := addLicenses(&text, name, dir); err != nil {
			return nil, err
		}
	}
	title(&text, "SQLite", "inside of go-sqlite3")
	text.WriteString("The authors of SQLite have dedicated it to the public domain.\n")
	title(&text, "The GNU C Library", "linked statically")
	text.WriteString("It is Debian's; its source is Debian's source package glibc. CalendarBot's own source is public, so the program can be linked\nwith another version of the library.\n\n")
	common, err := os.ReadFile(commonLicense)
	switch {
	case err == nil:
		text.Write(common)
	case errors.Is(err, fs.ErrNotExist):
		text.WriteString("GNU Lesser General Public License, version 2.1 or later: https://www.gnu.org/licenses/old-licenses/lgpl-2.1.html\n")
	default:
		return nil, fmt.Errorf("read the C library's licence: %w", err)
	}
	return text.Bytes(), nil
}

// addLicenses adds the licence files of one part, from its folder.
func addLicenses(text *bytes.Buffer, name, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("find the licence of %s: %w", name, err)
	}
	pattern := regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)([-.].*)?$`)
	found := false
	for _, entry := range entries {
		if !entry.Type().IsRegular() || !pattern.MatchString(entry.Name()) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return fmt.Errorf("read the licence of %s: %w", name, err)
		}
		title(text, name, entry.Name())
		text.Write(bytes.TrimSpace(data))
		text.WriteString("\n")
		found = true
	}
	if !found {
		return fmt.Errorf("find the licence of %s: there is none in its folder", name)
	}
	return nil
}

// title begins the part of one file.
func title(text *bytes.Buffer, name, file string) {
	fmt.Fprintf(text, "\n%s\n%s (%s)\n\n", strings.Repeat("-", 80), name, file)
}
