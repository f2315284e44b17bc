package store

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/ics"
)

// Why a source cannot be changed.
var (
	ErrUnknown    = errors.New("there is no such source")
	ErrConfigured = errors.New("the source belongs to the configuration file and is changed there")
	ErrTooMany    = errors.New("there are too many; remove some first")
)

// maxWebSources bounds the sources that people add.
const maxWebSources = 100

// State is how a source fares.
type State string

// The states of a source.
const (
	Waiting  State = "waiting"  // never tried
	OK       State = "ok"       // the last try succeeded
	Failing  State = "failing"  // the last try failed; older events may stand
	Disabled State = "disabled" // switched off
)

// Source is what is known about one source. Credentials and the whole URL are not in it.
type Source struct {
	ID, Name, Color string
	Address         string // the URL as it may be shown: scheme and host
	Web             bool   // added through the web, not by the operator's configuration
	LAN             bool
	State           State
	Events          int
	Skipped         int
	LastSuccess     time.Time // zero: never; 304 counts
	LastTry         time.Time
	NextTry         time.Time
	FailingSince    time.Time // zero when not failing
	Error           string    // the last failure in words, "" when OK
	Code            string    // stable code of the failure, e.g. "refused", "dns", "http_404"
	Problems        []ics.Problem
	MoreProblems    int
}

// settings are what is stored of a config.Source. Those of a configured source have no URL
// and no credentials.
type settings struct {
	Name     string            `json:"name,omitempty"`
	Address  string            `json:"address"`
	Color    string            `json:"color,omitempty"`
	LAN      bool              `json:"lan,omitempty"`
	Disabled bool              `json:"disabled,omitempty"`
	Refresh  time.Duration     `json:"refresh,omitempty"`
	URL      string            `json:"url,omitempty"`
	Username string            `json:"username,omitempty"`
	Password string            `json:"password,omitempty"`
	Bearer   string            `json:"bearer,omitempty"`
	Headers  map[string]string `json:"headers,omitempty"`
}

// Sources lists the sources without their events, in the order of configuration, then of adding.
// It costs no query.
func (s *Store) Sources(context.Context) ([]Source, error) {
	return s.picture.Load().list(), nil
}

func (p *picture) list() []Source {
	all := make([]Source, len(p.sources))
	for i, src := range p.sources {
		all[i] = src.public()
	}
	return all
}

// public returns what may be shown of a source. The problems are shared and not to be changed.
func (s *source) public() Source {
	_, host, _ := strings.Cut(s.settings.Address, "://")
	return Source{
		ID: s.id, Name: cmp.Or(s.settings.Name, s.feedName, host, s.id), Color: s.settings.Color,
		Address: s.settings.Address, Web: s.web, LAN: s.settings.LAN, State: s.state(),
		Events: s.events, Skipped: s.skipped,
		LastSuccess: s.lastSuccess, LastTry: s.lastTry, NextTry: s.nextTry, FailingSince: s.failingSince,
		Error: s.words, Code: s.code, Problems: s.problems, MoreProblems: s.more,
	}
}

func (s *source) state() State {
	switch {
	case s.settings.Disabled:
		return Disabled
	case s.code != "":
		return Failing
	case s.lastSuccess.IsZero():
		return Waiting
	}
	return OK
}

// SetConfigured makes the sources of the configuration the operator's part of the list: new ones are
// added, ones that are gone are removed with their events. A source whose URL or credentials changed
// loses its validators, not its events;
// one that is to be fetched differently has no next try. A source that a person had added under the same id
// becomes the operator's. When nothing changed nothing is written.
func (s *Store) SetConfigured(ctx context.Context, sources []config.Source) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.picture.Load().clone()
	var changed []*source
	wanted := map[string]bool{}
	for i, c := range sources {
		if c.ID == "" || wanted[c.ID] {
			return fmt.Errorf("source %d has no id, or one that is taken: %q", i+1, c.ID)
		}
		wanted[c.ID] = true
		if src := next.put(c, false, i); src != nil {
			changed = append(changed, src)
		}
	}
	var gone []*source
	next.sources = slices.DeleteFunc(next.sources, func(src *source) bool {
		if src.web || wanted[src.id] {
			return false
		}
		gone = append(gone, src)
		return true
	})
	if len(changed)+len(gone) == 0 {
		return nil
	}
	return s.change(ctx, "save the sources of the configuration", next, func(tx *sql.Tx) error {
		for _, src := range gone {
			if err := src.remove(ctx, tx); err != nil {
				return err
			}
		}
		for _, src := range changed {
			if err := src.write(ctx, tx); err != nil {
				return err
			}
		}
		next.sort()
		return nil
	})
}

// WebSources returns the sources added by a person, with their credentials.
func (s *Store) WebSources(context.Context) ([]config.Source, error) {
	var all []config.Source
	for _, src := range s.picture.Load().sources {
		if src.web {
			all = append(all, src.settings.source(src.id))
		}
	}
	return all, nil
}

// PutWebSource adds or replaces one; DeleteWebSource removes one with its events.
func (s *Store) PutWebSource(ctx context.Context, c config.Source) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.picture.Load().clone()
	if c.ID == "" {
		return errors.New("a source needs an id")
	}
	old, _ := next.find(c.ID)
	if old != nil && !old.web {
		return ErrConfigured
	}
	if old == nil && next.webSources() >= maxWebSources {
		return fmt.Errorf("%d sources: %w", maxWebSources, ErrTooMany)
	}
	src := next.put(c, true, 0)
	if src == nil {
		return nil
	}
	return s.change(ctx, "save the source", next, func(tx *sql.Tx) error {
		if err := src.write(ctx, tx); err != nil {
			return err
		}
		next.sort()
		return nil
	})
}

// DeleteWebSource removes a source that a person added, with its events. The error is
// ErrUnknown or ErrConfigured when there is none to remove.
func (s *Store) DeleteWebSource(ctx context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.picture.Load().clone()
	src, i := next.find(id)
	switch {
	case src == nil:
		return ErrUnknown
	case !src.web:
		return ErrConfigured
	}
	next.sources = slices.Delete(next.sources, i, i+1)
	return s.change(ctx, "remove the source", next, func(tx *sql.Tx) error { return src.remove(ctx, tx) })
}

func (p *picture) webSources() int {
	n := 0
	for _, src := range p.sources {
		if src.web {
			n++
		}
	}
	return n
}

// put sets what the configuration or a person says about a source, and returns it, or nil when that
// is nothing new. p must be a clone.
func (p *picture) put(c config.Source, web bool, position int) *source {
	set := keep(c, web)
	mark := fingerprint(c)
	old, i := p.find(c.ID)
	if old == nil {
		src := &source{id: c.ID, web: web, position: position, settings: set, fingerprint: mark}
		p.sources = append(p.sources, src)
		return src
	}
	if old.web == web && old.position == position && old.fingerprint == mark && set.equal(old.settings) {
		return nil
	}
	src := *old
	src.web, src.position, src.settings = web, position, set
	if src.fingerprint != mark {
		src.fingerprint, src.validators, src.dirty = mark, Validators{}, true
	}
	if differently(old, &src) {
		src.nextTry, src.dirty = time.Time{}, true
	}
	p.sources[i] = &src
	return &src
}

// differently tells whether what is said anew of a source ends the pause that it is in.
func differently(old, anew *source) bool {
	a, b := old.settings, anew.settings
	return old.fingerprint != anew.fingerprint || a.LAN != b.LAN || a.Refresh != b.Refresh || a.Disabled != b.Disabled
}

// write inserts the source, giving it its number, or updates what put has set.
func (s *source) write(ctx context.Context, tx *sql.Tx) error {
	text, err := json.Marshal(s.settings)
	if err != nil {
		return err
	}
	if s.num != 0 {
		_, err := tx.ExecContext(ctx, `UPDATE source SET web = ?, position = ?, settings = ?, fingerprint = ? WHERE num = ?`,
			s.web, s.position, string(text), s.fingerprint[:], s.num)
		return err
	}
	res, err := tx.ExecContext(ctx, `INSERT INTO source (id, web, position, settings, fingerprint) VALUES (?, ?, ?, ?, ?)`,
		s.id, s.web, s.position, string(text), s.fingerprint[:])
	if err != nil {
		return err
	}
	s.num, err = res.LastInsertId()
	return err
}

// remove deletes the source; its feed and components go with it.
func (s *source) remove(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM source WHERE num = ?`, s.num)
	return err
}

// keep returns what is stored of a source.
func keep(c config.Source, web bool) settings {
	set := settings{Name: c.Name, Color: c.Color, LAN: c.LAN, Disabled: c.Disabled, Refresh: c.Refresh}
	if u, err := url.Parse(c.URL.Reveal()); err == nil && u.Host != "" {
		set.Address = u.Scheme + "://" + u.Host
	}
	if !web {
		return set
	}
	set.URL, set.Username = c.URL.Reveal(), c.Username
	set.Password, set.Bearer = c.Password.Reveal(), c.Bearer.Reveal()
	for name, value := range c.Headers {
		if set.Headers == nil {
			set.Headers = map[string]string{}
		}
		set.Headers[name] = value.Reveal()
	}
	return set
}

func (s settings) equal(o settings) bool {
	a, errA := json.Marshal(s)
	b, errB := json.Marshal(o)
	return errA == nil && errB == nil && bytes.Equal(a, b)
}

// source is the reverse of keep.
func (s settings) source(id string) config.Source {
	c := config.Source{
		ID: id, Name: s.Name, URL: config.Secret(s.URL), Color: s.Color, Username: s.Username,
		Password: config.Secret(s.Password), Bearer: config.Secret(s.Bearer),
		LAN: s.LAN, Refresh: s.Refresh, Disabled: s.Disabled,
	}
	for name, value := range s.Headers {
		if c.Headers == nil {
			c.Headers = map[string]config.Secret{}
		}
		c.Headers[name] = config.Secret(value)
	}
	return c
}

// fingerprint tells feeds apart: with another address or other credentials a server may answer
// with something else.
func fingerprint(c config.Source) [hashSize]byte {
	web := keep(c, true)
	text := fmt.Appendf(nil, "%q %q %q %q", web.URL, web.Username, web.Password, web.Bearer)
	names := make([]string, 0, len(web.Headers))
	for name := range web.Headers {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		text = fmt.Appendf(text, " %q %q", name, web.Headers[name])
	}
	sum := sha256.Sum256(text)
	return [hashSize]byte(sum[:hashSize])
}
