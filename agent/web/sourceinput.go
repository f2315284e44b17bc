package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/http/httpguts"

	"calendarbot/agent/config"
)

// sourceInput is the body of POST and PUT under /api/v1/sources. What is left out keeps its value.
type sourceInput struct {
	ID       *string            `json:"id"`
	Name     *string            `json:"name"`
	URL      *string            `json:"url"`
	Color    *string            `json:"color"`
	Username *string            `json:"username"`
	Password *string            `json:"password"`
	Bearer   *string            `json:"bearer"`
	Headers  *map[string]string `json:"headers"`
	LAN      *bool              `json:"lan"`
	Refresh  *string            `json:"refresh"` // "15m"; "" for the configured pause
	Disabled *bool              `json:"disabled"`
}

// Bounds of a source that people add.
const (
	maxURL     = 2048
	maxSecret  = 2048
	maxHeaders = 10
	minRefresh = time.Minute
	maxRefresh = 24 * time.Hour
)

func badMember(name, format string, args ...any) error {
	return problemOf(http.StatusBadRequest, "bad_member", fmt.Sprintf("The member %s %s.", name, fmt.Sprintf(format, args...)))
}

// apply returns src with what the input says. The error names the member and what it can be.
func (in sourceInput) apply(src config.Source) (config.Source, error) {
	lines := []struct {
		name  string
		given *string
		into  *string
		limit int
	}{
		{"id", in.ID, &src.ID, maxName}, {"name", in.Name, &src.Name, 200}, {"color", in.Color, &src.Color, 7},
		{"username", in.Username, &src.Username, 200},
		{"url", in.URL, (*string)(&src.URL), maxURL}, {"password", in.Password, (*string)(&src.Password), maxSecret},
		{"bearer", in.Bearer, (*string)(&src.Bearer), maxSecret},
	}
	for _, l := range lines {
		if l.given == nil {
			continue
		}
		if !plain(*l.given, l.limit) {
			return src, badMember(l.name, "must be text of at most %d characters in one line", l.limit)
		}
		*l.into = *l.given
	}
	if in.ID != nil && !validSourceID(src.ID) {
		return src, badMember("id", "must be made of a-z, 0-9 and dashes, at most %d", maxName)
	}
	if src.Color != "" && !validColor(src.Color) {
		return src, badMember("color", "must be like #1a7f37")
	}
	if err := checkAddress(src.URL.Reveal()); err != nil {
		return src, err
	}
	if in.Headers != nil {
		headers, err := headersOf(*in.Headers)
		if err != nil {
			return src, err
		}
		src.Headers = headers
	}
	if in.Refresh != nil {
		pause, err := pauseOf(*in.Refresh)
		if err != nil {
			return src, err
		}
		src.Refresh = pause
	}
	if in.LAN != nil {
		src.LAN = *in.LAN
	}
	if in.Disabled != nil {
		src.Disabled = *in.Disabled
	}
	return src, nil
}

// checkAddress tells in words what is wrong with the address of a feed; it does not repeat the address, which is a secret.
func checkAddress(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return badMember("url", "is not an address such as https://calendar.example/me.ics")
	}
	switch strings.ToLower(u.Scheme) {
	case "https", "http", "webcal":
	default:
		return badMember("url", "must begin with https://, http:// or webcal://")
	}
	if u.Hostname() == "" {
		return badMember("url", "names no host")
	}
	return nil
}

func headersOf(given map[string]string) (map[string]config.Secret, error) {
	if len(given) > maxHeaders {
		return nil, badMember("headers", "has more than %d entries", maxHeaders)
	}
	headers := make(map[string]config.Secret, len(given))
	for name, value := range given {
		if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) || len(name) > maxName || len(value) > maxSecret {
			return nil, badMember("headers", "has the entry %q, which is not a header field", short(name))
		}
		headers[name] = config.Secret(value)
	}
	return headers, nil
}

func pauseOf(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	pause, err := time.ParseDuration(text)
	if err != nil || pause < minRefresh || pause > maxRefresh {
		return 0, badMember("refresh", "must be a time such as 15m or 2h, from 1m to 24h")
	}
	return pause, nil
}

// plain is text in one line of bounded length.
func plain(s string, limit int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= limit && !strings.ContainsFunc(s, unicode.IsControl)
}

func validSourceID(id string) bool {
	return id != "" && len(id) <= maxName && strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

func validColor(s string) bool {
	return len(s) == 7 && s[0] == '#' && strings.Trim(s[1:], "0123456789abcdefABCDEF") == ""
}
