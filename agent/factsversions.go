package main

import (
	"os"
	"path/filepath"
	"strings"

	"calendarbot/agent/config"
	"calendarbot/agent/health"
	"calendarbot/agent/slot"
	"calendarbot/agent/update"
	"calendarbot/agent/web"
)

// places is where the slots' keeper, the updater and this program tell each other things.
func (c *care) places() web.Places { return web.Places{Root: c.root, State: c.dir} }

// baked tells whether the system came with an address to look at.
func baked(root string) bool {
	if root == "" {
		root = "/"
	}
	_, err := os.Stat(filepath.Join(root, update.AddressFile))
	return err == nil
}

// noteUpdates leaves what is set for updates where the updater finds it, which has no way to what was changed at run time. An
// installation without slots has no updater.
func (c *care) noteUpdates(cfg config.Config) error {
	places := c.places()
	if v := places.Look(); !v.Slotted {
		return nil
	}
	u := cfg.Update
	return update.NoteSettings(c.dir, update.Settings{URL: u.URL, Channel: u.Channel, Automatic: u.Automatic, Window: u.Window, Zone: cfg.Device.Location().String()})
}

// versions is what problems of what runs, what is tried and what is newer are found in.
func (c *care) versions() health.Versions {
	places := c.places()
	v, now := places.Look(), c.now()
	if !v.Slotted {
		return health.Versions{}
	}
	cfg := c.a.live.State().Config.Update
	h := health.Versions{
		Checks: cfg.Automatic != update.AutomaticOff && (cfg.URL != "" || baked(c.root)), Checked: v.Update.Checked, Running: uptime(),
		Code: v.Update.Code, Problem: v.Update.Problem, ByHand: v.Update.FromFile(), TrialFor: cfg.Trial,
	}
	h.Conflicts, _ = places.Conflicts(v)
	if k, t := v.Trial(); t != nil {
		h.Trial = web.Thing(k, t.Version)
	}
	for _, k := range slot.Kinds() {
		if last := v.WentBack(k, now); last != nil {
			h.Back = append(h.Back, health.WentBack{What: web.Thing(k, last.Version), Words: "What ran before runs again, because " + strings.TrimRight(last.Why, ". ") + "."})
		}
	}
	return h
}
