package config

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"calendarbot/agent/feature"
)

const reference = "../../overlay/common/usr/share/calendarbot/calendarbot.example.yaml"

// sourcesShown is the reference with its example of a source no longer commented out.
func sourcesShown(t testing.TB, text string) string {
	t.Helper()
	before, after, ok := strings.Cut(text, "\nsources: []\n")
	if !ok {
		t.Fatal(`no "sources: []" in the reference`)
	}
	return before + "\nsources:\n" + strings.ReplaceAll("\n"+after, "\n#", "\n")[1:]
}

func referenceText(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestReferenceHasTheDefaults(t *testing.T) {
	got, _, err := Load(Input{Path: reference, Env: environment("TZ=Europe/Berlin")})
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Device.TimeZone = "Europe/Berlin"
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestReferenceListsEveryKey(t *testing.T) {
	var sections map[string]any
	if err := yaml.Unmarshal([]byte(sourcesShown(t, referenceText(t))), &sections); err != nil {
		t.Fatal(err)
	}
	var got []string
	for section, value := range sections {
		if list, ok := value.([]any); ok {
			for key := range list[0].(map[string]any) {
				got = append(got, section+"."+key)
			}
			continue
		}
		for key := range value.(map[string]any) {
			got = append(got, section+"."+key)
		}
	}
	want := yamlKeys("", reflect.TypeFor[Config]())
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestReferenceShowsASourceThatWorks(t *testing.T) {
	c, _, err := Load(Input{Path: written(t, sourcesShown(t, referenceText(t)))})
	if err != nil {
		t.Fatal(err)
	}
	want := []Source{{
		ID: "family", Name: "Family", URL: "https://calendar.example/family.ics", Color: "#1e78d2",
		Headers: map[string]Secret{"X-Api-Key": "0123456789abcdef"}, LAN: true,
	}}
	if !reflect.DeepEqual(c.Sources, want) {
		t.Errorf("got %+v", c.Sources)
	}
}

func TestReferenceSaysSomethingOfEveryKey(t *testing.T) {
	lines := strings.Split(referenceText(t), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "  ") && !strings.HasPrefix(strings.TrimSpace(lines[i-1]), "#") && !strings.HasPrefix(strings.TrimSpace(line), "#") {
			t.Errorf("line %d: no comment above %q", i+1, line)
		}
	}
}

func TestReferenceNamesTheVariables(t *testing.T) {
	text := referenceText(t)
	var c Config
	systematic := map[string]bool{}
	for _, s := range c.settings() {
		systematic[prefix+strings.ToUpper(strings.ReplaceAll(s.key, ".", "_"))] = true
	}
	names := []string{icsURL, debug, testTime, location}
	for _, v := range variables(c.settings()) {
		if !systematic[v.name] {
			names = append(names, v.name)
		}
	}
	for _, name := range names {
		if !strings.Contains(text, name+" ") {
			t.Errorf("%s is not in the reference", name)
		}
	}
}

// yamlKeys are the keys of a struct's fields, dotted.
func yamlKeys(start string, of reflect.Type) []string {
	var list []string
	for field := range of.Fields() {
		key := start + field.Tag.Get("yaml")
		switch inner := field.Type; {
		case inner.Kind() == reflect.Struct && inner != reflect.TypeFor[feature.Setting]():
			list = append(list, yamlKeys(key+".", inner)...)
		case inner == reflect.TypeFor[[]Source]():
			list = append(list, yamlKeys(key+".", inner.Elem())...)
		default:
			list = append(list, key)
		}
	}
	return list
}

// TestTableHasEveryField keeps the table and the structs together.
func TestTableHasEveryField(t *testing.T) {
	var c Config
	var src Source
	got := keys(c.settings())
	for _, key := range append(keys(src.settings()), "headers") {
		got = append(got, "sources."+key)
	}
	slices.Sort(got)
	want := slices.Sorted(slices.Values(yamlKeys("", reflect.TypeFor[Config]())))
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if len(got) > 62 {
		t.Errorf("%d settings are too many to know", len(got))
	}
	if len(slices.Compact(got)) != len(want) {
		t.Error("a key is in the table twice")
	}
}
