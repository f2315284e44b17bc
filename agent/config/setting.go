package config

import "time"

// setting is one key: how its text becomes its value and back.
type setting struct {
	key     string
	allowed string                 // ends the sentence "allowed is ..."
	secret  bool                   // the value must not be shown
	list    bool                   // a list in the file, text with commas elsewhere
	set     func(text string) bool // false: the text is not allowed, and nothing has changed
	raw     func() string          // the value as text, secrets in full
}

// text is the value as it may be shown.
func (s setting) text() string {
	if s.secret {
		return Secret(s.raw()).String()
	}
	return s.raw()
}

// settings is the table of every setting but the sources, in the order of the reference file.
func (c *Config) settings() []setting {
	return []setting{
		phrase("device.name", &c.Device.Name, 60),
		zone("device.time_zone", &c.Device.TimeZone),

		host("web.host", &c.Web.Host),
		number("web.port", &c.Web.Port, 0, 65535),
		token("web.write_token", &c.Web.WriteToken, 8),
		toggle("web.drop_in_writes", &c.Web.DropInWrites),
		hosts("web.allowed_hosts", &c.Web.AllowedHosts),

		word("display.theme", &c.Display.Theme, "auto", "dark", "light", "eink"),
		word("display.clock", &c.Display.Clock, "24h", "12h"),
		decimal("display.scale", &c.Display.Scale, 0.7, 1.3),
		number("display.days", &c.Display.Days, 1, 31),
		word("display.private", &c.Display.Private, "show", "mask", "hide"),

		duration("feeds.refresh", &c.Feeds.Refresh, time.Minute, 24*time.Hour),
		duration("feeds.timeout", &c.Feeds.Timeout, time.Second, 10*time.Minute),
		size("feeds.max_bytes", &c.Feeds.MaxBytes, 64<<10, 100<<20),
		number("feeds.max_events", &c.Feeds.MaxEvents, 1, 1_000_000),

		path("store.path", &c.Store.Path),

		token("alexa.bearer_token", &c.Alexa.Token, 1),

		level("log.level", &c.Log.Level),
	}
}
