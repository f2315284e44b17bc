package hwtest

import (
	"context"
	"fmt"
	"slices"
	"time"
)

const (
	holding   = "updates"          // in the place of a step: what is held is let go with the end of the run
	automatic = "update.automatic" // the setting
	updater   = "calendarbot-update.service"
)

// hold keeps the device from updating itself while a run lasts, which would restart the program, or the device, in the middle of a step. It says
// why a step is not run where an update is under way.
func (d *Device) hold(ctx context.Context) (reason string, err error) {
	var settings struct {
		Values []struct{ Key, Value, Layer string }
	}
	const path = "/api/v1/config"
	if err := d.ask(ctx, "GET", path, nil, &settings); err != nil {
		return "", fmt.Errorf("hold updates: %w", err)
	}
	var value, layer string
	for _, v := range settings.Values {
		if v.Key == automatic {
			value, layer = v.Value, v.Layer
		}
	}
	if value == "" {
		return "", fmt.Errorf("hold updates: the program does not tell of %s", automatic)
	}
	if value != "off" {
		noted, err := d.Undone()
		if err != nil {
			return "", err
		}
		back := map[string]any{"unset": []string{automatic}, "why": whyBack} // file, environment or default say
		if layer == "runtime" {
			back = map[string]any{"set": map[string]string{automatic: value}, "why": whyBack}
		}
		if !slices.ContainsFunc(noted, func(u Undo) bool { return u.Step == holding }) {
			if err := d.before(Undo{Step: holding, Words: automatic + " as it was", Method: "PATCH", Path: path, Body: back}); err != nil {
				return "", err
			}
		}
		if err := d.ask(ctx, "PATCH", path, map[string]any{"set": map[string]string{automatic: "off"}, "why": why}, nil); err != nil {
			return "", fmt.Errorf("hold updates: %w", err)
		}
	}
	if _, err := d.until(ctx, 10*time.Minute, func() (bool, error) {
		now, err := d.show(ctx, updater, "ActiveState")
		if err == nil && (now["ActiveState"] == "active" || now["ActiveState"] == "activating") {
			err = fmt.Errorf("%s is %s", updater, now["ActiveState"])
		}
		return err == nil, err
	}); err != nil {
		return fmt.Sprintf("an update of the device is under way: run it again once it has ended (%v)", err), nil
	}
	return "", nil
}
