package store

import (
	"cmp"
	"context"
	"time"
)

// saveEvery is how old the saved time of a source's last success may become. What is lost
// with the power is at most that much of its freshness, never an event.
const saveEvery = 15 * time.Minute

// Validators are what a server gave for conditional requests.
type Validators struct{ ETag, LastModified string }

// Validators returns those of the last good fetch; zero when there was none. It costs no query.
func (s *Store) Validators(_ context.Context, id string) (Validators, error) {
	src, _ := s.picture.Load().find(id)
	if src == nil {
		return Validators{}, ErrUnknown
	}
	return src.validators, nil
}

// Unchanged records a success without new events (304). It writes to the disk when the source
// had failed before, else at most every 15 minutes. An error means that the disk could not be
// written; the success is known all the same.
func (s *Store) Unchanged(ctx context.Context, id string, next time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.picture.Load().clone()
	src, err := p.edit(id)
	if err != nil {
		return err
	}
	return s.well(ctx, p, src, src.succeed(s.o.Now(), next))
}

// succeed notes a success and tells whether that changes the state of the source.
func (s *source) succeed(now, next time.Time) (news bool) {
	now, next = now.Round(0), next.Round(0) // as they are saved, and to be moved
	news = s.code != "" || s.lastSuccess.IsZero()
	s.lastSuccess, s.lastTry, s.nextTry, s.failingSince = now, now, next, time.Time{}
	s.ours = ours{success: true, try: true}
	s.code, s.words, s.dirty = "", "", true
	return news
}

// well publishes p, in which src had a success without new events.
func (s *Store) well(ctx context.Context, p *picture, src *source, news bool) error {
	if news {
		return s.report(ctx, "save the state of "+src.id, p)
	}
	return s.remember(ctx, "save the state of "+src.id, p, src)
}

// remember publishes p, which no page shows differently, and saves it when it is time.
func (s *Store) remember(ctx context.Context, doing string, p *picture, src *source) error {
	s.picture.Store(p)
	if !s.due(src) {
		return nil
	}
	if err := s.save(ctx, p.clone()); err != nil {
		return inWords(doing, err)
	}
	return nil
}

// due tells whether it is time to save what is known about the source.
func (s *Store) due(src *source) bool {
	age := s.o.Now().Sub(src.saved)
	return age < 0 || age >= saveEvery
}

// Failed records a failure; the events stay. The same failure again is only kept in memory, and
// other words for the same code are shown at the latest after 15 minutes. An error means that
// the disk could not be written; the failure is known and shown all the same.
func (s *Store) Failed(ctx context.Context, id, code, words string, next time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.picture.Load().clone()
	src, err := p.edit(id)
	if err != nil {
		return err
	}
	now, next := s.o.Now().Round(0), next.Round(0)
	code = cmp.Or(code, "unknown")
	news := src.code != code || src.words != words && s.due(src)
	if src.failingSince.IsZero() {
		src.failingSince, src.ours.failing = now, true
	}
	src.ours.try = true
	src.code, src.words, src.lastTry, src.nextTry, src.dirty = code, words, now, next, true
	if !news {
		return s.remember(ctx, "save the failure of "+id, p, src)
	}
	return s.report(ctx, "save the failure of "+id, p)
}
