package debian

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Control are fields of a package, by their names.
type Control map[string]string

// ReadControl reads what a package's file says of itself.
func ReadControl(ctx context.Context, file string) (Control, error) {
	out, err := output(ctx, "dpkg-deb", "-f", file, "Package", "Version", "Architecture", "Source", "Depends")
	if err != nil {
		return nil, fmt.Errorf("read a package: %w", err)
	}
	fields := Control{}
	for line := range strings.Lines(out) {
		if key, value, found := strings.Cut(line, ":"); found {
			fields[key] = strings.TrimSpace(value)
		}
	}
	return fields, nil
}

// Meta tells whether a package's file brings nothing but words about itself, and so is there for what it depends on.
func Meta(ctx context.Context, file string) (bool, error) {
	out, err := output(ctx, "dpkg-deb", "-c", file)
	if err != nil {
		return false, fmt.Errorf("list a package: %w", err)
	}
	for line := range strings.Lines(out) {
		fields := strings.Fields(line) // mode, owner, size, date, time, name
		if len(fields) < 6 || strings.HasSuffix(fields[5], "/") {
			continue
		}
		if !strings.HasPrefix(fields[5], "./usr/share/doc/") && !strings.HasPrefix(fields[5], "./usr/share/bug/") {
			return false, nil
		}
	}
	return true, nil
}

// First is the first package that another one depends on, as apt reads it: with "=VERSION" where only one will do.
func (c Control) First() (string, error) {
	first, _, _ := strings.Cut(c["Depends"], ",")
	first, _, _ = strings.Cut(first, "|")
	name, condition, _ := strings.Cut(strings.TrimSpace(first), " ")
	name, _, _ = strings.Cut(name, ":")
	if name == "" {
		return "", errors.New("it depends on nothing")
	}
	if version, exact := strings.CutPrefix(condition, "(= "); exact {
		name += "=" + strings.TrimSuffix(version, ")")
	}
	return name, nil
}
