package config

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
)

// mask stands for a secret wherever one would be shown.
const mask = "***"

// Secret is text that must not be shown: it prints, logs and marshals as "***" (a URL as its
// scheme and host, nothing as nothing). Reveal gives the text itself.
type Secret string

// Reveal returns the text itself.
func (s Secret) Reveal() string { return string(s) }

// String returns what may be shown.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	if scheme, _, ok := strings.Cut(string(s), "://"); ok && fetchable(scheme) {
		return Redact(string(s))
	}
	return mask
}

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Format implements fmt.Formatter, so that no verb shows the text: %#v and %x don't either.
func (s Secret) Format(f fmt.State, verb rune) {
	shown := s.String()
	if verb == 'q' || (verb == 'v' && f.Flag('#')) {
		shown = fmt.Sprintf("%q", shown)
	}
	// What cannot be written to a fmt.State is fmt's own affair.
	io.WriteString(f, shown) //nolint:errcheck
}

// GoString implements fmt.GoStringer.
func (s Secret) GoString() string { return fmt.Sprintf("%q", s.String()) }

// MarshalJSON implements json.Marshaler: what may be shown, as a string.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// MarshalYAML implements yaml.Marshaler: what may be shown.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// Redact returns what may be shown of a URL: "https://calendar.example/…" for any that has a
// path or a query. The address of a feed is often its only key, so the path counts as secret
// as much as a user name does. What is not a URL becomes "***".
func Redact(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" || u.Host == "" {
		return mask
	}
	shown := u.Scheme + "://" + u.Host
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		shown += "/…"
	}
	return shown
}

// fetchable tells whether feeds can be fetched by a scheme.
func fetchable(scheme string) bool {
	switch strings.ToLower(scheme) {
	case "https", "http", "webcal":
		return true
	}
	return false
}
