package house

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// TestPackageVariablesStayAsTheyAre allows at package level what never changes: an error, a
// pattern, an embedded file, a table, a value made once on first use. A variable without a value, or
// one that is given another somewhere, is state that belongs to no one.
func TestPackageVariablesStayAsTheyAre(t *testing.T) {
	tree := repository(t)
	variables := map[string]map[string]bool{} // by folder
	for _, s := range tree.sources {
		if s.test() {
			continue
		}
		for _, decl := range s.syntax.Decls {
			d, ok := decl.(*ast.GenDecl)
			if !ok || d.Tok != token.VAR {
				continue
			}
			for _, spec := range d.Specs {
				v := spec.(*ast.ValueSpec)
				for i, name := range v.Names {
					if name.Name == "_" || embedded(d, v) {
						continue
					}
					if i >= len(v.Values) || !fixed(v.Values[i]) {
						t.Errorf("%s: %s can change; allowed at package level is what can't", tree.at(name.Pos()), name.Name)
					}
					if variables[s.dir()] == nil {
						variables[s.dir()] = map[string]bool{}
					}
					variables[s.dir()][name.Name] = true
				}
			}
		}
	}
	for _, s := range tree.sources {
		if s.test() {
			continue
		}
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			for _, name := range changed(n) {
				if name == nil || !variables[s.dir()][name.Name] {
					continue
				}
				// A name without an object is another file's; one with an object may be local.
				if name.Obj == nil || name.Obj == s.syntax.Scope.Lookup(name.Name) {
					t.Errorf("%s: %s of the package is changed", tree.at(name.Pos()), name.Name)
				}
			}
			return true
		})
	}
}

// embedded tells whether a file is embedded into a variable.
func embedded(d *ast.GenDecl, v *ast.ValueSpec) bool {
	for _, group := range []*ast.CommentGroup{d.Doc, v.Doc} {
		if group == nil {
			continue
		}
		for _, c := range group.List {
			if strings.HasPrefix(c.Text, "//go:embed ") {
				return true
			}
		}
	}
	return false
}

// fixed tells whether an expression makes a value that cannot change by itself.
func fixed(e ast.Expr) bool {
	switch v := e.(type) {
	case *ast.BasicLit, *ast.CompositeLit, *ast.FuncLit:
		return true
	case *ast.SelectorExpr:
		return strings.HasPrefix(v.Sel.Name, "Err") // another package's error under our name
	case *ast.BinaryExpr:
		return fixed(v.X) && fixed(v.Y)
	case *ast.CallExpr:
		if _, ok := v.Fun.(*ast.ArrayType); ok { // []byte("...")
			return true
		}
		return calls(v, "errors.New", "fmt.Errorf", "regexp.MustCompile", "strings.NewReplacer",
			"sync.OnceValue", "sync.OnceValues", "time.Date", "netip.MustParsePrefix", "netip.MustParseAddr")
	}
	return false
}

// changed returns the names that a statement or a call gives another value.
func changed(n ast.Node) []*ast.Ident {
	switch v := n.(type) {
	case *ast.AssignStmt:
		if v.Tok == token.DEFINE {
			return nil
		}
		var names []*ast.Ident
		for _, left := range v.Lhs {
			names = append(names, base(left))
		}
		return names
	case *ast.IncDecStmt:
		return []*ast.Ident{base(v.X)}
	case *ast.UnaryExpr:
		if v.Op == token.AND {
			return []*ast.Ident{base(v.X)}
		}
	case *ast.CallExpr:
		if f, ok := v.Fun.(*ast.Ident); ok && len(v.Args) > 0 && slices.Contains([]string{"delete", "clear", "copy"}, f.Name) {
			return []*ast.Ident{base(v.Args[0])}
		}
	}
	return nil
}

// base is the variable that an expression is a part of; nil when there is none.
func base(e ast.Expr) *ast.Ident {
	switch v := e.(type) {
	case *ast.Ident:
		return v
	case *ast.IndexExpr:
		return base(v.X)
	case *ast.SelectorExpr:
		return base(v.X)
	case *ast.ParenExpr:
		return base(v.X)
	}
	return nil
}
