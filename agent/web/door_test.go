package web

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"calendarbot/agent/config"
)

func addr(text string) netip.Addr { return netip.MustParseAddr(text) }

// pass lets time pass in a bubble.
func pass(d time.Duration) { <-time.After(d) }

// waits is how long a refusal says to wait; -1 when it is none of that kind.
func waits(err error) time.Duration {
	p := (*problem)(nil)
	if errors.As(err, &p) && p.Code == "too_many_tries" {
		return p.wait
	}
	return -1
}

// One address has some tries, then waits twice as long each time, up to a bound; nobody else waits for it.
func TestTriesOfOneAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor()
		try := func(from, given string) error { return d.admit(addr(from), shortSecret, given, "right") }
		for range freeTries {
			if err := try("10.0.0.1", "wrong"); !errors.Is(err, errWrong) {
				t.Fatal(err)
			}
		}
		pause := firstWait
		for range 14 {
			for _, given := range []string{"right", "wrong", "right"} { // while it waits, it learns nothing
				if got := waits(try("10.0.0.1", given)); got != pause {
					t.Fatalf("%q: wait %s, want %s", given, got, pause)
				}
			}
			if err := try("10.0.0.2", "right"); err != nil {
				t.Fatalf("another address: %v", err)
			}
			pass(pause)
			d.all.left = allTries // this test is not about those
			if err := try("10.0.0.1", "wrong"); !errors.Is(err, errWrong) {
				t.Fatal(err)
			}
			pause = min(2*pause, longestWait)
		}
		if pause != longestWait {
			t.Errorf("the longest wait is %s", pause)
		}
		pass(pause)
		if err := try("10.0.0.1", "right"); err != nil {
			t.Error(err)
		}
		if err := try("10.0.0.1", "wrong"); !errors.Is(err, errWrong) || waits(try("10.0.0.1", "wrong")) > 0 {
			t.Error("a right one does not clear the wrong ones")
		}
	})
}

// A network of IPv6 is one address; what was wrong a day ago is forgotten.
func TestTriesAreCountedByNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor()
		for i := range freeTries {
			if err := d.admit(addr(fmt.Sprintf("2001:db8:1:1::%x", i+1)), shortSecret, "wrong", "right"); !errors.Is(err, errWrong) {
				t.Fatal(err)
			}
		}
		if waits(d.admit(addr("2001:db8:1:1:ffff::1"), shortSecret, "right", "right")) <= 0 || d.admit(addr("2001:db8:1:2::1"), shortSecret, "right", "right") != nil {
			t.Error("a network does not count as one")
		}
		pass(forgetTries + time.Second)
		for range freeTries {
			if err := d.admit(addr("2001:db8:1:1::1"), shortSecret, "wrong", "right"); !errors.Is(err, errWrong) {
				t.Fatal(err)
			}
		}
	})
}

// All that the device has for itself is one address, and what is tried there counts.
func TestTriesOfTheDeviceItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor()
		for i := range freeTries {
			if err := d.admit(addr(fmt.Sprintf("127.0.%d.%d", i, i+1)), shortSecret, "wrong", "right"); !errors.Is(err, errWrong) {
				t.Fatal(err)
			}
		}
		for _, from := range []string{"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"} {
			if got := waits(d.admit(addr(from), shortSecret, "right", "right")); got != firstWait {
				t.Errorf("%s waits %s", from, got)
			}
		}
		if d.all.left != allTries-freeTries {
			t.Errorf("%d are left to all", d.all.left)
		}
		pass(firstWait)
		if err := d.admit(addr("::1"), shortSecret, "right", "right"); err != nil {
			t.Error(err)
		}
		for i := range freeTries { // having been right does not make each of them an address
			if err := d.admit(addr("127.0.0.1"), shortSecret, "wrong", "right"); !errors.Is(err, errWrong) {
				t.Fatal(i, err)
			}
		}
		if waits(d.admit(addr("::1"), shortSecret, "right", "right")) <= 0 || waits(d.admit(addr("127.0.0.2"), shortSecret, "right", "right")) <= 0 {
			t.Error("they are several")
		}
	})
}

// What others try locks out neither a token nor an address that was right within a day, also where a network counts as one.
func TestOthersDoNotLockOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor()
		for _, from := range []string{"10.0.0.1", "2001:db8:1:1::1"} {
			if err := d.admit(addr(from), shortSecret, "right", "right"); err != nil {
				t.Fatal(err)
			}
		}
		pass(goodFor / 2)
		for i := range allTries {
			if err := d.admit(addr(fmt.Sprintf("10.1.0.%d", i/freeTries)), shortSecret, "wrong", "right"); !errors.Is(err, errWrong) {
				t.Fatal(err)
			}
		}
		pass(time.Second)
		if waits(d.admit(addr("10.2.0.1"), shortSecret, "right", "right")) <= 0 {
			t.Error("a stranger does not wait")
		}
		d.tries[netOf(addr("2001:db8:1:1::1"))] = tries{wrong: 100, last: time.Now()} // by a neighbour
		for _, c := range []struct {
			from, given string
			at          guess
		}{{"10.0.0.1", "right", shortSecret}, {"2001:db8:1:1::1", "right", shortSecret}, {"10.2.0.1", "right", longSecret}, {"10.2.0.2", "right", longSecret}} {
			if err := d.admit(addr(c.from), c.at, c.given, "right"); err != nil {
				t.Errorf("%+v: %v", c, err)
			}
		}
		for range freeTries { // nor is what is tried with a token without a bound
			if err := d.admit(addr("10.2.0.3"), longSecret, "wrong", "right"); !errors.Is(err, errWrong) {
				t.Fatal(err)
			}
		}
		if waits(d.admit(addr("10.2.0.3"), longSecret, "right", "right")) <= 0 {
			t.Error("a token may be tried for ever")
		}
		pass(goodFor + time.Second)
		d.all = bucket{at: time.Now()}
		if waits(d.admit(addr("10.0.0.1"), shortSecret, "right", "right")) <= 0 {
			t.Error("good for ever")
		}
	})
}

// A token that is no hash is compared without waiting for the turn; one that is has a place of its own.
func TestTokensHaveAPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor()
		for range maxQueue {
			d.line <- struct{}{}
		}
		if err := d.admit(addr("10.0.0.1"), longSecret, "right", "right"); err != nil {
			t.Errorf("a plain one: %v", err)
		}
		if _, err := d.queue(shortSecret); err == nil {
			t.Error("the line has no end")
		}
		leave, err := d.queue(longSecret)
		if err != nil {
			t.Fatalf("no place: %v", err)
		}
		if _, err := d.queue(longSecret); err == nil {
			t.Error("more than one place")
		}
		leave()
		if len(d.turn) != 0 || len(d.long) != 0 || len(d.line) != maxQueue {
			t.Error("a place is lost, or another one was left")
		}
	})
}

// What a program sends is a token, what a person types is a PIN.
func TestWhatIsGuessed(t *testing.T) {
	d := start(t, said(t, "web.pin", pinOfTests))
	d.server.door.all = bucket{at: time.Now()}
	who := requester{from: addr("192.168.1.7"), authorization: withToken().value}
	if _, err := d.server.standingOf(who); err != nil {
		t.Errorf("a token waits for others: %v", err)
	}
	who = requester{from: addr("192.168.1.8"), authorization: basic("", pinOfTests)}
	if _, err := d.server.standingOf(who); waits(err) <= 0 {
		t.Errorf("a PIN does not: %v", err)
	}
}

// All addresses together have a bound too; whoever proved itself lately, and the device itself, do not feel it.
func TestTriesOfAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor()
		if err := d.admit(addr("10.0.0.1"), shortSecret, "right", "right"); err != nil {
			t.Fatal(err)
		}
		for i := range allTries {
			if err := d.admit(addr(fmt.Sprintf("10.1.0.%d", i)), shortSecret, "wrong", "right"); !errors.Is(err, errWrong) {
				t.Fatal(err)
			}
		}
		if got := waits(d.admit(addr("10.2.0.1"), shortSecret, "right", "right")); got != allEvery {
			t.Errorf("one too many waits %s", got)
		}
		if err := d.admit(addr("10.0.0.1"), shortSecret, "right", "right"); err != nil {
			t.Errorf("who proved it: %v", err)
		}
		if err := d.admit(addr("127.0.0.1"), shortSecret, "right", "right"); err != nil {
			t.Errorf("the device itself: %v", err)
		}
		pass(allEvery)
		if err := d.admit(addr("10.2.0.2"), shortSecret, "wrong", "right"); !errors.Is(err, errWrong) {
			t.Errorf("after a while: %v", err)
		}
		if waits(d.admit(addr("10.2.0.3"), shortSecret, "wrong", "right")) <= 0 {
			t.Error("more than one came")
		}
		pass(1000 * allEvery)
		if got := d.all.fill(time.Now()).left; got != allTries {
			t.Errorf("%d left", got)
		}
	})
}

// What was proved is remembered for a while, for one address and one secret, so that a program does not cost 19 MiB each time.
func TestProofsAreRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hash, err := Hash("right")
		if err != nil {
			t.Fatal(err)
		}
		d, kept := newDoor(), config.Secret(hash)
		if err := d.admit(addr("10.0.0.1"), shortSecret, "right", kept); err != nil {
			t.Fatal(err)
		}
		d.turn <- struct{}{} // nothing is compared from here on
		if err := d.admit(addr("10.0.0.1"), shortSecret, "right", kept); err != nil {
			t.Errorf("not remembered: %v", err)
		}
		for _, c := range []struct {
			from, given string
			kept        config.Secret
		}{{"10.0.0.2", "right", kept}, {"10.0.0.1", "wrong", kept}, {"10.0.0.1", "right", "another"}} {
			if err := d.admit(addr(c.from), shortSecret, c.given, c.kept); err == nil || errors.Is(err, errWrong) {
				t.Errorf("%+v: %v", c, err)
			}
		}
		pass(passedFor)
		if err := d.admit(addr("10.0.0.1"), shortSecret, "right", kept); err == nil {
			t.Error("remembered for ever")
		}
	})
}

// One secret is compared at a time; a few wait, in bounded time, the others are sent away.
func TestOneComparisonAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor()
		leave, err := d.queue(shortSecret)
		if err != nil {
			t.Fatal(err)
		}
		results := make(chan error, 3*maxQueue)
		for i := range 3 * maxQueue {
			go func() { results <- d.admit(addr(fmt.Sprintf("10.0.0.%d", i)), shortSecret, "right", "right") }()
		}
		synctest.Wait()
		if got := len(results); got != 3*maxQueue-(maxQueue-1) {
			t.Errorf("%d are sent away at once", got)
		}
		pass(queueTime)
		synctest.Wait()
		for range cap(results) {
			if err := <-results; err == nil || errors.Is(err, errWrong) {
				t.Errorf("%v", err)
			}
		}
		leave()
		if err := d.admit(addr("10.0.0.1"), shortSecret, "right", "right"); err != nil {
			t.Errorf("a place is lost: %v", err)
		}
		if len(d.turn) != 0 || len(d.line) != 0 {
			t.Errorf("%d and %d places are lost", len(d.turn), len(d.line))
		}
	})
}

// However many try, what is remembered of them is bounded, and those who were at it last are remembered.
func TestDoorIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor()
		for i := range 3 * maxAddresses {
			from := addr(fmt.Sprintf("10.0.%d.%d", i/256, i%256))
			d.all.left = allTries
			if err := d.admit(from, shortSecret, "wrong", "right"); !errors.Is(err, errWrong) {
				t.Fatal(err)
			}
			if err := d.admit(addr(fmt.Sprintf("10.1.%d.%d", i/256, i%256)), shortSecret, "right", "right"); err != nil {
				t.Fatal(err)
			}
			if len(d.tries) > maxAddresses || len(d.passed) > maxPassed || len(d.good) > maxGood || d.tries[from].wrong != 1 {
				t.Fatalf("%d addresses, %d proofs, %+v", len(d.tries), len(d.passed), d.tries[from])
			}
			pass(time.Millisecond)
		}
	})
}

// What is given is in no error.
func TestRefusalsTellNothing(t *testing.T) {
	d := newDoor()
	for range freeTries + 1 {
		if err := d.admit(addr("10.0.0.1"), shortSecret, "given-secret", "kept-secret"); err == nil || strings.Contains(err.Error(), "given-") || strings.Contains(err.Error(), "kept-") {
			t.Errorf("%v", err)
		}
	}
}
