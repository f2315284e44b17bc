package board

import (
	"context"
	"fmt"
	"strings"
	"time"

	"calendarbot/scripts/demo/household"
)

// Settings are what a person writes on the card for the first boot, in calendarbot.yaml.
type Settings struct {
	Hostname, Zone, PIN string
	Feeds               []Feed
	PublicKey           string // one line, as a file that ends in .pub holds it
}

// Feed is a calendar by name, on this computer or anywhere.
type Feed struct{ Name, Address string }

// String is the file.
func (s Settings) String() string {
	var b strings.Builder
	for _, setting := range []struct{ key, value string }{
		{"hostname", s.Hostname}, {"timezone", s.Zone}, {"pin", s.PIN},
	} {
		if setting.value != "" {
			fmt.Fprintf(&b, "%s: %q\n", setting.key, setting.value)
		}
	}
	if s.PublicKey != "" {
		fmt.Fprintf(&b, "ssh_keys:\n  - %s\n", s.PublicKey)
	}
	if len(s.Feeds) > 0 {
		b.WriteString("feeds:\n")
	}
	for _, feed := range s.Feeds {
		fmt.Fprintf(&b, "  - name: %q\n    url: %s\n    lan: true\n", feed.Name, feed.Address)
	}
	return b.String()
}

// Seed writes settings onto a card, as a person does.
func (c Card) Seed(ctx context.Context, s Settings) error {
	return c.Write(ctx, "calendarbot.yaml", s.String())
}

// Fit puts arguments for the kernel onto a card: those that an emulated board needs, and more. The board has no clock and there may be
// no time server for it, so it is told the time. Its emulated watchdog strikes as soon as somebody opens it. What units say when something is wrong goes to the console,
// for a board that nobody can log in to.
func (c Card) Fit(ctx context.Context, now time.Time, more ...string) error {
	arguments := append([]string{
		"systemd.watchdog_sec=0", fmt.Sprintf("systemd.clock_usec=%d", now.UnixMicro()),
		"systemd.show_status=1", "systemd.log_color=0", "systemd.journald.forward_to_console=1", "systemd.journald.max_level_console=warning",
	}, more...)
	return c.Write(ctx, "boot-args.txt", "extra_args="+strings.Join(arguments, " ")+"\n")
}

// Household are the calendars that scripts/demo/household serves on a port of this computer, as a board reaches them.
func Household(port int) []Feed {
	people := map[string]string{"work.ics": "Work", "family.ics": "Family", "school.ics": "School", "broken.ics": "Sports club"}
	var feeds []Feed
	for _, name := range household.Feeds() {
		feeds = append(feeds, Feed{people[name], fmt.Sprintf("http://%s:%d/%s", HostAddress, port, name)})
	}
	return feeds
}
