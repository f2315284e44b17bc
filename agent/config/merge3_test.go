package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

func TestMerge3(t *testing.T) {
	const base = "# stable\nfeatures:\n  request_pipeline: 0%\n  cache_warming: 0%\n"
	const family = "sources:\n  - id: family\n    url: https://calendar.example/a.ics\n    color: \"#111111\"\n"
	for _, c := range []struct {
		name, base, mine, other string
		want                    []string // parts of what is merged
		not                     string   // no part of it
		conflicts               string
	}{
		{"a person's and the system's changes", base,
			"# my own\nfeatures:\n  request_pipeline: 50% # mine\n  cache_warming: 0%\nweb:\n  pin: \"2468\"\n",
			"features:\n  request_pipeline: 0%\n  cache_warming: 25%\n  # new here\n  http_compression: 10%\n",
			[]string{"# my own", "request_pipeline: 50% # mine", "cache_warming: 25%", "# new here\n  http_compression: 10%", `pin: "2468"`}, "", ""},
		{"both changed the same key", base, "features: {request_pipeline: 50%}\n", "features: {request_pipeline: 100%, cache_warming: 0%}\n",
			[]string{"request_pipeline: 50%"}, "cache_warming", "features.request_pipeline 50% 100%"},
		{"both changed it alike", base, "features: {request_pipeline: 1, cache_warming: 0%}\ndisplay: {days: 3}\n", "features: {request_pipeline: 1, cache_warming: 0%}\n",
			[]string{"days: 3"}, "", ""},
		{"another word for the same is no change", "feeds: {refresh: 5m}\n", "feeds: {refresh: 300}\nlog: {level: debug}\n", "feeds: {refresh: 10m}\n", []string{"refresh: 10m", "debug"}, "", ""},
		{"the system says it no more", "log: {level: debug}\nweb: {port: 80}\n", "log: {level: debug}\nweb: {port: 81}\n", "web: {port: 80}\n", []string{"port: 81"}, "log", ""},
		{"the person says it no more", base, "features:\n  cache_warming: 0%\n", "features:\n  request_pipeline: 100%\n  cache_warming: 0%\n", []string{"cache_warming"}, "request_pipeline",
			"features.request_pipeline  100%"},
		{"secrets are masked", "web: {pin: \"1111\"}\n", "web: {pin: \"2222\"}\n", "web: {pin: \"3333\"}\n", []string{"2222"}, "3333", "web.pin *** ***"},
		{"what is no setting is kept, and masked", "x: {y: 1}\n", "x: {y: 2}\n", "x: {y: 3}\nz: 4\n", []string{"y: 2", "z: 4"}, "", "x.y *** ***"},
		{"lists", "web: {allowed_hosts: [a, b]}\n", "web: {allowed_hosts: \"a,b\", port: 80}\n", "web: {allowed_hosts: [c]}\n", []string{"[c]", "port: 80"}, "", ""},
		{"a new source", family, family + "log: {level: debug}\n", family + "  - name: Work\n    url: https://calendar.example/w.ics\n", []string{"name: Work", "id: family", "debug"}, "", ""},
		{"a person's source", "", "sources:\n  # us\n  - name: Us\n    url: https://calendar.example/u.ics\n", family, []string{"# us", "name: Us", "id: family"}, "", ""},
		{"a source that both change", family, strings.Replace(family, "#111111", "#222222", 1), strings.Replace(family, "/a.ics", "/b.ics", 1), []string{"/b.ics", "#222222"}, "", ""},
		{"in conflict", family, strings.Replace(family, "/a.ics", "/c.ics", 1), strings.Replace(family, "/a.ics", "/b.ics", 1), []string{"/c.ics"}, "/b.ics",
			"sources.family.url https://calendar.example/… https://calendar.example/…"},
		{"a source that the system removed", family, family + "log: {level: debug}\n", "log: {level: info}\n", []string{"debug"}, "family", "log.level debug info"},
		{"a source that the system removed and the person changed", family, strings.Replace(family, "#111111", "#222222", 1), "", []string{"family", "#222222"}, "", "sources.family changed removed"},
		{"a source that the person removed", family, "log: {level: debug}\n", family + "    lan: no\n", []string{"debug"}, "family", "sources.family removed changed"},
		{"the person's source got another name there", "sources:\n- {name: A, url: \"https://a.example/\"}\n", "sources:\n- {name: A, url: \"https://a.example/\", lan: no}\n", "sources:\n- {name: B, url: \"https://a.example/\"}\n",
			[]string{"name: B", "lan: no"}, "name: A", ""},
		{"headers", "sources:\n- {name: A, url: \"https://a.example/\", headers: {X-A: a}}\n", "sources:\n- {name: A, url: \"https://a.example/\", headers: {X-A: a, X-B: b}}\n",
			"sources:\n- {name: A, url: \"https://a.example/\"}\n", []string{"X-B: b"}, "X-A", ""},
		{"aliases are written out", base, "features: &f {request_pipeline: 50%, cache_warming: 0%}\nfeatures2: *f\n", base + "log: {level: debug}\n", []string{"features2", "level: debug"}, "*f", ""},
		{"a person who changed nothing has the new text", base, base, "# new\n", []string{"# new\n"}, "stable", ""},
		{"a system that changed nothing leaves the person's", base, "# mine\n", base, []string{"# mine\n"}, "stable", ""},
		{"comments alone stay", "log: {level: info}\n", "# mine\n", "log: {level: info}\nweb: {port: 80}\n", []string{"# mine", "port: 80"}, "info", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			merged, conflicts, err := Merge3([]byte(c.base), []byte(c.mine), []byte(c.other))
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range c.want {
				if !strings.Contains(string(merged), part) {
					t.Errorf("no %q in\n%s", part, merged)
				}
			}
			if c.not != "" && strings.Contains(string(merged), c.not) {
				t.Errorf("%q is in\n%s", c.not, merged)
			}
			var told []string
			for _, k := range conflicts {
				told = append(told, fmt.Sprintf("%s %s %s", k.Key, k.Mine, k.Other))
			}
			if got := strings.Join(told, "; "); got != c.conflicts {
				t.Errorf("the conflicts are %q, want %q", got, c.conflicts)
			}
			// What a power cut repeats changes nothing more.
			again, repeated, err := Merge3([]byte(c.base), merged, []byte(c.other))
			if err != nil || !reflect.DeepEqual(says(t, again), says(t, merged)) || !reflect.DeepEqual(repeated, conflicts) {
				t.Errorf("once more: %v, %+v\n%s", err, repeated, again)
			}
		})
	}
}

// says is what a text says, place by place.
func says(t *testing.T, text []byte) map[string]string {
	t.Helper()
	s, err := readSheet(text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	all, known := map[string]string{}, newTable()
	for _, k := range s.keys() {
		all[fmt.Sprint(k)] = known.plain(k.String(), s.value(k))
	}
	for i, src := range s.sources() {
		for _, key := range fields(src) {
			all[fmt.Sprintf("source %d %s", i, key)] = known.plain(sourcesStart+"x."+key, field(src, key))
		}
	}
	return all
}

func TestMerge3RefusesWhatItCannotRead(t *testing.T) {
	const good = "log: {level: debug}\n"
	for name, bad := range map[string]string{
		"cannot be read":        "a: [",
		"not made of keys":      "- a\n",
		"set twice":             "web: {port: 1, port: 2}\n",
		"a list":                "sources: 5\n",
		"a name is needed":      "web: {[a]: b}\n",
		"second document":       good + "---\n" + good,
		"too long":              "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n",
		"with its aliases":      "web: &a\n  port: *a\n",
		"is not a setting of a": "sources:\n- headers.X: y\n",
		"and a value":           "log: [debug]\n",
	} {
		for _, texts := range [][3]string{{bad, good, ""}, {"", bad, good}, {"", good, bad}} {
			merged, conflicts, err := Merge3([]byte(texts[0]), []byte(texts[1]), []byte(texts[2]))
			if !errors.Is(err, ErrUnreadable) || !strings.Contains(err.Error(), name) || merged != nil || conflicts != nil {
				t.Errorf("%s: %v, %s", name, err, merged)
			}
		}
	}
	if _, err := Compare([]byte("a: ["), nil); !errors.Is(err, ErrUnreadable) {
		t.Errorf("compared: %v", err)
	}
}

func TestMerge3LeavesTheSourcesWhenThereAreTooMany(t *testing.T) {
	list := func(start string, n int) string {
		text := "sources:\n"
		for i := range n {
			text += fmt.Sprintf("- {name: %s%d, url: \"https://%s%d.example/\"}\n", start, i, start, i)
		}
		return text
	}
	merged, conflicts, err := Merge3(nil, []byte(list("mine", 30)), []byte(list("other", 30)+"log: {level: debug}\n"))
	if err != nil || strings.Contains(string(merged), "other1") || !strings.Contains(string(merged), "mine29") || !strings.Contains(string(merged), "level: debug") {
		t.Errorf("%v\n%s", err, merged)
	}
	if len(conflicts) != 1 || conflicts[0] != (Conflict{"sources", "30 sources", "30 sources"}) {
		t.Errorf("%+v", conflicts)
	}
}

func TestCompareHidesSecrets(t *testing.T) {
	list, err := Compare(
		[]byte("web: {pin: \"1111\", port: 80, write_token: abcdefgh}\nalexa: {bearer_token: t1}\nsources:\n- {id: a, url: \"https://u:secret@calendar.example/secret.ics\"}\n- {id: gone, url: \"https://gone.example/\"}\n"),
		[]byte("web: {pin: \"2222\", port: 80}\nalexa: {bearer_token: t2}\nlog: {level: verbose}\nsources:\n- {id: a, url: \"https://calendar.example/secret2.ics\", headers: {X-Key: secret}}\n- {url: \"https://b.example/secret\"}\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []Difference{
		{"web.pin", "***", "***"}, {"web.write_token", "***", ""}, {"alexa.bearer_token", "***", "***"}, {"log.level", "", `"verbose"`},
		{"sources.a.url", "https://calendar.example/…", "https://calendar.example/…"}, {"sources.a.headers.X-Key", "", "***"},
		{"sources.gone", "a source", ""}, {"sources.https://b.example/…", "", "a source"},
	}
	if !reflect.DeepEqual(list, want) {
		t.Errorf("got  %+v\nwant %+v", list, want)
	}
}

// FuzzMerge3: whatever the texts are, what cannot be read is refused, and what is merged reads, says what it is to say, and has no mistake that none of them had.
func FuzzMerge3(f *testing.F) {
	f.Add("log: {level: info}\n", "# mine\nlog: {level: warn} # so\n", "log: {level: debug}\n# end\n")
	f.Add("", "sources:\n  # ours\n  - name: B\n    url: https://b.example/\n", "sources:\n- {name: A, url: \"https://a.example/\"}\n")
	f.Add("a: {b: c}\n", "a:\n  b: |\n    text\n   # odd\n", "a: {b: !!binary aGk=}\n? d\n: e\n")
	f.Add("web: &a {port: 1}\nlog: *a\n", "web: {port: 2}\n", "# only words\n")
	f.Add("sources: [{id: a, url: x}, {id: a, url: x}]\n", "sources: [{name: a, id: b}]\n", "sources: [{url: x, name: a, headers: {A: b}}]\n")
	f.Fuzz(func(t *testing.T, base, mine, other string) {
		if len(base)+len(mine)+len(other) > 2_000 {
			return
		}
		readable := true
		for _, text := range []string{base, mine, other} {
			_, err := readSheet([]byte(text))
			readable = readable && err == nil
		}
		merged, conflicts, err := Merge3([]byte(base), []byte(mine), []byte(other))
		if err != nil {
			if merged != nil || conflicts != nil || readable && !strings.Contains(err.Error(), "and a value in another") {
				t.Errorf("refused: %v", err)
			}
			return
		}
		if !readable {
			t.Error("merged what cannot be read")
		}
		says(t, merged)
		if n := mistakes(merged); n > 0 && mistakes([]byte(mine))+mistakes([]byte(other)) == 0 {
			t.Errorf("%d mistakes in\n%s", n, merged)
		}
		for _, same := range []struct{ base, mine, other, want string }{
			{base, mine, base, mine}, {base, base, other, other},
			{base, base + "\n# words\n", other, other}, {base, mine, base + "\n# words\n", mine}, // the long way
		} {
			merged, conflicts, err := Merge3([]byte(same.base), []byte(same.mine), []byte(same.other))
			if err != nil {
				if _, unreadable := readSheet([]byte(same.mine)); unreadable == nil && same.mine == mine {
					if _, unreadable := readSheet([]byte(same.other)); unreadable == nil && !strings.Contains(err.Error(), "and a value in another") {
						t.Error(err)
					}
				}
				continue
			}
			got, want := says(t, merged), says(t, []byte(same.want))
			if len(conflicts) != 0 || plainSources(got) || plainSources(want) {
				continue
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("base %q, mine %q, other %q:\ngot  %v\nwant %v", same.base, same.mine, same.other, got, want)
			}
		}
	})
}

// plainSources tells whether there are sources, whose order may be another one.
func plainSources(all map[string]string) bool {
	for key := range all {
		if strings.HasPrefix(key, "source ") {
			return true
		}
	}
	return false
}

func TestSourcesFindEachOther(t *testing.T) {
	read := func(text string) []*yaml.Node {
		s, err := readSheet([]byte("sources: " + text))
		if err != nil {
			t.Fatal(err)
		}
		return s.sources()
	}
	for _, c := range []struct {
		a, b string
		want []int
	}{
		{"[{id: a, name: x}, {name: y}, {url: u}]", "[{url: u}, {name: y, url: v}, {id: a, name: y}]", []int{2, 1, 0}},
		{"[{name: x}, {name: x}]", "[{name: x}]", []int{0, -1}},
		{"[{id: a, name: x}]", "[{id: b, name: x}]", []int{0}},
		{"[{id: [a]}]", "[{id: [a]}]", []int{-1}},
	} {
		if got := partner(read(c.a), read(c.b)); !slices.Equal(got, c.want) {
			t.Errorf("%s in %s: %v, want %v", c.a, c.b, got, c.want)
		}
	}
}
