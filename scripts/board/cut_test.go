package board

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/durable"
	"calendarbot/agent/slot"
)

// cutting is what power cuts are tried with: a device that takes one update after the other, and what it may be found with.
type cutting struct {
	*home
	*channel
	good, version string            // a program, and its version
	programs      map[string]string // versions by digest
	systems       []string          // versions
	bundle        string            // of a system; each is offered with the version that is in it
	configs       []shown
}

// cut is one power cut, and how the device was found after it.
type cut struct {
	Number  int
	Kind    slot.Kind
	Stick   bool    `json:",omitempty"` // it came by a stick, else by the network
	After   float64 // seconds from the order
	Boot    float64 // seconds from power until the page was shown
	Program string  // versions that ran then
	System  string
	Slot    string // of the configuration
	Trials  []slot.Kind
	Begun   bool   // what was ordered was on trial by then, or taken
	Wrong   string `json:",omitempty"`
}

// cuts are those of an image, as they are kept from one run to the next.
type cuts struct {
	Image string
	Seed  uint64
	Cuts  []cut
}

func (c *cuts) keep(t *testing.T, name string) {
	t.Helper()
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := durable.Write(name, append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// ofEnvironment is one of the environment.
func ofEnvironment(t *testing.T, name string, usual uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// spans is for how long after its order an update of each kind is under way, in plain restarts: until it is kept.
var spans = map[slot.Kind]float64{slot.Agent: 2.5, slot.Config: 2.5, slot.System: 12}

// stickSpan is how much of that time a system takes that comes by a stick, which the emulated board reads much faster than it hears the network.
const stickSpan = 0.4

// TestUpdatePowerCuts pulls the plug at random points of updates of all three kinds, one after the other, and looks after each whether the
// device comes up with one whole version and all that the person did. CALENDARBOT_CUTS=25 says how many there are to be at
// last (3), CALENDARBOT_SEED=1 makes them the same again. Those of former runs with the same image count, unless CALENDARBOT_CUTS is missing.
func TestUpdatePowerCuts(t *testing.T) {
	if os.Getenv("CALENDARBOT_CUTS") == "" {
		whenAsked(t)
	}
	t.Parallel()
	h := newHome(t)
	file := filepath.Join(kept, "powercuts.json")
	done := &cuts{}
	if text, err := os.ReadFile(file); err == nil {
		if err := json.Unmarshal(text, done); err != nil {
			t.Fatal(err)
		}
	}
	resumed := os.Getenv("CALENDARBOT_CUTS") != ""
	if done.Image != h.Image || !resumed {
		done = &cuts{Image: h.Image, Seed: ofEnvironment(t, "CALENDARBOT_SEED", uint64(time.Now().Unix()))}
	}
	count := int(ofEnvironment(t, "CALENDARBOT_CUTS", 3))
	t.Logf("seed %d; %d cuts of %d were made before", done.Seed, len(done.Cuts), count)
	defer done.judge(t, count)
	if len(done.Cuts) >= count {
		return
	}
	c := newCutting(t, h)
	b := h.on(t)
	b.comes(t, "before the cuts", b.shows)
	for len(done.Cuts) < count {
		next := cut{Number: len(done.Cuts)}
		random := rand.New(rand.NewPCG(done.Seed, uint64(next.Number)))
		next.Kind = slot.Kinds()[next.Number%3]
		next.After = random.Float64() * spans[next.Kind] * h.Reboot
		if next.Kind == slot.System && next.Number/3%2 == 0 {
			next.Stick = true
			next.After *= stickSpan
		}
		b = c.cut(t, b, &next)
		done.Cuts = append(done.Cuts, next)
		done.keep(t, file)
		t.Logf("cut %d of %d: %s, %.1f s after the order: up after %.0f s with program %s, system %s, config slot %s, on trial %v. %s", next.Number+1, count,
			next.Kind, next.After, next.Boot, next.Program, next.System, next.Slot, next.Trials, next.Wrong)
		if next.Wrong != "" {
			return
		}
	}
	c.judged(t, b)
	b.keepsPerson(t)
}

// judge prints the sum of all cuts, those of former runs too, and fails for each after which something was wrong.
func (c *cuts) judge(t *testing.T, count int) {
	t.Helper()
	t.Log(c.String())
	for _, one := range c.Cuts {
		if one.Wrong != "" {
			t.Errorf("after power cut %d: %s", one.Number+1, one.Wrong)
		}
	}
	// A device that takes nothing survives each cut. Few of them may all come too early to tell.
	for _, kind := range slot.Kinds() {
		if count >= wholeSeries && !slices.ContainsFunc(c.Cuts, func(c cut) bool { return c.Kind == kind && c.Begun }) {
			t.Errorf("no cut came after an update of the %s had got as far as its trial", kind)
		}
	}
}

// wholeSeries is how many cuts come to every part of an update.
const wholeSeries = 25

// String sums them up.
func (c *cuts) String() string {
	var kinds [3]int
	well, begun, longest := 0, 0, 0.0
	for _, one := range c.Cuts {
		kinds[slices.Index(slot.Kinds(), one.Kind)]++
		if one.Begun {
			begun++
		}
		if one.Wrong == "" {
			well++
		}
		longest = max(longest, one.Boot)
	}
	return fmt.Sprintf("%d power cuts (config %d, agent %d, system %d, %d of them after what was new had begun to run; seed %d): %d times it came up with one whole version and nothing lost, within %.0f s",
		len(c.Cuts), kinds[0], kinds[1], kinds[2], begun, c.Seed, well, longest)
}

func newCutting(t *testing.T, h *home) *cutting {
	t.Helper()
	c := &cutting{home: h, channel: h.open(t), programs: map[string]string{}, configs: []shown{usual}}
	folder := t.TempDir()
	c.good, c.version = c.file()
	if _, err := Agent(t.Context(), c.version, c.good); err != nil {
		t.Fatal(err)
	}
	s, err := h.card.Slot(t.Context(), filepath.Join(folder, "system.ext4"))
	if err != nil {
		t.Fatal(err)
	}
	baked := filepath.Join(folder, "baked")
	if err := s.Get(t.Context(), "/usr/bin/calendarbot", baked); err != nil {
		t.Fatal(err)
	}
	c.knows(t, "baked", baked)
	c.bundle = s.File
	return c
}

// knows remembers a program by its digest.
func (c *cutting) knows(t *testing.T, version, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	c.programs[hex.EncodeToString(sum[:])] = version
}

// judged waits until nothing is on trial any more: what a cut left is gone on with first.
func (c *cutting) judged(t *testing.T, b *running) {
	t.Helper()
	for _, kind := range slot.Kinds() {
		b.await(t, kind, bootTime, func(s slot.State) bool { return s.Trial == nil })
	}
}

// cut has the device take an update, pulls the plug, switches it on again, and looks how it comes up.
func (c *cutting) cut(t *testing.T, b *running, next *cut) *running {
	t.Helper()
	order := c.prepared(t, next)
	c.judged(t, b)
	timer := time.NewTimer(time.Duration(next.After * float64(time.Second)))
	defer timer.Stop()
	ctx, cancel := context.WithCancel(t.Context())
	refused := make(chan error, 1)
	go func() {
		defer close(refused)
		if err := order(ctx, b); err != nil && ctx.Err() == nil {
			refused <- err
		}
	}()
	select {
	case <-timer.C:
	case err := <-refused:
		// Who asks for what restarts the device is cut off by that.
		if err != nil && next.Kind == slot.Agent {
			t.Fatalf("the order of cut %d: %v", next.Number+1, err)
		}
		<-timer.C
	}
	cancel()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = c.on(t)
	next.Boot = b.comes(t, fmt.Sprintf("after cut %d", next.Number+1), b.shows).Seconds()
	if err := c.whole(t, b, next); err != nil {
		next.Wrong = err.Error()
		t.Error(err)
		b.log(t)
	}
	return b
}

// prepared makes an update, and returns what orders it.
func (c *cutting) prepared(t *testing.T, next *cut) func(context.Context, *running) error {
	t.Helper()
	switch next.Kind {
	case slot.Agent:
		file, version := c.file()
		if _, err := Renumber(c.good, c.version, file, version); err != nil {
			t.Fatal(err)
		}
		c.knows(t, version, file)
		c.offer(t, slot.Agent, version, file)
	case slot.System:
		s, err := System{c.bundle}.Copy(t.Context(), filepath.Join(t.TempDir(), "system.ext4"))
		if err != nil {
			t.Fatal(err)
		}
		file, version := c.file()
		if err := errors.Join(s.mark(t.Context(), version), s.Bundle(t.Context(), version, updateKeys(t), file)); err != nil {
			t.Fatal(err)
		}
		c.systems = append(c.systems, version)
		c.offer(t, slot.System, version, file)
		if next.Stick {
			stick := filepath.Join(t.TempDir(), "stick.img")
			if err := Stick(t.Context(), c.published, stick); err != nil {
				t.Fatal(err)
			}
			return func(ctx context.Context, b *running) error {
				if err := b.Plug(stick); err != nil {
					return err
				}
				_, err := b.Run(ctx, "until grep -q "+version+" /data/slots/system.json && grep -q '\"trial\"' /data/slots/system.json; do sleep 1; done; systemctl reboot")
				return err
			}
		}
	case slot.Config:
		wished := shown{1 + (len(c.configs)+8)%28, []string{"12h", "24h"}[next.Number/3%2]}
		c.configs = append(c.configs, wished)
		return func(ctx context.Context, b *running) error {
			_, err := b.Run(ctx, wished.stage()+" && calendarbot slots config try")
			return err
		}
	}
	return func(ctx context.Context, b *running) error {
		_, err := b.Run(ctx, "touch /run/systemd/timesync/synchronized; calendarbot update apply --now")
		return err
	}
}

// whole says what is not as it is to be after a cut.
func (c *cutting) whole(t *testing.T, b *running, next *cut) error {
	t.Helper()
	out := b.run(t, `sha256sum "/proc/$(systemctl show -P MainPID calendarbot.service)/exe" | cut -d ' ' -f 1
		sed -n s/IMAGE_VERSION=//p /usr/lib/os-release
		cat /run/calendarbot-boot/config /run/calendarbot-boot/data`)
	words := strings.Fields(out)
	if len(words) != 4 {
		return fmt.Errorf("the device says %q", out)
	}
	next.Program, next.System, next.Slot = c.programs[words[0]], words[1], words[2]
	var wrong []error
	if next.Program == "" {
		wrong = append(wrong, fmt.Errorf("the program that runs is none that there was: its digest is %s", words[0]))
	}
	if !slices.Contains(c.systems, next.System) && !strings.Contains(c.Image, next.System) {
		wrong = append(wrong, fmt.Errorf("the system that runs has the version %s, which is none that there was", next.System))
	}
	if words[3] == "lost" {
		wrong = append(wrong, errors.New("the data is lost"))
	}
	is := b.shown(t)
	if !slices.Contains(c.configs, is) {
		wrong = append(wrong, fmt.Errorf("the configuration is of no one piece: %+v is none of %+v", is, c.configs))
	}
	if err := b.person(t.Context()); err != nil {
		wrong = append(wrong, fmt.Errorf("the person's data: %w", err))
	}
	for _, kind := range slot.Kinds() {
		s, err := b.states(t.Context(), kind)
		if err != nil {
			wrong = append(wrong, err)
		}
		if s.Trial != nil {
			next.Trials = append(next.Trials, kind)
		}
	}
	switch next.Kind {
	case slot.Agent:
		next.Begun = next.Program == versionOf(c.next-1)
	case slot.System:
		next.Begun = next.System == versionOf(c.next-1)
	case slot.Config:
		next.Begun = is == c.configs[len(c.configs)-1]
	}
	return errors.Join(wrong...)
}
