package house

import (
	"go/ast"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	said := map[string]bool{}
	name := map[string]string{}
	for _, s := range repository(t).sources {
		if s.test() {
			continue
		}
		own := s.syntax.Name.Name
		name[s.dir()] = own
		doc := s.syntax.Doc.Text()
		if strings.HasPrefix(doc, "Package "+own+" ") || (own == "main" && strings.HasPrefix(doc, "Command ")) {
			said[s.dir()] = true
		}
	}
	for dir, own := range name {
		if !said[dir] {
			t.Errorf("%s: no comment that begins with %q", dir, "Package "+own)
		}
	}
}

func TestPackagesAreNouns(t *testing.T) {
	roles := []string{"util", "utils", "common", "helper", "helpers", "manager", "handler", "handlers", "misc", "base", "types", "models"}
	for _, s := range repository(t).sources {
		if slices.Contains(roles, strings.TrimSuffix(s.syntax.Name.Name, "_test")) {
			t.Errorf("%s: a package is a thing one can point at, never a role", s.path)
		}
	}
}

// TestNamesSayWhatIsDone refuses the verbs and titles that say nothing.
func TestNamesSayWhatIsDone(t *testing.T) {
	verb := regexp.MustCompile(`^([pP]rocess|[hH]andle|[pP]erform|[eE]nsure)([A-Z]|$)`)
	title := regexp.MustCompile(`(Manager|Handler|Helper|Util|Utils|Processor)$`)
	tree := repository(t)
	for _, s := range tree.sources {
		if s.test() {
			continue
		}
		for _, decl := range s.syntax.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if verb.MatchString(d.Name.Name) {
					t.Errorf("%s: %s says nothing; say what is done", tree.at(d.Pos()), d.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if typ, ok := spec.(*ast.TypeSpec); ok && title.MatchString(typ.Name.Name) {
						t.Errorf("%s: %s says nothing; say what it is", tree.at(typ.Pos()), typ.Name.Name)
					}
				}
			}
		}
	}
}

// TestExportedThingsAreDescribed asks for a comment on each: its own, that of its group, or one
// in the same file that names it. Methods that fulfil a well-known interface need none.
func TestExportedThingsAreDescribed(t *testing.T) {
	known := []string{"Error", "Unwrap", "Is", "As", "String", "Len", "Less", "Swap", "Close", "ServeHTTP", "Run", "Ready"}
	tree := repository(t)
	for _, s := range tree.sources {
		if s.test() {
			continue
		}
		comments := &strings.Builder{}
		for _, group := range s.syntax.Comments {
			comments.WriteString(group.Text())
		}
		check := func(name *ast.Ident, docs ...*ast.CommentGroup) {
			if !name.IsExported() || slices.ContainsFunc(docs, func(d *ast.CommentGroup) bool { return d != nil }) {
				return
			}
			if !regexp.MustCompile(`\b` + name.Name + `\b`).MatchString(comments.String()) {
				t.Errorf("%s: %s has no comment", tree.at(name.Pos()), name.Name)
			}
		}
		for _, decl := range s.syntax.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if exportedReceiver(d) && (d.Recv == nil || !slices.Contains(known, d.Name.Name)) {
					check(d.Name, d.Doc)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch sp := spec.(type) {
					case *ast.TypeSpec:
						check(sp.Name, sp.Doc, sp.Comment, d.Doc)
					case *ast.ValueSpec:
						for _, name := range sp.Names {
							check(name, sp.Doc, sp.Comment, d.Doc)
						}
					}
				}
			}
		}
	}
}

// exportedReceiver tells whether others can call a function: it is no method, or one of an
// exported type.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	typ := d.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if index, ok := typ.(*ast.IndexExpr); ok {
		typ = index.X
	}
	name, ok := typ.(*ast.Ident)
	return ok && name.IsExported()
}

func TestNothingRunsByItself(t *testing.T) {
	tree := repository(t)
	for _, s := range tree.sources {
		for _, decl := range s.syntax.Decls {
			if d, ok := decl.(*ast.FuncDecl); ok && d.Recv == nil && d.Name.Name == "init" {
				t.Errorf("%s: no init; what is to be done is called", tree.at(d.Pos()))
			}
		}
	}
}

func TestErrorsSayWhatWasBeingDone(t *testing.T) {
	start := regexp.MustCompile("^[\"`](failed|unable|could not|couldn't|cannot|error)\\b|^[\"`][A-Z][a-z]")
	tree := repository(t)
	for _, s := range tree.sources {
		if s.test() {
			continue
		}
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 || !calls(call, "fmt.Errorf", "errors.New") {
				return true
			}
			if text, ok := call.Args[0].(*ast.BasicLit); ok && start.MatchString(text.Value) {
				t.Errorf("%s: %s: an error begins in lower case with what was being done", tree.at(text.Pos()), text.Value)
			}
			return true
		})
	}
}

func TestErrorsAreNotDropped(t *testing.T) {
	tree := repository(t)
	for _, s := range tree.sources {
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			assign, ok := n.(*ast.AssignStmt)
			if !ok || len(assign.Lhs) != 1 || len(assign.Rhs) != 1 || !named(assign.Lhs[0], "_") || !named(assign.Rhs[0], "err") {
				return true
			}
			t.Errorf("%s: an error is dropped", tree.at(assign.Pos()))
			return true
		})
	}
}

// TestTestsDoNotSleep leaves files alone that make time themselves: in a bubble of synctest a sleep is no waiting.
func TestTestsDoNotSleep(t *testing.T) {
	tree := repository(t)
	for _, s := range tree.sources {
		if !s.test() || slices.Contains(s.imports(t), "testing/synctest") {
			continue
		}
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && calls(call, "time.Sleep") {
				t.Errorf("%s: wait for a fact, not for a time", tree.at(call.Pos()))
			}
			return true
		})
	}
}

// calls tells whether a call is of one of some functions of other packages.
func calls(call *ast.CallExpr, names ...string) bool {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	from, ok := selector.X.(*ast.Ident)
	return ok && slices.Contains(names, from.Name+"."+selector.Sel.Name)
}

// named tells whether an expression is just a name.
func named(e ast.Expr, name string) bool {
	ident, ok := e.(*ast.Ident)
	return ok && ident.Name == name
}
