package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"calendarbot/agent/clock"
	"calendarbot/agent/durable"
	"calendarbot/agent/slot"
	"calendarbot/agent/update"
	"calendarbot/agent/update/install"
	"calendarbot/agent/update/repository"
)

// How often the network is asked. The timer comes more often, so that no window is missed.
const (
	checkEvery = 6 * time.Hour
	againAfter = 55 * time.Minute // where something waits, or what was wrong may be over
)

// check asks what there is, and leaves what is withdrawn.
func (u *updater) check(ctx context.Context, from string) error {
	_, err := u.look(ctx, from, update.Asked{}, func(r *repository.Repository, c update.Choice) error {
		return u.withdraw(r.Withdrawn, c.Back)
	})
	return err
}

// apply installs what was asked for. A new system is started at once when now is set, else when the window is open.
func (u *updater) apply(ctx context.Context, from string, asked update.Asked, now bool) error {
	if done, err := u.resume(ctx, from, now); done || err != nil {
		return err
	}
	return u.take(ctx, from, asked, now)
}

// take asks what there is, installs what this device should have, and sends back what is withdrawn.
func (u *updater) take(ctx context.Context, from string, asked update.Asked, now bool) error {
	installed, err := u.look(ctx, from, asked, func(r *repository.Repository, c update.Choice) error {
		if err := u.withdraw(r.Withdrawn, c.Back); err != nil {
			return err
		}
		return u.install(ctx, r, c, asked)
	})
	if err != nil {
		return err
	}
	if installed != nil && installed.Kind == slot.System {
		err = u.restart(ctx, installed.Version, now)
	}
	return err
}

// look reads a repository, chooses, does something with that, and notes how it went. It returns what was chosen to be installed.
func (u *updater) look(ctx context.Context, from string, asked update.Asked, do func(*repository.Repository, update.Choice) error) (*update.Offer, error) {
	status, err := update.ReadStatus(u.root)
	if err != nil {
		u.say("%v", err)
	}
	status.Checked, status.Running, status.Notice, status.Waiting = u.now(), u.running(), u.wrong, ""
	source, at, err := u.source(from, &status)
	var chosen *update.Offer
	if err == nil {
		u.tell(update.Progress{Step: "check", Since: u.now()})
		chosen, err = u.read(ctx, source, at, asked, &status, do)
		err = errors.Join(err, source.Close())
	}
	repository.Describe(&status, err)
	if status.Waiting == status.Problem {
		status.Waiting = "" // it is said already
	}
	if u.own {
		status.Own = update.Look{At: status.Checked, Code: status.Code}
	}
	return chosen, errors.Join(err, u.count(&status, chosen), u.note(status))
}

// mostFailures is how often one release is installed that its installer refuses, or cannot write: then it is not tried again.
const mostFailures = 3

// count notes how often what was chosen could not be installed.
func (u *updater) count(status *update.Status, chosen *update.Offer) error {
	switch {
	case chosen == nil:
		return nil
	case status.Code == "":
		status.Failed = nil
		return nil
	case status.Code != string(repository.NotInstalled):
		return nil
	}
	if f := status.Failed; f == nil || f.Kind != chosen.Kind || f.Version != chosen.Version {
		status.Failed = &update.Failure{Kind: chosen.Kind, Version: chosen.Version}
	}
	if status.Failed.Times++; status.Failed.Times < mostFailures {
		return nil
	}
	u.say("%s is not tried again", update.Thing(chosen.Kind, chosen.Version))
	status.Failed = nil
	_, err := u.slots().Change(chosen.Kind, func(s slot.State) (slot.State, error) {
		return s.Deny(chosen.Version, fmt.Sprintf("it could not be installed %d times. %s", mostFailures, status.Problem), u.now()), nil
	})
	return err
}

// read is look's way when there is a source.
func (u *updater) read(ctx context.Context, source repository.Source, at time.Time, asked update.Asked, status *update.Status, do func(*repository.Repository, update.Choice) error) (*update.Offer, error) {
	baked, err := os.ReadFile(filepath.Join(u.root, update.RootFile))
	if err != nil {
		return nil, &repository.Refusal{Code: repository.NoKeys, Words: "This device has no keys to know an update by: " + filepath.Join("/", update.RootFile) + " is missing.", Err: err}
	}
	r, err := repository.Read(ctx, repository.Options{Source: source, Baked: baked, Folder: filepath.Join(u.root, update.Folder), Now: at, Limits: u.limits})
	if err != nil {
		return nil, err
	}
	for _, text := range r.Skipped {
		u.say("%s", text)
	}
	facts, err := u.facts(asked, r.Withdrawn)
	if err != nil {
		return nil, err
	}
	choice := update.Choose(r.Offers, facts)
	status.Available, status.Waiting, status.Withdrawn = choice.Listed, choice.Waiting, r.Withdrawn
	if err := do(r, choice); err != nil {
		return choice.Install, err
	}
	if choice.Install == nil {
		return nil, nil
	}
	// What was installed is on trial now: what there is beside it is told as of then.
	after, err := u.facts(update.Asked{}, r.Withdrawn)
	if err != nil {
		return choice.Install, err
	}
	then := update.Choose(r.Offers, after)
	status.Running, status.Available, status.Waiting = after.Running, then.Listed, then.Waiting
	return choice.Install, nil
}

// source opens where updates come from, and says what time it is there.
func (u *updater) source(from string, status *update.Status) (repository.Source, time.Time, error) {
	state, now := u.clock(), u.now()
	sure := sure(state)
	if from == "" {
		if from = u.address(); from == "" {
			return nil, now, &repository.Refusal{Code: update.NoAddress, Words: "No address of updates is set (update.url). A USB stick or an uploaded file works without one."}
		}
		status.From = from
		if !sure {
			return nil, now, &repository.Refusal{Code: repository.NoClock, Words: "The clock has not been set by the network yet, and without the time nobody can tell what is out of date; it is tried again later."}
		}
		if a, err := url.Parse(from); err == nil && a.Scheme == "http" {
			status.Notice = notices(status.Notice, "The address is http: what comes is verified all the same, but others in the network can see what this device fetches.")
		}
	} else {
		status.From = from
		if !sure {
			if state.Floor.After(now) {
				now = state.Floor
			}
			status.Notice = notices(status.Notice, fmt.Sprintf("Nobody has told this device what time it is: whether the files are out of date was judged as of %s.", now.Format("2 January 2006")))
		}
	}
	proxy, err := proxyOf(os.Getenv("CALENDARBOT_UPDATE_PROXY"))
	if err != nil {
		return nil, now, err
	}
	source, err := repository.Open(from, repository.Web{Limits: u.limits, Agent: "calendarbot-update/" + version, Proxy: proxy})
	return source, now, err
}

// notices puts one sentence behind another.
func notices(before, next string) string { return strings.TrimSpace(before + " " + next) }

func proxyOf(text string) (*url.URL, error) {
	if text == "" {
		return nil, nil
	}
	proxy, err := url.Parse(text)
	if err != nil || proxy.Host == "" {
		return nil, fmt.Errorf("CALENDARBOT_UPDATE_PROXY=%q is no address", text)
	}
	return proxy, nil
}

// install installs what was chosen.
func (u *updater) install(ctx context.Context, r *repository.Repository, c update.Choice, asked update.Asked) error {
	if c.Install == nil {
		if asked.Now && c.Waiting != "" {
			return &repository.Refusal{Code: notTaken, Words: c.Waiting}
		}
		return nil
	}
	keep := []update.Offer{*c.Install}
	if c.Patch != nil {
		keep = append(keep, *c.Patch)
	}
	if err := r.Tidy(keep...); err != nil {
		return err
	}
	by := "updater"
	if asked.Now {
		by = "person"
	}
	d := install.Device{Root: u.root, Repository: r, Limits: u.limits, By: by, Now: u.now, Told: u.tell}
	u.say("installing %s", update.Thing(c.Install.Kind, c.Install.Version))
	var err error
	if c.Install.Kind == slot.System {
		err = d.System(ctx, *c.Install)
	} else {
		err = d.Agent(ctx, *c.Install, c.Patch)
	}
	if err != nil {
		return err
	}
	u.enough = true
	return r.Tidy()
}

// notTaken is the code of what somebody asked for and this device does not take.
const notTaken repository.Code = "not_taken"

// resume does what an earlier run had no time for: the start of what is on trial. It tells whether something is on its way so. A system
// that waits for its hours may be withdrawn meanwhile, so it is asked for as often as ever, and once more before its start.
func (u *updater) resume(ctx context.Context, from string, now bool) (bool, error) {
	agent, err := u.slots().Read(slot.Agent)
	if err != nil {
		return false, err
	}
	if agent.Trial != nil && agent.Trial.Started == 0 {
		u.enough = true
		u.say("%s is on trial, and is started", update.Thing(slot.Agent, agent.Trial.Version))
		return true, install.Device{Root: u.root, Now: u.now, Told: u.tell}.Start(ctx)
	}
	version, err := u.waiting()
	if err != nil || version == "" {
		return false, err
	}
	status, err := update.ReadStatus(u.root)
	if err != nil {
		u.say("%v", err)
	}
	if (now || u.window.Open(u.now()) || u.due(status)) && (from != "" || u.address() != "") {
		if err := u.check(ctx, from); err != nil {
			u.say("%v", err) // and noted; it is started all the same, as it was signed
		}
	}
	if u.enough || ctx.Err() != nil {
		return true, nil
	}
	return true, u.restart(ctx, version, now)
}

// restart starts a system that is on trial, at once when now is set, else in its hours.
func (u *updater) restart(ctx context.Context, version string, now bool) error {
	if !now && !u.window.Open(u.now()) {
		u.say("%s starts in the hours %s", update.Thing(slot.System, version), u.window)
		return nil
	}
	u.enough = true
	u.say("the device starts anew, with %s", update.Thing(slot.System, version))
	// With the start this program is ended, and what was ordered is not to be carried out once more after it.
	if err := u.carried(); err != nil {
		return err
	}
	return install.Restart(ctx)
}

// note writes the state down for the page.
func (u *updater) note(s update.Status) error {
	s.Progress = nil
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	name := filepath.Join(u.root, update.StatusFile)
	if err := durable.MakeFolder(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return durable.Write(name, append(text, '\n'), 0o644)
}

func (u *updater) say(format string, args ...any) {
	fmt.Fprintf(u.said, format+"\n", args...)
}

// run carries out what is ordered, then does what the configuration lets it do by itself. Whatever is ordered, and however broken, it does
// not keep the device from that: who may order may be the program that is to be replaced.
func (u *updater) run(ctx context.Context) error {
	wrong := u.orders(ctx)
	if ctx.Err() != nil || u.enough {
		return wrong
	}
	return errors.Join(wrong, u.byItself(ctx))
}

// byItself does what the configuration lets this device do by itself.
func (u *updater) byItself(ctx context.Context) error {
	u.own = true
	if done, err := u.resume(ctx, "", false); done || err != nil {
		return err
	}
	status, err := update.ReadStatus(u.root)
	if err != nil {
		u.say("%v", err)
	}
	if !u.due(status) {
		return nil
	}
	if u.address() == "" {
		u.say("no address of updates is set (update.url)")
		return nil
	}
	return u.take(ctx, "", update.Asked{}, false)
}

// due tells whether a repository is to be asked again. What was ordered meanwhile, and how that went, does not count: whoever may order cannot
// put off what the device does by itself.
func (u *updater) due(s update.Status) bool {
	now := u.now()
	age := now.Sub(s.Own.At)
	switch {
	case age < 0, age >= checkEvery, !maps.Equal(s.Running, u.running()):
		return true
	case s.Own.Code == update.NoAddress:
		return u.address() != ""
	case s.Own.Code == string(repository.NoClock):
		return sure(u.clock())
	case s.Own.Code != "":
		return passing(s.Own.Code) && age >= againAfter
	case u.settings.Automatic == update.AutomaticOff || !u.window.Open(now):
		return false
	}
	waits := slices.ContainsFunc(s.Available, func(r update.Release) bool { return !r.Refused })
	return waits && (age >= againAfter || !u.window.Open(s.Own.At.In(u.zone)))
}

// passing tells whether what was wrong may well be over in an hour. What else is wrong is as wrong then, and may have cost a long download.
func passing(code string) bool {
	return slices.Contains([]repository.Code{repository.Unreachable, repository.TooSlow, repository.NotReady}, repository.Code(code))
}

// sure tells whether somebody confirms what time it is.
func sure(s clock.State) bool { return s.Trusted && s.Words == "" }
