package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/netip"
	"slices"
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
	maxGood      = 64
	goodFor      = 24 * time.Hour // how long an address that proved a secret does not wait for what others did
	maxQueue     = 8              // that wait while a secret is compared; one place more is for tokens
	queueTime    = 5 * time.Second
)

// guess is what somebody tries to guess.
type guess uint8

const (
	shortSecret guess = iota // a PIN: all that try one have a bound together, too
	longSecret               // a token, which is too long for that: whoever has it does not wait for what others did
)

// door compares what is given with the secrets of the configuration: one hash at a time, as it takes 19 MiB, and each address
// only so often. So do all addresses together with a PIN, but not one that was right within a day, so that strangers lock out
// strangers alone; nor the device itself, which is one address. Nobody learns from it more than whether a secret is right, and
// while an address has to wait, not even that.
type door struct {
	key  []byte
	turn chan struct{} // the one that compares
	line chan struct{} // those that wait, and it
	long chan struct{} // the same, with a token while the line is full

	mu     sync.Mutex
	tries  map[netip.Addr]tries
	all    bucket
	logins uint64                          // with a PIN, of others than the device itself
	passed map[[sha256.Size]byte]time.Time // until when; of an address and a secret
	good   map[netip.Addr]time.Time        // until when
}

func newDoor() *door {
	d := &door{
		key: make([]byte, sha256.Size), turn: make(chan struct{}, 1), line: make(chan struct{}, maxQueue), long: make(chan struct{}, 1),
		tries: map[netip.Addr]tries{}, all: bucket{left: allTries}, passed: map[[sha256.Size]byte]time.Time{}, good: map[netip.Addr]time.Time{},
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

// netOf is what counts as one address: in IPv6 a whole network, as one household has that many, and all that the device has for itself.
func netOf(from netip.Addr) netip.Addr {
	from = from.Unmap()
	switch {
	case from.IsLoopback():
		return netip.IPv6Loopback()
	case from.Is6():
		if network, err := from.WithZone("").Prefix(64); err == nil {
			return network.Addr()
		}
	}
	return from
}

// errWrong says that no secret of the configuration is the given one.
var errWrong = errors.New("compare a secret: it is another")

// admit returns nil when one of the kept secrets is the given one, errWrong when none is, and a *problem for whoever has to
// wait.
func (d *door) admit(from netip.Addr, at guess, given string, kept ...config.Secret) error {
	one := from.Unmap()
	from = d.place(one)
	mark := d.mark(one, given, kept)
	if known, err := d.remembers(from, at, mark); known || err != nil {
		return err
	}
	if at == shortSecret || slices.ContainsFunc(kept, hashed) {
		leave, err := d.queue(at)
		if err != nil {
			return err
		}
		defer leave()
		// Those who waited for their turn are judged by what became of the others.
		if known, err := d.remembers(from, at, mark); known || err != nil {
			return err
		}
	}
	right := false
	for _, secret := range kept {
		right = holds(secret, given) || right
	}
	d.record(from, at, mark, right)
	if !right {
		return errWrong
	}
	d.trust(one)
	return nil
}

// place is where the tries of an address are counted: by itself when it was right within a day, so that its network does not lock it
// out, else with the whole network.
func (d *door) place(from netip.Addr) netip.Addr {
	d.mu.Lock()
	defer d.mu.Unlock()
	if time.Now().Before(d.good[from]) && !from.IsLoopback() {
		return from
	}
	return netOf(from)
}

// trust lets an address not wait for what others did.
func (d *door) trust(from netip.Addr) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	if _, known := d.good[from]; !known {
		makeRoom(d.good, maxGood, func(until time.Time) time.Time { return until }, now)
	}
	d.good[from] = now.Add(goodFor)
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
func (d *door) remembers(from netip.Addr, at guess, mark [sha256.Size]byte) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	if wait := d.tries[from].wait(now); wait > 0 {
		return false, tooMany(wait)
	}
	if until, ok := d.passed[mark]; ok && now.Before(until) {
		return true, nil
	}
	if at == longSecret || from.IsLoopback() || now.Before(d.good[from]) {
		return false, nil
	}
	d.all = d.all.fill(now)
	if wait := d.all.wait(now); wait > 0 {
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
func (d *door) queue(at guess) (leave func(), err error) {
	busy := problemOf(http.StatusServiceUnavailable, "busy", "Somebody else's PIN is being checked; please try again.")
	line := d.line
	if at == longSecret && len(line) == cap(line) {
		line = d.long
	}
	select {
	case line <- struct{}{}:
	default:
		return nil, busy
	}
	late := time.NewTimer(queueTime)
	defer late.Stop()
	select {
	case d.turn <- struct{}{}:
		return func() { <-d.turn; <-line }, nil
	case <-late.C:
		<-line
		return nil, busy
	}
}

// record keeps what became of a try.
func (d *door) record(from netip.Addr, at guess, mark [sha256.Size]byte, right bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	if right {
		if at == shortSecret && !from.IsLoopback() {
			d.logins++
		}
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
	if at == shortSecret {
		d.all = d.all.fill(now)
		d.all.left = max(0, d.all.left-1)
	}
}

// entered is how often the PIN came from others than the device itself, and was right.
func (d *door) entered() uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.logins
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
