package config

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
)

// listed writes a configuration with one source of the given lines.
func listed(t *testing.T, lines ...string) string {
	t.Helper()
	return written(t, "sources:\n  - "+strings.Join(lines, "\n    ")+"\n")
}

const addressLine = "url: https://calendar.example/a.ics"

func TestSourceIsReadWhole(t *testing.T) {
	c, values, err := Load(Input{Path: listed(t,
		"name: Work",
		"url: webcal://calendar.example:8443/a.ics?key=1",
		"id: office",
		`color: "#1A73E8"`,
		"bearer: token-1",
		"headers: {X-One: first, x-two: second}",
		"lan: false",
		"refresh: 15m",
		"disabled: yes",
	)})
	if err != nil {
		t.Fatal(err)
	}
	want := []Source{{
		ID: "office", Name: "Work", URL: "webcal://calendar.example:8443/a.ics?key=1", Color: "#1a73e8", Bearer: "token-1",
		Headers: map[string]Secret{"X-One": "first", "x-two": "second"}, Refresh: 15 * time.Minute, Disabled: true,
	}}
	if !reflect.DeepEqual(c.Sources, want) {
		t.Errorf("got %+v", c.Sources)
	}
	for _, v := range []Value{
		{"sources.office.name", "Work", File, "calendarbot.yaml:2"},
		{"sources.office.url", "webcal://calendar.example:8443/…", File, "calendarbot.yaml:3"},
		{"sources.office.bearer", "***", File, "calendarbot.yaml:6"},
		{"sources.office.headers.X-One", "***", File, "calendarbot.yaml:7"},
		{"sources.office.lan", "false", File, "calendarbot.yaml:8"},
		{"sources.office.username", "", Defaults, ""},
	} {
		if got := find(t, values, v.Key); got != v {
			t.Errorf("got %+v, want %+v", got, v)
		}
	}
}

func TestSourceOfTheFileMayBeAtHome(t *testing.T) {
	c, values, err := Load(Input{Path: listed(t, "url: http://192.168.1.5/a.ics")})
	if err != nil || !c.Sources[0].LAN {
		t.Fatalf("got %+v, %v", c.Sources, err)
	}
	if got := find(t, values, "sources.192-168-1-5.lan"); got.Layer != File {
		t.Errorf("got %+v", got)
	}
}

func TestUserInfoBecomesCredentials(t *testing.T) {
	for _, c := range []struct{ given, url, user, password string }{
		{"https://me:s%40crets@calendar.example/a%2Fb.ics?x=@", "https://calendar.example/a%2Fb.ics?x=@", "me", "s@crets"},
		{"webcal://key@calendar.example", "webcal://calendar.example", "key", ""},
		{"https://calendar.example/a@b", "https://calendar.example/a@b", "", ""},
	} {
		got, _, err := Load(Input{Path: listed(t, "url: "+c.given)})
		if err != nil {
			t.Fatal(err)
		}
		src := got.Sources[0]
		if src.URL.Reveal() != c.url || src.Username != c.user || src.Password.Reveal() != c.password {
			t.Errorf("%s: got %s, %s, %s", c.given, src.URL.Reveal(), src.Username, src.Password.Reveal())
		}
	}
}

func TestRefusedSources(t *testing.T) {
	const (
		urls    = "sources.url: what is given (not shown here) is not allowed; allowed is an https, http or webcal address such as https://calendar.example/me.ics"
		ids     = "is not allowed; allowed is 1 to 40 of a-z, 0-9 and dashes, beginning and ending with a letter or digit"
		colors  = "is not allowed; allowed is a colour such as #1a73e8"
		headers = "is not allowed; allowed is a header's name of letters, digits and dashes"
		own     = "is not allowed; allowed is any header but those which the program sets itself"
		login   = "sources.url: has more than one kind of credentials; allowed is one of username and password, bearer, or an Authorization header"
	)
	for _, c := range []struct {
		name, want string
		lines      []string
	}{
		{"no address", ":2: sources.url: a source needs its address, such as https://calendar.example/me.ics", []string{"name: A"}},
		{"nothing", ":2: sources.url: a source needs its address, such as https://calendar.example/me.ics", []string{""}},
		{"scheme", ":2: " + urls, []string{"url: ftp://calendar.example/a"}},
		{"file", ":2: " + urls, []string{"url: file:///etc/passwd"}},
		{"path", ":2: " + urls, []string{"url: /home/me/a.ics"}},
		{"no host", ":2: " + urls, []string{"url: https:///a.ics"}},
		{"opaque", ":2: " + urls, []string{"url: https:calendar.example"}},
		{"bad host", ":2: " + urls, []string{"url: https://a_b..example/"}},
		{"bad port", ":2: " + urls, []string{"url: https://calendar.example:0/"}},
		{"big port", ":2: " + urls, []string{"url: https://calendar.example:65536/"}},
		{"space", ":2: " + urls, []string{"url: https://calendar.example/a b"}},
		{"control character", ":2: " + urls, []string{`url: "https://calendar.example/a\x7f"`}},
		{"too long", ":2: " + urls, []string{"url: https://calendar.example/" + strings.Repeat("a", 4096)}},
		{"id", `:3: sources.id: "Work!" ` + ids, []string{addressLine, "id: Work!"}},
		{"id with dash", `:3: sources.id: "work-" ` + ids, []string{addressLine, "id: work-"}},
		{"id too long", ids, []string{addressLine, "id: " + strings.Repeat("a", 41)}},
		{"id empty", `:3: sources.id: "" ` + ids, []string{addressLine, `id: ""`}},
		{"name", `:3: sources.name: "" is not allowed; allowed is 1 to 60 characters on one line`, []string{addressLine, `name: ""`}},
		{"color by name", `:3: sources.color: "red" ` + colors, []string{addressLine, "color: red"}},
		{"color short", `:3: sources.color: "#fff" ` + colors, []string{addressLine, `color: "#fff"`}},
		{"color not hex", `:3: sources.color: "#12345g" ` + colors, []string{addressLine, `color: "#12345g"`}},
		{"username", ":3: sources.username: what is given (not shown here) is not allowed; allowed is at most 512 characters on one line, without a colon", []string{addressLine, "username: a:b"}},
		{"password", ":3: sources.password: what is given (not shown here) is not allowed; allowed is at most 512 characters on one line", []string{addressLine, `password: "a\nb"`}},
		{"bearer", ":3: sources.bearer: what is given (not shown here) is not allowed; allowed is empty, or 1 to 512 letters", []string{addressLine, "bearer: a b"}},
		{"refresh", `:3: sources.refresh: "30s" is not allowed; allowed is from 1m to 24h, as in 90s, 5m, 1h30m or a plain number of seconds, or 0 for that of feeds.refresh`, []string{addressLine, "refresh: 30s"}},
		{"disabled", `:3: sources.disabled: "perhaps" is not allowed; allowed is true or false`, []string{addressLine, "disabled: perhaps"}},
		{"header name", `:3: sources.headers: "a b" ` + headers, []string{addressLine, "headers: {a b: c}"}},
		{"header without a name", `:3: sources.headers: "" ` + headers, []string{addressLine, `headers: {"": c}`}},
		{"header of ours", `:3: sources.headers: "host" ` + own, []string{addressLine, "headers: {host: c}"}},
		{"header value", `:3: sources.headers: "A" is not allowed; allowed is 1 to 2048 visible ASCII characters`, []string{addressLine, `headers: {A: "b\r\nC: d"}`}},
		{"header value empty", `:3: sources.headers: "A" is not allowed; allowed is 1 to 2048 visible ASCII characters`, []string{addressLine, `headers: {A: ""}`}},
		{"header list", `:3: sources.headers: allowed are headers such as X-Api-Key:`, []string{addressLine, "headers: [A, B]"}},
		{"header value list", `:3: sources.headers: one value is needed; allowed is text`, []string{addressLine, "headers: {A: [b]}"}},
		{"unknown key", `:3: "colour" is not a setting of a source (did you mean color?); allowed are id, name, url, color, username, password, bearer, lan, refresh, disabled, headers`, []string{addressLine, "colour: red"}},
		{"two logins", ":2: sources.url: has a user name in it; allowed is either that or username and password", []string{"url: https://a:b@calendar.example/", "username: c"}},
		{"login and bearer", ":2: " + login, []string{addressLine, "username: c", "bearer: d"}},
		{"login and header", ":2: " + login, []string{addressLine, "password: c", "headers: {authorization: d}"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			config, _, err := Load(Input{Path: listed(t, c.lines...)})
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
			if len(config.Sources) != 0 {
				t.Errorf("kept %+v", config.Sources)
			}
		})
	}
}

func TestRefusedSourceLeavesTheOthers(t *testing.T) {
	c, _, err := Load(Input{Path: written(t, "sources:\n  - url: nonsense\n  - url: https://b.example/\n    id: b\n  - url: https://c.example/\n    id: b\n")})
	if err == nil || !strings.Contains(err.Error(), `calendarbot.yaml:6: sources.id: "b" is taken by another source`) {
		t.Errorf("got %v", err)
	}
	if len(c.Sources) != 1 || c.Sources[0].ID != "b" {
		t.Errorf("got %+v", c.Sources)
	}
}

func TestSourceIDsAreMadeUnique(t *testing.T) {
	long := strings.Repeat("x", 39) + " y"
	var text strings.Builder
	text.WriteString("sources:\n")
	names := []string{"Family", "family!", "Work & Play", "日本", "Default", long, long, "Übung 2"}
	for _, name := range names {
		fmt.Fprintf(&text, "  - {name: %q, url: 'https://calendar.example/'}\n", name)
	}
	text.WriteString("  - {url: 'https://calendar.example/'}\n  - {url: 'https://[fe80::1]/', id: family-2}\n  - {url: 'http://[::]/'}\n")
	c, _, err := Load(Input{Path: written(t, text.String())})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"family", "family-3", "work-play", "calendar-example", "default-2", strings.Repeat("x", 39), strings.Repeat("x", 38) + "-2", "bung-2", "calendar-example-2", "family-2", "calendar"}
	for i, src := range c.Sources {
		if src.ID != want[i] {
			t.Errorf("source %d: got %s, want %s", i, src.ID, want[i])
		}
	}
}

func TestSourceColorsDiffer(t *testing.T) {
	var text strings.Builder
	text.WriteString("sources:\n")
	for i := range len(palette()) + 2 {
		fmt.Fprintf(&text, "  - {url: 'https://calendar.example/%d'}\n", i)
	}
	fmt.Fprintf(&text, "  - {url: 'https://calendar.example/', color: '%s'}\n", palette()[0])
	c, _, err := Load(Input{Path: written(t, text.String())})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Sources[0].Color; got != palette()[1] {
		t.Errorf("the first source has %s, which another asks for", got)
	}
	uses := map[string]int{}
	for _, src := range c.Sources {
		uses[src.Color]++
	}
	for _, color := range palette() {
		if uses[color] < 1 || uses[color] > 2 {
			t.Errorf("%s is used %d times of %d", color, uses[color], len(c.Sources))
		}
	}
}

func TestPaletteStandsOut(t *testing.T) {
	luminance := func(hex string) float64 {
		n, err := strconv.ParseUint(hex[1:], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		part := func(shift int) float64 {
			c := float64(n>>shift&0xff) / 255
			if c <= 0.04045 {
				return c / 12.92
			}
			return math.Pow((c+0.055)/1.055, 2.4)
		}
		return 0.2126*part(16) + 0.7152*part(8) + 0.0722*part(0)
	}
	contrast := func(a, b string) float64 {
		x, y := luminance(a)+0.05, luminance(b)+0.05
		return max(x, y) / min(x, y)
	}
	for _, color := range palette() {
		for _, background := range []string{"#ffffff", "#f4f4f4", "#1c1c1c", "#000000"} {
			if got := contrast(color, background); got < 3 {
				t.Errorf("%s on %s has a contrast of %.2f", color, background, got)
			}
		}
		if _, _, err := Load(Input{Path: listed(t, addressLine, `color: "`+color+`"`)}); err != nil {
			t.Error(err)
		}
	}
}

func TestTooManySources(t *testing.T) {
	text := "sources:\n" + strings.Repeat("  - {url: 'https://calendar.example/'}\n", maxSources)
	if c, _, err := Load(Input{Path: written(t, text)}); err != nil || len(c.Sources) != maxSources {
		t.Errorf("got %d, %v", len(c.Sources), err)
	}
	text += "  - {url: 'https://calendar.example/'}\n"
	_, _, err := Load(Input{Path: written(t, text)})
	if err == nil || err.Error() != "calendarbot.yaml:2: sources: 51 are given; allowed are at most 50" {
		t.Errorf("got %v", err)
	}
}

func TestTooManyHeaders(t *testing.T) {
	lines := []string{addressLine, "headers:"}
	for i := range maxHeaders + 1 {
		lines = append(lines, fmt.Sprintf("  X-%d: a", i))
	}
	_, _, err := Load(Input{Path: listed(t, lines...)})
	if err == nil || err.Error() != "calendarbot.yaml:20: sources.headers: allowed are at most 16" {
		t.Errorf("got %v", err)
	}
}

func TestComplete(t *testing.T) {
	others := []Source{{ID: "family", Color: palette()[0]}}
	got, err := Complete(Source{Name: " Family ", URL: "https://me:pw@calendar.example/a", Refresh: time.Hour}, others)
	want := Source{
		ID: "family-2", Name: "Family", URL: "https://calendar.example/a", Username: "me", Password: "pw",
		Color: palette()[1], Refresh: time.Hour,
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	headers := map[string]Secret{}
	for i := range maxHeaders + 1 {
		headers[fmt.Sprintf("X-%d", i)] = "a"
	}
	headers["Host"] = "a"
	for _, c := range []struct {
		src  Source
		want []string
	}{
		{Source{}, []string{"url: a source needs its address"}},
		{Source{URL: "x", Color: "red", Refresh: time.Second}, []string{"url: what is given", `color: "red" is not allowed`, `refresh: "1s"`}},
		{Source{URL: "https://a.example", ID: "family"}, []string{`id: "family" is taken by another source`}},
		{Source{URL: "https://a.example", Headers: headers}, []string{"headers: allowed are at most 16", `headers: "Host" is not allowed`}},
	} {
		got, err := Complete(c.src, others)
		if err == nil || !reflect.DeepEqual(got, Source{}) {
			t.Errorf("%+v: got %+v, %v", c.src, got, err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%+v: no %q in %v", c.src, want, err)
			}
		}
	}
}
