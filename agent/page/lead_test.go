package page

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"calendarbot/agent/config"
)

// Whoever is told of more finds it behind the words.
func TestMoreLeadsToTheRest(t *testing.T) {
	d := stage(t, scene{"full", "00:10", "", func(b *builder) {
		for day := range 14 {
			for i := range 40 {
				b.timed("work", fmt.Sprintf("Appointment %d", i), day, fmt.Sprintf("%02d:%02d", 8+i/4, i%4*15), 15)
			}
		}
	}})
	links := func(q Query) (list []url.Values, names []string) {
		root := tree(t, draw(t, d, q))
		for _, e := range elements(root, func(n *html.Node) bool { return classed("rest")(n) || classed("more")(n) }) {
			for _, a := range elements(e, tagged("a")) {
				u, err := url.Parse(attr(a, "href"))
				if err != nil || u.Path != "/agenda" {
					t.Fatalf("link %q: %v", attr(a, "href"), err)
				}
				list, names = append(list, u.Query()), append(names, text(a))
			}
			if len(elements(e, tagged("a"))) == 0 {
				t.Errorf("%q leads nowhere", text(e))
			}
		}
		return list, names
	}
	got, names := links(Query{Kind: Agenda, Days: 14})
	if len(got) < 3 || got[0].Get("from") != "2026-10-22" || got[0].Get("days") != "1" {
		t.Errorf("links %v", got)
	}
	if last := got[len(got)-1]; last.Get("from") != "2026-10-27" || last.Get("days") != "9" {
		t.Errorf("the days left out: %v, %q", last, names)
	}
	if got, _ := links(Query{Kind: Next}); len(got) != 1 || got[0].Get("days") != "1" {
		t.Errorf("from what's next: %v", got)
	}
}

// An address that only the device reaches is not offered to a phone. Who has a PIN or a token is led to where a calendar is
// added, who has none is told to set one.
func TestSetup(t *testing.T) {
	s := scene{"empty", "14:35", "", func(b *builder) { b.snap.Sources = nil }}
	for addresses, phone := range map[string]bool{
		"": false, "http://127.0.0.1:8080/": false, "http://[::1]:8080/": false, "http://localhost/": false, "http://192.168.178.42:8080/": true,
		"javascript:alert(1)": false, "data:text/html,x": false, "//evil.example/": false, "/x": false, "http://": false, "http://%zz/": false, "https://kitchen.example/": true,
	} {
		for _, web := range []config.Web{{}, {PIN: "2468"}, {WriteToken: "a-long-token"}} {
			d := stage(t, s)
			cfg := *d.config.Load()
			cfg.Web = web
			d.config.Store(&cfg)
			d.o.Addresses = func() []string { return strings.Fields(addresses) }
			p := draw(t, d, Query{Kind: Next})
			if (len(elements(tree(t, p), classed("qr"))) > 0) != phone || (len(elements(tree(t, p), classed("address"))) > 0) != phone {
				t.Errorf("%q: offered to a phone: %v", addresses, !phone)
			}
			proven := web.PIN != "" || web.WriteToken != ""
			if got := bytes.Contains(p.Body, []byte(`href="`+addresses+`settings"`)); got != (phone && proven) {
				t.Errorf("%q, %+v: led to the settings: %v", addresses, web, got)
			}
			if bytes.Contains(p.Body, []byte("calendarbot config set web.pin PIN")) == proven || bytes.Contains(p.Body, []byte("/settings")) != proven {
				t.Errorf("%q, %+v: %s", addresses, web, p.Body)
			}
		}
	}
}

// The agenda leads to the settings; what's next has one link in its head.
func TestLinksOfTheHead(t *testing.T) {
	for kind, want := range map[Kind]string{Next: "/agenda", Agenda: "/ /settings"} {
		d := stage(t, scene{"plain", "14:35", "", func(b *builder) { b.timed("work", "Planning", 0, "15:00", 30) }})
		var got []string
		for _, nav := range elements(tree(t, draw(t, d, Query{Kind: kind})), tagged("nav")) {
			for _, a := range elements(nav, tagged("a")) {
				got = append(got, attr(a, "href"))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%v: %q", kind, got)
		}
	}
}
