package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

func TestSecretIsShownNowhere(t *testing.T) {
	for _, c := range []struct {
		secret Secret
		shown  string
	}{
		{"", ""},
		{"hunter2", "***"},
		{"https://me:hunter2@calendar.example:8443/hunter2/basic.ics?key=hunter2#hunter2", "https://calendar.example:8443/…"},
		{"webcal://calendar.example/hunter2", "webcal://calendar.example/…"},
		{"ftp://calendar.example/hunter2", "***"},
		{"https://calendar.example:hunter2/", "***"},
		{"https:///hunter2", "***"},
	} {
		t.Run(c.shown, func(t *testing.T) {
			if got := c.secret.String(); got != c.shown {
				t.Errorf("String: %s, want %s", got, c.shown)
			}
			if c.secret.Reveal() != string(c.secret) {
				t.Error("Reveal does not")
			}
			src := Source{ID: "x", URL: c.secret, Password: c.secret, Bearer: c.secret, Headers: map[string]Secret{"X": c.secret}}
			var out bytes.Buffer
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
				fmt.Fprintf(&out, verb, c.secret)
				fmt.Fprintf(&out, verb, src)
				fmt.Fprintf(&out, verb, &src)
			}
			out.WriteString(c.secret.GoString())
			for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
				slog.New(handler).Info("fetch", "secret", c.secret, "source", src)
			}
			asJSON, err := json.Marshal(src)
			if err != nil {
				t.Fatal(err)
			}
			out.Write(asJSON)
			asYAML, err := yaml.Marshal(src)
			if err != nil {
				t.Fatal(err)
			}
			out.Write(asYAML)
			if hex := fmt.Sprintf("%x", "hunter2"); strings.Contains(out.String(), "hunter2") || strings.Contains(out.String(), hex) {
				t.Errorf("shown in %s", &out)
			}
		})
	}
}

func TestSecretIsReadAsText(t *testing.T) {
	var src Source
	if err := json.Unmarshal([]byte(`{"url":"https://a.example/b"}`), &src); err != nil || src.URL.Reveal() != "https://a.example/b" {
		t.Errorf("got %q, %v", src.URL.Reveal(), err)
	}
}

func TestRedact(t *testing.T) {
	for address, want := range map[string]string{
		"https://calendar.example/private/abc.ics":    "https://calendar.example/…",
		"https://user:pw@calendar.example/":           "https://calendar.example",
		"https://calendar.example":                    "https://calendar.example",
		"https://calendar.example/?token=1":           "https://calendar.example/…",
		"https://calendar.example#x":                  "https://calendar.example/…",
		"http://[fe80::1]:8080/a":                     "http://[fe80::1]:8080/…",
		"/etc/passwd":                                 "***",
		"not a url":                                   "***",
		"https://%zz/":                                "***",
		"":                                            "***",
		"mailto:me@calendar.example":                  "***",
		"https://user:p@ss@calendar.example/feed.ics": "https://calendar.example/…",
	} {
		if got := Redact(address); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
}
