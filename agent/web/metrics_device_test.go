package web

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/budget"
	"calendarbot/agent/clock"
	"calendarbot/agent/health"
	"calendarbot/agent/pressure"
	"calendarbot/agent/slot"
	"calendarbot/agent/store"
	"calendarbot/agent/update"
)

// tightFares is a device on which memory is tight, and of which everything is known; no two numbers are the same.
func tightFares() fares {
	problem := func(code health.Code, severity health.Severity, in time.Duration) health.Problem {
		return health.Problem{Kind: health.Kind{Code: code, Severity: severity}, In: in}
	}
	late, asked := []string{"refresher", "control"}, &slot.Request{Level: 2}
	return fares{
		standing: pressure.Assessment{At: noon(), Level: pressure.Tight, Signs: []pressure.Standing{
			{Sign: pressure.UnitMemory, Known: true, Value: 88.5, Unit: "%", Step: 2, Limit: 85},
			{Sign: pressure.Heat, Unit: "°C", Limit: 75},
		}},
		reading: &pressure.Reading{
			At:          noon().Add(-8 * time.Second),
			Device:      pressure.Memory{Total: 512e6, Available: 212e6, SwapTotal: 100e6, SwapFree: 99e6},
			Unit:        pressure.Unit{Current: 190e6, Cache: 13e6, High: 200e6, Max: 220e6, HighEvents: 31, OOM: 32, OOMKilled: 33},
			MemoryStall: pressure.Stall{Some10: 12.5, Some60: 6.25, Full10: 3.125, Full60: 1.5},
			CPUStall:    pressure.Stall{Some10: 50}, IOStall: pressure.Stall{Full60: 25},
			CPU: 0.75, UnitCPU: 1.5, UnitHeld: 0.125, Temperature: 61.5, Throttled: true, Undervolted: true,
			Service: pressure.Service{Baseline: pressure.Baseline{Line: "1.4", Mean: 2 * time.Millisecond, P99: 40 * time.Millisecond, Requests: 1000, Since: noon()}},
			Missing: []string{"no this", "no that"},
		},
		acts:  map[pressure.Sign]store.Acts{pressure.UnitMemory: {Begun: 5, Lasts: 1}},
		share: &budget.Budget{MemoryLimit: 150e6, Pace: 4, ClientRate: 2.5, CacheStep: 2, Plain: "Because."},
		report: &health.Report{At: noon(), Problems: []health.Problem{
			problem("memory", health.Severe, 0), problem("feed", health.Warning, 0), problem("feed", health.Warning, 0),
			problem("disk", health.Warning, 9*time.Hour), problem("disk", health.Warning, 7*time.Hour), problem("disk", health.Warning, 8*time.Hour), problem("clock", health.Notice, 0),
		}},
		clock:    &clock.State{Trusted: true, Jumps: 3, Jumped: -90 * time.Second},
		late:     func() []string { return late },
		rollback: func() *slot.Request { return asked },
		versions: triedVersions(),
	}
}

// triedVersions is a device on which everything that there is to tell of versions is so.
func triedVersions() Versions {
	return Versions{
		Slotted: true,
		Slots: map[slot.Kind]slot.State{
			slot.Agent: {
				Active: slot.A, Trial: &slot.Trial{Slot: slot.B, Version: "1.3.0", Began: noon().Add(-100 * time.Second)},
				Slots: map[slot.Name]slot.Content{slot.A: {Version: "1.2.2"}, slot.B: {Version: "1.3.0"}},
			},
			slot.System: {
				Active: slot.B, Former: slot.A, Slots: map[slot.Name]slot.Content{slot.A: {Version: "1.1.0"}, slot.B: {Version: "1.2.0"}},
				Last: &slot.Outcome{Version: "1.2.1", At: noon().Add(-time.Hour)}, Denied: []slot.Denial{{Version: "1.2.1"}, {Version: "1.1.9"}},
			},
			slot.Config: {Active: slot.A, Slots: map[slot.Name]slot.Content{slot.B: {Version: "config-1"}}},
		},
		Update: update.Status{
			Checked: noon().Add(-200 * time.Second), Code: "expired", Progress: &update.Progress{Step: "check"},
			Available: []update.Release{
				{Kind: slot.System, Version: "2.0.0", Refused: true}, {Kind: slot.System, Version: "1.9.0", Published: noon().Add(-300 * time.Second)},
				{Kind: slot.System, Version: "1.8.0", Published: noon().Add(-400 * time.Second)},
			},
		},
	}
}

func TestMetricsTellHowTheDeviceFares(t *testing.T) {
	got := values(t, meterOf(full()))
	for series, want := range map[string]float64{
		"calendarbot_pressure_level{level=normal}":                       0,
		"calendarbot_pressure_level{level=tight}":                        1,
		"calendarbot_pressure_level{level=critical}":                     0,
		"calendarbot_pressure_reading_age_seconds":                       8,
		"calendarbot_pressure_unknown":                                   2,
		"calendarbot_stall_ratio{resource=memory,waits=some,window=10s}": 0.125,
		"calendarbot_stall_ratio{resource=memory,waits=some,window=60s}": 0.0625,
		"calendarbot_stall_ratio{resource=memory,waits=all,window=10s}":  0.03125,
		"calendarbot_stall_ratio{resource=memory,waits=all,window=60s}":  0.015,
		"calendarbot_stall_ratio{resource=cpu,waits=some,window=10s}":    0.5,
		"calendarbot_stall_ratio{resource=io,waits=all,window=60s}":      0.25,
		"calendarbot_sign_value{sign=unit_memory,unit=%}":                88.5,
		"calendarbot_sign_limit{sign=unit_memory,unit=%}":                85,
		"calendarbot_sign_limit{sign=temperature,unit=°C}":               75,
		"calendarbot_sign_step{sign=unit_memory}":                        2,
		"calendarbot_sign_step{sign=temperature}":                        0,
		"calendarbot_actions_begun_total{sign=unit_memory}":              5,
		"calendarbot_actions_begun_total{sign=temperature}":              0,
		"calendarbot_actions_running{sign=unit_memory}":                  1,
		"calendarbot_actions_running{sign=temperature}":                  0,
		"calendarbot_device_memory_bytes":                                512e6,
		"calendarbot_device_memory_used_bytes":                           300e6,
		"calendarbot_device_swap_used_bytes":                             1e6,
		"calendarbot_device_cpu_ratio":                                   0.75,
		"calendarbot_device_temperature_celsius":                         61.5,
		"calendarbot_device_throttled":                                   1,
		"calendarbot_device_undervolted":                                 1,
		"calendarbot_unit_memory_bytes":                                  190e6,
		"calendarbot_unit_memory_used_bytes":                             177e6,
		"calendarbot_unit_memory_high_bytes":                             200e6,
		"calendarbot_unit_memory_max_bytes":                              220e6,
		"calendarbot_unit_memory_events_total{event=high}":               31,
		"calendarbot_unit_memory_events_total{event=oom}":                32,
		"calendarbot_unit_memory_events_total{event=oom_kill}":           33,
		"calendarbot_unit_cpus":                                          1.5,
		"calendarbot_unit_cpu_held_ratio":                                0.125,
		"calendarbot_budget_memory_limit_bytes":                          150e6,
		"calendarbot_budget_pace":                                        4,
		"calendarbot_budget_client_rate":                                 2.5,
		"calendarbot_budget_cache_step":                                  2,
		"calendarbot_budget_plain":                                       1,
		"calendarbot_rollback_asked{level=2}":                            1,
		"calendarbot_rollback_asked{level=3}":                            0,
		"calendarbot_baseline_seconds{figure=mean,line=1.4}":             0.002,
		"calendarbot_baseline_seconds{figure=tail,line=1.4}":             0.04,
		"calendarbot_health_fine":                                        0,
		"calendarbot_problems{severity=critical}":                        1,
		"calendarbot_problems{severity=warning}":                         5,
		"calendarbot_problems{severity=notice}":                          1,
		"calendarbot_problem{code=memory,severity=critical}":             1,
		"calendarbot_problem{code=feed,severity=warning}":                2,
		"calendarbot_problem{code=disk,severity=warning}":                3,
		"calendarbot_problem_predicted_seconds{code=disk}":               7 * 3600,
		"calendarbot_loops_late":                                         2,
		"calendarbot_clock_trusted":                                      1,
		"calendarbot_clock_jumps_total":                                  3,
		"calendarbot_clock_jumped_seconds":                               -90,

		"calendarbot_slot_info{kind=agent,slot=a,use=active,version=1.2.2}":   1,
		"calendarbot_slot_info{kind=agent,slot=b,use=trial,version=1.3.0}":    1,
		"calendarbot_slot_info{kind=system,slot=a,use=former,version=1.1.0}":  1,
		"calendarbot_slot_info{kind=system,slot=b,use=active,version=1.2.0}":  1,
		"calendarbot_slot_info{kind=config,slot=b,use=idle,version=config-1}": 1,
		"calendarbot_slot_trial_seconds{kind=agent}":                          100,
		"calendarbot_slot_went_back{kind=agent}":                              0,
		"calendarbot_slot_went_back{kind=system}":                             1,
		"calendarbot_slot_denied{kind=system}":                                2,
		"calendarbot_slot_denied{kind=config}":                                0,
		"calendarbot_update_check_age_seconds":                                200,
		"calendarbot_update_problem{code=expired}":                            1,
		"calendarbot_update_available_age_seconds{kind=system}":               300,
		"calendarbot_update_running":                                          1,
	} {
		if value, there := got[series]; !there || value != want {
			t.Errorf("%s is %v (%v), want %v", series, value, there, want)
		}
	}
	for _, series := range []string{
		"calendarbot_slot_trial_seconds{kind=system}", "calendarbot_update_available_age_seconds{kind=agent}",
		"calendarbot_sign_value{sign=temperature,unit=°C}", "calendarbot_problem_predicted_seconds{code=memory}", "calendarbot_stall_ratio{resource=memory,waits=some,window=300s}",
	} {
		if _, there := got[series]; there {
			t.Errorf("%s is told, though there is nothing to tell", series)
		}
	}
}

// TestWhatTheDeviceDoesNotTellIsNotTold: a kernel without cgroup, sensor and limits, before a baseline and before anything is wrong.
func TestWhatTheDeviceDoesNotTellIsNotTold(t *testing.T) {
	l := full()
	l.fares = fares{
		standing: pressure.Assessment{Signs: []pressure.Standing{{Sign: pressure.Heat, Value: math.NaN(), Known: true}}},
		reading:  &pressure.Reading{At: noon()}, report: &health.Report{At: noon(), Fine: true}, share: &budget.Budget{Pace: 1}, clock: &clock.State{},
		rollback: func() *slot.Request { return nil }, late: func() []string { return nil },
	}
	got := values(t, meterOf(l))
	for series, want := range map[string]float64{
		"calendarbot_pressure_level{level=normal}": 1, "calendarbot_health_fine": 1, "calendarbot_loops_late": 0, "calendarbot_rollback_asked{level=2}": 0,
		"calendarbot_rollback_asked{level=3}": 0, "calendarbot_clock_trusted": 0, "calendarbot_budget_pace": 1, "calendarbot_problems{severity=critical}": 0,
		"calendarbot_actions_begun_total{sign=temperature}": 0,
	} {
		if value, there := got[series]; !there || value != want {
			t.Errorf("%s is %v (%v), want %v", series, value, there, want)
		}
	}
	for series := range got {
		for _, part := range []string{"unit_memory", "sign_value", "device_temperature", "device_memory", "baseline", "problem{", "problem_predicted", "budget_memory"} {
			if strings.HasPrefix(series, "calendarbot_"+part) {
				t.Errorf("%s is told of nothing", series)
			}
		}
	}
}

// TestMeterAsksWhoKnowsHowTheDeviceFares, and says nothing of a device that was not looked at yet.
func TestMeterAsksWhoKnowsHowTheDeviceFares(t *testing.T) {
	want := tightFares()
	kept, err := store.Open(t.Context(), store.Options{Path: t.TempDir() + "/calendarbot.db", Zone: time.UTC, Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := kept.Close(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := kept.AddAction(context.Background(), budget.Action{Sign: pressure.UnitMemory, Step: 1, Began: noon()}); err != nil {
		t.Fatal(err)
	}
	report := health.Report{}
	m := newMeter(Options{
		Now: noon, Store: kept, Health: func() health.Report { return report }, Clock: func() clock.State { return *want.clock },
		Pressure: func() (pressure.Assessment, *pressure.Reading) { return want.standing, want.reading },
		Budget:   func() budget.Budget { return *want.share }, Late: want.late, Rollback: want.rollback,
	}, time.Now())
	got := values(t, m)
	for series, want := range map[string]float64{
		"calendarbot_sign_value{sign=unit_memory,unit=%}": 88.5, "calendarbot_actions_begun_total{sign=unit_memory}": 1, "calendarbot_actions_running{sign=unit_memory}": 1,
		"calendarbot_budget_pace": 4, "calendarbot_loops_late": 2, "calendarbot_clock_jumps_total": 3, "calendarbot_rollback_asked{level=2}": 1,
	} {
		if got[series] != want {
			t.Errorf("%s is %v, want %v", series, got[series], want)
		}
	}
	if _, there := got["calendarbot_health_fine"]; there {
		t.Error("a device that nobody looked at is told to be well or not")
	}
	report = *want.report
	if got := values(t, m); got["calendarbot_problems{severity=warning}"] != 5 {
		t.Errorf("%v problems", got["calendarbot_problems{severity=warning}"])
	}
}
