package house

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// root is the top of the repository, seen from here.
const root = "../.."

// source is one Go file.
type source struct {
	path      string // from the top of the repository, with slashes
	lines     int
	syntax    *ast.File
	generated bool
}

// dir is the folder of the file.
func (s source) dir() string { return path.Dir(s.path) }

// test tells whether it is only compiled for tests.
func (s source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

// imports are the paths that it imports.
func (s source) imports(t *testing.T) []string {
	t.Helper()
	var list []string
	for _, spec := range s.syntax.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, name)
	}
	return list
}

// tree is the repository's files. They are read and parsed once for all tests.
type tree struct {
	files   map[string][]byte // text files by path
	sources []source          // sorted by path
	set     *token.FileSet
	err     error
}

// at is a position as text.
func (t *tree) at(pos token.Pos) string {
	p := t.set.Position(pos)
	return p.Filename + ":" + strconv.Itoa(p.Line)
}

var loadTree = sync.OnceValue(func() *tree {
	t := &tree{files: map[string][]byte{}, set: token.NewFileSet()}
	t.err = filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if slices.Contains([]string{".git", "bin", "dist", "build", "node_modules", "testdata"}, entry.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil || bytes.IndexByte(data, 0) >= 0 {
			return err
		}
		return t.add(filepath.ToSlash(rel), data)
	})
	slices.SortFunc(t.sources, func(a, b source) int { return strings.Compare(a.path, b.path) })
	return t
})

// add takes one file in.
func (t *tree) add(name string, data []byte) error {
	t.files[name] = data
	if path.Ext(name) != ".go" {
		return nil
	}
	syntax, err := parser.ParseFile(t.set, name, data, parser.ParseComments)
	if err != nil {
		return err
	}
	t.sources = append(t.sources, source{
		path:      name,
		lines:     bytes.Count(data, []byte("\n")),
		syntax:    syntax,
		generated: ast.IsGenerated(syntax),
	})
	return nil
}

// repository returns the tree; without one that is whole no rule can be checked.
func repository(t *testing.T) *tree {
	t.Helper()
	loaded := loadTree()
	if loaded.err != nil {
		t.Fatal(loaded.err)
	}
	if len(loaded.sources) == 0 {
		t.Fatal("no Go file was found")
	}
	return loaded
}
