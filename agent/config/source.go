package config

import (
	"errors"
	"fmt"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxSources and maxHeaders bound what one configuration may ask for.
const (
	maxSources = 50
	maxHeaders = 16
)

// defaultID is that of the feed which the environment gives; no other gets it by itself.
const defaultID = "default"

// settings is the table of a source's settings but its headers.
func (s *Source) settings() []setting {
	return []setting{
		identifier("id", &s.ID),
		phrase("name", &s.Name, 60),
		address("url", &s.URL),
		color("color", &s.Color),
		username("username", &s.Username),
		hidden("password", "at most 512 characters on one line", &s.Password, func(text string) bool {
			return len(text) <= 512 && printable(text)
		}),
		token("bearer", &s.Bearer, 1),
		toggle("lan", &s.LAN),
		pace("refresh", &s.Refresh),
		toggle("disabled", &s.Disabled),
	}
}

// identifier is a source's stable name for programs.
func identifier(key string, at *string) setting {
	const allowed = "1 to 40 of a-z, 0-9 and dashes, beginning and ending with a letter or digit"
	return checked(key, allowed, at, func(text string) (string, bool) {
		return text, text != "" && text == identifierOf(text)
	})
}

// address is a feed's URL.
func address(key string, at *Secret) setting {
	const allowed = "an https, http or webcal address such as https://calendar.example/me.ics"
	return hidden(key, allowed, at, func(text string) bool {
		u, err := url.Parse(text)
		if err != nil || len(text) > 4096 || !printable(text) || strings.Contains(text, " ") || !fetchable(u.Scheme) {
			return false
		}
		if _, ok := hostName(u.Hostname()); !ok {
			return false
		}
		port, err := strconv.Atoi(u.Port())
		return u.Port() == "" || (err == nil && port > 0 && port <= 65535)
	})
}

// color is a colour of the web.
func color(key string, at *string) setting {
	return checked(key, "a colour such as #1a73e8", at, func(text string) (string, bool) {
		text = strings.ToLower(text)
		return text, len(text) == 7 && text[0] == '#' && strings.Trim(text[1:], "0123456789abcdef") == ""
	})
}

// username is the first half of basic credentials. It counts as a secret, since some servers
// take a key in its place.
func username(key string, at *string) setting {
	const allowed = "at most 512 characters on one line, without a colon"
	s := checked(key, allowed, at, func(text string) (string, bool) {
		return text, len(text) <= 512 && printable(text) && !strings.Contains(text, ":")
	})
	s.secret = true
	return s
}

// pace is a source's own pause between fetches; 0 is that of all.
func pace(key string, at *time.Duration) setting {
	s := duration(key, at, time.Minute, 24*time.Hour)
	s.allowed += ", or 0 for that of feeds.refresh"
	long := s.set
	s.set = func(text string) bool {
		if d, ok := parseDuration(text); ok && d == 0 {
			*at = 0
			return true
		}
		return long(text)
	}
	return s
}

// identifierOf makes an identifier of any text; "" when there is nothing in it to use.
func identifierOf(text string) string {
	var id strings.Builder
	for _, r := range strings.ToLower(text) {
		switch {
		case (r >= 'a' && r <= 'z') || (r >= '0' && r <= '9'):
			id.WriteRune(r)
		case id.Len() > 0 && !strings.HasSuffix(id.String(), "-"):
			id.WriteByte('-')
		}
		if id.Len() == 40 {
			break
		}
	}
	return strings.Trim(id.String(), "-")
}

// headerAllowed tells whether a header may be sent with a fetch, and if not what is allowed.
func headerAllowed(name, value string) (allowed string, ok bool) {
	const signs = "!#$%&'*+-.^_`|~"
	for _, r := range name {
		if !strings.ContainsRune(signs, r) && !(r < 0x80 && (r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z')) {
			return "a header's name of letters, digits and dashes", false
		}
	}
	switch textproto.CanonicalMIMEHeaderKey(name) {
	case "":
		return "a header's name of letters, digits and dashes", false
	case "Host", "Connection", "Content-Length", "Transfer-Encoding", "Te", "Trailer", "Upgrade",
		"Accept-Encoding", "Range", "If-None-Match", "If-Modified-Since":
		return "any header but those which the program sets itself", false
	}
	if value == "" || len(value) > 2048 || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
		return "1 to 2048 visible ASCII characters", false
	}
	return "", true
}

// flaw is what is wrong with a source as a whole.
type flaw struct{ key, text string }

// settle moves user info out of the URL and returns what doesn't fit together.
func (s *Source) settle() []flaw {
	if s.URL == "" {
		return []flaw{{"url", "a source needs its address, such as https://calendar.example/me.ics"}}
	}
	var flaws []flaw
	bare, user := splitUser(s.URL.Reveal())
	if user != nil {
		if s.Username != "" || s.Password != "" {
			flaws = append(flaws, flaw{"url", "has a user name in it; allowed is either that or username and password"})
		}
		s.URL = Secret(bare)
		s.Username = user.Username()
		password, _ := user.Password()
		s.Password = Secret(password)
	}
	said := 0
	for name := range s.Headers {
		if strings.EqualFold(name, "Authorization") {
			said++
		}
	}
	if s.Username != "" || s.Password != "" {
		said++
	}
	if s.Bearer != "" {
		said++
	}
	if said > 1 {
		flaws = append(flaws, flaw{"url", "has more than one kind of credentials; allowed is one of username and password, bearer, or an Authorization header"})
	}
	return flaws
}

// splitUser cuts the user info out of a URL and leaves every other byte of it as it was.
func splitUser(address string) (bare string, user *url.Userinfo) {
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return address, nil
	}
	scheme, rest, _ := strings.Cut(address, "://")
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	at := strings.LastIndexByte(rest[:end], '@')
	return scheme + "://" + rest[at+1:], u.User
}

// fill gives a source that has none an ID and a color that no other has.
func (s *Source) fill(others []Source) {
	if s.ID == "" {
		u, err := url.Parse(s.URL.Reveal())
		base := identifierOf(s.Name)
		if base == "" && err == nil {
			base = identifierOf(u.Hostname())
		}
		if base == "" {
			base = "calendar"
		}
		taken := func(id string) bool {
			return id == defaultID || slices.ContainsFunc(others, func(o Source) bool { return o.ID == id })
		}
		s.ID = base
		for n := 2; taken(s.ID); n++ {
			end := "-" + strconv.Itoa(n)
			s.ID = strings.TrimRight(base[:min(len(base), 40-len(end))], "-") + end
		}
	}
	if s.Color == "" {
		s.Color = freeColor(others)
	}
}

// Complete returns a source that a person gives as it is kept: every value checked, user info
// moved from the URL to Username and Password, and, where missing, an ID and a color that none
// of the others has. The error joins a sentence for each value that is not allowed.
func Complete(src Source, others []Source) (Source, error) {
	var problems []error
	for _, s := range src.settings() {
		if text := s.raw(); text != "" && !s.set(text) {
			problems = append(problems, refusal("", s.key, s, text))
		}
	}
	if len(src.Headers) > maxHeaders {
		problems = append(problems, fmt.Errorf("headers: allowed are at most %d", maxHeaders))
	}
	for name, value := range src.Headers {
		if allowed, ok := headerAllowed(name, value.Reveal()); !ok {
			problems = append(problems, fmt.Errorf("headers: %s is not allowed; allowed is %s", quoted(name), allowed))
		}
	}
	if problems == nil {
		for _, f := range src.settle() {
			problems = append(problems, fmt.Errorf("%s: %s", f.key, f.text))
		}
	}
	if src.ID != "" && slices.ContainsFunc(others, func(o Source) bool { return o.ID == src.ID }) {
		problems = append(problems, fmt.Errorf("id: %s is taken by another source", quoted(src.ID)))
	}
	if problems != nil {
		return Source{}, errors.Join(problems...)
	}
	src.fill(others)
	return src, nil
}
