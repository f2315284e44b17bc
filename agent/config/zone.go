package config

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Location returns the device's time zone, the system's where none is set. A name that is
// no zone, which Load never returns, gives UTC.
func (d Device) Location() *time.Location {
	name := d.TimeZone
	if name == "" {
		name, _ = systemZone(os.LookupEnv, "/")
	}
	loc, ok := loadZone(name)
	if !ok {
		return time.UTC
	}
	return loc
}

// loadZone loads a zone by its IANA name. Go would take "" and "Local" as well, and with them
// a zone that has no name to show or to hand to anyone; the tz database's names begin with a
// capital letter, its other files (posixrules, localtime) don't.
func loadZone(name string) (*time.Location, bool) {
	if name == "" || name == "Local" || name[0] < 'A' || name[0] > 'Z' {
		return nil, false
	}
	loc, err := time.LoadLocation(name)
	return loc, err == nil
}

// systemZone returns the name of the system's time zone and what said so: the variable TZ,
// the link root/etc/localtime, the file root/etc/timezone. Without any of them, or with
// none that names a zone, it is UTC by nobody's word.
func systemZone(env func(string) (string, bool), root string) (name, origin string) {
	if tz, ok := env("TZ"); ok {
		if name, ok := zoneOf(strings.TrimPrefix(tz, ":")); ok {
			return name, "TZ"
		}
	}
	if target, err := os.Readlink(filepath.Join(root, "etc/localtime")); err == nil {
		if name, ok := zoneOf(target); ok {
			return name, "/etc/localtime"
		}
	}
	if text, err := os.ReadFile(filepath.Join(root, "etc/timezone")); err == nil {
		if name, ok := zoneOf(strings.TrimSpace(string(text))); ok {
			return name, "/etc/timezone"
		}
	}
	return "UTC", ""
}

// zoneOf takes the zone's name out of a name or of a path below zoneinfo.
func zoneOf(text string) (string, bool) {
	if _, below, ok := strings.Cut(text, "zoneinfo/"); ok {
		text = strings.TrimPrefix(strings.TrimPrefix(below, "posix/"), "right/")
	}
	_, ok := loadZone(text)
	return text, ok
}
