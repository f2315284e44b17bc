// Package config holds the settings: what they are (Config), where they come from (Load)
// and who said so (Value, Fprint).
package config

import "time"

// Config is every setting. Default gives the defaults; a part takes its own slice by value.
type Config struct {
	Device  Device   `yaml:"device"`
	Web     Web      `yaml:"web"`
	Display Display  `yaml:"display"`
	Feeds   Feeds    `yaml:"feeds"`
	Store   Store    `yaml:"store"`
	Alexa   Alexa    `yaml:"alexa"`
	Log     Log      `yaml:"log"`
	Sources []Source `yaml:"sources"`
}

// Device is what belongs to the place where the device stands.
type Device struct {
	Name     string `yaml:"name"`      // shown to people; default "CalendarBot"
	TimeZone string `yaml:"time_zone"` // IANA name; default: the system's zone
}

// Web is the server.
type Web struct {
	Host         string   `yaml:"host"`           // address to listen on; default "0.0.0.0"
	Port         int      `yaml:"port"`           // 1-65535, 0 for any free one; default 8080
	WriteToken   Secret   `yaml:"write_token"`    // bearer token of writes under /api/v1; empty: only loopback may write
	DropInWrites bool     `yaml:"drop_in_writes"` // skip, clear, hide and unhide without a token; default true
	AllowedHosts []string `yaml:"allowed_hosts"`  // further Host header names; addresses, localhost, *.local and the host name are always allowed
}

// Display is what people see.
type Display struct {
	Theme   string  `yaml:"theme"`   // auto, dark, light, eink; default auto
	Clock   string  `yaml:"clock"`   // 24h or 12h; default 24h
	Scale   float64 `yaml:"scale"`   // 0.7-1.3; default 1
	Days    int     `yaml:"days"`    // of the agenda, 1-31; default 7
	Private string  `yaml:"private"` // private events: show, mask or hide; default show
}

// Feeds is how sources are fetched.
type Feeds struct {
	Refresh   time.Duration `yaml:"refresh"`    // pause between fetches of one source; 1m-24h, default 5m
	Timeout   time.Duration `yaml:"timeout"`    // of one whole fetch; default 60s
	MaxBytes  int64         `yaml:"max_bytes"`  // of one feed after decompression; default 20 MB
	MaxEvents int           `yaml:"max_events"` // default 100,000
}

// Store is the database.
type Store struct {
	Path string `yaml:"path"` // file; default /var/lib/calendarbot/calendarbot.db
}

// Alexa is the voice interface.
type Alexa struct {
	Token Secret `yaml:"bearer_token"` // empty: the Alexa routes answer 401
}

// Log is what is written for operators.
type Log struct {
	Level string `yaml:"level"` // debug, info, warn, error; default info
}

// Source is one calendar feed.
type Source struct {
	ID       string            `yaml:"id"`    // a-z, 0-9 and dashes; default made from the name
	Name     string            `yaml:"name"`  // shown to people; default: the feed's own name, else the host
	URL      Secret            `yaml:"url"`   // https, http or webcal (fetched as https); never printed whole
	Color    string            `yaml:"color"` // #rrggbb; default from a palette
	Username string            `yaml:"username"`
	Password Secret            `yaml:"password"`
	Bearer   Secret            `yaml:"bearer"`
	Headers  map[string]Secret `yaml:"headers"`
	LAN      bool              `yaml:"lan"`     // may be on a private, loopback or link-local address
	Refresh  time.Duration     `yaml:"refresh"` // 0: Feeds.Refresh
	Disabled bool              `yaml:"disabled"`
}

// Layer says who set a value.
type Layer string

// The layers, from the lowest.
const (
	Defaults    Layer = "default"
	File        Layer = "file"
	Environment Layer = "environment"
	Flag        Layer = "flag"
)

// Value is one setting and who said so.
type Value struct {
	Key    string // dotted, as in the file
	Text   string // secrets masked
	Layer  Layer
	Origin string // "calendarbot.yaml:12", "CALENDARBOT_WEB_PORT", "--port"; "" for a default
}

// Input is where Load looks. The zero Input gives the defaults.
type Input struct {
	Path     string                      // configuration file; "" for none
	Optional bool                        // a missing file is not an error
	Env      func(string) (string, bool) // os.LookupEnv, or a test's
	Flags    map[string]string           // dotted key -> text, the program's own flags: --port is web.port, --store is store.path
}
