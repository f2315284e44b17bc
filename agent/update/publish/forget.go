package publish

import (
	"calendarbot/agent/slot"
	"calendarbot/agent/update"
)

// Kept is how many releases of a kind and channel stay listed beside those on the way of a device; older ones, which no device takes any
// more, are dropped from the list.
const Kept = 20

// forget drops what is too old to be listed, so that the list stays bounded.
func (d *draft) forget() error {
	offers, err := offers(d.targets)
	if err != nil {
		return err
	}
	groups := map[group][]update.Offer{}
	for _, o := range offers {
		if !o.Patch() {
			groups[groupOf(o)] = append(groups[groupOf(o)], o)
		}
	}
	way := map[release]bool{}
	for g := range groups {
		stepThrough(g.channel, groups, way)
	}
	for _, o := range offers {
		newer := 0
		for _, other := range groups[groupOf(o)] {
			if slot.Newer(other.Version, o.Version) {
				newer++
			}
		}
		if newer >= Kept && !way[release{o.Kind, o.Version}] {
			delete(d.targets.Signed.Targets, o.Name)
		}
	}
	return nil
}

// group is what counts together.
type group struct {
	kind    slot.Kind
	channel string
}

func groupOf(o update.Offer) group { return group{o.Kind, o.Channel} }

// release names one.
type release struct {
	kind    slot.Kind
	version string
}

// stepThrough adds to the way what a device of a channel takes, one after the other, that has nothing: each time the newest that needs no more than
// it has by then. A device that has something finds each of these, or what is newer, in front of it, so that none is too old for the newest.
func stepThrough(channel string, groups map[group][]update.Offer, way map[release]bool) {
	has := map[slot.Kind]string{}
	for {
		kind, next := slot.Agent, newest(groups[group{slot.Agent, channel}], slot.Agent, has)
		if next == has[kind] {
			kind, next = slot.System, newest(groups[group{slot.System, channel}], slot.System, has)
		}
		if next == has[kind] {
			return
		}
		has[kind] = next
		way[release{kind, next}] = true
	}
}

// newest is what a device comes to that has something; that again where nothing takes its place.
func newest(offers []update.Offer, kind slot.Kind, has map[slot.Kind]string) string {
	version := has[kind]
	for _, o := range offers {
		if slot.Newer(o.Version, version) && !slot.Newer(o.MinAgent, has[slot.Agent]) && !slot.Newer(o.MinSystem, has[slot.System]) {
			version = o.Version
		}
	}
	return version
}
