package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// promise is one line about what the program does and the tests that prove it. A proof is "package.Test" or
// "package.Test: words", where the words stand in the test: the name of one of its cases.
type promise struct {
	line   string
	proofs []string
}

// TestEveryPromiseHasATest checks that the tests named in the promises exist, and their cases.
func TestEveryPromiseHasATest(t *testing.T) {
	tests := testsOfTheTree(t)
	seen := map[string]bool{}
	for _, p := range slices.Concat(calendarPromises(), optimiserPromises(), pressurePromises()) {
		if seen[p.line] {
			t.Errorf("%q stands twice", p.line)
		}
		seen[p.line] = true
		if len(p.proofs) == 0 {
			t.Errorf("%q has no test", p.line)
		}
		for _, proof := range p.proofs {
			name, words, hasWords := strings.Cut(proof, ": ")
			literals, ok := tests[name]
			switch {
			case !ok:
				t.Errorf("%q: there is no test %s", p.line, name)
			case hasWords && !strings.Contains(literals, words):
				t.Errorf("%q: %s has no case %q", p.line, name, words)
			}
		}
	}
}

// testsOfTheTree maps "package.Test" to the text literals in the function, for every test of the packages beside
// this one; main's are "main.Test". TestFeeds and TestScripts have their files as cases.
func testsOfTheTree(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../*/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	ofScripts, err := filepath.Glob("../../scripts/*/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	ofMain, err := filepath.Glob("../*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{}
	for _, file := range slices.Concat(files, ofScripts, ofMain) {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Test") && !strings.HasPrefix(f.Name.Name, "Fuzz") {
				continue
			}
			var literals strings.Builder
			ast.Inspect(f, func(n ast.Node) bool {
				if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
					if text, err := strconv.Unquote(l.Value); err == nil {
						literals.WriteString(text + "\n")
					}
				}
				return true
			})
			tests[parsed.Name.Name+"."+f.Name.Name] = literals.String()
		}
	}
	for name, pattern := range map[string]string{"differential.TestFeeds": "../differential/testdata/feeds/*.ics", "main.TestScripts": "../testdata/script/*.txtar"} {
		cases, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			tests[name] += filepath.Base(c) + "\n"
		}
	}
	return tests
}

// TestBinaryBringsItsZones checks that the program works on a system without time zone data.
func TestBinaryBringsItsZones(t *testing.T) {
	text, err := os.ReadFile("../main.go")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), `_ "time/tzdata"`) {
		t.Error("agent/main.go does not import time/tzdata")
	}
}
