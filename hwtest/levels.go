package hwtest

import (
	"context"
	"fmt"
	"time"
)

// What the design records allow each level to take.
const (
	level1Limit = 30 * time.Second
	level2Limit = 2 * time.Minute
	level3Limit = 5 * time.Minute
)

// level1 switches everything optional off, and on again.
func level1(ctx context.Context, d *Device) Verdict {
	before, off, err := d.parts(ctx)
	switch {
	case err != nil:
		return fail("%v", err)
	case off:
		return skip("everything optional is off by the emergency switch already")
	}
	const path = "/api/v1/emergency-off"
	undo := Undo{Step: "40-level-1", Words: "emergency-off ended", Method: "DELETE", Path: path}
	if err := d.before(undo); err != nil {
		return fail("%v", err)
	}
	t := &tally{}
	began := time.Now()
	if t.trouble(d.ask(ctx, "POST", path, map[string]string{"why": why}, nil)) {
		return t.verdict()
	}
	_, err = d.until(ctx, level1Limit, func() (bool, error) { return d.allOff(ctx) })
	t.trouble(err)
	judgeTime(t, "everything optional was off after", time.Since(began), level1Limit, d.Emulated)
	t.trouble(d.page(ctx))
	began = time.Now()
	if t.trouble(d.Restore(ctx, undo.Step)) {
		return t.verdict()
	}
	_, err = d.until(ctx, level1Limit, func() (bool, error) {
		after, off, err := d.parts(ctx)
		return !off && sameParts(before, after), err
	})
	if err != nil {
		t.fault("the parts are not as they were before: %v", err)
	}
	judgeTime(t, "and as before after", time.Since(began), level1Limit, d.Emulated)
	return t.verdict()
}

// twice is the time in which a second way back of level 3 goes further than the first, to the other system.
const twice = 15 * time.Minute

// allOff tells whether no optional part is on.
func (d *Device) allOff(ctx context.Context) (bool, error) {
	list, _, err := d.parts(ctx)
	if err != nil || len(list) == 0 {
		return false, err
	}
	for _, p := range list {
		if p.On {
			return false, fmt.Errorf("%s is still on", p.Name)
		}
	}
	return true, nil
}

// sameParts tells whether all parts that were on are on; one that rests as something is scarce would be.
func sameParts(before, after []part) bool {
	on := map[string]bool{}
	for _, p := range after {
		on[p.Name] = p.On || p.Reason == "pressure"
	}
	for _, p := range before {
		if p.On && !on[p.Name] {
			return false
		}
	}
	return true
}

// goBack asks for a level, as a person would.
func (d *Device) goBack(ctx context.Context, level int) error {
	return d.ask(ctx, "POST", "/api/v1/rollback", map[string]any{"level": level, "why": why}, nil)
}

// level3 goes back to the former program, and then to the one of before.
func level3(ctx context.Context, d *Device) Verdict {
	before, err := d.slot("agent")
	switch {
	case err != nil || before.Active == "":
		return skip("the program of the system runs, so there is nothing to go back to: the step needs a program that an update brought")
	case before.Trial != nil:
		return skip("a program is on trial")
	}
	if err := d.settled(ctx); err != nil {
		return unsettled(err)
	}
	if last := before.Last; last != nil && !last.Asked.IsZero() && d.Now().Sub(last.At) < twice {
		return skip("somebody went back by level 3 a moment ago: who does so twice within %s goes to the other system", twice)
	}
	was, err := d.mainPID(ctx)
	if err != nil {
		return fail("%v", err)
	}
	version := before.Slots[before.Active].Version
	if version == "" {
		return skip("the program in slot %s is of a version that is not known, so it could not be tried again", before.Active)
	}
	if err := d.before(Undo{Step: "80-level-3", Words: "the program " + version, Program: &Program{Slot: before.Active, Version: version}}); err != nil {
		return fail("%v", err)
	}
	t := &tally{}
	began := time.Now()
	if t.trouble(d.goBack(ctx, 3)) {
		return t.verdict()
	}
	_, err = d.until(ctx, level3Limit, func() (bool, error) {
		now, err := d.slot("agent")
		if err != nil || now.Active == before.Active {
			return false, err
		}
		return d.another(ctx, was)
	})
	t.trouble(err)
	judgeTime(t, "the former program's page came after", time.Since(began), level3Limit, d.Emulated)
	return t.verdict()
}

// judgeTime judges a time; of an emulated board it is told alone.
func judgeTime(t *tally, what string, took, limit time.Duration, emulated bool) {
	t.within(what, took.Seconds(), limit.Seconds(), emulated)
}

// running is the config slot that lies over /etc since the start.
func (d *Device) running() (string, error) { return d.text("/run/calendarbot-boot/config") }

// restoreConfig puts the other config slot back as it was saved. It begins by leaving that slot, which restarts the device: it is
// carried out again then.
func (d *Device) restoreConfig() []string {
	saved, b, state := d.note("saved"), d.at("/data/config/b"), d.at("/data/slots/config.json")
	return []string{"sh", "-c", `set -e
rm -rf ` + saved + `.new
test -d ` + saved + ` || exit 0
test "$(cat ` + d.at("/run/calendarbot-boot/config") + `)" = a || { calendarbot slots config back --why "` + whyBack + `"; exit 1; }
rm -rf ` + b + `
if test -d ` + saved + `/b; then cp -a ` + saved + `/b ` + b + `; fi
if test -f ` + saved + `/config.json; then cp -a ` + saved + `/config.json ` + state + `; else rm -f ` + state + `; fi
sync
rm -rf ` + saved}
}

// level2 makes a candidate of the configuration and tries it, to go back from it after the restart.
func level2(ctx context.Context, d *Device) Verdict {
	now, err := d.running()
	if err != nil {
		return skip("this system has no configuration slots: %v", err)
	}
	if state, err := d.slot("config"); now != "a" || err == nil && state.Trial != nil {
		return skip("config slot %s runs, or one is on trial; the step begins with the stable one, a", now)
	}
	if err := d.settled(ctx); err != nil {
		return unsettled(err)
	}
	saved, b, state := d.note("saved"), d.at("/data/config/b"), d.at("/data/slots/config.json")
	if err := d.before(Undo{Step: "81-level-2", Words: "the other config slot as it was", Command: d.restoreConfig()}); err != nil {
		return fail("%v", err)
	}
	save := `set -e
rm -rf ` + saved + `.new ` + saved + `
mkdir -p ` + saved + `.new
if test -d ` + b + `; then cp -a ` + b + ` ` + saved + `.new/b; fi
if test -f ` + state + `; then cp -a ` + state + ` ` + saved + `.new/config.json; fi
sync
mv ` + saved + `.new ` + saved + `
sync`
	for _, c := range [][]string{{"sh", "-c", save}, {"calendarbot", "slots", "config", "stage"}} {
		if _, err := d.command(ctx, c[0], c[1:]...); err != nil {
			return fail("%v", err)
		}
	}
	if err := d.leave("tried", ""); err != nil {
		return fail("%v", err)
	}
	_, err = d.command(ctx, "calendarbot", "slots", "config", "try")
	return d.ordered(ctx, err)
}

// ordered is the verdict after a restart was ordered: an error counts where the order was not carried out at once all the same.
func (d *Device) ordered(ctx context.Context, err error) Verdict {
	if err != nil && d.pause(ctx, d.seconds(5)) == nil {
		return fail("%v", err)
	}
	return Verdict{Outcome: Waiting}
}

// level2Resumed asks to go back after the first restart, and judges after the second.
func level2Resumed(ctx context.Context, d *Device, n Note) Verdict {
	now, err := d.running()
	if err != nil {
		return fail("%v", err)
	}
	if _, err := d.until(ctx, 5*time.Minute, func() (bool, error) { err := d.page(ctx); return err == nil, err }); err != nil {
		return fail("after the restart: %v", err)
	}
	if n.Phase == "tried" {
		if now != "b" {
			return fail("the candidate was to run after the restart, config slot %s does", now)
		}
		if err := d.leave("asked", ""); err != nil {
			return fail("%v", err)
		}
		return d.ordered(ctx, d.goBack(ctx, 2))
	}
	t := &tally{}
	t.same("the config slot after going back", now, "a")
	d.judgeRestart(ctx, t, n, level2Limit)
	return t.verdict()
}
