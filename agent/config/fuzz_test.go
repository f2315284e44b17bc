package config

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzLoad gives any bytes as the file, and any setting of the runtime layer above it. What comes back is valid, whatever they say,
// every error is a sentence on one line, and what may be set counts.
func FuzzLoad(f *testing.F) {
	text, err := os.ReadFile(reference)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text), "display.days", "3")
	f.Add(sourcesShown(f, string(text)), "display.days", "3")
	f.Add("sources:\n- url: https://a:b@c.example/\n  headers: {X: y}\n- {name: x, url: http://c.example}\n- {name: x, url: http://c.example}\n", "display.days", "3")
	f.Add("sources: &a\n  - *a\nweb: &b\n  port: *b\n", "display.days", "3")
	f.Add("? [a]\n: b\n---\n...\n\x00", "display.days", "3")
	for _, text := range []string{"on", "off", "canary", "25%", "101%", "-0", "1e1", ""} {
		f.Add("features: {request_pipeline: "+text+"}\n", "features.request_pipeline", text)
	}
	f.Add("web: {pin: 1234}\n", "web.pin", hash)
	f.Add("web: {pin: $argon2id$}\n", "web.write_token", hash+"$")
	f.Add("cache: {max_bytes: 51 MiB}\n", "cache.max_bytes", "50 MiB")
	f.Add("http: {}\n", "sources.a.url", "https://a.example/")
	f.Fuzz(func(t *testing.T, text, key, value string) {
		in := Input{Path: "calendarbot.yaml", Runtime: map[string]string{key: value}}
		d := in.lay([]byte(text))
		for layer, start := range map[Layer]string{File: "calendarbot.yaml:", Runtime: "runtime: "} {
			for _, problem := range d.problems[layer].list {
				if s := problem.Error(); !strings.HasPrefix(s, start) || strings.ContainsAny(s, "\n\r\x00") || !utf8.ValidString(s) {
					t.Errorf("not a sentence: %q", s)
				}
			}
		}
		if changes, err := changesOf(nil, map[string]*string{key: &value}); err == nil {
			s := d.config.settings()[slices.Index(keys(d.config.settings()), key)]
			if len(changes) != 1 || changes[0].To != s.raw() || d.said[key].layer != Runtime || d.problems[Runtime].count() != 0 {
				t.Errorf("%s = %q is allowed, but gives %+v", key, value, changes)
			}
		} else if d.problems[Runtime].count() == 0 && key != "store.path" {
			t.Errorf("%s = %q is refused by one and taken by the other: %v", key, value, err)
		}
		if again := differences([]byte(text), []byte(text)); again != nil {
			t.Errorf("differs from itself: %+v", again)
		}
		for _, s := range d.config.settings() {
			if s.key != "device.time_zone" && !s.set(s.raw()) {
				t.Errorf("%s is %q, which is not allowed", s.key, s.raw())
			}
		}
		ids := map[string]bool{}
		for i, src := range d.config.Sources {
			again, err := Complete(src, nil)
			if err != nil || !reflect.DeepEqual(again, src) {
				t.Errorf("source %d, %+v, is not complete: %+v, %v", i, src, again, err)
			}
			if ids[src.ID] || src.ID == "" {
				t.Errorf("ID %q stands for two", src.ID)
			}
			ids[src.ID] = true
		}
		for _, v := range d.values() {
			if v.Key == "" || v.Layer == "" || !utf8.ValidString(v.Text) {
				t.Errorf("bad value %+v", v)
			}
		}
	})
}
