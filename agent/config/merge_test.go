package config

import (
	"errors"
	"os"
	"strings"
	"testing"
)

func TestMerge(t *testing.T) {
	const base = `# mine
device:
  name: Hall # by the door

display:
web:
  pin: "2468"
sources:
  # the family's
  - id: family
    name: Family
    url: https://calendar.example/a.ics
    color: "#111111"
`
	for _, c := range []struct {
		name, text string
		settings   map[string]string
		sources    []map[string]string
		want       []string
		wrong      string
	}{
		{"nothing to lay in", base, nil, nil, []string{base}, ""},
		{"settings stay and change", base, map[string]string{"device.name": "Kitchen", "display.clock": "12h", "web.pin": "0123"}, nil,
			[]string{"# mine", "name: Kitchen # by the door", `clock: 12h`, `pin: "0123"`, "# the family's"}, ""},
		{"a new section", "", map[string]string{"log.level": "debug"}, nil, []string{"log:\n  level: debug"}, ""},
		{"comments alone stay", "# only words\n", map[string]string{"log.level": "debug"}, nil, []string{"# only words", "log:\n  level: debug"}, ""},
		{"null as the whole", "~\n", map[string]string{"log.level": "debug"}, nil, []string{"log:\n  level: debug"}, ""},
		{"a source by its id", base, nil, []map[string]string{{"id": "family", "url": "https://calendar.example/b.ics"}},
			[]string{"url: https://calendar.example/b.ics", `color: "#111111"`, "name: Family"}, ""},
		{"a source by its name", base, nil, []map[string]string{{"name": "Family", "color": "#222222"}},
			[]string{"url: https://calendar.example/a.ics", `color: '#222222'`}, ""},
		{"a source by its address", base, nil, []map[string]string{{"url": "https://calendar.example/a.ics", "name": "Us"}}, []string{"name: Us", "id: family"}, ""},
		{"a new source with headers", "sources: []\n", nil, []map[string]string{{"url": "https://calendar.example/a.ics", "headers.X-Key": "k"}},
			[]string{"- headers:\n      X-Key: k\n    url: https://calendar.example/a.ics"}, ""},
		{"a source without an address", base, nil, []map[string]string{{"name": "Work"}}, nil, "a source needs its address"},
		{"two kinds of credentials", base, nil, []map[string]string{{"id": "family", "bearer": "b", "password": "p"}}, nil, "more than one kind of credentials"},
		{"an alias is not changed at its other place", "device: &d {name: Hall}\nlog: *d\n", map[string]string{"device.name": "Kitchen"}, nil, []string{"Kitchen"}, ""},
		{"a broken file", "a: [", map[string]string{"log.level": "debug"}, nil, nil, "cannot be read"},
		{"a file without sections", "- a\n", map[string]string{"log.level": "debug"}, nil, nil, "cannot be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Merge([]byte(c.text), c.settings, c.sources)
			if c.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), c.wrong) {
					t.Fatalf("error %v, want one with %q", err, c.wrong)
				}
				if unreadable := strings.Contains(c.wrong, "cannot be read"); errors.Is(err, ErrUnreadable) != unreadable {
					t.Errorf("ErrUnreadable is %t of %v", !unreadable, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range c.want {
				if !strings.Contains(string(got), part) {
					t.Errorf("no %q in\n%s", part, got)
				}
			}
			again, err := Merge(got, c.settings, c.sources)
			if err != nil || string(again) != string(got) {
				t.Errorf("a second time it is %v\n%s\nfirst\n%s", err, again, got)
			}
		})
	}
}

func TestMergeTakesTheReference(t *testing.T) {
	text, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Merge(text, map[string]string{"web.pin": "2468", "device.time_zone": "Europe/Berlin"}, []map[string]string{{"name": "Family", "url": "https://calendar.example/a.ics"}})
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := Load(Input{Text: got})
	if err != nil || c.Web.PIN.Reveal() != "2468" || len(c.Sources) != 1 || c.Sources[0].Name != "Family" {
		t.Errorf("got %+v, %v", c, err)
	}
	if !strings.Contains(string(got), "# The port: 1 to 65535") {
		t.Error("the comments are gone")
	}
}

func TestTree(t *testing.T) {
	n, err := Tree([]byte("a: 0123\nb: [no, {c: }]\nd:\n  - ~\n"))
	if err != nil {
		t.Fatal(err)
	}
	b := n.Pairs[1].Value
	switch {
	case n.Kind != Map || n.Pairs[0].Value.Text != "0123" || n.Pairs[0].Value.Line != 1 || n.Pairs[0].Value.Column != 4:
		t.Errorf("a is %+v", n.Pairs[0].Value)
	case b.Kind != List || b.Flow || !b.Items[0].Flow || b.Items[0].Text != "no":
		t.Errorf("b is %+v", b)
	case b.Items[1].Pairs[0].Value.Kind != Nothing || n.Pairs[2].Value.Items[0].Kind != Nothing:
		t.Error("what is not there is something")
	}
	for text, want := range map[string]string{
		"a: *x":           "needs quotes",
		"a: &x 1":         "line 1: a value that begins with & or *",
		"a: 1\n---\nb: 1": "a second document",
		"a: 1\n---\n\tb":  "line ",
		"a: [":            "line ",
		"b:\n\t- x":       "line ",
		"[&a 1]":          "&",
		"{&a b: 1}":       "&",
	} {
		if _, err := Tree([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %v, want %q", text, err, want)
		}
	}
	if n, err := Tree([]byte("# words\n")); err != nil || n.Kind != Nothing {
		t.Errorf("no document is %+v, %v", n, err)
	}
}

func TestCheckSource(t *testing.T) {
	for _, c := range []struct{ key, text, wrong string }{
		{"name", "Family", ""},
		{"headers.X-Key", "k", ""},
		{"headers.Host", "k", "headers:"},
		{"color", "red", "a colour such as"},
		{"url", "ftp://secret.example/", "allowed is an https"},
		{"colour", "#111111", "did you mean color?"},
	} {
		err := CheckSource(c.key, c.text)
		if (err == nil) != (c.wrong == "") || (err != nil && (!strings.Contains(err.Error(), c.wrong) || strings.Contains(err.Error(), "secret"))) {
			t.Errorf("%s: %v, want %q", c.key, err, c.wrong)
		}
	}
	secret := map[string]bool{}
	for _, k := range SourceKeys() {
		secret[k.Key] = k.Secret
	}
	if !secret["url"] || !secret["username"] || !secret["password"] || !secret["bearer"] || secret["name"] || secret["color"] {
		t.Errorf("secret are %v", secret)
	}
}
