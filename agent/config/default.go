package config

import "time"

// Default returns the defaults. An empty time zone stands for the system's.
func Default() Config {
	return Config{
		Device: Device{
			Name: "CalendarBot",
		},
		Web: Web{
			Host:         "0.0.0.0",
			Port:         8080,
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
		Log: Log{
			Level: "info",
		},
	}
}
