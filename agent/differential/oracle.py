#!/usr/bin/python3
"""Says which instances a feed has, for the differential test.

Usage: oracle.py < questions > answers, one JSON object a line. A question has feed, start
and end (RFC 3339), device (a zone), wrzone, zones (what the feed's zone names mean), horizon (the
last reading of a rule that matters) and walls (for each rule the readings that another
implementation found). An answer has
  rules     the instances with python3-dateutil expanding the rules,
  walls     the instances with the readings of the question instead,
  library   the instances that python3-recurring-ical-events finds in the whole feed,
each a list of text lines, or null with the reason under why. Lines are read by
python3-icalendar; wall clocks are resolved with zoneinfo as RFC 5545 section 3.3.5 says.
"""

import datetime as dt
import json
import re
import signal
import sys
import warnings
import zoneinfo

import icalendar
import recurring_ical_events
from dateutil.rrule import rrulestr
from icalendar.parser import Contentlines

UTC = dt.timezone.utc
DAY = dt.timedelta(days=1)
PATIENCE = 0.5  # seconds of computing that a library has for one question


class TooSlow(Exception):
    """The library did not come to an end."""


def give_up(_signal, _frame):
    raise TooSlow


class Value:
    """A date (zone None, dated) or a reading of a wall clock in a zone."""

    def __init__(self, text, zone):
        self.dated = len(text) == 8
        self.utc = text.endswith("Z")
        form = "%Y%m%d" if self.dated else "%Y%m%dT%H%M%S"
        self.wall = dt.datetime.strptime(text.rstrip("Z"), form)
        self.zone = UTC if self.utc else zone

    def instant(self):
        return resolve(self.wall, self.zone)


def resolve(wall, zone):
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def reading(instant, zone):
    return instant.astimezone(zone).replace(tzinfo=None)


def parse_duration(text):
    """Returns nominal days and exact time."""
    found = re.fullmatch(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", text)
    weeks, days, hours, minutes, seconds = (int(n or 0) for n in found.groups())
    return 7 * weeks + days, dt.timedelta(hours=hours, minutes=minutes, seconds=seconds)


class Component:
    """One VEVENT."""

    def __init__(self, lines, feed):
        self.lines, self.feed = lines, feed
        self.uid, self.summary = self.text("UID"), self.text("SUMMARY")
        self.sequence = int(self.text("SEQUENCE") or 0)
        self.status = self.text("STATUS")
        self.start = self.values("DTSTART")[0]
        self.end = (self.values("DTEND") or [None])[0]
        self.duration = self.text("DURATION")
        self.rules = [value for name, _, value in lines if name == "RRULE"]
        self.id = None
        self.future = any("RANGE" in params for name, params, _ in lines if name == "RECURRENCE-ID")

    def text(self, wanted):
        return next((value for name, _, value in self.lines if name == wanted), "")

    def values(self, wanted, floating=None):
        """The values of a property; a PERIOD is a pair."""
        found = []
        for name, params, value in self.lines:
            if name != wanted:
                continue
            zone = floating or self.feed.floating
            if "TZID" in params:
                zone = self.feed.zone(params["TZID"])
            for part in value.split(","):
                start, _, rest = part.partition("/")
                if rest and not rest.startswith("P"):
                    rest = Value(rest, zone)
                found.append((Value(start, zone), rest) if wanted == "RDATE" else Value(start, zone))
        return found

    def finish(self, start_wall, zone, own=None):
        """The end of an instance that starts at the reading: dates for a date, else an instant."""
        duration = own if own and not isinstance(own, Value) else self.duration
        if self.start.dated:
            days = 1
            if self.end:
                days = (self.end.wall - self.start.wall).days
            elif self.duration:
                days = parse_duration(self.duration)[0]
            return start_wall + max(days, 1) * DAY
        if isinstance(own, Value):
            return max(own.instant(), resolve(start_wall, zone))
        begin = resolve(start_wall, zone)
        if self.end and not own:
            return begin + max(self.end.instant() - self.start.instant(), dt.timedelta())
        if duration:
            days, exact = parse_duration(duration)
            return resolve(start_wall + days * DAY, zone) + exact if days else begin + exact
        return begin


class Feed:
    """A question, taken apart."""

    def __init__(self, question):
        self.names = question["zones"]
        self.device = zoneinfo.ZoneInfo(question["device"])
        self.floating = zoneinfo.ZoneInfo(question["wrzone"] or question["device"])
        self.window = [dt.datetime.fromisoformat(question[k]) for k in ("start", "end")]
        self.horizon = dt.datetime.fromisoformat(question["horizon"])
        self.components = []
        lines, depth = [], []
        for line in Contentlines.from_ical(question["feed"]):
            if not line:
                continue
            name, params, value = line.parts()
            if name == "BEGIN":
                depth.append(value)
                lines = []
            elif name == "END":
                if depth.pop() == "VEVENT":
                    self.components.append(Component(lines, self))
            elif depth[-1] == "VEVENT":
                lines.append((name, params, value))

    def zone(self, name):
        return zoneinfo.ZoneInfo(self.names.get(name, name))

    def touches(self, start, end):
        first, last = self.window
        return start < last and (end > first or start == end and start >= first)

    def line(self, component, start, end):
        return self.write((component.uid, component.summary), component.status, component.start.dated, start, end)

    def write(self, names, status, dated, start, end):
        """One line of an answer, or None when the instance is outside the window or hidden."""
        if status == "CANCELLED":
            return None
        if dated:
            if not self.touches(resolve(start, self.device), resolve(end, self.device)):
                return None
            span = f"{start:%Y-%m-%d}/{end:%Y-%m-%d}"
        else:
            if not self.touches(start, end):
                return None
            span = f"{start:%Y-%m-%dT%H:%M:%SZ}/{end:%Y-%m-%dT%H:%M:%SZ}"
        shown = "tentative" if status == "TENTATIVE" else "busy"
        return " ".join([*names, span, shown])

    def answer(self, expand):
        """All lines; expand(component, rule) gives the readings of one rule in order."""
        found = []
        for uid in dict.fromkeys(c.uid for c in self.components):
            family = [c for c in self.components if c.uid == uid]
            for line in self.family(family, expand):
                if line:
                    found.append(line)
        return sorted(found)

    def family(self, family, expand):
        singles, ranges = {}, {}
        masters = [c for c in family if not c.text("RECURRENCE-ID")]
        if masters:
            newest = max(c.sequence for c in masters)
            masters = [c for c in masters if c.sequence == newest]
        master = masters[0] if masters else None
        for c in family:
            if c.text("RECURRENCE-ID"):
                c.id = c.values("RECURRENCE-ID", (master or c).start.zone)[0]
                key = (c.id.dated, c.id.wall if c.id.dated else c.id.instant())
                chosen = ranges if c.future else singles
                if key not in chosen or chosen[key].sequence <= c.sequence:
                    chosen[key] = c
        overrides = ranges | singles  # one of the slot alone takes it, and leaves the range what follows
        for c in overrides.values():
            start = c.start.wall if c.start.dated else c.start.instant()
            yield self.line(c, start, c.finish(c.start.wall, c.start.zone))
        for c in masters:
            yield from self.series(c, list(overrides.values()), list(ranges.values()), expand)

    def series(self, master, overrides, ranges, expand):
        zone, dated = master.start.zone, master.start.dated
        place = (lambda wall: wall) if dated else (lambda wall: resolve(wall, zone))
        slots = {place(master.start.wall): (master.start.wall, None)}
        for rule in master.rules:
            for wall in expand(master, rule):
                slots.setdefault(place(wall), (wall, None))
        for value, own in master.values("RDATE", zone):
            at = value.wall if dated else value.instant()
            if own or at not in slots:
                slots[at] = (value.wall if dated or value.zone == zone else reading(at, zone), own or None)
        for value in master.values("EXDATE", zone):
            for at in [at for at, (wall, _) in slots.items() if self.means(value, at, wall, master)]:
                del slots[at]
        ranged = [(at, c) for c in ranges for at in [self.slot_of(c, master)]]
        ranged.sort(key=lambda pair: pair[0])
        replaced = [c.id for c in overrides]
        single = {value.instant() for value in replaced if not dated and not value.dated}
        days = {value.wall.date() for value in replaced if dated or value.dated}
        for at, (wall, own) in slots.items():
            if at in single or wall.date() in days:
                continue
            earlier = [c for since, c in ranged if since <= at]
            if not earlier:
                yield self.line(master, wall if dated else at, master.finish(wall, zone, own))
                continue
            c = earlier[-1]
            if dated:
                wall = wall + (c.start.wall - c.id.wall)
                yield self.line(c, wall, c.finish(wall, c.start.zone))
            else:
                since = self.slot_of(c, master)
                first = slots.get(since, (reading(since, zone), None))[0]
                if c.start.zone != zone:
                    first, wall = reading(since, c.start.zone), reading(at, c.start.zone)
                if c.start.instant() != since:
                    wall += c.start.wall - first
                yield self.line(c, resolve(wall, c.start.zone), c.finish(wall, c.start.zone))

    def slot_of(self, override, master):
        if master.start.dated:
            return dt.datetime.combine(override.id.wall.date(), dt.time())
        if override.id.dated:
            return resolve(dt.datetime.combine(override.id.wall.date(), master.start.wall.time()), master.start.zone)
        return override.id.instant()

    def means(self, value, at, wall, master):
        """Whether a value names the instance at the instant, whose own reading is wall."""
        if master.start.dated or value.dated:
            return value.wall.date() == wall.date()
        return value.instant() == at

    def dateutil(self, master, text):
        """The readings of one rule, by dateutil; UNTIL and COUNT are ours to count."""
        parts = dict(part.split("=") for part in text.split(";"))
        if master.start.dated:
            # RFC 5545 section 3.3.10: these must be ignored for a DATE, and dateutil cannot know that it is one.
            parts = {name: value for name, value in parts.items() if name not in ("BYHOUR", "BYMINUTE", "BYSECOND")}
        until, count = parts.pop("UNTIL", None), int(parts.pop("COUNT", 0))
        start = master.start.wall
        yield start
        seen = 1
        if count == 1:
            return
        ended = self.ended(until, master) if until else lambda wall: False
        horizon = self.horizon
        try:
            for wall in rrulestr(";".join("=".join(p) for p in parts.items()), dtstart=start):
                if wall > horizon:
                    return
                if wall == start or ended(wall):  # in a gap later readings may be earlier instants
                    continue
                yield wall
                seen += 1
                if seen == count:
                    return
        except ValueError as error:
            if "empty" not in str(error):
                raise

    def ended(self, until, master):
        zone = master.start.zone
        value = Value(until, zone)
        if master.start.dated or value.dated:
            return lambda wall: wall.date() > value.wall.date()
        last = value.instant()
        return lambda wall: resolve(wall, zone) > last

    def library(self, text):
        """The lines of recurring_ical_events."""
        calendar = icalendar.Calendar.from_ical(text)
        first, last = self.window
        found = []
        for event in recurring_ical_events.of(calendar).between(first - 3 * DAY, last + 3 * DAY):
            start, end = event["DTSTART"].dt, event["DTEND"].dt
            dated = not isinstance(start, dt.datetime)
            if dated:
                start, end = (dt.datetime.combine(day, dt.time()) for day in (start, end))
            elif start.tzinfo is None:
                start, end = (resolve(wall, self.floating) for wall in (start, end))
            else:
                start, end = start.astimezone(UTC), end.astimezone(UTC)
            names, status = (str(event["UID"]), str(event["SUMMARY"])), str(event.get("STATUS", ""))
            found.append(self.write(names, status, dated, start, end))
        return sorted(line for line in found if line)


def answer(question):
    feed = Feed(question)
    # dateutil looks for the next instance until this year, and what is behind the horizon does not matter.
    dt.MAXYEAR = feed.horizon.year + 1
    walls = {key: [dt.datetime.fromisoformat(w) for w in value] for key, value in question["walls"].items()}
    ways = {
        "walls": lambda: feed.answer(lambda c, rule: walls[c.summary + " " + rule]),
        "rules": lambda: feed.answer(feed.dateutil),
        "library": lambda: feed.library(question["feed"]),
    }
    result = {"why": {}}
    for way, ask in ways.items():
        signal.setitimer(signal.ITIMER_VIRTUAL, 0 if way == "walls" else PATIENCE)
        try:
            result[way] = ask()
        except TooSlow:
            result[way], result["why"][way] = None, "too slow"
        except Exception as error:  # pylint: disable=broad-except  a library's refusal is an answer
            result[way], result["why"][way] = None, f"{type(error).__name__}: {error}"
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return result


def main():
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGVTALRM, give_up)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
