package feed

import (
	"errors"
	"strings"
	"testing"

	"calendarbot/agent/config"
	"calendarbot/agent/store"
	"calendarbot/scripts/demo/household"
	"calendarbot/scripts/demo/mischief"
)

func TestAddTriesFirst(t *testing.T) {
	s := misbehaving(t, mischief.HTML)
	b := newBench(t)
	src := config.Source{Name: "Our school", URL: config.Secret(s.URL()), LAN: true}
	_, err := b.Add(t.Context(), src)
	var failure *Failure
	if !errors.As(err, &failure) || failure.Code != "html" {
		t.Fatalf("got %v", err)
	}
	if all, err := b.store.Sources(t.Context()); err != nil || len(all) != 0 {
		t.Fatalf("the refused source is stored: %v, %v", all, err)
	}

	s.Turn(mischief.Good(school()))
	added, err := b.Add(t.Context(), src)
	if err != nil || added.ID != "our-school" || !added.Web || added.State != store.Waiting || added.Color == "" {
		t.Fatalf("%+v, %v", added, err)
	}
	if got := b.fetched("our-school"); got.State != store.OK || got.Events != 6 {
		t.Errorf("%+v", got)
	}
	// The same name again is another source.
	if again, err := b.Add(t.Context(), src); err != nil || again.ID == added.ID || again.Color == added.Color {
		t.Errorf("%+v, %v", again, err)
	}
}

func TestAddRefusesWhatCannotBe(t *testing.T) {
	s := misbehaving(t, mischief.Good(school()))
	b := newBench(t, atHome("school", s))
	for name, src := range map[string]config.Source{
		"scheme":     {URL: "ftp://calendar.example/x"},
		"no address": {Name: "A"},
		"taken id":   {ID: "school", URL: config.Secret(s.URL()), LAN: true},
	} {
		_, err := b.Add(t.Context(), src)
		var failure *Failure
		if !errors.As(err, &failure) || failure.Code != "invalid" || failure.Words == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	// What people add may not be at home unless they say so.
	_, err := b.Add(t.Context(), config.Source{URL: config.Secret(s.URL())})
	var failure *Failure
	if !errors.As(err, &failure) || failure.Code != "address" {
		t.Errorf("at home: %v", err)
	}
	off := config.Source{ID: "off", URL: "https://calendar.invalid/x.ics", Disabled: true}
	if got, err := b.Add(t.Context(), off); err != nil || got.State != store.Disabled {
		t.Errorf("one that is off is tried: %+v, %v", got, err)
	}
}

func TestEdit(t *testing.T) {
	s := misbehaving(t, mischief.Good(school()))
	b := newBench(t, atHome("configured", s))
	src := config.Source{ID: "mine", Name: "Mine", URL: config.Secret(s.URL()), LAN: true}
	if _, err := b.Add(t.Context(), src); err != nil {
		t.Fatal(err)
	}
	b.fetched("mine")

	if _, err := b.Edit(t.Context(), "none", src); !errors.Is(err, ErrUnknown) {
		t.Errorf("unknown: %v", err)
	}
	if _, err := b.Edit(t.Context(), "configured", src); !errors.Is(err, ErrConfigured) {
		t.Errorf("configured: %v", err)
	}

	// A new name needs no server.
	s.Turn(mischief.Status(500))
	src.Name = "Still mine"
	if got, err := b.Edit(t.Context(), "mine", src); err != nil || got.Name != "Still mine" || got.Events != 6 {
		t.Errorf("%+v, %v", got, err)
	}
	// Another address does, and until it answers all stays as it was.
	other := misbehaving(t, mischief.Status(404))
	src.URL = config.Secret(other.URL())
	var failure *Failure
	if _, err := b.Edit(t.Context(), "mine", src); !errors.As(err, &failure) || failure.Code != "http_404" {
		t.Errorf("got %v", err)
	}
	other.Turn(mischief.Good(household.Large(10, 1)))
	if got, err := b.Edit(t.Context(), "mine", src); err != nil || got.Events != 6 || !strings.HasSuffix(got.Address, other.Host()) {
		t.Errorf("%+v, %v", got, err)
	}
	if got := b.fetched("mine"); got.Events != 10 {
		t.Errorf("%+v", got)
	}
	if web, err := b.store.WebSources(t.Context()); err != nil || len(web) != 1 || web[0].URL != src.URL {
		t.Errorf("%v, %v", web, err)
	}
}

func TestDelete(t *testing.T) {
	s := misbehaving(t, mischief.Good(school()))
	b := newBench(t, atHome("configured", s))
	if _, err := b.Add(t.Context(), config.Source{ID: "mine", URL: config.Secret(s.URL()), LAN: true}); err != nil {
		t.Fatal(err)
	}
	b.fetched("mine")
	if err := b.Delete(t.Context(), "none"); !errors.Is(err, ErrUnknown) {
		t.Errorf("unknown: %v", err)
	}
	if err := b.Delete(t.Context(), "configured"); !errors.Is(err, ErrConfigured) {
		t.Errorf("configured: %v", err)
	}
	if err := b.Delete(t.Context(), "mine"); err != nil {
		t.Fatal(err)
	}
	if b.Refresh("mine") || b.events() != 0 {
		t.Errorf("something is left: %d events", b.events())
	}
}
