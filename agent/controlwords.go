package main

import (
	"strings"

	"calendarbot/agent/config"
)

// emergencyKey is the setting that switches everything optional off.
const emergencyKey = "features.emergency_off"

// emergencyWords tells why everything optional is off: the file that is there, and whoever set the setting. It is "" when nothing says so.
func emergencyWords(state *config.State, fileIsThere bool) string {
	features := state.Config.Features
	var reasons []string
	if fileIsThere {
		reasons = append(reasons, "the file "+features.EmergencyFile+" is there")
	}
	if features.EmergencyOff {
		reasons = append(reasons, emergencySetting(state.Values))
	}
	if len(reasons) == 0 {
		return ""
	}
	return "Everything optional is off: " + strings.Join(reasons, "; and ") + "."
}

// emergencySetting tells who set the setting.
func emergencySetting(values []config.Value) string {
	for _, v := range values {
		if v.Key != emergencyKey {
			continue
		}
		switch v.Layer {
		case config.Runtime:
			return "it was switched off while the program ran"
		case config.Environment:
			return v.Origin + " is set in the environment of the program"
		}
		if v.Origin != "" {
			return emergencyKey + " is true in " + v.Origin
		}
	}
	return emergencyKey + " is true"
}

// statusWords is what the service manager shows of the configuration, in one line.
func statusWords(state *config.State) string {
	const most = 300 // runes
	status := "running"
	if state.Problem != "" {
		status += "; " + strings.Join(strings.Fields(state.Problem), " ")
	}
	if r := []rune(status); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return status
}
