package board

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"calendarbot/scripts/demo/household"
)

// asked is the environment variable that asks for these tests: the path of an image. Emulating boards takes this computer for itself.
const asked = "CALENDARBOT_IMAGE"

// The longest that a boot may take on a host that has much else to do, that anything on the board may, and that copying a
// system to the other slot may, which the device does slowly on purpose.
const (
	bootTime  = 12 * time.Minute
	waitTime  = 5 * time.Minute
	cloneTime = 25 * time.Minute
)

// image is the image that is tested, or the test is skipped.
func image(t *testing.T) string {
	t.Helper()
	name := os.Getenv(asked)
	if name == "" {
		t.Skipf("it wants an image, and this computer for itself; to run it: %s=IMAGE go test -v -timeout 60m ./scripts/board", asked)
	}
	if err := Tools(); errors.Is(err, ErrMissing) {
		t.Skip(err)
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join("..", "..", name)
	}
	return name
}

// bench is where an image is tested: a card made of it, a key, and a household whose calendars the board reads.
type bench struct {
	card  Card
	key   Key
	feeds []Feed
}

func newBench(t *testing.T) *bench {
	t.Helper()
	image, folder := image(t), t.TempDir()
	begin := time.Now()
	card, err := Insert(t.Context(), image, filepath.Join(folder, "card.img"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := NewKey(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(household.Handler(time.Now()))
	t.Cleanup(server.Close)
	t.Logf("made a card in %.1f s", time.Since(begin).Seconds())
	return &bench{card, key, Household(server.Listener.Addr().(*net.TCPAddr).Port)[:2]}
}

// seed puts settings on the card.
func (n *bench) seed(t *testing.T, s Settings) {
	t.Helper()
	public, err := n.key.Public()
	if err != nil {
		t.Fatal(err)
	}
	s.Feeds, s.PublicKey = n.feeds, public
	if err := n.card.Seed(t.Context(), s); err != nil {
		t.Fatal(err)
	}
}

// running is a board that a test has switched on.
type running struct {
	*Board

	mu     sync.Mutex
	stages []Stage
}

// on switches the board on.
func (n *bench) on(t *testing.T) *running {
	t.Helper()
	b, err := Start(t.Context(), n.card, Options{Key: n.key})
	if err != nil {
		t.Fatal(err)
	}
	r := &running{Board: b}
	ctx, cancel := context.WithCancel(t.Context())
	told, minded := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(minded)
		b.MindAdapter(ctx, func(words string) { t.Log(words) })
	}()
	go func() {
		defer close(told)
		b.Stages(ctx, func(s Stage) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.stages = append(r.stages, s)
		})
	}()
	t.Cleanup(func() {
		cancel()
		<-told
		<-minded
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the board's last words:\n%s", b.Console.Last(120))
		}
	})
	return r
}

// boots waits until the calendar is ready, and prints how long each part took.
func (r *running) boots(t *testing.T, what string) time.Duration {
	t.Helper()
	return r.comes(t, what, r.Ready)
}

// comes waits for something after switching on, and prints how long each part took.
func (r *running) comes(t *testing.T, what string, wait func(context.Context) error) time.Duration {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), bootTime)
	defer cancel()
	begin := time.Now()
	if err := wait(ctx); err != nil {
		t.Fatal(err)
	}
	took := time.Since(begin)
	r.mu.Lock()
	defer r.mu.Unlock()
	t.Logf("%s: ready after %.1f s; %v", what, took.Seconds(), r.stages)
	return took
}

// slot is the one that U-Boot chose last.
func (r *running) slot() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range slices.Backward(r.stages) {
		if slot, ok := strings.CutPrefix(s.Name, "slot "); ok {
			return slot
		}
	}
	return ""
}

// run runs a script on the board, which must succeed.
func (r *running) run(t *testing.T, script string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waitTime)
	defer cancel()
	out, err := r.Run(ctx, script)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

// until waits until a script succeeds on the board.
func (r *running) until(t *testing.T, limit time.Duration, script string) time.Duration {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	took, err := r.Until(ctx, script)
	if err != nil {
		t.Fatal(err)
	}
	return took
}

// off shuts the board down, as a person does who pulls no plugs.
func (r *running) off(t *testing.T) {
	t.Helper()
	r.run(t, "systemctl --no-block poweroff")
	ctx, cancel := context.WithTimeout(t.Context(), waitTime)
	defer cancel()
	if err := r.Off(ctx); err != nil {
		t.Fatal(err)
	}
}

// onCard is a file of the first partition, "" when it is not there.
func (n *bench) onCard(t *testing.T, name string) string {
	t.Helper()
	text, err := n.card.Read(t.Context(), name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return string(text)
}
