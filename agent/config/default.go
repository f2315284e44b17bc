package config

import (
	"time"

	"calendarbot/agent/feature"
)

// Default returns the defaults. An empty time zone stands for the system's.
func Default() Config {
	return Config{
		Device: Device{
			Name: "CalendarBot",
		},
		Web: Web{
			Host:         "0.0.0.0",
			Port:         8080,
			Reads:        "open",
			Socket:       "/run/calendarbot/control.sock",
			DropInWrites: true,
		},
		Display: Display{
			Theme:   "auto",
			Clock:   "24h",
			Scale:   1,
			Days:    7,
			Private: "show",
		},
		Feeds: Feeds{
			Refresh:   5 * time.Minute,
			Timeout:   60 * time.Second,
			MaxBytes:  20_000_000,
			MaxEvents: 100_000,
		},
		Store: Store{
			Path: "/var/lib/calendarbot/calendarbot.db",
		},
		HTTP: HTTP{
			MaxConns: 8,
			PerHost:  2,
			Idle:     6 * time.Minute,
			Connect:  10 * time.Second,
			Header:   15 * time.Second,
		},
		DB: DB{
			Readers: 3,
		},
		Cache: Cache{
			TTL:           5 * time.Minute,
			MaxEntries:    1000,
			MaxBytes:      16 << 20,
			MaxEntryBytes: 100 << 10,
		},
		Batch: Batch{
			Size:   10,
			Window: 50 * time.Millisecond,
		},
		Breaker: Breaker{
			Recovery: 30 * time.Second,
		},
		Pressure: Pressure{
			Every:      10 * time.Second,
			UnitMemory: 200_000_000,
			Recovery:   10 * time.Minute,
		},
		Features: defaultFeatures(),
		Update: Update{
			Channel:   "stable",
			Automatic: "all",
			Window:    "02:00-05:00",
			Trial:     3 * time.Minute,
		},
		Log: Log{
			Level: "info",
		},
	}
}

// defaultFeatures is what package feature says of each.
func defaultFeatures() Features {
	f := Features{EmergencyFile: "/boot/firmware/calendarbot-emergency-off"}
	for _, one := range feature.All() {
		if at := f.of(one.Name); at != nil {
			at.Percent = one.Percent
		}
	}
	return f
}
