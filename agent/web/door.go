package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"calendarbot/agent/config"
)

// How often a secret may be tried, and how much is remembered of that.
const (
	freeTries   = 5                // of one address before it has to wait
	firstWait   = time.Second      // after the last of them; then twice as long each time
	longestWait = 15 * time.Minute // of one address
	forgetTries = 24 * time.Hour   // without another wrong one
	allTries    = 30               // of all addresses together
	allEvery    = 2 * time.Minute  // after which all of them have one more

	maxAddresses = 256
	maxPassed    = 64
	passedFor    = 10 * time.Minute // how long one address need not prove a secret again that it has proved
	maxQueue     = 8                // that wait while a secret is compared
	queueTime    = 5 * time.Second
)

// door compares what is given with the secrets of the configuration: one at a time, as a hash takes 19 MiB, and each address and
// all of them together only so often. Nobody learns from it more than whether a secret is right, and while an address has to wait,
// not even that.
type door struct {
	key  []byte
	turn chan struct{} // the one that compares
	line chan struct{} // those that wait, and it

	mu     sync.Mutex
	tries  map[netip.Addr]tries
	all    bucket
	passed map[[sha256.Size]byte]time.Time // until when; of an address and a secret
}

func newDoor() *door {
	d := &door{
		key: make([]byte, sha256.Size), turn: make(chan struct{}, 1), line: make(chan struct{}, maxQueue),
		tries: map[netip.Addr]tries{}, all: bucket{left: allTries}, passed: map[[sha256.Size]byte]time.Time{},
	}
	rand.Read(d.key) //nolint:errcheck // it never fails
	return d
}

// tries is the wrong secrets of one address.
type tries struct {
	wrong int
	last  time.Time
}

// wait is how long an address has to wait now.
func (t tries) wait(now time.Time) time.Duration {
	if t.wrong < freeTries {
		return 0
	}
	pause := min(firstWait<<min(t.wrong-freeTries, 20), longestWait)
	return max(0, t.last.Add(pause).Sub(now))
}

// bucket is the tries that all addresses have left; one more comes from time to time.
type bucket struct {
	left int
	at   time.Time // of the last one that came
}

// fill returns the bucket as it is at a moment.
func (b bucket) fill(now time.Time) bucket {
	if b.left >= allTries {
		return bucket{left: allTries, at: now}
	}
	came := int(now.Sub(b.at) / allEvery)
	return bucket{left: min(allTries, b.left+came), at: b.at.Add(time.Duration(came) * allEvery)}
}

// wait is how long until there is one.
func (b bucket) wait(now time.Time) time.Duration {
	if b.left > 0 {
		return 0
	}
	return max(0, b.at.Add(allEvery).Sub(now))
}

// netOf is what counts as one address: in IPv6 a whole network, as one household has that many.
func netOf(from netip.Addr) netip.Addr {
	from = from.Unmap()
	if from.Is6() {
		if network, err := from.WithZone("").Prefix(64); err == nil {
			return network.Addr()
		}
	}
	return from
}

// errWrong says that no secret of the configuration is the given one.
var errWrong = errors.New("compare a secret: it is another")

// admit returns nil when one of the kept secrets is the given one, errWrong when none is, and a *problem for whoever has to
// wait. inside is a client on this machine: it does not wait for what others did.
func (d *door) admit(from netip.Addr, inside bool, given string, kept ...config.Secret) error {
	from = netOf(from)
	mark := d.mark(from, given, kept)
	if known, err := d.remembers(from, inside, mark); known || err != nil {
		return err
	}
	leave, err := d.queue()
	if err != nil {
		return err
	}
	defer leave()
	// Those who waited for their turn are judged by what became of the others.
	if known, err := d.remembers(from, inside, mark); known || err != nil {
		return err
	}
	right := false
	for _, one := range kept {
		right = holds(one, given) || right
	}
	d.record(from, inside, mark, right)
	if !right {
		return errWrong
	}
	return nil
}

// mark is a keyed hash of who gives what for which.
func (d *door) mark(from netip.Addr, given string, kept []config.Secret) (m [sha256.Size]byte) {
	h := hmac.New(sha256.New, d.key)
	texts := []string{from.String(), given}
	for _, one := range kept {
		texts = append(texts, one.Reveal())
	}
	for _, text := range texts {
		part := sha256.Sum256([]byte(text))
		h.Write(part[:])
	}
	h.Sum(m[:0])
	return m
}

// remembers tells whether this was proved lately; the error says how long to wait.
func (d *door) remembers(from netip.Addr, inside bool, mark [sha256.Size]byte) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	if wait := d.tries[from].wait(now); wait > 0 {
		return false, tooMany(wait)
	}
	if until, ok := d.passed[mark]; ok && now.Before(until) {
		return true, nil
	}
	d.all = d.all.fill(now)
	if wait := d.all.wait(now); wait > 0 && !inside {
		return false, tooMany(wait)
	}
	return false, nil
}

func tooMany(wait time.Duration) error {
	p := problemOf(http.StatusTooManyRequests, "too_many_tries", "The PIN or the token was wrong too often; please wait and try again.")
	p.wait = wait
	return p
}

// queue waits for the turn to compare.
func (d *door) queue() (leave func(), err error) {
	busy := problemOf(http.StatusServiceUnavailable, "busy", "Somebody else's PIN is being checked; please try again.")
	select {
	case d.line <- struct{}{}:
	default:
		return nil, busy
	}
	late := time.NewTimer(queueTime)
	defer late.Stop()
	select {
	case d.turn <- struct{}{}:
		return func() { <-d.turn; <-d.line }, nil
	case <-late.C:
		<-d.line
		return nil, busy
	}
}

// record keeps what became of a try.
func (d *door) record(from netip.Addr, inside bool, mark [sha256.Size]byte, right bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	if right {
		delete(d.tries, from)
		makeRoom(d.passed, maxPassed, func(until time.Time) time.Time { return until }, now)
		d.passed[mark] = now.Add(passedFor)
		return
	}
	if _, known := d.tries[from]; !known {
		makeRoom(d.tries, maxAddresses, func(t tries) time.Time { return t.last.Add(forgetTries) }, now)
	}
	t := d.tries[from]
	if now.Sub(t.last) > forgetTries {
		t.wrong = 0
	}
	d.tries[from] = tries{wrong: t.wrong + 1, last: now}
	if !inside {
		d.all.left--
	}
}

// makeRoom forgets what is over, and when that is not enough what ends first.
func makeRoom[K comparable, V any](in map[K]V, most int, end func(V) time.Time, now time.Time) {
	if len(in) < most {
		return
	}
	var first K
	var at time.Time
	for k, v := range in {
		switch until := end(v); {
		case !until.After(now):
			delete(in, k)
		case at.IsZero() || until.Before(at):
			first, at = k, until
		}
	}
	if len(in) >= most {
		delete(in, first)
	}
}
