package page

import (
	"bytes"
	"go/format"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/valyala/quicktemplate/parser"
)

// What is built is what the templates say.
func TestTemplatesAreCompiled(t *testing.T) {
	here := os.DirFS(".")
	sources, err := fs.Glob(here, "*.qtpl")
	if err != nil {
		t.Fatal(err)
	}
	compiled, err := fs.Glob(here, "*.qtpl.go")
	if err != nil || len(sources) == 0 || len(sources) != len(compiled) {
		t.Fatalf("%v and %v: %v", sources, compiled, err)
	}
	for _, name := range sources {
		source, err := fs.ReadFile(here, name)
		if err != nil {
			t.Fatal(err)
		}
		var code bytes.Buffer
		if err := parser.ParseNoLineComments(&code, bytes.NewReader(source), name, "page"); err != nil {
			t.Fatal(err)
		}
		want, err := format.Source(code.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		got, err := fs.ReadFile(here, name+".go")
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s.go is not what %s says; run make generate", name, name)
		}
	}
}

// Only tags that are safe everywhere are used: they escape, or write a number, an escaped part of an address, or another template.
// What stands in an HTML tag stands in double quotes.
func TestTemplatesEscape(t *testing.T) {
	sources, err := fs.Glob(os.DirFS("."), "*.qtpl")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sources {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text, left, inside := string(data), "", true
		for inside {
			var before, tag string
			before, text, inside = strings.Cut(text, "{%")
			left += before
			tag, text, _ = strings.Cut(text, "%}")
			word, _, _ := strings.Cut(strings.TrimSpace(tag), " ")
			element := left[strings.LastIndex(left, "<")+1:]
			within, quoted := !strings.Contains(element, ">") && strings.Contains(left, "<"), strings.Count(element, `"`)%2 == 1
			switch word {
			case "s", "d", "dl":
				if within && !quoted {
					t.Errorf("%s: {%%%s%%} stands in <%s without quotes", name, tag, element)
				}
			case "u":
				if !quoted || !strings.Contains(element, "?") {
					t.Errorf("%s: {%%%s%%} stands in no query", name, tag)
				}
			case "=":
				if within {
					t.Errorf("%s: {%%%s%%} stands in <%s", name, tag, element)
				}
			case "func", "endfunc":
				left = ""
			case "", "if", "elseif", "else", "endif", "for", "endfor", "code":
			default:
				t.Errorf("%s: {%%%s%%} is not safe everywhere", name, tag)
			}
		}
	}
}
