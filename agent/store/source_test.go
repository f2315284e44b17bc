package store

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/config"
)

// secretive is a source with every kind of secret.
func secretive(id string) config.Source {
	return config.Source{
		ID: id, Name: "Choir", URL: "https://choir.example:8443/hush-path/a.ics?key=hush-key", Color: "#aabbcc",
		Username: "anna", Password: "hush-password", Bearer: "hush-bearer",
		Headers: map[string]config.Secret{"X-Key": "hush-header", "X-Other": "hush-other"},
		LAN:     true, Refresh: time.Hour,
	}
}

func (k *kept) ids() string {
	var all []string
	for _, s := range k.list() {
		all = append(all, s.ID)
	}
	return strings.Join(all, " ")
}

func TestConfiguredSourcesFollowTheConfiguration(t *testing.T) {
	k := newStore(t)
	k.grows(1, "three sources", func() { k.configure("a", "b", "c") })
	k.fetch("a", calendarOf(event("a", 3, "A")))
	k.fetch("b", calendarOf(event("b", 3, "B")))
	k.grows(0, "the same three", func() { k.configure("a", "b", "c") })
	k.grows(1, "one gone, one new, another order", func() { k.configure("c", "d", "a") })
	if got := k.ids(); got != "c d a" {
		t.Errorf("sources %s", got)
	}
	if got := k.titles(march()); got != "a:A" {
		t.Errorf("events %s: those of b must be gone", got)
	}
	var n int
	k.must(k.db.Read().QueryRow("SELECT (SELECT count(*) FROM component) + (SELECT count(*) FROM feed)").Scan(&n))
	if n != 2 {
		t.Errorf("%d rows are left, want one component and one feed", n)
	}
	k.restart()
	if got := k.ids(); got != "c d a" {
		t.Errorf("after a restart: %s", got)
	}
	k.grows(0, "the same after a restart", func() { k.configure("c", "d", "a") })
	for what, bad := range map[string][]config.Source{"no id": configured("a", ""), "an id twice": configured("a", "b", "a")} {
		if err := k.SetConfigured(t.Context(), bad); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	if got := k.ids(); got != "c d a" {
		t.Errorf("after an error: %s", got)
	}
}

func TestAnotherAddressDropsValidatorsButNotEvents(t *testing.T) {
	for what, change := range map[string]func(*config.Source){
		"address":  func(s *config.Source) { s.URL = "https://elsewhere.example/" },
		"user":     func(s *config.Source) { s.Username = "bert" },
		"password": func(s *config.Source) { s.Password = "other" },
		"bearer":   func(s *config.Source) { s.Bearer = "other" },
		"header":   func(s *config.Source) { s.Headers = map[string]config.Secret{"X-Key": "other"} },
	} {
		k := newStore(t)
		src := secretive("a")
		k.must(k.SetConfigured(t.Context(), []config.Source{src}))
		k.fetch("a", calendarOf(event("a", 3, "A")))
		src.Name, src.Color = "Renamed", "#000000"
		k.grows(1, "another name", func() { k.must(k.SetConfigured(t.Context(), []config.Source{src})) })
		if v, err := k.Validators(t.Context(), "a"); err != nil || v == (Validators{}) {
			t.Errorf("another name takes the validators away: %v", err)
		}
		change(&src)
		k.must(k.SetConfigured(t.Context(), []config.Source{src}))
		for range 2 {
			if v, err := k.Validators(t.Context(), "a"); err != nil || v != (Validators{}) {
				t.Errorf("another %s leaves the validators: %+v, %v", what, v, err)
			}
			if got := k.titles(march()); got != "a:A" {
				t.Errorf("another %s: events %s", what, got)
			}
			k.restart()
		}
	}
}

func TestOperatorsSecretsAreNotStored(t *testing.T) {
	k := newStore(t)
	k.must(k.SetConfigured(t.Context(), []config.Source{secretive("a")}))
	src := k.source("a")
	if src.Address != "https://choir.example:8443" || !src.LAN || src.Web || src.Color != "#aabbcc" {
		t.Errorf("source: %+v", src)
	}
	if text := fmt.Sprintf("%+v", src); strings.Contains(text, "hush") {
		t.Errorf("a source shows a secret: %s", text)
	}
	k.restart()
	file, err := os.ReadFile(k.path)
	k.must(err)
	if strings.Contains(string(file), "hush") {
		t.Error("a secret of the configuration is in the database")
	}
}

func TestWebSourcesKeepTheirCredentials(t *testing.T) {
	k := newStore(t)
	ctx := t.Context()
	k.configure("operators")
	want := secretive("choir")
	k.grows(1, "a new source", func() { k.must(k.PutWebSource(ctx, want)) })
	k.grows(0, "the same source", func() { k.must(k.PutWebSource(ctx, want)) })
	for range 2 {
		all, err := k.WebSources(ctx)
		if err != nil || len(all) != 1 || !reflect.DeepEqual(all[0], want) {
			t.Errorf("web sources: %+v, %v", all, err)
		}
		k.restart()
	}
	k.fetch("choir", calendarOf(event("a", 3, "A")))
	want.Name = "Band"
	k.grows(1, "another name", func() { k.must(k.PutWebSource(ctx, want)) })
	if got := k.source("choir"); got.Name != "Band" || got.Events != 1 || !got.Web {
		t.Errorf("source: %+v", got)
	}
	k.configure("operators", "more")
	if got := k.ids(); got != "operators more choir" {
		t.Errorf("sources: %s", got)
	}
	if err := k.PutWebSource(ctx, secretive("operators")); !errors.Is(err, ErrConfigured) {
		t.Errorf("put over a configured one: %v", err)
	}
	if err := k.DeleteWebSource(ctx, "operators"); !errors.Is(err, ErrConfigured) {
		t.Errorf("delete a configured one: %v", err)
	}
	if err := k.DeleteWebSource(ctx, "none"); !errors.Is(err, ErrUnknown) {
		t.Errorf("delete none: %v", err)
	}
	if err := k.PutWebSource(ctx, config.Source{URL: "https://a.example/"}); err == nil {
		t.Error("a source without an id was taken")
	}
	k.grows(1, "deleted", func() { k.must(k.DeleteWebSource(ctx, "choir")) })
	if got := k.titles(march()); got != "" || k.ids() != "operators more" {
		t.Errorf("after deleting: %s %s", got, k.ids())
	}
}

func TestConfigurationTakesAWebSourceOver(t *testing.T) {
	k := newStore(t)
	k.must(k.PutWebSource(t.Context(), secretive("choir")))
	k.fetch("choir", calendarOf(event("a", 3, "A")))
	k.must(k.SetConfigured(t.Context(), []config.Source{secretive("choir")}))
	if got := k.source("choir"); got.Web || k.titles(march()) != "choir:A" {
		t.Errorf("source %+v, events %s", got, k.titles(march()))
	}
	if all, err := k.WebSources(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("web sources: %v, %v", all, err)
	}
}

func TestWebSourcesAreBounded(t *testing.T) {
	k := newStore(t)
	for i := range maxWebSources {
		k.must(k.PutWebSource(t.Context(), secretive(fmt.Sprint("s", i))))
	}
	if err := k.PutWebSource(t.Context(), secretive("one-more")); !errors.Is(err, ErrTooMany) {
		t.Errorf("one more: %v", err)
	}
	k.must(k.PutWebSource(t.Context(), configured("s7")[0]))
}

func TestDisabledSourceIsListedWithoutItsEvents(t *testing.T) {
	k := newStore(t)
	k.configure("a", "b")
	k.fetch("a", calendarOf(event("a", 3, "A")))
	k.fetch("b", calendarOf(event("b", 3, "B")))
	off := configured("a", "b")
	off[0].Disabled = true
	k.grows(1, "switched off", func() { k.must(k.SetConfigured(t.Context(), off)) })
	if got := k.titles(march()); got != "b:B" || k.source("a").State != Disabled {
		t.Errorf("events %s, state %s", got, k.source("a").State)
	}
	k.grows(1, "switched on", func() { k.configure("a", "b") })
	if got := k.titles(march()); got != "a:A b:B" || k.source("a").State != OK {
		t.Errorf("events %s, state %s", got, k.source("a").State)
	}
}
