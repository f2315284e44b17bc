package house

import (
	"go/ast"
	"maps"
	"slices"
	"strings"
	"testing"
)

// owners says which folders may import a library of others, so that swapping one touches one
// folder. In the program each has one owner; what measures or checks the program may use it too.
func owners() map[string][]string {
	return map[string][]string{
		"github.com/gofiber/fiber/v2":      {"agent/web", "scripts/bench"},
		"github.com/mattn/go-sqlite3":      {"agent/conn"},
		"github.com/pressly/goose/v3":      {"agent/store"},
		"github.com/coreos/go-systemd/v22": {"agent/run"},
		"golang.org/x/sync":                {"agent/run"},
		// The two sides of a repository are one subject: who reads it, and who writes it.
		"github.com/theupdateframework/go-tuf/v2": {"agent/update/repository", "agent/update/publish"},
		"github.com/sigstore/sigstore":            {"agent/update/publish"},
		"github.com/klauspost/compress":           {"agent/update/patch"},
		"golang.org/x/mod":                        {"agent/slot", "agent/update/publish"},
		"github.com/prometheus/procfs":            {"agent/pressure"},
		"gopkg.in/yaml.v3":                        {"agent/config"},
		"github.com/pelletier/go-toml/v2":         {"agent/preseed"},
		"github.com/fsnotify/fsnotify":            {"agent/config"},
		"github.com/sony/gobreaker/v2":            {"agent/guard"},
		"github.com/maypok86/otter/v2":            {"agent/page"},
		"golang.org/x/crypto":                     {"agent/web"},
		"github.com/valyala/quicktemplate":        {"agent/page"},
		"rsc.io/qr":                               {"agent/page"},
		"github.com/chromedp/chromedp":            {"scripts/screenshot"},
		"github.com/chromedp/cdproto":             {"scripts/screenshot"},
	}
}

// testOwners says which folders' tests may import a library that is not their own.
func testOwners() map[string][]string {
	return map[string][]string{
		"github.com/getkin/kin-openapi":   {"agent/web"},
		"github.com/rogpeppe/go-internal": {"agent"},
		"github.com/teambition/rrule-go":  {"agent/calendar"},
		"github.com/chromedp/chromedp":    {"agent/page", "agent/web"},
		"github.com/chromedp/cdproto":     {"agent/page", "agent/web"},
		"golang.org/x/net":                {"agent/page"},
		"golang.org/x/mod":                {"scripts"},
		"github.com/sigstore/sigstore":    {"agent/update/repository"},
	}
}

// library is the entry of a table that a path belongs to.
func library(table map[string][]string, name string) (string, bool) {
	for _, prefix := range slices.Sorted(maps.Keys(table)) {
		if name == prefix || strings.HasPrefix(name, prefix+"/") {
			return prefix, true
		}
	}
	return "", false
}

// foreign tells whether a path is neither ours nor of Go's own library.
func foreign(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return strings.Contains(first, ".")
}

// TestNothingCallsMethodsByName keeps out of the program what finds a method by a name that is known only while it runs: then the
// linker keeps every exported method of everything, which were 4 MB of a program that stays in memory as a whole. Templates are
// compiled ahead instead.
func TestNothingCallsMethodsByName(t *testing.T) {
	for _, s := range repository(t).sources {
		if s.test() || tool(s.dir()) {
			continue
		}
		for _, name := range s.imports(t) {
			if slices.Contains([]string{"text/template", "html/template"}, name) {
				t.Errorf("%s imports %s, which calls methods by name; write a .qtpl file in agent/page", s.path, name)
			}
		}
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			if selector, ok := n.(*ast.SelectorExpr); ok && selector.Sel.Name == "MethodByName" {
				t.Errorf("%s: %s calls a method by name", s.path, selector.Sel.Name)
			}
			return true
		})
	}
}

func TestLibrariesStayWithTheirOwners(t *testing.T) {
	for _, s := range repository(t).sources {
		for _, name := range s.imports(t) {
			if !foreign(name) {
				continue
			}
			own, known := library(owners(), name)
			if known && slices.Contains(owners()[own], s.dir()) {
				continue
			}
			if s.test() {
				if own, known := library(testOwners(), name); known && slices.Contains(testOwners()[own], s.dir()) {
					continue
				}
			}
			if known {
				t.Errorf("%s imports %s, which belongs to %s", s.path, name, strings.Join(owners()[own], ", "))
			} else {
				t.Errorf("%s imports %s, which has no owner for that", s.path, name)
			}
		}
	}
}

// TestOwnersUseTheirLibraries keeps the tables from ageing.
func TestOwnersUseTheirLibraries(t *testing.T) {
	for _, table := range []map[string][]string{owners(), testOwners()} {
		used := map[string]bool{}
		for _, s := range repository(t).sources {
			for _, name := range s.imports(t) {
				if own, known := library(table, name); known {
					used[own+" by "+s.dir()] = true
				}
			}
		}
		for own, dirs := range table {
			for _, dir := range dirs {
				if !used[own+" by "+dir] {
					t.Errorf("%s does not import %s; take it out of the table", dir, own)
				}
			}
		}
	}
}
