package config

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"calendarbot/agent/feature"
)

// checked makes a setting of a string that a function turns into its kept form.
func checked(key, allowed string, at *string, keep func(string) (string, bool)) setting {
	return setting{
		key:     key,
		allowed: allowed,
		set: func(text string) bool {
			kept, ok := keep(text)
			if ok {
				*at = kept
			}
			return ok
		},
		raw: func() string { return *at },
	}
}

// hidden makes a setting of a secret that a function accepts.
func hidden(key, allowed string, at *Secret, accept func(string) bool) setting {
	return setting{
		key:     key,
		allowed: allowed,
		secret:  true,
		set: func(text string) bool {
			if !accept(text) {
				return false
			}
			*at = Secret(text)
			return true
		},
		raw: func() string { return at.Reveal() }, // as it is then: at.Reveal alone would be as it is now
	}
}

// phrase is text for people, on one line.
func phrase(key string, at *string, most int) setting {
	allowed := fmt.Sprintf("1 to %d characters on one line", most)
	return checked(key, allowed, at, func(text string) (string, bool) {
		text = strings.TrimSpace(text)
		return text, text != "" && printable(text) && utf8.RuneCountInString(text) <= most
	})
}

// word is one of a few, in any case.
func word(key string, at *string, words ...string) setting {
	return checked(key, either(words), at, func(text string) (string, bool) {
		text = strings.ToLower(text)
		return text, slices.Contains(words, text)
	})
}

// level is a log level; the names that Python's logging has for two of them are understood.
func level(key string, at *string) setting {
	s := word(key, at, "debug", "info", "warn", "error")
	plain := s.set
	s.set = func(text string) bool {
		switch strings.ToLower(text) {
		case "warning":
			text = "warn"
		case "critical", "fatal":
			text = "error"
		}
		return plain(text)
	}
	return s
}

// zone is an IANA name.
func zone(key string, at *string) setting {
	const allowed = "the name of a time zone such as Europe/Berlin or America/New_York"
	return checked(key, allowed, at, func(text string) (string, bool) {
		_, ok := loadZone(text)
		return text, ok
	})
}

// The longest names of files, in bytes. The kernel takes no longer one for a socket.
const (
	maxPath   = 1024
	maxSocket = 107
)

// path is the name of a file.
func path(key string, at *string, most int) setting {
	allowed := "the path of a file"
	if most < maxPath {
		allowed += fmt.Sprintf(" of at most %d bytes", most)
	}
	return checked(key, allowed, at, func(text string) (string, bool) {
		return text, text != "" && len(text) <= most && printable(text) && !strings.HasSuffix(text, "/")
	})
}

// optionalPath is the name of a file, or nothing for none.
func optionalPath(key string, at *string, most int) setting {
	s := path(key, at, most)
	given := s.set
	s.allowed = "empty, or " + s.allowed
	s.set = func(text string) bool {
		if text == "" {
			*at = ""
			return true
		}
		return given(text)
	}
	return s
}

// host is an address or a name to listen on.
func host(key string, at *string) setting {
	const allowed = "an address such as 0.0.0.0, 127.0.0.1 or ::, or a host name"
	return checked(key, allowed, at, hostName)
}

// hosts is a list of host names, without ports.
func hosts(key string, at *[]string) setting {
	const most = 32
	return setting{
		key:     key,
		allowed: fmt.Sprintf("at most %d host names or addresses, without a port", most),
		list:    true,
		set: func(text string) bool {
			var list []string
			for name := range strings.SplitSeq(text, ",") {
				if name = strings.TrimSpace(name); name == "" {
					continue
				}
				kept, ok := hostName(strings.ToLower(name))
				if !ok || len(list) == most {
					return false
				}
				list = append(list, kept)
			}
			*at = list
			return true
		},
		raw: func() string { return strings.Join(*at, ", ") },
	}
}

// token is a secret that fits into an HTTP header; empty is off.
func token(key string, at *Secret, least int) setting {
	allowed := fmt.Sprintf("empty, or %d to 512 letters, digits and signs without spaces", least)
	return hidden(key, allowed, at, func(text string) bool {
		return text == "" || (len(text) >= least && len(text) <= 512 && graphic(text))
	})
}

// share is how many devices a feature is on for, or whether it is forced on or off here.
func share(key string, at *feature.Setting) setting {
	const allowed = "on, off, disabled, canary, gradual, majority, full, or a percentage of all devices from 0% to 100%"
	return setting{
		key:     key,
		allowed: allowed,
		set: func(text string) bool {
			given, err := feature.Parse(text)
			if err == nil {
				*at = given
			}
			return err == nil
		},
		raw: func() string { return at.String() },
	}
}

// toggle is a yes or no.
func toggle(key string, at *bool) setting {
	return setting{
		key:     key,
		allowed: "true or false",
		set: func(text string) bool {
			on, ok := yes(text)
			if ok {
				*at = on
			}
			return ok
		},
		raw: func() string { return strconv.FormatBool(*at) },
	}
}

// number is a whole number.
func number(key string, at *int, least, most int) setting {
	return setting{
		key:     key,
		allowed: fmt.Sprintf("a whole number from %d to %d", least, most),
		set: func(text string) bool {
			n, err := strconv.Atoi(strings.ReplaceAll(text, "_", ""))
			if err != nil || n < least || n > most {
				return false
			}
			*at = n
			return true
		},
		raw: func() string { return strconv.Itoa(*at) },
	}
}

// decimal is a number with a fraction.
func decimal(key string, at *float64, least, most float64) setting {
	return setting{
		key:     key,
		allowed: fmt.Sprintf("a number from %v to %v", least, most),
		set: func(text string) bool {
			n, err := strconv.ParseFloat(text, 64)
			if err != nil || math.IsNaN(n) || n < least || n > most {
				return false
			}
			*at = n
			return true
		},
		raw: func() string { return strconv.FormatFloat(*at, 'g', -1, 64) },
	}
}

// duration is a length of time.
func duration(key string, at *time.Duration, least, most time.Duration) setting {
	examples := "90s, 5m, 1h30m or a plain number of seconds"
	switch {
	case most <= time.Second:
		examples = "5ms or 200ms"
	case most <= time.Minute:
		examples = "10s, 1m or a plain number of seconds"
	}
	return setting{
		key:     key,
		allowed: fmt.Sprintf("from %s to %s, as in %s", durationText(least), durationText(most), examples),
		set: func(text string) bool {
			d, ok := parseDuration(text)
			if !ok || d < least || d > most {
				return false
			}
			*at = d
			return true
		},
		raw: func() string { return durationText(*at) },
	}
}

// size is a number of bytes.
func size(key string, at *int64, least, most int64) setting {
	return setting{
		key: key,
		allowed: fmt.Sprintf("from %s to %s, as in 500 KB, 20 MiB or a plain number of bytes",
			sizeText(least), sizeText(most)),
		set: func(text string) bool {
			n, ok := parseSize(text)
			if !ok || n < least || n > most {
				return false
			}
			*at = n
			return true
		},
		raw: func() string { return sizeText(*at) },
	}
}
