package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"calendarbot/agent/slot"
	"calendarbot/agent/update"
	"calendarbot/agent/update/publish"
)

func publishWord() word {
	return word{name: "publish", help: `Publishes an agent, a system, or both, of one version. The agent is published whole, and as patches against the newest agents of its
channel and those that are named. The first time, the repository is made. To widen a roll-out, or to bring a version to another
channel, publish the same files again.

  release publish --version 1.2.3 --agent bin/calendarbot-arm64 --notes notes.txt --percent 10
  release publish --version 1.2.3 --agent bin/calendarbot-arm64 --notes notes.txt
  release publish --version 1.3.0-beta.1 --agent bin/calendarbot-arm64 --system calendarbot.raucb --channel beta
`, set: func(flags *flag.FlagSet) func(*desk) error {
		release := publish.Release{}
		flags.StringVar(&release.Version, "version", "", "the `version` of what is published, semantic")
		flags.StringVar(&release.Agent, "agent", "", "the `program` for arm64")
		flags.StringVar(&release.System, "system", "", "the RAUC `bundle`")
		flags.IntVar(&release.Percent, "percent", 100, "`how many` of 100 devices take it")
		flags.StringVar(&release.Channel, "channel", "stable", "the `channel` of devices that take it")
		flags.StringVar(&release.MinAgent, "min-agent", "", "the oldest `version` of the agent that takes it")
		flags.StringVar(&release.MinSystem, "min-system", "", "the oldest `version` of the system that takes it")
		flags.IntVar(&release.Patches, "patches", 5, "patches against `how many` of the newest older agents of the channel")
		flags.Func("patch-from", "an older `program` to make a patch against; may be given many times", func(name string) error {
			release.From = append(release.From, name)
			return nil
		})
		flags.Func("config-formats", "the formats of configurations that it reads, as `numbers` with commas between (all)", func(text string) error {
			for part := range strings.SplitSeq(text, ",") {
				number, err := strconv.Atoi(part)
				if err != nil {
					return fmt.Errorf("%q is no number", part)
				}
				release.ConfigFormats = append(release.ConfigFormats, number)
			}
			return nil
		})
		notes := flags.String("notes", "", "the `file` with what changed, plain text")
		return func(d *desk) error {
			if release.Version == "" {
				return errors.New("--version is missing")
			}
			if release.Patches < 0 || release.Patches > publish.Kept {
				return fmt.Errorf("--patches is %d; allowed is 0 to %d", release.Patches, publish.Kept)
			}
			var err error
			if release.Notes, err = readNotes(*notes); err != nil {
				return err
			}
			if err := release.Check(); err != nil {
				return err
			}
			if release.Agent != "" {
				if err := checkProgram(release.Agent, release.Version); err != nil {
					return err
				}
			}
			r, err := d.open()
			if err != nil {
				return err
			}
			if !r.Exists() {
				if err := r.Create(d.now); err != nil {
					return err
				}
				d.say("made the repository %s", d.repo)
			}
			done, err := r.Add(d.now, release)
			if err != nil {
				return d.refused(err)
			}
			for _, p := range done {
				d.say("published %s, %d bytes", p.Name, p.Size)
			}
			return nil
		}
	}}
}

// refused says what to do where the repository has another version that stands in the way.
func (d *desk) refused(err error) error {
	again := "where nobody but you reads " + d.repo + ", remove it and publish again: it is made anew"
	switch {
	case errors.Is(err, publish.ErrOtherContent):
		return fmt.Errorf("%w\na build has a new number after a commit, or with another VERSION; devices that took this one take nothing else under its number\n%s", err, again)
	case errors.Is(err, publish.ErrNotNewest):
		return fmt.Errorf("%w\npublish it in another --channel, or under a newer number; %s", err, again)
	}
	return err
}

// readNotes reads what changed; no file is no notes.
func readNotes(name string) (string, error) {
	if name == "" {
		return "", nil
	}
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, update.MostNotes+1))
	if err != nil {
		return "", err
	}
	if len(text) > update.MostNotes {
		return "", fmt.Errorf("the notes %s have more than %d bytes", name, update.MostNotes)
	}
	return strings.TrimSpace(string(text)), nil
}

func refreshWord() word {
	return word{name: "refresh", help: `Signs snapshot and timestamp anew. They are good for two weeks: run this every week by a timer, with their keys alone. When it is not run
any more, devices run on as they are, take nothing new, and tell their owners; from the next time on everything is as before. It tells
when targets or root end before the next time: they are not signed anew by this.

  release refresh --repo /srv/update --keys /etc/calendarbot-release/tuf
`, set: func(*flag.FlagSet) func(*desk) error {
		return func(d *desk) error {
			r, err := d.open()
			if err != nil {
				return err
			}
			if err := r.Refresh(d.now); err != nil {
				return err
			}
			d.say("refreshed; again by %s", ends(r, publish.Snapshot, publish.Timestamp).Format(time.RFC3339))
			return d.warn(r)
		}
	}}
}

// ends is when the first of some roles does.
func ends(r *publish.Repository, roles ...string) time.Time {
	var first time.Time
	for _, s := range r.Roles() {
		if slices.Contains(roles, s.Role) && (first.IsZero() || s.Expires.Before(first)) {
			first = s.Expires
		}
	}
	return first.UTC()
}

// warn tells of what ends before the next refresh, and which that does not sign anew. What has ended already is an error: nothing that is refreshed is
// taken any more.
func (d *desk) warn(r *publish.Repository) error {
	next := ends(r, publish.Snapshot, publish.Timestamp)
	for _, lasting := range []struct{ role, remedy string }{
		{publish.Targets, "a release, or \"release rotate targets\", signs it anew"}, {publish.Root, "\"release renew\" signs it anew"},
	} {
		end := ends(r, lasting.role)
		switch {
		case !end.After(d.now):
			return fmt.Errorf("%s ended on %s, so devices take nothing; %s", lasting.role, end.Format(time.RFC3339), lasting.remedy)
		case end.Before(next):
			d.say("WARNING: %s ends on %s already, and devices take nothing then; %s", lasting.role, end.Format(time.RFC3339), lasting.remedy)
		}
	}
	return nil
}

func withdrawWord() word {
	return word{name: "withdraw", args: "<agent|system> <version> <why>", help: `Takes a release back: no device takes it any more, and those that run it go back and tell their owners why. The version is never published again.

  release withdraw agent 1.2.3 "It forgets hidden events."
`, set: func(*flag.FlagSet) func(*desk) error {
		return func(d *desk) error {
			kind := slot.Kind(d.args[0])
			if kind != slot.Agent && kind != slot.System {
				return fmt.Errorf("%q is neither agent nor system", kind)
			}
			r, err := d.open()
			if err != nil {
				return err
			}
			if err := r.Withdraw(d.now, kind, d.args[1], d.args[2]); err != nil {
				return err
			}
			d.say("withdrew the %s %s", kind, d.args[1])
			return nil
		}
	}}
}

func showWord() word {
	return word{name: "show", help: `Tells what is published, who may sign, and what expires when.

  release show --repo /srv/update
`, set: func(*flag.FlagSet) func(*desk) error {
		return func(d *desk) error {
			r, err := d.open()
			if err != nil {
				return err
			}
			if !r.Exists() {
				d.say("%s has no repository yet; release publish makes it", d.repo)
				return nil
			}
			return d.show(r)
		}
	}}
}

func (d *desk) show(r *publish.Repository) error {
	for _, s := range r.Roles() {
		note := ""
		if !s.Expires.After(d.now) {
			note = "  EXPIRED: devices take nothing"
		}
		d.say("%-10s version %-4d good until %s  %d of %d keys sign, %d of them are here%s",
			s.Role, s.Version, s.Expires.UTC().Format("2006-01-02 15:04 MST"), s.Threshold, s.Keys, s.Here, note)
	}
	offers, err := r.Offers()
	if err != nil {
		return err
	}
	for _, o := range offers {
		what := fmt.Sprintf("%d %% of %s", o.Percent, o.Channel)
		if o.Patch() {
			what = "patch"
		}
		d.say("%-70s %10d bytes  %s", o.Name, o.Length, what)
	}
	list, err := r.Withdrawn()
	if err != nil {
		return err
	}
	for _, w := range list {
		d.say("withdrawn: %s %s: %s", w.Kind, w.Version, w.Why)
	}
	return nil
}
