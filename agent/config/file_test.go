package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestRefusedFiles(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"unknown section", "wbe:\n  port: 1\n", `calendarbot.yaml:1: "wbe" is not a section (did you mean web?); allowed are device, web, display, feeds, store, http, db, cache, batch, breaker, pressure, features, update, alexa, log, sources`},
		{"far from any section", "kitchen_sink: 1\n", `calendarbot.yaml:1: "kitchen_sink" is not a section; allowed are device, web, display, feeds, store, http, db, cache, batch, breaker, pressure, features, update, alexa, log, sources`},
		{"setting without its section", "port: 1\n", `calendarbot.yaml:1: "port" is not a section (did you mean web.port?); allowed are device, web, display, feeds, store, http, db, cache, batch, breaker, pressure, features, update, alexa, log, sources`},
		{"unknown key", "display:\n  theme: dark\n  dais: 3\n", `calendarbot.yaml:3: "display.dais" is not a setting (did you mean display.days?); allowed under display: are theme, clock, scale, days, private`},
		{"key of another section", "web:\n  level: info\n", `calendarbot.yaml:2: "web.level" is not a setting (did you mean log.level?); allowed under web: are host, port, pin, write_token, reads, socket, drop_in_writes, allowed_hosts`},
		{"very long key", "web:\n  " + strings.Repeat("p", 100) + ": 1\n", `calendarbot.yaml:2: "web.` + strings.Repeat("p", 56) + `…" is not a setting; allowed under web: are`},
		{"merge key", "web: &a\n  port: 1\ndisplay:\n  <<: *a\n", `calendarbot.yaml:4: "display.<<" is not a setting; allowed under display: are`},
		{"key twice", "web:\n  port: 1\n  host: a\n  port: 2\n", `calendarbot.yaml:4: web: "port" is set twice; the first is on line 2`},
		{"section twice", "web:\n  port: 1\nweb:\n  port: 2\n", `calendarbot.yaml:3: "web" is set twice; the first is on line 1`},
		{"a list", "- a\n", "calendarbot.yaml:1: allowed are sections such as web:"},
		{"a word", "hello\n", "calendarbot.yaml:1: allowed are sections such as web:"},
		{"value for section", "web: 8080\n", "calendarbot.yaml:1: web: allowed are settings, one on each line below it"},
		{"section for value", "web:\n  port:\n    number: 1\n", "calendarbot.yaml:3: web.port: one value is needed; allowed is a whole number from 0 to 65535"},
		{"list for value", "web:\n  port: [1]\n", "calendarbot.yaml:2: web.port: one value is needed; allowed is a whole number from 0 to 65535"},
		{"lists in a list", "web:\n  allowed_hosts: [[a]]\n", "calendarbot.yaml:2: web.allowed_hosts: allowed is at most 32 host names or addresses, without a port"},
		{"a name that is a list", "web:\n  [a]: 1\n", "calendarbot.yaml:2: web: a name is needed before the colon; allowed are settings, one on each line below it"},
		{"sources not a list", "sources:\n  url: https://calendar.example/\n", "calendarbot.yaml:2: sources: allowed is a list, each source beginning with a dash"},
		{"source not a mapping", "sources:\n  - https://calendar.example/\n", "calendarbot.yaml:2: sources: allowed are settings such as url:"},
		{"value", "web:\n\n  port: '08o'\n", `calendarbot.yaml:3: web.port: "08o" is not allowed; allowed is a whole number from 0 to 65535`},
		{"secret", "web:\n  write_token: short\n", "calendarbot.yaml:2: web.write_token: what is given (not shown here) is not allowed; allowed is empty, or 8 to 512 letters, digits and signs without spaces, or its hash as $argon2id$"},
		{"not YAML", "web:\n  port: 1\n  host: a: b\n", "calendarbot.yaml:3: not valid YAML: mapping values are not allowed in this context"},
		{"binary", "\x00\x01\x02", "calendarbot.yaml: not valid YAML: control characters are not allowed"},
		{"two documents", "web:\n  port: 1\n---\nweb:\n  port: 2\n", "calendarbot.yaml:3: a second document begins here; allowed is one"},
		{"broken second document", "web:\n  port: 1\n---\na: b: c\n", "calendarbot.yaml:4: not valid YAML: mapping values are not allowed in this context"},
		{"unknown anchor", "web: *a\n", "calendarbot.yaml: not valid YAML: a value that begins with * needs quotes"},
		{"too large", strings.Repeat("#", maxFile+1), "the file is larger than 1 MiB; a configuration is not"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, values, err := Load(Input{Path: written(t, c.text)})
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
			if len(values) == 0 {
				t.Error("no values beside the error")
			}
		})
	}
}

func TestAcceptedFiles(t *testing.T) {
	for _, c := range []struct {
		name, text string
		change     func(*Config)
	}{
		{"empty", "", func(*Config) {}},
		{"comments", "# nothing\n", func(*Config) {}},
		{"byte order mark and Windows lines", "\ufeffweb:\r\n  port: 1\r\n", func(c *Config) { c.Web.Port = 1 }},
		{"empty sections", "web:\ndisplay:\n  # days: 3\nsources:\n", func(*Config) {}},
		{"empty values", "web:\n  port:\n  write_token: ~\n", func(*Config) {}},
		{"marked document", "---\nweb:\n  port: 1\n...\n", func(c *Config) { c.Web.Port = 1 }},
		{"quoted", `"web": {"port": "1"}`, func(c *Config) { c.Web.Port = 1 }},
		{"text like a number", "web:\n  write_token: 0123456789\n", func(c *Config) { c.Web.WriteToken = "0123456789" }},
		{"list", "web:\n  allowed_hosts:\n    - a.example\n    - b.example\n", func(c *Config) { c.Web.AllowedHosts = []string{"a.example", "b.example"} }},
		{"list as text", "web:\n  allowed_hosts: a.example, b.example\n", func(c *Config) { c.Web.AllowedHosts = []string{"a.example", "b.example"} }},
		{"alias", "device:\n  name: &n Pi\nstore:\n  path: *n\n", func(c *Config) { c.Device.Name, c.Store.Path = "Pi", "Pi" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _, err := Load(Input{Path: written(t, c.text), Env: environment("TZ=UTC")})
			if err != nil {
				t.Fatal(err)
			}
			want := Default()
			want.Device.TimeZone = "UTC"
			c.change(&want)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// TestAliasesCostNothing loads a file whose aliases stand for 10^9 values.
func TestAliasesCostNothing(t *testing.T) {
	text := "web: &a0 {port: 1}\n"
	for i := range 9 {
		before := "*a" + string(rune('0'+i))
		text += "display: &a" + string(rune('1'+i)) + " {" + strings.Repeat("? "+before+" : "+before+", ", 10) + "}\n"
	}
	text += "sources: [" + strings.Repeat("*a9, ", 40) + "]\n"
	if _, _, err := Load(Input{Path: written(t, text)}); err == nil {
		t.Error("no error")
	}
}

func TestAliasOfItself(t *testing.T) {
	_, _, err := Load(Input{Path: written(t, "sources: &a\n  - *a\nweb: &b\n  port: *b\n")})
	if err == nil || !strings.Contains(err.Error(), "web.port: one value is needed") {
		t.Errorf("got %v", err)
	}
}

func TestMissingFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "none.yaml")
	_, _, err := Load(Input{Path: name})
	if err == nil || err.Error() != "read the configuration: stat "+name+": no such file or directory" {
		t.Errorf("got %v", err)
	}
	if _, _, err := Load(Input{Path: name, Optional: true}); err != nil {
		t.Errorf("got %v for an optional file", err)
	}
}

func TestFileThatCannotBeRead(t *testing.T) {
	name := t.TempDir()
	_, _, err := Load(Input{Path: name, Optional: true})
	if err == nil || err.Error() != "read the configuration: "+name+" is a directory; allowed is a regular file" {
		t.Errorf("got %v", err)
	}
}

func TestFprint(t *testing.T) {
	var out strings.Builder
	err := Fprint(&out, []Value{
		{"device.name", "Küche", File, "calendarbot.yaml:2"},
		{"web.write_token", "", Defaults, ""},
		{"sources.a.url", "https://calendar.example/…", Environment, "CALENDARBOT_ICS_URL"},
	})
	const want = `device.name      Küche                       file (calendarbot.yaml:2)
web.write_token  -                           default
sources.a.url    https://calendar.example/…  environment (CALENDARBOT_ICS_URL)
`
	if err != nil || out.String() != want {
		t.Errorf("got %v\n%s", err, &out)
	}
	closed, err := os.Create(filepath.Join(t.TempDir(), "closed"))
	if err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Fprint(closed, []Value{{Key: "a"}}); err == nil || !strings.HasPrefix(err.Error(), "print the configuration: ") {
		t.Errorf("got %v", err)
	}
}
