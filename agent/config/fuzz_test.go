package config

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzLoad gives any bytes as the file. What comes back is valid, whatever the file says, and
// every error is a sentence on one line.
func FuzzLoad(f *testing.F) {
	text, err := os.ReadFile(reference)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add(sourcesShown(f, string(text)))
	f.Add("sources:\n- url: https://a:b@c.example/\n  headers: {X: y}\n- {name: x, url: http://c.example}\n- {name: x, url: http://c.example}\n")
	f.Add("sources: &a\n  - *a\nweb: &b\n  port: *b\n")
	f.Add("? [a]\n: b\n---\n...\n\x00")
	f.Fuzz(func(t *testing.T, text string) {
		d := newDraft()
		d.parse("calendarbot.yaml", []byte(text))
		d.settle()
		for _, problem := range d.problems[File].list {
			if s := problem.Error(); !strings.HasPrefix(s, "calendarbot.yaml:") || strings.ContainsAny(s, "\n\r\x00") || !utf8.ValidString(s) {
				t.Errorf("not a sentence: %q", s)
			}
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
