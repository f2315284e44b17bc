// Command criteria writes agent/CRITERIA.md: each criterion of the two design records with what was measured of it. It takes in what
// lies in dist, keeps the figures that a row asks for in scripts/criteria/figures.json, and writes the page of both.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"calendarbot/agent/durable"
	"calendarbot/scripts/facts"
)

const usage = `criteria writes agent/CRITERIA.md of the design records and of what was measured.

Usage, at the top of the repository:
  criteria [--dist FOLDER] [--version VERSION]   take in what lies in dist, and write the page anew
  criteria cover                                 print what "go test -cover" says on standard input, and leave its figures in dist/figures

  --dist FOLDER       where reports lie (default dist)
  --version VERSION   what was measured, for reports that do not say so (default what is checked out)
`

// Names from the top of the repository.
const (
	pageFile  = "agent/CRITERIA.md"
	factsFile = "scripts/criteria/figures.json"
	risksFile = "agent/doc/risks.md"
)

func main() {
	if err := start(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "criteria:", err)
		os.Exit(1)
	}
}

func start(args []string, in io.Reader, out io.Writer) error {
	fs := flag.NewFlagSet("criteria", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	dist := fs.String("dist", "dist", "")
	version := fs.String("version", "", "")
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		_, err := io.WriteString(out, usage)
		return err
	} else if err != nil {
		return fmt.Errorf("%w\n%s", err, usage)
	}
	if *version == "" {
		text, err := exec.Command("scripts/version").Output()
		if err != nil {
			return fmt.Errorf("ask scripts/version: %w", err)
		}
		*version = strings.TrimSpace(string(text))
	}
	switch {
	case fs.NArg() == 0:
		return write(*dist, *version, out)
	case fs.NArg() == 1 && fs.Arg(0) == "cover":
		return cover(*version, in, out)
	}
	return errors.New(usage)
}

// write takes in what was measured, and writes the page.
func write(dist, version string, out io.Writer) error {
	have, err := facts.Read(factsFile)
	if err != nil {
		return err
	}
	more, err := taken(dist, version)
	if err != nil {
		return err
	}
	risks, err := os.ReadFile(risksFile)
	if err != nil {
		return err
	}
	for _, now := range readRisks(string(risks)) {
		now.Version, now.Date = version, time.Now().UTC().Truncate(time.Second)
		if i := slices.IndexFunc(have, func(f facts.Figure) bool { return f.Name == now.Name }); i < 0 || takesOver(have[i], now) {
			more = append(more, now)
		}
	}
	asked := askedFor()
	have = slices.DeleteFunc(facts.Merge(have, more), func(f facts.Figure) bool { return !slices.Contains(asked, f.Name) })
	text, err := page(have)
	if err != nil {
		return err
	}
	if err := facts.Write(factsFile, have); err != nil {
		return err
	}
	if err := durable.Write(pageFile, []byte(text), 0o644); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%d figures taken, %d kept; %s is written\n", len(more), len(have), pageFile)
	return err
}

// takesOver tells whether what was counted now stands in the place of what was counted before. It does, with its version and day, but never the
// same value of files that nobody has committed in the place of one that others can look up.
func takesOver(was, now facts.Figure) bool {
	dirty := func(f facts.Figure) bool { return strings.HasSuffix(f.Version, ".dirty") }
	return now.Value != was.Value || dirty(was) || !dirty(now)
}

// askedFor are the names of the figures that rows are about.
func askedFor() []string {
	var list []string
	for _, r := range records() {
		for _, one := range r.rows {
			for _, name := range []string{one.on, one.off} {
				if name != "" {
					list = append(list, name)
				}
			}
			if one.step != "" {
				list = append(list, "hwtest/"+one.step)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// cover hands on what "go test -cover" prints, and keeps its figures.
func cover(version string, in io.Reader, out io.Writer) error {
	var seen strings.Builder
	if _, err := io.Copy(io.MultiWriter(out, &seen), in); err != nil {
		return err
	}
	list := readCover(seen.String())
	for i := range list {
		list[i].Version, list[i].Date = version, time.Now().UTC().Truncate(time.Second)
	}
	return facts.Keep(filepath.Join(filepath.FromSlash(facts.Folder), "cover.json"), list...)
}
