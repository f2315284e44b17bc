package preseed

import (
	"slices"
	"strings"

	"calendarbot/agent/config"
	"calendarbot/agent/network"
)

// lay lays what a sheet says on what a slot says. What does not go together with what is there is a mistake of the sheet, and the section
// is left out. Nothing that the sheet is silent about changes.
func lay(d device, s *Sheet) device {
	w := s.Wish
	if w.Hostname != "" {
		d.hostname = w.Hostname
	}
	if w.Zone != "" {
		if text, err := config.Merge(d.agent, map[string]string{"device.time_zone": w.Zone}, nil); err != nil {
			s.mistake(zoneSection, s.lines[zoneSection], "timezone: %v", err)
		} else {
			d.zone, d.agent = w.Zone, text
		}
	}
	if w.Country != "" {
		d.wifi.Country = w.Country
	}
	d.wifi = s.layNetworks(d.wifi)
	if len(w.Keys) > 0 {
		d.keys = strings.Join(w.Keys, "\n") + "\n"
	}
	d.agent = s.layFeeds(d.agent)
	if w.PIN != "" {
		d.agent = s.laySettings(d.agent, pinSection, map[string]string{"web.pin": w.PIN})
	}
	if len(w.Settings) > 0 {
		d.agent = s.laySettings(d.agent, agentSection, w.Settings)
	}
	return d
}

// layNetworks adds the networks of a sheet, or puts them in the place of those with the same name.
func (s *Sheet) layNetworks(wifi network.Wifi) network.Wifi {
	next := network.Wifi{Country: wifi.Country, Networks: slices.Clone(wifi.Networks)}
	for _, n := range s.Wish.Networks {
		i := slices.IndexFunc(next.Networks, func(o network.Network) bool { return o.SSID == n.SSID })
		switch {
		case i < 0 && n.Kept && !n.Silent:
			s.mistake(wifiSection, n.Line, "wifi: the password of %s is blank, and the device does not know it; write it there, or take the whole line out if the network has none", network.Shown(n.SSID))
			continue
		case i < 0:
			next.Networks = append(next.Networks, n.Network)
		case n.Kept:
			next.Networks[i].Hidden = n.Hidden
		default:
			next.Networks[i] = n.Network
		}
	}
	if !s.wrong[wifiSection] {
		for _, err := range (network.Wifi{Networks: next.Networks}).Check() {
			s.mistake(wifiSection, s.lines[wifiSection], "wifi: together with those that the device knows: %v", err)
		}
	}
	if s.wrong[wifiSection] {
		return wifi
	}
	return next
}

// layFeeds adds the calendars of a sheet, one by one, so that a mistake has its line.
func (s *Sheet) layFeeds(text []byte) []byte {
	next := text
	for _, feed := range s.Wish.Feeds {
		out, err := config.Merge(next, nil, []map[string]string{feed.Given})
		if err != nil {
			s.mistake(feedsSection, feed.Line, "feeds: %s", strings.ReplaceAll(err.Error(), "sources.", ""))
			continue
		}
		next = out
	}
	if s.wrong[feedsSection] {
		return text
	}
	return next
}

func (s *Sheet) laySettings(text []byte, section string, settings map[string]string) []byte {
	out, err := config.Merge(text, settings, nil)
	if err != nil {
		s.mistake(section, s.lines[section], "%s: %v", section, err)
		return text
	}
	return out
}

// pin is that of an agent's file; "" without one. A mistake elsewhere in the file takes nothing from it.
func pin(text []byte) string {
	usable, _, _ := config.Load(config.Input{Path: "calendarbot.yaml", Text: append([]byte{}, text...)})
	return usable.Web.PIN.Reveal()
}
