package board

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/slot"
	"calendarbot/agent/update/publish"
)

// The goals for how long going back may take, from the seeds of the project.
const (
	configGoal = 2 * time.Minute // level 2
	agentGoal  = 5 * time.Minute // level 3
)

// whenAsked skips a test of updates that nobody asked for: CALENDARBOT_UPDATES is "some" or "all". Even some take half an hour and more.
func whenAsked(t *testing.T) {
	t.Helper()
	if os.Getenv("CALENDARBOT_UPDATES") == "" {
		t.Skip("updates on an emulated board are tried by make test-update and make test-powercut-board")
	}
}

// all tells whether all of the tests of updates are asked for, which take hours.
func all() bool { return os.Getenv("CALENDARBOT_UPDATES") == "all" }

// channel is the repository of updates that a device asks.
type channel struct {
	*publish.Repository
	published string // the folder that a device asks
	folder    string // of what is published in it
	next      int    // number of the next version
}

// versions of the tests are all as long as each other, and newer than those of any image.
func versionOf(number int) string { return fmt.Sprintf("9.0.%d", 100+number) }

// open makes a repository signed with the keys whose root the image has, and has the device find it.
func (h *home) open(t *testing.T) *channel {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "updates")
	keys, err := publish.LoadKeys(filepath.Join(updateKeys(t), "tuf"), nil)
	if err != nil {
		t.Fatal(err)
	}
	repo, err := publish.Open(dir, keys)
	if err != nil {
		t.Fatal(err)
	}
	if err := repo.Create(time.Now()); err != nil {
		t.Fatal(err)
	}
	h.updates.Store(&dir)
	return &channel{Repository: repo, published: dir, folder: t.TempDir()}
}

// updateKeys is the folder of the keys that a bake on this computer trusts.
func updateKeys(t *testing.T) string {
	t.Helper()
	if named := os.Getenv("CALENDARBOT_KEYS"); named != "" {
		return named
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(cache, "calendarbot", "image", "keys")
}

// file is a new one, with the next version for what will be in it.
func (c *channel) file() (name, version string) {
	version = versionOf(c.next)
	c.next++
	return filepath.Join(c.folder, version), version
}

// offer publishes a file.
func (c *channel) offer(t *testing.T, kind slot.Kind, version, file string) {
	t.Helper()
	release := publish.Release{Version: version, Channel: "stable", Percent: 100, Notes: "Tried by a test.", Patches: 1}
	switch kind {
	case slot.Agent:
		release.Agent = file
	case slot.System:
		release.System = file
	}
	if _, err := c.Add(time.Now(), release); err != nil {
		t.Fatal(err)
	}
}

// states is the slots of a kind as they lie on the device. While it starts anew there are none.
func (r *running) states(ctx context.Context, kind slot.Kind) (s slot.State, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	text, err := r.Run(ctx, "cat /data/slots/"+string(kind)+".json 2>/dev/null || echo '{}'")
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal([]byte(text), &s)
}

// await waits until the slots of a kind are as wished. Meanwhile the device may start anew.
func (r *running) await(t *testing.T, kind slot.Kind, limit time.Duration, wished func(slot.State) bool) slot.State {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	tick := time.NewTicker(3 * time.Second)
	defer tick.Stop()
	var last slot.State
	for {
		s, err := r.states(ctx, kind)
		if err == nil {
			last = s
			if wished(s) {
				return s
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			text, _ := json.Marshal(last)
			t.Fatalf("the %s slots are %s, %v", kind, text, err)
		}
	}
}

// The wishes: a version is on trial or was; it was judged.
func tried(version string) func(slot.State) bool {
	return func(s slot.State) bool { return s.Trial != nil && s.Trial.Version == version || judged(version)(s) }
}

func judged(version string) func(slot.State) bool {
	return func(s slot.State) bool { return s.Trial == nil && s.Last != nil && s.Last.Version == version }
}

// take asks the device to take what there is now, as a person does on its page.
func (r *running) take(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waitTime)
	defer cancel()
	if err := r.HearTime(ctx); err != nil {
		t.Fatal(err)
	}
	r.post(t, "/api/v1/update", map[string]string{"do": "apply"})
}

// tellsOutcome looks whether the person is told what became of a version, and why.
func (r *running) tellsOutcome(t *testing.T, s slot.State) {
	t.Helper()
	if s.Last.Why == "" && !s.Last.Kept {
		t.Errorf("nobody knows why: %+v", s.Last)
	}
	if slots := r.tells(t, "/api/v1/slots"); !strings.Contains(slots, `"`+s.Last.Version+`"`) {
		t.Errorf("/api/v1/slots does not tell of %s: %s", s.Last.Version, slots)
	}
	// The page calls a configuration by its letter, and begins its sentences with a capital letter.
	want := s.Last.Version
	if strings.HasPrefix(want, string(slot.Config)) && s.Last.Why != "" {
		want = s.Last.Why[1:]
	}
	if page := r.tells(t, "/update"); !strings.Contains(html.UnescapeString(page), want) {
		t.Errorf("/update does not tell of %s: %s", want, page)
	}
}

// log prints what the device said of updates.
func (r *running) log(t *testing.T) {
	t.Helper()
	if t.Failed() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
		defer cancel()
		out, _ := r.Run(ctx, `journalctl --no-pager -o short-monotonic -b -n 150 -u 'calendarbot*' -u rauc.service; head -c 4000 /data/slots/*.json /data/update/status.json`)
		t.Log(out)
	}
}

// TestUpdate has a device take programs, configurations and systems, good and bad ones, one after the other.
func TestUpdate(t *testing.T) {
	whenAsked(t)
	h := newHome(t)
	c := h.open(t)
	b := h.on(t)
	b.boots(t, "the device")
	// A device that kept what it should not have is none to try more on.
	for _, kind := range []struct {
		name  string
		takes func(*testing.T)
	}{
		{"agent", func(t *testing.T) { h.takesAgents(t, b, c) }},
		{"hwtest", func(t *testing.T) { h.provesUpdates(t, b, c) }},
		{"config", func(t *testing.T) { h.takesConfigs(t, b) }},
		{"system", func(t *testing.T) { h.takesSystems(t, b, c) }},
	} {
		if !t.Run(kind.name, kind.takes) {
			return
		}
	}
}

// takesAgents has the device take programs, good and bad ones, with somebody who looks at its page all the time. It is never restarted.
func (h *home) takesAgents(t *testing.T, b *running, c *channel) {
	good, version := c.file()
	if _, err := Agent(t.Context(), version, good); err != nil {
		t.Fatal(err)
	}

	t.Run("good", func(t *testing.T) {
		defer b.log(t)
		w := b.watch(t, time.Minute)
		begin := time.Now()
		c.offer(t, slot.Agent, version, good)
		b.take(t)
		b.await(t, slot.Agent, bootTime, tried(version))
		switched := time.Since(begin)
		s := b.await(t, slot.Agent, bootTime, judged(version))
		kept := time.Since(begin)
		w.stop()
		if !s.Last.Kept || b.runs(t) != version {
			t.Fatalf("%s is not kept: %+v; %s runs", version, s.Last, b.runs(t))
		}
		if w.failed > 0 {
			t.Error("requests failed")
		}
		t.Logf("a good program: on trial after %.0f s, kept after %.0f s; meanwhile %v", switched.Seconds(), kept.Seconds(), w)
		b.tellsOutcome(t, s)
		b.keepsPerson(t)
	})
	if t.Failed() {
		return
	}
	faults := []Fault{Crash, Stall}
	if all() {
		faults = append(faults, Unhealthy, Silent, Greedy)
	}
	for _, fault := range faults {
		if !t.Run(string(fault), func(t *testing.T) {
			defer b.log(t)
			h.bad(t, b, c, fault)
		}) {
			return
		}
	}
}

// bad has the device take a program with a fault, from which it is to go back to the one it has.
func (h *home) bad(t *testing.T, b *running, c *channel, fault Fault) {
	own := b.runs(t)
	file, version := c.file()
	if _, err := Subject(t.Context(), fault, version, "", file); err != nil {
		t.Fatal(err)
	}
	c.offer(t, slot.Agent, version, file)
	w := b.watch(t, 5*time.Second)
	b.take(t)
	b.await(t, slot.Agent, bootTime, tried(version))
	begin := time.Now()
	s := b.await(t, slot.Agent, bootTime, judged(version))
	took := max(w.served(t, bootTime, 10*time.Second).Sub(begin), 0)
	if ended := time.Since(begin); took == 0 {
		took = ended // its page looked well all the time
	}
	w.stop()
	if s.Last.Kept {
		t.Fatalf("%s is kept: %+v", version, s.Last) // it answers as it likes
	}
	b.runsAgain(t, own)
	t.Logf("a program of the kind %q: back after %.0f s (goal %.0f s), %.1f plain restarts; meanwhile %v; told: %s",
		fault, took.Seconds(), agentGoal.Seconds(), took.Seconds()/h.Reboot, w, s.Last.Why)
	if took > agentGoal {
		t.Errorf("going back took %.0f s", took.Seconds())
	}
	if name, asked := map[Fault]string{Crash: "crashes", Stall: "hangs", Unhealthy: "is never well"}[fault]; asked {
		figure(t, "level 3: a program that "+name+" on trial", took.Seconds(), "s")
	}
	b.tellsOutcome(t, s)
	b.keepsPerson(t)
}

// runs is the version of the program that runs.
func (r *running) runs(t *testing.T) string {
	t.Helper()
	version, err := r.version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return version
}

func (r *running) version(ctx context.Context) (string, error) {
	var status struct {
		Version string `json:"version"`
	}
	text, err := r.asPerson(ctx, http.MethodGet, "/api/v1/status", nil)
	if err == nil {
		err = json.Unmarshal([]byte(text), &status)
	}
	return status.Version, err
}

// runsAgain waits until the program of a version runs: one that was judged is left after that, and may answer until then.
func (r *running) runsAgain(t *testing.T, version string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waitTime)
	defer cancel()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		now, err := r.version(ctx)
		if err == nil && now == version {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%q runs, want %s; %v", now, version, err)
		}
	}
}
