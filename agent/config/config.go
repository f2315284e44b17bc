// Package config holds the settings: what they are (Config), where they come from (Load)
// and who said so (Value, Fprint).
package config

import (
	"time"

	"calendarbot/agent/feature"
)

// Config is every setting. Default gives the defaults; a part takes its own slice by value.
type Config struct {
	Device   Device   `yaml:"device"`
	Web      Web      `yaml:"web"`
	Display  Display  `yaml:"display"`
	Feeds    Feeds    `yaml:"feeds"`
	Store    Store    `yaml:"store"`
	HTTP     HTTP     `yaml:"http"`
	DB       DB       `yaml:"db"`
	Cache    Cache    `yaml:"cache"`
	Batch    Batch    `yaml:"batch"`
	Breaker  Breaker  `yaml:"breaker"`
	Pressure Pressure `yaml:"pressure"`
	Features Features `yaml:"features"`
	Update   Update   `yaml:"update"`
	Alexa    Alexa    `yaml:"alexa"`
	Log      Log      `yaml:"log"`
	Sources  []Source `yaml:"sources"`
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
	PIN          Secret   `yaml:"pin"`            // what people type to change something: 4-64 characters, or its argon2id hash; empty: none
	WriteToken   Secret   `yaml:"write_token"`    // bearer token of writes under /api/v1, or its argon2id hash; with neither it nor a PIN only the device itself may write
	Reads        string   `yaml:"reads"`          // who may read the calendar: open (everybody who reaches the device) or closed (PIN, token, the device itself); default open
	Socket       string   `yaml:"socket"`         // file of the local socket that the command line talks to; "" for none; default /run/calendarbot/control.sock
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

// HTTP is the connections to the servers of feeds.
type HTTP struct {
	MaxConns int           `yaml:"max_conns"`       // requests under way, all hosts; 1-100, default 8
	PerHost  int           `yaml:"per_host"`        // 1-30, default 2
	Idle     time.Duration `yaml:"idle_timeout"`    // after which an unused connection is closed; 1s-10m, default 6m: longer than the pause between two fetches
	Connect  time.Duration `yaml:"connect_timeout"` // 1s-1m, default 10s
	Header   time.Duration `yaml:"header_timeout"`  // until the header of an answer; 1s-1m, default 15s
}

// DB is the connections to the database, beside the one that writes.
type DB struct {
	Readers int `yaml:"readers"` // kept at rest; 1-10, default 3; more are opened when some wait, up to 10
}

// Cache is the finished pages that are kept.
type Cache struct {
	TTL           time.Duration `yaml:"ttl"`             // the longest that a page is kept; 1s-1h, default 5m
	MaxEntries    int           `yaml:"max_entries"`     // 1-10000, default 1000
	MaxBytes      int64         `yaml:"max_bytes"`       // 64 KiB-50 MiB, default 16 MiB
	MaxEntryBytes int64         `yaml:"max_entry_bytes"` // of one page; larger ones are not kept; 1 KiB-1 MiB, default 100 KiB
}

// Batch is the gathering of questions to the database.
type Batch struct {
	Size   int           `yaml:"size"`   // at most so many in one; 1-100, default 10
	Window time.Duration `yaml:"window"` // at most so long; 1ms-1s, default 50ms
}

// Breaker is what keeps a failing optional part from being used.
type Breaker struct {
	Recovery time.Duration `yaml:"recovery"` // how long until it is tried again; 1s-1h, default 30s
}

// Pressure is how what is left of memory, processor and heat is watched.
type Pressure struct {
	Every      time.Duration `yaml:"every"`       // between two readings while nothing is scarce; 1s-5m, default 10s
	UnitMemory int64         `yaml:"unit_memory"` // bytes the program may use where the system sets no limit (memory.high, memory.max); 16 MB-4 GB, default 200 MB
	Recovery   time.Duration `yaml:"recovery"`    // how long the optional parts stay off once they were switched off for a scarcity; 10s-24h, default 10m
}

// Features is what the operator says about the optional parts: see package feature.
type Features struct {
	ConnectionPooling feature.Setting `yaml:"connection_pooling"`
	RequestPipeline   feature.Setting `yaml:"request_pipeline"`
	RequestBatching   feature.Setting `yaml:"request_batching"`
	CacheWarming      feature.Setting `yaml:"cache_warming"`
	AdaptiveSizing    feature.Setting `yaml:"adaptive_sizing"`
	HTTPCompression   feature.Setting `yaml:"http_compression"`
	EmergencyOff      bool            `yaml:"emergency_off"`  // all of them off at once; default false
	EmergencyFile     string          `yaml:"emergency_file"` // as long as this file is there, all are off; default /boot/firmware/calendarbot-emergency-off
}

// Setting returns what is said about the feature of a name.
func (f Features) Setting(name string) feature.Setting {
	if at := f.of(name); at != nil {
		return *at
	}
	return feature.Setting{}
}

// of is where the setting of a feature is kept; nil when there is none of that name.
func (f *Features) of(name string) *feature.Setting {
	switch name {
	case feature.ConnectionPooling:
		return &f.ConnectionPooling
	case feature.RequestPipeline:
		return &f.RequestPipeline
	case feature.RequestBatching:
		return &f.RequestBatching
	case feature.CacheWarming:
		return &f.CacheWarming
	case feature.AdaptiveSizing:
		return &f.AdaptiveSizing
	case feature.HTTPCompression:
		return &f.HTTPCompression
	}
	return nil
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
	Runtime     Layer = "runtime" // changed while the program ran: API, page or command line
)

// Value is one setting and who said so.
type Value struct {
	Key    string // dotted, as in the file
	Text   string // secrets masked
	Layer  Layer
	Origin string // "calendarbot.yaml:12", "CALENDARBOT_WEB_PORT", "--port", "runtime"; "" for a default
}

// Input is where Load looks. The zero Input gives the defaults.
type Input struct {
	Path     string                      // configuration file; "" for none
	Optional bool                        // a missing file is not an error
	Env      func(string) (string, bool) // os.LookupEnv, or a test's
	Flags    map[string]string           // dotted key -> text, the program's own flags: --port is web.port, --store is store.path
	Runtime  map[string]string           // dotted key -> text, changed while the program ran
	Text     []byte                      // instead of the file at Path, when not nil: the last accepted one
}
