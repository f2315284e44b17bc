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
		pin("web.pin", &c.Web.PIN),
		hashable(token("web.write_token", &c.Web.WriteToken, 8), &c.Web.WriteToken),
		word("web.reads", &c.Web.Reads, "open", "closed"),
		optionalPath("web.socket", &c.Web.Socket, maxSocket),
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

		path("store.path", &c.Store.Path, maxPath),

		number("http.max_conns", &c.HTTP.MaxConns, 1, 100),
		number("http.per_host", &c.HTTP.PerHost, 1, 30),
		duration("http.idle_timeout", &c.HTTP.Idle, time.Second, 10*time.Minute),
		duration("http.connect_timeout", &c.HTTP.Connect, time.Second, time.Minute),
		duration("http.header_timeout", &c.HTTP.Header, time.Second, time.Minute),

		number("db.readers", &c.DB.Readers, 1, 10),

		duration("cache.ttl", &c.Cache.TTL, time.Second, time.Hour),
		number("cache.max_entries", &c.Cache.MaxEntries, 1, 10_000),
		size("cache.max_bytes", &c.Cache.MaxBytes, 64<<10, 50<<20),
		size("cache.max_entry_bytes", &c.Cache.MaxEntryBytes, 1<<10, 1<<20),

		number("batch.size", &c.Batch.Size, 1, 100),
		duration("batch.window", &c.Batch.Window, time.Millisecond, time.Second),

		duration("breaker.recovery", &c.Breaker.Recovery, time.Second, time.Hour),

		duration("pressure.every", &c.Pressure.Every, time.Second, 5*time.Minute),
		size("pressure.unit_memory", &c.Pressure.UnitMemory, 16_000_000, 4_000_000_000),
		duration("pressure.recovery", &c.Pressure.Recovery, 10*time.Second, 24*time.Hour),

		share("features.connection_pooling", &c.Features.ConnectionPooling),
		share("features.request_pipeline", &c.Features.RequestPipeline),
		share("features.request_batching", &c.Features.RequestBatching),
		share("features.cache_warming", &c.Features.CacheWarming),
		share("features.adaptive_sizing", &c.Features.AdaptiveSizing),
		share("features.http_compression", &c.Features.HTTPCompression),
		toggle("features.emergency_off", &c.Features.EmergencyOff),
		optionalPath("features.emergency_file", &c.Features.EmergencyFile, maxPath),

		repository("update.url", &c.Update.URL),
		channel("update.channel", &c.Update.Channel),
		word("update.automatic", &c.Update.Automatic, "off", "agent", "all"),
		window("update.window", &c.Update.Window),
		duration("update.trial", &c.Update.Trial, time.Minute, 24*time.Hour),

		token("alexa.bearer_token", &c.Alexa.Token, 1),

		level("log.level", &c.Log.Level),
	}
}
