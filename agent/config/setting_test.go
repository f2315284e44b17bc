package config

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// hash is "secret" as argon2 writes it.
const hash = "$argon2id$v=19$m=4096,t=3,p=1$c29tZXNhbHQ$xMPqPUMuWZRqdRLyYwqwRdXdqYIIPdNcVrcEpYKrgUA"

// TestAllowedValues gives every setting texts at its limits and checks what they become.
func TestAllowedValues(t *testing.T) {
	long := strings.Repeat("ä", 60)
	for _, c := range []struct {
		key, text string
		want      string // as shown; secrets masked
	}{
		{"device.name", "Kitchen", "Kitchen"},
		{"device.name", "  Küche 🗓 ", "Küche 🗓"},
		{"device.name", long, long},
		{"device.time_zone", "Europe/Berlin", "Europe/Berlin"},
		{"device.time_zone", "UTC", "UTC"},
		{"device.time_zone", "US/Pacific", "US/Pacific"},
		{"web.host", "127.0.0.1", "127.0.0.1"},
		{"web.host", "::", "::"},
		{"web.host", "[::1]", "::1"},
		{"web.host", "localhost", "localhost"},
		{"web.port", "0", "0"},
		{"web.port", "65535", "65535"},
		{"web.write_token", "12345678", "***"},
		{"web.write_token", "", ""},
		{"web.write_token", hash, "***"},
		{"web.pin", "", ""},
		{"web.pin", "0000", "***"},
		{"web.pin", strings.Repeat("ä", 64), "***"},
		{"web.pin", hash, "***"},
		{"web.reads", "Closed", "closed"},
		{"web.socket", "", ""},
		{"web.socket", "/" + strings.Repeat("s", 106), "/" + strings.Repeat("s", 106)},
		{"web.drop_in_writes", "no", "false"},
		{"web.drop_in_writes", "On", "true"},
		{"web.allowed_hosts", "Calendar.Example, 10.0.0.7,,my_pi.lan", "calendar.example, 10.0.0.7, my_pi.lan"},
		{"web.allowed_hosts", "", ""},
		{"display.theme", "EInk", "eink"},
		{"display.clock", "12h", "12h"},
		{"display.scale", "0.7", "0.7"},
		{"display.scale", "1.3", "1.3"},
		{"display.days", "1", "1"},
		{"display.days", "31", "31"},
		{"display.private", "mask", "mask"},
		{"feeds.refresh", "1m", "1m"},
		{"feeds.refresh", "300", "5m"},
		{"feeds.refresh", "1h30m", "1h30m"},
		{"feeds.refresh", "24h", "24h"},
		{"feeds.timeout", "1", "1s"},
		{"feeds.timeout", "10m", "10m"},
		{"feeds.max_bytes", "64 KiB", "64 KiB"},
		{"feeds.max_bytes", "20mb", "20 MB"},
		{"feeds.max_bytes", "100 MiB", "100 MiB"},
		{"feeds.max_bytes", "500KB", "500 KB"},
		{"feeds.max_bytes", "70001 B", "70001"},
		{"feeds.max_bytes", "1048576", "1 MiB"},
		{"feeds.max_events", "1", "1"},
		{"feeds.max_events", "1_000_000", "1000000"},
		{"store.path", "calendarbot.db", "calendarbot.db"},
		{"http.max_conns", "1", "1"},
		{"http.max_conns", "100", "100"},
		{"http.per_host", "1", "1"},
		{"http.per_host", "30", "30"},
		{"http.idle_timeout", "1s", "1s"},
		{"http.idle_timeout", "600", "10m"},
		{"http.connect_timeout", "1s", "1s"},
		{"http.connect_timeout", "1m", "1m"},
		{"http.header_timeout", "1s", "1s"},
		{"http.header_timeout", "60s", "1m"},
		{"db.readers", "1", "1"},
		{"db.readers", "10", "10"},
		{"cache.ttl", "1s", "1s"},
		{"cache.ttl", "1h", "1h"},
		{"cache.max_entries", "1", "1"},
		{"cache.max_entries", "10000", "10000"},
		{"cache.max_bytes", "64 KiB", "64 KiB"},
		{"cache.max_bytes", "50 MiB", "50 MiB"},
		{"cache.max_entry_bytes", "1 KiB", "1 KiB"},
		{"cache.max_entry_bytes", "1 MiB", "1 MiB"},
		{"batch.size", "1", "1"},
		{"batch.size", "100", "100"},
		{"batch.window", "1ms", "1ms"},
		{"batch.window", "1s", "1s"},
		{"breaker.recovery", "1s", "1s"},
		{"breaker.recovery", "1h", "1h"},
		{"pressure.every", "1s", "1s"},
		{"pressure.every", "5m", "5m"},
		{"pressure.unit_memory", "16 MB", "16 MB"},
		{"pressure.unit_memory", "4 GB", "4 GB"},
		{"pressure.recovery", "10s", "10s"},
		{"pressure.recovery", "24h", "24h"},
		{"features.connection_pooling", "on", "on"},
		{"features.connection_pooling", "false", "off"},
		{"features.request_pipeline", "0", "0%"},
		{"features.request_pipeline", "100%", "100%"},
		{"features.request_batching", "gradual", "25%"},
		{"features.cache_warming", "Canary", "5%"},
		{"features.adaptive_sizing", "full", "100%"},
		{"features.http_compression", "33", "33%"},
		{"features.emergency_off", "1", "true"},
		{"features.emergency_file", "", ""},
		{"features.emergency_file", "/tmp/off", "/tmp/off"},
		{"update.url", "", ""},
		{"update.url", "https://updates.example/calendarbot/", "https://updates.example/calendarbot"},
		{"update.url", "http://127.0.0.1:8090", "http://127.0.0.1:8090"},
		{"update.channel", "Beta-2", "beta-2"},
		{"update.channel", strings.Repeat("a", 32), strings.Repeat("a", 32)},
		{"update.automatic", "OFF", "off"},
		{"update.automatic", "agent", "agent"},
		{"update.window", "", ""},
		{"update.window", "22:30-4:05", "22:30-04:05"},
		{"update.window", "0:00 - 23:59", "00:00-23:59"},
		{"update.trial", "60", "1m"},
		{"update.trial", "24h", "24h"},
		{"alexa.bearer_token", "x", "***"},
		{"log.level", "DEBUG", "debug"},
		{"log.level", "WARNING", "warn"},
		{"log.level", "critical", "error"},
	} {
		t.Run(c.key+"="+c.text, func(t *testing.T) {
			config, values, err := Load(Input{Flags: map[string]string{c.key: c.text}})
			if err != nil {
				t.Fatal(err)
			}
			got := find(t, values, c.key)
			if got.Text != c.want || got.Layer != Flag {
				t.Errorf("got %+v, want %s", got, c.want)
			}
			for _, s := range config.settings() {
				if s.key == c.key && !s.secret && (!s.set(got.Text) || s.text() != got.Text) {
					t.Errorf("the text shown, %q, does not give the same value", got.Text)
				}
			}
		})
	}
}

// TestRefusedValues gives every setting texts beyond its limits and reads the sentence.
func TestRefusedValues(t *testing.T) {
	const (
		name    = "1 to 60 characters on one line"
		zones   = "the name of a time zone such as Europe/Berlin or America/New_York"
		listen  = "an address such as 0.0.0.0, 127.0.0.1 or ::, or a host name"
		port    = "a whole number from 0 to 65535"
		names   = "at most 32 host names or addresses, without a port"
		refresh = "from 1m to 24h, as in 90s, 5m, 1h30m or a plain number of seconds"
		bytes   = "from 64 KiB to 100 MiB, as in 500 KB, 20 MiB or a plain number of bytes"
		file    = "the path of a file"
		words   = "empty, or 8 to 512 letters, digits and signs without spaces, or " + hashAllowed
		pins    = "empty, 4 to 64 characters on one line, or " + hashAllowed
		short   = "from 1s to 1m, as in 10s, 1m or a plain number of seconds"
		address = "empty, or an address that begins with https:// or http://, without a user name, ? or #"
		row     = "1 to 32 of a-z, 0-9 and dashes"
		times   = "empty, or two times of a day such as 02:00-05:00 or 22:30-04:00"
		trial   = "from 1m to 24h, as in 90s, 5m, 1h30m or a plain number of seconds"
		devices = "on, off, disabled, canary, gradual, majority, full, or a percentage of all devices from 0% to 100%"
	)
	for _, c := range []struct{ key, text, allowed string }{
		{"device.name", "", name},
		{"device.name", strings.Repeat("a", 61), name},
		{"device.name", "two\nlines", name},
		{"device.name", "\xff", name},
		{"device.time_zone", "", zones},
		{"device.time_zone", "Local", zones},
		{"device.time_zone", "localtime", zones},
		{"device.time_zone", "Berlin", zones},
		{"device.time_zone", "../../etc/passwd", zones},
		{"device.time_zone", "W. Europe Standard Time", zones},
		{"web.host", "", listen},
		{"web.host", "0.0.0.0:80", listen},
		{"web.host", "256.1.1.1", listen},
		{"web.host", "-pi", listen},
		{"web.host", "a b", listen},
		{"web.host", strings.Repeat("a.", 127) + "aa", listen},
		{"web.host", strings.Repeat("a", 64), listen},
		{"web.port", "", port},
		{"web.port", "-1", port},
		{"web.port", "65536", port},
		{"web.port", "80.5", port},
		{"web.port", "eighty", port},
		{"web.port", "99999999999999999999", port},
		{"web.write_token", "1234567", words},
		{"web.write_token", "with a space", words},
		{"web.write_token", strings.Repeat("a", 513), words},
		{"web.write_token", hash[:len(hash)-1] + "$", words},
		{"web.pin", "123", pins},
		{"web.pin", strings.Repeat("1", 65), pins},
		{"web.pin", "12\n34", pins},
		{"web.pin", "\xff\xff\xff\xff", pins},
		{"web.pin", "$argon2id$", pins},
		{"web.pin", strings.Replace(hash, "argon2id", "argon2i", 1), pins},
		{"web.pin", "$2y$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", pins},
		{"web.pin", "$123", pins},
		{"web.write_token", strings.Replace(hash, "argon2id", "argon2d", 1), words},
		{"web.write_token", "$12345678", words},
		{"web.reads", "pin", "open or closed"},
		{"web.socket", "/" + strings.Repeat("s", 107), "empty, or the path of a file of at most 107 bytes"},
		{"web.socket", "/run/", "empty, or the path of a file of at most 107 bytes"},
		{"web.drop_in_writes", "maybe", "true or false"},
		{"web.allowed_hosts", "pi:8080", names},
		{"web.allowed_hosts", strings.Repeat("pi,", 33), names},
		{"display.theme", "pink", "auto, dark, light or eink"},
		{"display.clock", "24", "24h or 12h"},
		{"display.scale", "0.69", "a number from 0.7 to 1.3"},
		{"display.scale", "1.31", "a number from 0.7 to 1.3"},
		{"display.scale", "NaN", "a number from 0.7 to 1.3"},
		{"display.scale", "large", "a number from 0.7 to 1.3"},
		{"display.days", "0", "a whole number from 1 to 31"},
		{"display.days", "32", "a whole number from 1 to 31"},
		{"display.private", "hidden", "show, mask or hide"},
		{"feeds.refresh", "59s", refresh},
		{"feeds.refresh", "24h1s", refresh},
		{"feeds.refresh", "-5m", refresh},
		{"feeds.refresh", "5 minutes", refresh},
		{"feeds.refresh", "9223372036854775807", refresh},
		{"feeds.timeout", "0", "from 1s to 10m, as in 90s, 5m, 1h30m or a plain number of seconds"},
		{"feeds.timeout", "11m", "from 1s to 10m, as in 90s, 5m, 1h30m or a plain number of seconds"},
		{"feeds.max_bytes", "63 KiB", bytes},
		{"feeds.max_bytes", "101 MiB", bytes},
		{"feeds.max_bytes", "1 GB", bytes},
		{"feeds.max_bytes", "-1", bytes},
		{"feeds.max_bytes", "9223372036854775807 MiB", bytes},
		{"feeds.max_events", "0", "a whole number from 1 to 1000000"},
		{"feeds.max_events", "1000001", "a whole number from 1 to 1000000"},
		{"store.path", "", file},
		{"store.path", "/var/lib/", file},
		{"store.path", "a\x00b", file},
		{"http.max_conns", "0", "a whole number from 1 to 100"},
		{"http.max_conns", "101", "a whole number from 1 to 100"},
		{"http.per_host", "0", "a whole number from 1 to 30"},
		{"http.per_host", "31", "a whole number from 1 to 30"},
		{"http.idle_timeout", "999ms", "from 1s to 10m, as in 90s, 5m, 1h30m or a plain number of seconds"},
		{"http.idle_timeout", "601", "from 1s to 10m, as in 90s, 5m, 1h30m or a plain number of seconds"},
		{"http.connect_timeout", "0", short},
		{"http.connect_timeout", "61", short},
		{"http.header_timeout", "0", short},
		{"http.header_timeout", "2m", short},
		{"db.readers", "0", "a whole number from 1 to 10"},
		{"db.readers", "11", "a whole number from 1 to 10"},
		{"cache.ttl", "0", "from 1s to 1h, as in 90s, 5m, 1h30m or a plain number of seconds"},
		{"cache.ttl", "61m", "from 1s to 1h, as in 90s, 5m, 1h30m or a plain number of seconds"},
		{"cache.max_entries", "0", "a whole number from 1 to 10000"},
		{"cache.max_entries", "10001", "a whole number from 1 to 10000"},
		{"cache.max_bytes", "63 KiB", "from 64 KiB to 50 MiB, as in 500 KB, 20 MiB or a plain number of bytes"},
		{"cache.max_bytes", "51 MiB", "from 64 KiB to 50 MiB, as in 500 KB, 20 MiB or a plain number of bytes"},
		{"cache.max_entry_bytes", "1023", "from 1 KiB to 1 MiB, as in 500 KB, 20 MiB or a plain number of bytes"},
		{"cache.max_entry_bytes", "2 MiB", "from 1 KiB to 1 MiB, as in 500 KB, 20 MiB or a plain number of bytes"},
		{"batch.size", "0", "a whole number from 1 to 100"},
		{"batch.size", "101", "a whole number from 1 to 100"},
		{"batch.window", "999us", "from 1ms to 1s, as in 5ms or 200ms"},
		{"batch.window", "50", "from 1ms to 1s, as in 5ms or 200ms"},
		{"breaker.recovery", "0", "from 1s to 1h, as in 90s, 5m, 1h30m or a plain number of seconds"},
		{"breaker.recovery", "2h", "from 1s to 1h, as in 90s, 5m, 1h30m or a plain number of seconds"},
		{"pressure.every", "999ms", "from 1s to 5m, as in 90s, 5m, 1h30m or a plain number of seconds"},
		{"pressure.every", "6m", "from 1s to 5m, as in 90s, 5m, 1h30m or a plain number of seconds"},
		{"pressure.unit_memory", "15 MB", "from 16 MB to 4 GB, as in 500 KB, 20 MiB or a plain number of bytes"},
		{"pressure.unit_memory", "5 GB", "from 16 MB to 4 GB, as in 500 KB, 20 MiB or a plain number of bytes"},
		{"pressure.recovery", "9s", "from 10s to 24h, as in 90s, 5m, 1h30m or a plain number of seconds"},
		{"pressure.recovery", "25h", "from 10s to 24h, as in 90s, 5m, 1h30m or a plain number of seconds"},
		{"features.connection_pooling", "101%", devices},
		{"features.request_pipeline", "-1", devices},
		{"features.request_batching", "half", devices},
		{"features.cache_warming", "", devices},
		{"features.emergency_off", "soon", "true or false"},
		{"features.emergency_file", "/boot/", "empty, or the path of a file"},
		{"update.url", "ftp://updates.example", address},
		{"update.url", "updates.example", address},
		{"update.url", "https://me:secret@updates.example", address},
		{"update.url", "https://updates.example/?key=1", address},
		{"update.url", "https://updates.example:0", address},
		{"update.url", "https://two words.example", address},
		{"update.url", "https://up dates.example/é", address},
		{"update.url", "https://256.1.1.1", address},
		{"update.url", "https://updates.example/" + strings.Repeat("a", 2048), address},
		{"update.channel", "", row},
		{"update.channel", strings.Repeat("a", 33), row},
		{"update.channel", "../stable", row},
		{"update.automatic", "system", "off, agent or all"},
		{"update.window", "02:00", times},
		{"update.window", "02:00-02:00", times},
		{"update.window", "24:00-05:00", times},
		{"update.window", "02:60-05:00", times},
		{"update.window", "2-5", times},
		{"update.window", "+2:00-05:00", times},
		{"update.window", "02:00-05:00-06:00", times},
		{"update.trial", "59s", trial},
		{"update.trial", "25h", trial},
		{"alexa.bearer_token", "é", "empty, or 1 to 512 letters, digits and signs without spaces"},
		{"log.level", "loud", "debug, info, warn or error"},
	} {
		t.Run(c.key+"="+c.text, func(t *testing.T) {
			config, _, err := Load(Input{Flags: map[string]string{c.key: c.text}, Env: environment("TZ=UTC")})
			given := quoted(c.text)
			if strings.HasSuffix(c.key, "token") || c.key == "web.pin" {
				given = "what is given (not shown here)"
			}
			want := fmt.Sprintf("%s: %s: %s is not allowed; allowed is %s", flagName(c.key), c.key, given, c.allowed)
			if err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
			refused := Default()
			refused.Device.TimeZone = "UTC"
			if fmt.Sprintf("%#v", config) != fmt.Sprintf("%#v", refused) {
				t.Errorf("a refused text changed something: %+v", config)
			}
		})
	}
}

func TestDefaultsAreAllowed(t *testing.T) {
	c := Default()
	c.Device.TimeZone = "UTC"
	for _, s := range c.settings() {
		if !s.set(s.raw()) {
			t.Errorf("%s: the default %q is not allowed", s.key, s.raw())
		}
	}
}

func TestEveryProblemIsNamed(t *testing.T) {
	_, _, err := Load(Input{
		Path:  written(t, "web:\n  port: x\n  prot: 1\n"),
		Env:   environment("CALENDARBOT_LOG_LEVEL=loud"),
		Flags: map[string]string{"display.days": "0", "display.day": "7"},
	})
	if err == nil {
		t.Fatal("no error")
	}
	var list interface{ Unwrap() []error }
	if !errors.As(err, &list) || len(list.Unwrap()) != 5 {
		t.Errorf("got %v", err)
	}
	for _, want := range []string{
		`calendarbot.yaml:2: web.port: "x" is not allowed`,
		`calendarbot.yaml:3: "web.prot" is not a setting (did you mean web.port?)`,
		`CALENDARBOT_LOG_LEVEL: log.level: "loud" is not allowed`,
		`--days: display.days: "0" is not allowed`,
		`--day: "display.day" is not a setting (did you mean display.days?)`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
}

func TestProblemsAreBounded(t *testing.T) {
	var text strings.Builder
	text.WriteString("web:\n")
	for i := range 1000 {
		fmt.Fprintf(&text, "  key%d: 1\n", i)
	}
	_, _, err := Load(Input{Path: written(t, text.String())})
	if err == nil || strings.Count(err.Error(), "\n") != maxProblems || !strings.HasSuffix(err.Error(), "and 980 more of the kind") {
		t.Errorf("got %v", err)
	}
}

func TestDurationText(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", time.Second: "1s", time.Minute: "1m", 90 * time.Second: "1m30s", time.Hour: "1h",
		time.Hour + time.Second: "1h0m1s", 10 * time.Hour: "10h", 24*time.Hour - time.Minute: "23h59m",
	} {
		if got := durationText(d); got != want {
			t.Errorf("%v: got %s, want %s", int64(d), got, want)
		}
		if back, ok := parseDuration(want); !ok || back != d {
			t.Errorf("%s: read as %v", want, back)
		}
	}
}

func TestEither(t *testing.T) {
	for want, words := range map[string][]string{"": nil, "a": {"a"}, "a or b": {"a", "b"}, "a, b or c": {"a", "b", "c"}} {
		if got := either(words); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
