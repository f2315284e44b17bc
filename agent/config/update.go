package config

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Update is how the device comes to newer versions.
type Update struct {
	URL       string        `yaml:"url"`       // of the repository, https or http; "": the one that the image was made with
	Channel   string        `yaml:"channel"`   // which of its releases are taken; default stable
	Automatic string        `yaml:"automatic"` // what is installed without being asked for: off, agent or all; default all
	Window    string        `yaml:"window"`    // when, as in "02:00-05:00" by the device's clock, over midnight too; "": at any time; default 02:00-05:00
	Trial     time.Duration `yaml:"trial"`     // how long what is new must be well until it is kept; 1m-24h, default 3m
}

// repository is the address of a repository, or nothing. What comes from there is signed, so plain http is allowed.
func repository(key string, at *string) setting {
	const allowed = "empty, or an address that begins with https:// or http://, without a user name, ? or #"
	return checked(key, allowed, at, func(text string) (string, bool) {
		if text == "" {
			return "", true
		}
		u, err := url.Parse(text)
		if err != nil || len(text) > 2048 || !graphic(text) || u.Host == "" || u.User != nil || strings.ContainsAny(text, "?#") {
			return "", false
		}
		if _, ok := hostName(u.Hostname()); !ok {
			return "", false
		}
		if u.Port() != "" {
			if port, err := strconv.Atoi(u.Port()); err != nil || port < 1 || port > 65535 {
				return "", false
			}
		}
		return strings.TrimRight(text, "/"), u.Scheme == "https" || u.Scheme == "http"
	})
}

// channel is the name of a row of releases.
func channel(key string, at *string) setting {
	return checked(key, "1 to 32 of a-z, 0-9 and dashes", at, func(text string) (string, bool) {
		text = strings.ToLower(text)
		return text, text != "" && len(text) <= 32 && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
	})
}

// window is a time of each day, or nothing for all of it.
func window(key string, at *string) setting {
	const allowed = "empty, or two times of a day such as 02:00-05:00 or 22:30-04:00"
	return checked(key, allowed, at, func(text string) (string, bool) {
		if text == "" {
			return "", true
		}
		from, to, two := strings.Cut(text, "-")
		from, ok := hourAndMinute(from)
		to, also := hourAndMinute(to)
		return from + "-" + to, two && ok && also && from != to
	})
}

// hourAndMinute reads "2:00" and "02:00", which are the same.
func hourAndMinute(text string) (string, bool) {
	hour, minute, two := strings.Cut(strings.TrimSpace(text), ":")
	if len(hour) == 1 {
		hour = "0" + hour
	}
	ok := two && len(hour) == 2 && len(minute) == 2 && strings.Trim(hour+minute, "0123456789") == "" && hour < "24" && minute < "60"
	return hour + ":" + minute, ok
}
