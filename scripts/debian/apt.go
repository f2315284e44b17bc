// Package debian gets packages from Debian's archive, for another processor than this host's and with an apt that
// has nothing in common with the host's but mirror and proxies. Every package is what a signed index says it is.
package debian

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Keyring has the keys of Debian's archive; the package debian-archive-keyring brings it.
const Keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

// helper is apt's own program that downloads one file.
const helper = "/usr/lib/apt/apt-helper"

// Archive is where packages come from.
type Archive struct {
	Suites       []Suite
	Components   []string // as "main"
	Architecture string   // Debian's word for the processor, as "arm64"
	Keyring      string   // the file with the keys that sign the suites
}

// Suite is one of an archive's.
type Suite struct {
	Name string // as "trixie"
	Site string // the address above its "dists"
}

// Apt is one with its own folder.
type Apt struct {
	folder  string
	options []string
}

// New makes an apt in a folder, which keeps its lists of packages there for the next time.
func New(folder string, archive Archive) (Apt, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return Apt{}, fmt.Errorf("make apt's folder: %w", err)
	}
	for _, name := range []string{"lists/partial", "archives/partial"} {
		if err := os.MkdirAll(filepath.Join(folder, name), 0o755); err != nil {
			return Apt{}, fmt.Errorf("make apt's folder: %w", err)
		}
	}
	var sources strings.Builder
	for _, suite := range archive.Suites {
		fmt.Fprintf(&sources, "deb [signed-by=%s] %s %s %s\n", archive.Keyring, suite.Site, suite.Name, strings.Join(archive.Components, " "))
	}
	for name, text := range map[string]string{"sources.list": sources.String(), "status": "", "preferences": ""} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			return Apt{}, fmt.Errorf("make apt's folder: %w", err)
		}
	}
	a := Apt{folder: folder}
	for _, option := range []string{
		"Dir::Etc::sourcelist=" + filepath.Join(folder, "sources.list"), "Dir::Etc::sourceparts=/dev/null",
		"Dir::Etc::preferences=" + filepath.Join(folder, "preferences"), "Dir::Etc::preferencesparts=/dev/null",
		"Dir::State=" + folder, "Dir::State::status=" + filepath.Join(folder, "status"),
		"Dir::Cache=" + folder, "Dir::Cache::archives=" + filepath.Join(folder, "archives"),
		"APT::Architecture=" + archive.Architecture, "APT::Architectures=" + archive.Architecture, "APT::Default-Release=",
		"APT::Install-Recommends=0", "APT::Install-Suggests=0", "APT::Sandbox::User=root",
		"APT::Get::AllowUnauthenticated=0", "Acquire::AllowInsecureRepositories=0", "Acquire::AllowWeakRepositories=0",
		"Acquire::ForceHash=SHA256", "Acquire::Languages=none", "Acquire::Retries=3", "Acquire::http::Timeout=60", "Debug::NoLocking=1",
	} {
		a.options = append(a.options, "-o", option)
	}
	return a, nil
}

// Update asks the archive for its lists; what did not change is not downloaded again. A list that cannot be had, or
// that nobody signed, is an error.
func (a Apt) Update(ctx context.Context) error {
	_, err := a.get(ctx, "-o", "APT::Update::Error-Mode=any", "update")
	return err
}

// Prefer makes Resolve choose certain versions, by the names of their packages, where the archive has them.
func (a Apt) Prefer(versions map[string]string) error {
	var text strings.Builder
	for name, version := range versions {
		fmt.Fprintf(&text, "Package: %s\nPin: version %s\nPin-Priority: 1001\n\n", name, version)
	}
	if err := os.WriteFile(filepath.Join(a.folder, "preferences"), []byte(text.String()), 0o644); err != nil {
		return fmt.Errorf("write apt's preferences: %w", err)
	}
	return nil
}

// Deb is a package that the archive has.
type Deb struct {
	Name, Version, Architecture string
	Size                        int64  // of the package, in bytes
	SHA256                      string // of the package, in hexadecimal digits
	uri                         string
}

// File is the name of the package's file, as apt would call it.
func (d Deb) File() string {
	return d.Name + "_" + strings.ReplaceAll(d.Version, ":", "%3a") + "_" + d.Architecture + ".deb"
}

// Resolve returns packages and all that they need, but not what they only recommend, by name.
func (a Apt) Resolve(ctx context.Context, names ...string) ([]Deb, error) {
	out, err := a.get(ctx, append([]string{"install", "--print-uris"}, names...)...)
	if err != nil {
		return nil, err
	}
	return parse(out)
}

// Lone returns one package without what it needs. A name may have a version behind it, as "name=1.0".
func (a Apt) Lone(ctx context.Context, name string) (Deb, error) {
	out, err := a.get(ctx, "download", "--print-uris", name)
	if err != nil {
		return Deb{}, err
	}
	debs, err := parse(out)
	if err != nil {
		return Deb{}, err
	}
	if len(debs) != 1 {
		return Deb{}, fmt.Errorf("find %s: apt answered %q", name, out)
	}
	return debs[0], nil
}

// parse reads apt's list of what it would download: an address in quotes, a file's name, its size and its checksum.
func parse(list string) ([]Deb, error) {
	var debs []Deb
	for line := range strings.Lines(list) {
		if !strings.HasPrefix(line, "'") {
			continue // what apt says besides
		}
		fields := strings.Fields(line)
		if len(fields) != 4 {
			return nil, fmt.Errorf("read apt's answer: %q", line)
		}
		parts := strings.Split(strings.TrimSuffix(fields[1], ".deb"), "_")
		hash, signed := strings.CutPrefix(fields[3], "SHA256:")
		size, err := strconv.ParseInt(fields[2], 10, 64)
		if len(parts) != 3 || !signed || len(hash) != 64 || err != nil {
			return nil, fmt.Errorf("read apt's answer: %q", line)
		}
		version, err := url.PathUnescape(parts[1])
		if err != nil {
			return nil, fmt.Errorf("read apt's answer: %q: %w", line, err)
		}
		debs = append(debs, Deb{Name: parts[0], Version: version, Architecture: parts[2], Size: size, SHA256: hash, uri: strings.Trim(fields[0], "'")})
	}
	slices.SortFunc(debs, func(x, y Deb) int { return strings.Compare(x.Name, y.Name) })
	return debs, nil
}

// Fetch downloads one package into a file, which is there only when it is whole and what the archive's index says.
func (a Apt) Fetch(ctx context.Context, deb Deb, file string) error {
	part := file + ".part"
	if _, err := output(ctx, helper, append(slices.Clone(a.options), "-qq", "download-file", deb.uri, part, "SHA256:"+deb.SHA256)...); err != nil {
		return errors.Join(fmt.Errorf("download %s: %w", deb.File(), err), os.RemoveAll(part), os.RemoveAll(part+".FAILED"))
	}
	if err := os.Rename(part, file); err != nil {
		return fmt.Errorf("download %s: %w", deb.File(), err)
	}
	return nil
}

// get runs apt-get.
func (a Apt) get(ctx context.Context, args ...string) (string, error) {
	return output(ctx, "apt-get", append(append(slices.Clone(a.options), "-qq", "-y"), args...)...)
}

// output is what a tool printed; what it complains of belongs to its error.
func output(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", filepath.Base(name), err, strings.TrimSpace(problems.String()))
	}
	return string(out), nil
}
