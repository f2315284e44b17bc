// Package docs holds the documents to what they say: each command in them is one that a test runs, each link leads somewhere,
// and what is to be told about everything of a kind is told about everything.
package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// top is the top of the repository, seen from here.
const top = "../.."

// document is a text for people.
type document struct {
	name string // from the top of the repository
	text string
}

// documents are all of the repository.
func documents(t *testing.T) []document {
	t.Helper()
	var list []document
	for _, pattern := range []string{"*.md", "*/*.md", "agent/doc/*.md"} {
		names, err := filepath.Glob(filepath.Join(top, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			name, err := filepath.Rel(top, name)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, document{filepath.ToSlash(name), string(text)})
		}
	}
	for _, must := range []string{
		"README.md", "agent/ARCHITECTURE.md", "image/README.md", "agent/doc/operating.md", "agent/doc/security.md", "agent/doc/risks.md",
		"agent/doc/contributing.md", "agent/doc/CHANGELOG.md",
	} {
		if !slices.ContainsFunc(list, func(d document) bool { return d.name == must }) {
			t.Errorf("there is no %s", must)
		}
	}
	return list
}

// read is a document by its name.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(top, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// parts takes a document apart: its blocks of code, and everything else.
func (d document) parts() (blocks []block, prose string) {
	var rest strings.Builder
	var open *block // the block that the line before was in
	fenced, blank := false, true
	for _, line := range strings.Split(d.text, "\n") {
		fence := strings.HasPrefix(line, "```")
		switch {
		case fence && fenced:
			fenced, open = false, nil
		case fence:
			blocks = append(blocks, block{language: strings.TrimPrefix(line, "```")})
			fenced, open = true, &blocks[len(blocks)-1]
		case fenced:
			open.lines = append(open.lines, line)
		case strings.HasPrefix(line, "    ") && (open != nil || blank):
			if open == nil {
				blocks = append(blocks, block{})
				open = &blocks[len(blocks)-1]
			}
			open.lines = append(open.lines, strings.TrimPrefix(line, "    "))
		case line == "" && open != nil: // a block goes on after an empty line
		default:
			open = nil
			rest.WriteString(line + "\n")
		}
		blank = line == ""
	}
	return blocks, rest.String()
}

// block is a block of code.
type block struct {
	language string // of a fence, if it says so
	lines    []string
}

// commands tells whether the block is one of commands: then each line is. Others are pictures, tables, files and what programs print.
func (b block) commands() bool {
	switch b.language {
	case "":
		return len(commandsOf(b.lines[0])) > 0
	case "sh", "bash", "shell", "console":
		return true
	}
	return false
}

// spans returns the pieces of code in running text. A paragraph in which one is not closed is told.
func spans(prose string) (list, open []string) {
	for _, paragraph := range strings.Split(prose, "\n\n") {
		if strings.Count(paragraph, "`")%2 != 0 {
			open = append(open, paragraph)
			continue
		}
		for i, piece := range strings.Split(paragraph, "`") {
			if i%2 == 1 {
				piece = strings.ReplaceAll(piece, `\|`, "|") // as in tables
				list = append(list, strings.Join(strings.Fields(piece), " "))
			}
		}
	}
	return list, open
}

// TestLinksLeadSomewhere looks up every link of the documents that is not of the web: the file, and the heading in it.
func TestLinksLeadSomewhere(t *testing.T) {
	links := 0
	for _, d := range documents(t) {
		_, prose := d.parts()
		for _, found := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(prose, -1) {
			if strings.Contains(found[1], "://") {
				continue
			}
			links++
			file, heading, _ := strings.Cut(found[1], "#")
			target := d.name
			if file != "" {
				target = filepath.Join(filepath.Dir(d.name), file)
			}
			if _, err := os.Stat(filepath.Join(top, target)); err != nil {
				t.Errorf("%s: %s leads nowhere", d.name, found[1])
			} else if heading != "" && !slices.Contains(anchors(read(t, target)), heading) {
				t.Errorf("%s: %s has no heading %q", d.name, target, heading)
			}
		}
	}
	if links < 10 {
		t.Errorf("only %d links found", links)
	}
}

// anchors are the names by which the headings of a text can be linked to.
func anchors(text string) []string {
	var list []string
	_, prose := document{text: text}.parts()
	for _, line := range strings.Split(prose, "\n") {
		if title := strings.TrimLeft(line, "#"); title != line && strings.HasPrefix(title, " ") {
			name := regexp.MustCompile(`[^a-z0-9 _-]`).ReplaceAllString(strings.ToLower(strings.TrimSpace(title)), "")
			list = append(list, strings.ReplaceAll(name, " ", "-"))
		}
	}
	return list
}

// TestFilesThatAreNamedAreThere looks up pieces of code that are paths of the repository.
func TestFilesThatAreNamedAreThere(t *testing.T) {
	named := regexp.MustCompile(`^(agent|image|overlay|scripts|systemd|hwtest)/[\w./@-]+\.(go|md|sh|yaml|json|service|txt|lock|txtar)$`)
	for _, d := range documents(t) {
		_, prose := d.parts()
		list, _ := spans(prose)
		for _, span := range list {
			if _, err := os.Stat(filepath.Join(top, span)); named.MatchString(span) && err != nil {
				t.Errorf("%s: there is no %s", d.name, span)
			}
		}
	}
}

// TestPartsOfADocument holds what the other tests stand on.
func TestPartsOfADocument(t *testing.T) {
	d := document{text: "# A title: of `it`\n\nText `make\ntest` and\n\n    make run    # now\n\n    bin/x --y\n- a list\n    goes on\n\n```yaml\na: b\n```\n\n```sh\nls\n```\n"}
	blocks, prose := d.parts()
	var got []string
	for _, b := range blocks {
		got = append(got, b.language+": "+strings.Join(b.lines, "|"))
	}
	if want := []string{": make run    # now|bin/x --y", "yaml: a: b", "sh: ls"}; !slices.Equal(got, want) {
		t.Errorf("the blocks are %q, want %q", got, want)
	}
	if !blocks[0].commands() || blocks[1].commands() || !blocks[2].commands() {
		t.Error("which blocks are of commands is not seen")
	}
	list, open := spans(prose)
	if want := []string{"it", "make test"}; !slices.Equal(list, want) || len(open) > 0 {
		t.Errorf("the pieces of code are %q, want %q; not closed: %q", list, want, open)
	}
	if _, open := spans("one ` here\n\nand `none` there"); len(open) != 1 {
		t.Errorf("what is not closed is %q", open)
	}
	if got, want := anchors(d.text), []string{"a-title-of-it"}; !slices.Equal(got, want) {
		t.Errorf("the anchors are %q, want %q", got, want)
	}
}
