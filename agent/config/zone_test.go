package config

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSystemZone(t *testing.T) {
	for _, c := range []struct {
		name, tz, link, file string
		zone, origin         string
	}{
		{"nothing", "", "", "", "UTC", ""},
		{"variable", "Asia/Tokyo", "/usr/share/zoneinfo/Europe/Berlin", "Europe/Paris", "Asia/Tokyo", "TZ"},
		{"variable with a colon", ":Asia/Tokyo", "", "", "Asia/Tokyo", "TZ"},
		{"variable with a path", ":/usr/share/zoneinfo/Asia/Tokyo", "", "", "Asia/Tokyo", "TZ"},
		{"variable with a rule", "CET-1CEST,M3.5.0,M10.5.0/3", "/usr/share/zoneinfo/Europe/Berlin", "", "Europe/Berlin", "/etc/localtime"},
		{"variable without a name", "Local", "", "Europe/Paris", "Europe/Paris", "/etc/timezone"},
		{"link", "", "/usr/share/zoneinfo/America/Argentina/Ushuaia", "Europe/Paris", "America/Argentina/Ushuaia", "/etc/localtime"},
		{"relative link", "", "../usr/share/zoneinfo/posix/Europe/Berlin", "", "Europe/Berlin", "/etc/localtime"},
		{"link elsewhere", "", "/etc/my-zone", "Europe/Paris\n", "Europe/Paris", "/etc/timezone"},
		{"file with nonsense", "", "", "Nowhere/Atall\n", "UTC", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			if err := os.Mkdir(filepath.Join(root, "etc"), 0o700); err != nil {
				t.Fatal(err)
			}
			if c.link != "" {
				if err := os.Symlink(c.link, filepath.Join(root, "etc/localtime")); err != nil {
					t.Fatal(err)
				}
			}
			if c.file != "" {
				if err := os.WriteFile(filepath.Join(root, "etc/timezone"), []byte(c.file), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			env := environment()
			if c.tz != "" {
				env = environment("TZ=" + c.tz)
			}
			if zone, origin := systemZone(env, root); zone != c.zone || origin != c.origin {
				t.Errorf("got %s of %s", zone, origin)
			}
		})
	}
}

func TestLocation(t *testing.T) {
	t.Setenv("TZ", "Asia/Tokyo")
	for name, want := range map[string]string{"Europe/Berlin": "Europe/Berlin", "": "Asia/Tokyo", "Nowhere": "UTC", "Local": "UTC"} {
		if got := (Device{TimeZone: name}).Location().String(); got != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
	}
}

func TestLoadNamesTheZone(t *testing.T) {
	c, _, err := Load(Input{})
	if err != nil {
		t.Fatal(err)
	}
	if c.Device.TimeZone == "" || c.Device.TimeZone == "Local" || c.Device.Location().String() != c.Device.TimeZone {
		t.Errorf("got %q", c.Device.TimeZone)
	}
}
