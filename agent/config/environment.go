package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// prefix begins the name of every variable that is ours.
const prefix = "CALENDARBOT_"

// The variables that are not the text of one setting.
const (
	icsURL   = prefix + "ICS_URL"   // a source named Calendar
	debug    = prefix + "DEBUG"     // true: log.level is debug, whatever else is said
	testTime = prefix + "TEST_TIME" // the program's clock, read by the program itself
	location = prefix + "CONFIG"    // the configuration file, read by the program itself
)

// refreshInterval is the earlier programs' name of feeds.refresh, in seconds. They allowed any number:
// one that is too small or too large gets the shortest or longest pause there is, so that their setups start here too.
const refreshInterval = prefix + "REFRESH_INTERVAL"

const (
	minRefreshSeconds = 60
	maxRefreshSeconds = 24 * 60 * 60
)

// variable is one of the environment and the key that it sets.
type variable struct{ name, key string }

// variables is the table of those that set one key: CALENDARBOT_SECTION_KEY for each, after the
// names that earlier programs used, so that the systematic name wins where both are set.
func variables(known []setting) []variable {
	table := []variable{
		{refreshInterval, "feeds.refresh"},
		{prefix + "DEFAULT_TIMEZONE", "device.time_zone"},
	}
	for _, s := range known {
		table = append(table, variable{prefix + strings.ToUpper(strings.ReplaceAll(s.key, ".", "_")), s.key})
	}
	return table
}

// readEnvironment lays the environment on the draft. An empty variable counts as not there.
func (d *draft) readEnvironment(env func(string) (string, bool)) {
	get := func(name string) string {
		text, _ := env(name)
		return strings.TrimSpace(text)
	}
	for _, v := range variables(d.config.settings()) {
		if text := get(v.name); text != "" {
			if n, err := strconv.ParseUint(text, 10, 64); err == nil && v.name == refreshInterval {
				text = strconv.FormatUint(min(max(n, minRefreshSeconds), maxRefreshSeconds), 10)
			}
			d.put(v.key, text, said{Environment, v.name})
		}
	}
	if text := get(debug); text != "" {
		if on, ok := yes(text); !ok {
			d.problem(fmt.Errorf("%s: %s is not allowed; allowed is true or false", debug, quoted(text)))
		} else if on {
			d.put("log.level", "debug", said{Environment, debug})
		}
	}
	if text := get(icsURL); text != "" {
		d.environmentSource(text)
	}
}

// environmentSource adds the feed of CALENDARBOT_ICS_URL, in the place of one that the file
// gives the same ID.
func (d *draft) environmentSource(text string) {
	by := said{Environment, icsURL}
	src := draftSource{
		Source: Source{ID: defaultID, Name: "Calendar", LAN: true},
		origin: icsURL,
		said:   map[string]said{"id": by, "name": by, "url": by, "lan": by},
	}
	at := address("sources.url", &src.URL)
	if !at.set(text) {
		d.problem(refusal(icsURL, at.key, at, text))
		return
	}
	same := func(s draftSource) bool { return s.ID == defaultID }
	if i := slices.IndexFunc(d.sources, same); i >= 0 {
		d.sources[i] = src
		return
	}
	d.sources = append(d.sources, src)
}

// Unknown returns a sentence for each variable among NAME=VALUE lines, as os.Environ gives
// them, that begins with CALENDARBOT_ but is none of ours. They do no harm; a person who
// mistyped one wants to know.
func Unknown(environ []string) []string {
	var known []string // without the prefix, which would make all of them look alike
	for _, name := range []string{icsURL, debug, testTime, location} {
		known = append(known, strings.TrimPrefix(name, prefix))
	}
	var c Config
	for _, v := range variables(c.settings()) {
		known = append(known, strings.TrimPrefix(v.name, prefix))
	}
	var sentences []string
	for _, line := range environ {
		name, _, _ := strings.Cut(line, "=")
		rest, ours := strings.CutPrefix(name, prefix)
		if !ours || slices.Contains(known, rest) {
			continue
		}
		near := strings.Replace(didYouMean(rest, known), "mean ", "mean "+prefix, 1)
		sentences = append(sentences, fmt.Sprintf("%s is not a setting and was not read%s", quoted(name), near))
	}
	slices.Sort(sentences)
	return sentences
}
