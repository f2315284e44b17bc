package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Check returns the sentence with which Live.Set would refuse a text for a key; nil when it would not.
func Check(key, text string) error {
	scratch := Default()
	_, err := allowed(scratch.settings(), key, text)
	return err
}

// changesOf are the changes that settings make in a runtime layer. What is the same as before is none.
func changesOf(runtime map[string]string, settings map[string]*string) ([]Change, error) {
	var refused problems
	var changes []Change
	scratch := Default()
	table := scratch.settings()
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		c := Change{Key: key, Layer: Runtime}
		c.From, c.Had = runtime[key]
		if text := settings[key]; text != nil {
			to, err := allowed(table, key, *text)
			if err != nil {
				refused.add(err)
				continue
			}
			c.To, c.Has = to, true
		} else if err := known(table, key); err != nil && !c.Had {
			refused.add(err)
			continue
		}
		if c.Had != c.Has || c.From != c.To {
			changes = append(changes, c)
		}
	}
	return changes, errors.Join(refused.all()...)
}

// known tells why a key cannot be changed while the program runs; nil when it can.
func known(table []setting, key string) error {
	switch {
	case key == "sources" || strings.HasPrefix(key, sourcesStart):
		return fmt.Errorf("%s is not set here: calendars are added and changed on the page of calendars, through /api/v1/sources, or in the configuration file", quoted(key))
	case key == "store.path":
		return fmt.Errorf("store.path is not set here, since that file keeps what is set here: allowed is the configuration file, CALENDARBOT_STORE_PATH or --store")
	case !slices.Contains(keys(table), key):
		return fmt.Errorf("%s is not a setting%s", quoted(key), didYouMean(key, keys(table)))
	}
	return nil
}

// allowed is the kept form of a text for a key, or why there is none.
func allowed(table []setting, key, text string) (string, error) {
	if err := known(table, key); err != nil {
		return "", err
	}
	s := table[slices.Index(keys(table), key)]
	if !s.set(text) {
		return "", refusal("", key, s, text)
	}
	return s.raw(), nil
}
