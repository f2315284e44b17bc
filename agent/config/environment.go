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
	// The same for tests alone: a clock that a file moves, and a folder in the place of the system's own.
	testClock = prefix + "TEST_CLOCK"
	testRoot  = prefix + "TEST_ROOT"
	location  = prefix + "CONFIG" // the configuration file, read by the program itself
)

// refreshInterval is the earlier programs' name of feeds.refresh, in seconds. They allowed any number:
// one that is too small or too large gets the shortest or longest pause there is, so that their setups start here too.
const refreshInterval = prefix + "REFRESH_INTERVAL"

// The design's names of two features. Besides what the features take, 1 and 0 are on and off.
const (
	phasePrefix   = "PHASE_2A_"
	phasePooling  = phasePrefix + "CONNECTION_POOLING"
	phasePipeline = phasePrefix + "REQUEST_PIPELINE"
)

const (
	minRefreshSeconds = 60
	maxRefreshSeconds = 24 * 60 * 60
)

// variable is one of the environment and the key that it sets.
type variable struct{ name, key string }

// variables is the table of those that set one key: CALENDARBOT_SECTION_KEY for each, after the
// other names, so that the systematic name wins where both are set.
func variables(known []setting) []variable {
	table := []variable{
		{refreshInterval, "feeds.refresh"},
		{prefix + "DEFAULT_TIMEZONE", "device.time_zone"},
		{phasePooling, "features.connection_pooling"},
		{phasePipeline, "features.request_pipeline"},
		{prefix + "EMERGENCY_OFF", "features.emergency_off"},
	}
	for _, s := range known {
		table = append(table, variable{prefix + strings.ToUpper(strings.ReplaceAll(s.key, ".", "_")), s.key})
	}
	return table
}

// text is the text of the key for a text of the variable.
func (v variable) text(given string) string {
	switch v.name {
	case refreshInterval:
		if n, err := strconv.ParseUint(given, 10, 64); err == nil {
			return strconv.FormatUint(min(max(n, minRefreshSeconds), maxRefreshSeconds), 10)
		}
	case phasePooling, phasePipeline:
		if on, ok := yes(given); ok {
			return strconv.FormatBool(on)
		}
	}
	return given
}

// readEnvironment lays the environment on the draft. An empty variable counts as not there.
func (d *draft) readEnvironment(env func(string) (string, bool)) {
	get := func(name string) string {
		text, _ := env(name)
		return strings.TrimSpace(text)
	}
	for _, v := range variables(d.config.settings()) {
		if text := get(v.name); text != "" {
			d.put(v.key, v.text(text), said{Environment, v.name})
		}
	}
	if text := get(debug); text != "" {
		if on, ok := yes(text); !ok {
			d.problem(Environment, fmt.Errorf("%s: %s is not allowed; allowed is true or false", debug, quoted(text)))
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
		d.problem(Environment, refusal(icsURL, at.key, at, text))
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
// them, that begins like one of ours but is none. They do no harm; a person who
// mistyped one wants to know.
func Unknown(environ []string) []string {
	known := []string{icsURL, debug, testTime, testClock, testRoot, location}
	var c Config
	for _, v := range variables(c.settings()) {
		known = append(known, v.name)
	}
	var sentences []string
	for _, line := range environ {
		name, _, _ := strings.Cut(line, "=")
		for _, start := range []string{prefix, phasePrefix} {
			if strings.HasPrefix(name, start) && !slices.Contains(known, name) {
				sentences = append(sentences, fmt.Sprintf("%s is not a setting and was not read%s", quoted(name), nearVariable(name, start, known)))
			}
		}
	}
	slices.Sort(sentences)
	return sentences
}

// nearVariable is didYouMean of names that begin alike, which must not make them look alike.
func nearVariable(name, start string, known []string) string {
	var rest []string
	for _, k := range known {
		if r, ok := strings.CutPrefix(k, start); ok {
			rest = append(rest, r)
		}
	}
	return strings.Replace(didYouMean(strings.TrimPrefix(name, start), rest), "mean ", "mean "+start, 1)
}
