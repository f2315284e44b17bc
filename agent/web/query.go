package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"calendarbot/agent/page"
)

// Bounds of what can be asked for.
const (
	maxQuery  = 4 << 10 // bytes of the text after "?"
	maxRange  = 366     // days of events
	maxEvents = 1000
	maxSearch = 200 // characters
	maxName   = 64  // bytes of a zone's or a calendar's name
)

// badQuery is a parameter that cannot be used, in a sentence.
type badQuery struct{ param, sentence string }

// Error returns the sentence.
func (b *badQuery) Error() string { return b.sentence }

func bad(param, format string, args ...any) error {
	return &badQuery{param, fmt.Sprintf("The parameter %s %s.", param, fmt.Sprintf(format, args...))}
}

// queryOf reads the text after "?" into the query of a page; zone is the device's, now says what today is. The error
// is a *badQuery; the query that comes with it has what is wrong left out.
func queryOf(kind page.Kind, raw string, now time.Time, zone *time.Location) (page.Query, error) {
	q := page.Query{Kind: kind}
	if len(raw) > maxQuery {
		return q, &badQuery{"", "The part of the address after the question mark is longer than 4 KB."}
	}
	values := url.Values{}
	if raw != "" {
		var err error
		if values, err = url.ParseQuery(raw); err != nil {
			return q, &badQuery{"", "The part of the address after the question mark is not properly encoded."}
		}
	}
	in := params{values: values, now: now, zone: zone}
	switch kind {
	case page.Next:
		q.Theme = in.oneOf("theme", "", "auto", "dark", "light", "eink")
		q.Zone = in.zoneName("tz")
	case page.Agenda:
		q.Theme = in.oneOf("theme", "", "auto", "dark", "light", "eink")
		q.Zone = in.zoneName("tz")
		q.Days = in.number("days", 0, 1, 31)
		if day := in.date("from"); day != "" {
			q.From = in.midnight(day).Unix()
		}
	case page.Events:
		in.known("from", "to", "days", "calendar", "search", "limit", "tz")
		in.events(&q)
	case page.WhatsNextV1:
		in.known("tz")
		q.Zone = in.zoneName("tz")
	case page.DoneForDay:
		q.Zone = in.zoneName("tz")
	case page.AlexaNext, page.AlexaTimeUntil, page.AlexaDone, page.AlexaLaunch:
		q.Zone, q.SSML = in.zoneName("tz"), true
	case page.MorningSummary, page.AlexaMorning:
		q.Zone = in.zoneName("timezone")
		q.Day = in.date("date")
		q.Detail = in.oneOf("detail_level", "normal", "brief", "normal", "detailed", "verbose")
		q.Max = in.number("max_events", 50, 1, 100)
		if kind == page.AlexaMorning {
			q.SSML = in.flag("prefer_ssml")
		}
	}
	return q, in.err
}

// params reads parameters one by one and keeps the first thing that is wrong.
type params struct {
	values url.Values
	now    time.Time
	zone   *time.Location // the one asked for once zoneName has read it
	err    error
}

func (in *params) wrong(param, format string, args ...any) {
	if in.err == nil {
		in.err = bad(param, format, args...)
	}
}

// known refuses parameters that do not exist, so that a slip of the pen is not taken as "everything".
func (in *params) known(names ...string) {
	for name := range in.values {
		if !slices.Contains(names, name) {
			in.wrong(strconv.Quote(short(name)), "does not exist here; there are: %s", strings.Join(names, ", "))
		}
	}
}

// text returns a parameter without control characters and of bounded length in bytes.
func (in *params) text(name string, limit int) string {
	value := in.values.Get(name)
	switch {
	case len(in.values[name]) > 1:
		in.wrong(name, "is given more than once")
	case len(value) > limit:
		in.wrong(name, "is longer than %d bytes", limit)
	case !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl):
		in.wrong(name, "has characters that are not text")
	default:
		return value
	}
	return ""
}

func (in *params) oneOf(name, fallback string, allowed ...string) string {
	value := in.text(name, maxName)
	if value == "" {
		return fallback
	}
	if !slices.Contains(allowed, value) {
		in.wrong(name, "is %s; it can be %s", strconv.Quote(value), strings.Join(allowed, ", "))
		return fallback
	}
	return value
}

func (in *params) number(name string, fallback, low, high int) int {
	value := in.text(name, 20)
	if value == "" {
		return fallback
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < low || n > high {
		in.wrong(name, "is %s; it can be a whole number from %d to %d", strconv.Quote(value), low, high)
		return fallback
	}
	return n
}

// flag reads yes or no; what is not given is no.
func (in *params) flag(name string) bool {
	value := in.text(name, maxName)
	switch strings.ToLower(value) {
	case "1", "true", "yes":
		return true
	case "", "0", "false", "no":
		return false
	}
	in.wrong(name, "is %s; it can be 1, true, yes, 0, false or no", strconv.Quote(value))
	return false
}

// zoneName reads an IANA zone; the dates read after it are in that zone.
func (in *params) zoneName(name string) string {
	value := in.text(name, maxName)
	if value == "" {
		return ""
	}
	loc, err := time.LoadLocation(value)
	if err != nil || value == "Local" {
		in.wrong(name, "is %s, which is not a time zone such as Europe/Berlin", strconv.Quote(value))
		return ""
	}
	in.zone = loc
	return value
}

// date reads YYYY-MM-DD.
func (in *params) date(name string) string {
	value := in.text(name, maxName)
	if value == "" {
		return ""
	}
	if t, err := time.Parse(time.DateOnly, value); err != nil || t.Year() < 1900 || t.Year() > 2199 {
		in.wrong(name, "is %s; it can be a date such as 2026-01-31, from 1900 to 2199", strconv.Quote(value))
		return ""
	}
	return value
}

// midnight returns the start of a date read by date.
func (in *params) midnight(day string) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, day, in.zone)
	if err != nil {
		in.wrong("date", "cannot be read")
	}
	return t
}

// instant reads an RFC 3339 time, or a date as the start of that day.
func (in *params) instant(name string) time.Time {
	value := in.text(name, maxName)
	if value == "" {
		return time.Time{}
	}
	if _, err := time.Parse(time.DateOnly, value); err == nil {
		return in.midnight(in.date(name))
	}
	t, err := time.Parse(time.RFC3339, value)
	if err != nil || t.Year() < 1900 || t.Year() > 2199 {
		in.wrong(name, "is %s; it can be a date such as 2026-01-31 or a time such as 2026-01-31T09:00:00%%2B01:00, from 1900 to 2199", strconv.Quote(value))
		return time.Time{}
	}
	return t
}

// events reads what /api/v1/events takes: by default the seven days from the start of today.
func (in *params) events(q *page.Query) {
	q.Zone = in.zoneName("tz")
	from, to := in.instant("from"), in.instant("to")
	days := in.number("days", 0, 1, maxRange)
	if days > 0 && !to.IsZero() {
		in.wrong("days", "cannot be given together with to")
	}
	if from.IsZero() {
		y, m, d := in.now.In(in.zone).Date()
		from = time.Date(y, m, d, 0, 0, 0, 0, in.zone)
	}
	if to.IsZero() {
		if days == 0 {
			days = 7
		}
		to = from.In(in.zone).AddDate(0, 0, days)
	}
	switch {
	case !from.Before(to):
		in.wrong("to", "is not after from")
	case to.Sub(from) > (maxRange*24+1)*time.Hour:
		in.wrong("to", "is more than %d days after from", maxRange)
	}
	q.From, q.To = from.Unix(), to.Unix()
	q.Source = in.text("calendar", maxName)
	q.Search = in.text("search", 4*maxSearch)
	if utf8.RuneCountInString(q.Search) > maxSearch {
		in.wrong("search", "is longer than %d characters", maxSearch)
	}
	q.Limit = in.number("limit", maxEvents, 1, maxEvents)
}

// short cuts text that is repeated to the one who sent it.
func short(s string) string {
	const limit = 40
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit]) + "…"
}

// inShape puts a bad query into the shape that clients of the route know.
func inShape(kind page.Kind, err error) error {
	switch kind {
	case page.Events, page.WhatsNextV1:
		return problemOf(http.StatusBadRequest, "bad_parameter", err.Error())
	}
	return &refusal{Status: http.StatusBadRequest, Word: "Bad request", Message: err.Error()}
}
