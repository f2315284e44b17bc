package web

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/pressure"
)

const mostDays = 366

// numeral is a figure as JSON has it, which knows neither NaN nor infinity.
func numeral(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// pressureView is the answer of /api/v1/pressure.
type pressureView struct {
	Level   *string      `json:"level"` // null before the first reading
	Signs   []signView   `json:"signs"`
	Actions []actionView `json:"actions"` // those that last; null: they cannot be read
	Reading *readingView `json:"reading"`
	Missing []string     `json:"missing"`
}

type signView struct {
	Sign  pressure.Sign `json:"sign"`
	Known bool          `json:"known"`
	Value *float64      `json:"value"`
	Unit  string        `json:"unit"`
	Step  int           `json:"step"`
	Limit *float64      `json:"limit"`
	Since *string       `json:"since"`
}

// readingView is a reading; bytes, shares from 0 to 1, percent of time. What is not known is null.
type readingView struct {
	At          *string   `json:"at"`
	Total       *uint64   `json:"device_total_bytes"`
	Used        *uint64   `json:"device_used_bytes"`
	SwapTotal   *uint64   `json:"swap_total_bytes"`
	SwapFree    *uint64   `json:"swap_free_bytes"`
	Unit        *uint64   `json:"unit_bytes"`
	UnitHigh    *uint64   `json:"unit_high_bytes"`
	UnitMax     *uint64   `json:"unit_max_bytes"`
	OOMKilled   *uint64   `json:"unit_oom_kills"`
	Resident    *uint64   `json:"resident_bytes"`
	Anonymous   *uint64   `json:"anonymous_bytes"`
	Threads     *int      `json:"threads"`
	Files       *int      `json:"open_files"`
	Goroutines  int       `json:"goroutines"`
	MemoryStall stallView `json:"memory_stall"`
	CPUStall    stallView `json:"cpu_stall"`
	IOStall     stallView `json:"io_stall"`
	CPU         *float64  `json:"cpu"`
	UnitCPU     *float64  `json:"unit_cpus"`
	UnitHeld    *float64  `json:"unit_held_back"`
	Temperature *float64  `json:"temperature_c"`
	Throttled   *bool     `json:"throttled"`
	Requests    uint64    `json:"requests"`
	Failures    uint64    `json:"failures"`
}

type stallView struct {
	Some10 *float64 `json:"some_10s"`
	Some60 *float64 `json:"some_60s"`
	Full10 *float64 `json:"full_10s"`
	Full60 *float64 `json:"full_60s"`
}

func stallViewOf(s pressure.Stall, known bool) stallView {
	if !known {
		return stallView{}
	}
	return stallView{numeral(s.Some10), numeral(s.Some60), numeral(s.Full10), numeral(s.Full60)}
}

// known is a figure, or nil.
func known[T any](v T, known bool) *T {
	if !known {
		return nil
	}
	return &v
}

// readingViewOf lays a reading out. Of figures that may well be zero, the signs tell whether they are known.
func readingViewOf(r *pressure.Reading, judged *pressure.Assessment) *readingView {
	device, unit, self := r.Device.Total != 0, r.Unit.Current != 0, r.Self.Resident != 0
	stalls, warmth := judged.Of(pressure.MemoryStalls).Known, r.Temperature != 0
	v := &readingView{
		At: instant(r.At), Total: known(r.Device.Total, device), Used: known(r.Device.Used(), device),
		SwapTotal: known(r.Device.SwapTotal, device), SwapFree: known(r.Device.SwapFree, device),
		Unit: known(r.Unit.Current, unit), UnitHigh: known(r.Unit.High, unit), UnitMax: known(r.Unit.Max, unit), OOMKilled: known(r.Unit.OOMKilled, unit),
		Resident: known(r.Self.Resident, self), Anonymous: known(r.Self.Anonymous, self), Threads: known(r.Self.Threads, self), Files: known(r.Self.Files, self),
		Goroutines:  r.Self.Goroutines,
		MemoryStall: stallViewOf(r.MemoryStall, stalls), CPUStall: stallViewOf(r.CPUStall, stalls), IOStall: stallViewOf(r.IOStall, stalls),
		// A device that slows down says so; whether one does not, only those that measure their heat can tell.
		Throttled: known(r.Throttled, r.Throttled || warmth),
		Requests:  r.Service.Requests, Failures: r.Service.Failures,
	}
	if judged.Of(pressure.Processor).Known {
		v.CPU = numeral(r.CPU)
	}
	if r.UnitCPU != 0 { // which a program that reads is never
		v.UnitCPU, v.UnitHeld = numeral(r.UnitCPU), numeral(r.UnitHeld)
	}
	if warmth {
		v.Temperature = numeral(r.Temperature)
	}
	return v
}

// signViewOf tells how a sign stands. A device may be known to be too hot without a thermometer, by what it does about it.
func signViewOf(s pressure.Standing, r *pressure.Reading) signView {
	v := signView{Sign: s.Sign, Known: s.Known, Unit: s.Unit, Step: s.Step, Limit: numeral(s.Limit), Since: instant(s.Since)}
	if s.Known && (s.Sign != pressure.Heat || r.Temperature != 0) {
		v.Value = numeral(s.Value)
	}
	return v
}

// getPressure is GET /api/v1/pressure.
func (s *Server) getPressure(c *fiber.Ctx) error {
	v := pressureView{Signs: []signView{}, Missing: []string{}}
	if actions, err := s.actions(0); err != nil {
		s.o.Log.Error("pressure: list actions", "error", err)
	} else {
		v.Actions = actionViews(actions)
	}
	if s.o.Pressure == nil {
		return answerJSON(c, http.StatusOK, v)
	}
	judged, reading := s.o.Pressure()
	if reading == nil {
		return answerJSON(c, http.StatusOK, v)
	}
	level := judged.Level.String()
	v.Level, v.Reading = &level, readingViewOf(reading, &judged)
	v.Missing = append(v.Missing, reading.Missing...)
	for _, one := range judged.Signs {
		v.Signs = append(v.Signs, signViewOf(one, reading))
	}
	return answerJSON(c, http.StatusOK, v)
}

// quantityName names a quantity of the history for programs.
func quantityName(q pressure.Quantity) string {
	return [pressure.Quantities]string{
		pressure.QResident: "resident_bytes", pressure.QUnit: "unit_bytes", pressure.QDevice: "device_used_bytes", pressure.QCPU: "cpu",
		pressure.QTemperature: "temperature_c", pressure.QMemoryStall: "memory_stall_percent", pressure.QLatency: "latency_p99_s",
		pressure.QHitRate: "hit_rate", pressure.QRequests: "requests_per_s",
	}[q]
}

// dayHistory is the answer for the last day, in columns: each figure is about the minute at the same place of At.
type dayHistory struct {
	Range  string               `json:"range"`
	At     []int64              `json:"at"` // Unix seconds
	Series map[string]dayFigure `json:"series"`
}

type dayFigure struct {
	Mean []*float32 `json:"mean"`
	High []*float32 `json:"high"`
}

// daysHistory is the answer for the days before, the newest first.
type daysHistory struct {
	Range string    `json:"range"`
	Days  []dayView `json:"days"`
}

type dayView struct {
	Date     string                  `json:"date"`
	Minutes  int                     `json:"minutes"`
	Requests uint64                  `json:"requests"`
	Failures uint64                  `json:"failures"`
	Tight    float64                 `json:"tight_s"`
	Critical float64                 `json:"critical_s"`
	Figures  map[string]figureOfADay `json:"figures"`
}

type figureOfADay struct {
	Low  *float64 `json:"low"`
	Mean *float64 `json:"mean"`
	High *float64 `json:"high"`
}

// pressureHistory is GET /api/v1/pressure/history.
func (s *Server) pressureHistory(c *fiber.Ctx) error {
	values, err := url.ParseQuery(string(c.Request().URI().QueryString()))
	in := params{values: values}
	in.known("range")
	which := in.oneOf("range", "day", "day", "days")
	if err != nil || in.err != nil {
		return problemOf(http.StatusBadRequest, "bad_parameter", "The parameter range can be day or days, and there is no other.")
	}
	if which == "day" {
		return answerJSON(c, http.StatusOK, columns(s.history()))
	}
	answer := daysHistory{Range: which, Days: []dayView{}}
	if s.o.Days == nil {
		return answerJSON(c, http.StatusOK, answer)
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	days, err := s.o.Days(ctx, mostDays)
	if err != nil {
		return fmt.Errorf("list days: %w", err)
	}
	for _, d := range days {
		answer.Days = append(answer.Days, dayViewOf(d))
	}
	return answerJSON(c, http.StatusOK, answer)
}

// columns lays samples out by quantity; what is not known is null.
func columns(samples []pressure.Sample) dayHistory {
	h := dayHistory{Range: "day", At: make([]int64, len(samples)), Series: map[string]dayFigure{}}
	for i := range samples {
		h.At[i] = samples[i].At.Unix()
	}
	for q := range pressure.Quantities {
		f := dayFigure{Mean: make([]*float32, len(samples)), High: make([]*float32, len(samples))}
		for i := range samples {
			f.Mean[i], f.High[i] = orNull(&samples[i].Mean[q]), orNull(&samples[i].High[q])
		}
		h.Series[quantityName(q)] = f
	}
	return h
}

func orNull(v *float32) *float32 {
	if numeral(float64(*v)) == nil {
		return nil
	}
	return v
}

func dayViewOf(d pressure.Day) dayView {
	v := dayView{
		Date: d.Date, Minutes: d.Minutes, Requests: d.Requests, Failures: d.Failures, Tight: d.Tight.Seconds(), Critical: d.Critical.Seconds(),
		Figures: map[string]figureOfADay{},
	}
	for q := range pressure.Quantities {
		v.Figures[quantityName(q)] = figureOfADay{numeral(d.Low[q]), numeral(d.Mean[q]), numeral(d.High[q])}
	}
	return v
}
