package page

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"calendarbot/agent/calendar"
	"calendarbot/agent/store"
	"calendarbot/agent/view"
)

// draw makes a page of a scene.
func draw(t testing.TB, d *Direct, q Query) Page {
	t.Helper()
	p, err := d.Page(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// tree reads a page; every element with its attributes.
func tree(t testing.TB, p Page) *html.Node {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(p.Body))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func elements(root *html.Node, match func(*html.Node) bool) (list []*html.Node) {
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && match(n) {
			list = append(list, n)
		}
	}
	return list
}

func tagged(tags ...string) func(*html.Node) bool {
	return func(n *html.Node) bool { return slices.Contains(tags, n.Data) }
}

func classed(class string) func(*html.Node) bool {
	return func(n *html.Node) bool { return slices.Contains(strings.Fields(attr(n, "class")), class) }
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func TestEverySceneIsSound(t *testing.T) {
	for _, s := range scenes() {
		d := stage(t, s)
		for _, q := range []Query{{Kind: Next}, {Kind: Next, Theme: "eink"}, {Kind: Agenda}, {Kind: Agenda, Days: 1, Theme: "light", Zone: "Asia/Tokyo"}, {Kind: Agenda, Days: 31}} {
			t.Run(fmt.Sprintf("%s/%d/%s/%d", s.name, q.Kind, q.Theme, q.Days), func(t *testing.T) {
				p := draw(t, d, q)
				if len(p.Body) > maxHTML {
					t.Errorf("%d bytes", len(p.Body))
				}
				if p.Status != http.StatusOK || p.Type != htmlType || !p.Until.After(d.o.Now()) {
					t.Errorf("status %d, type %q, until %v", p.Status, p.Type, p.Until)
				}
				if again := draw(t, d, q); again.ETag != p.ETag || len(p.ETag) < 10 {
					t.Errorf("tags %s and %s", p.ETag, again.ETag)
				}
				root := tree(t, p)
				if s.state != "" && q.Kind == Next {
					if got := text(elements(root, classed("state"))[0]); got != s.state {
						t.Errorf("state %q, want %q", got, s.state)
					}
				}
				sound(t, root)
			})
		}
	}
}

// sound checks what holds for every page.
func sound(t *testing.T, root *html.Node) {
	t.Helper()
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				t.Errorf("<%s %s=%q> is refused by the content policy", n.Data, a.Key, a.Val)
			}
			if (a.Key == "href" || a.Key == "action" || a.Key == "src") && !strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "http://192.168.178.42:8080/") && !strings.HasPrefix(a.Val, "http://kitchen.local:8080/") {
				t.Errorf("<%s %s=%q> leads elsewhere", n.Data, a.Key, a.Val)
			}
		}
		switch n.Data {
		case "style", "iframe", "object", "img", "base":
			t.Errorf("<%s> in the page", n.Data)
		case "script":
			if n.FirstChild != nil || !strings.HasPrefix(attr(n, "src"), "/assets/page.") {
				t.Errorf("a script of its own: %q", text(n))
			}
		case "button", "a":
			if attr(n, "aria-label") == "" && text(n) == "" {
				t.Errorf("<%s> without a name", n.Data)
			}
		case "time":
			if attr(n, "datetime") == "" && attr(n.Parent, "id") != "lost" {
				t.Errorf("<time> %q without a datetime", text(n))
			}
		case "form":
			fields := map[string]string{}
			for _, in := range elements(n, tagged("input")) {
				fields[attr(in, "name")] = attr(in, "value")
			}
			if attr(n, "method") != "post" || fields["id"] == "" || !strings.HasPrefix(fields["back"], "/") || (attr(n, "action") == "/hide") != (fields["title"] != "") {
				t.Errorf("form to %s with %v", attr(n, "action"), fields)
			}
		}
	}
	for what, match := range map[string]func(*html.Node) bool{
		"main": tagged("main"), "h1": tagged("title"),
		"live region": func(n *html.Node) bool { return attr(n, "role") == "status" || attr(n, "aria-live") != "" },
		"ready mark":  func(n *html.Node) bool { return attr(n, "name") == "calendarbot-ready" && attr(n, "content") == "1" },
		"language":    func(n *html.Node) bool { return n.Data == "html" && attr(n, "lang") == "en" },
	} {
		if n := len(elements(root, match)); n != 1 {
			t.Errorf("%d of %s, want one", n, what)
		}
	}
}

// A page is good until Until: nothing in it may depend on the clock in between.
func TestPageHoldsUntil(t *testing.T) {
	for _, s := range scenes() {
		for _, kind := range []Kind{Next, Agenda} {
			d := stage(t, s)
			first := draw(t, d, Query{Kind: kind})
			d.o.Now = func() time.Time { return first.Until.Add(-time.Nanosecond) }
			if last := draw(t, d, Query{Kind: kind}); !bytes.Equal(first.Body, last.Body) {
				t.Errorf("%s, kind %d changed before %v", s.name, kind, first.Until)
			}
		}
	}
}

func TestHostileTitlesAreText(t *testing.T) {
	i := slices.IndexFunc(scenes(), func(s scene) bool { return s.name == "hostile" })
	p := draw(t, stage(t, scenes()[i]), Query{Kind: Next})
	root := tree(t, p)
	if got := attr(elements(root, classed("title"))[0], "title"); got != `</title><script>alert(1)</script>"'><img src=x onerror=alert(1)>` {
		t.Errorf("title %q", got)
	}
	if bytes.ContainsRune(p.Body, 0) || bytes.ContainsRune(p.Body, '\u202e') {
		t.Error("control characters came through")
	}
}

func TestMaskedEventsLeaveNoTrace(t *testing.T) {
	i := slices.IndexFunc(scenes(), func(s scene) bool { return s.name == "private" })
	d := stage(t, scenes()[i])
	for _, kind := range []Kind{Next, Agenda} {
		p := draw(t, d, Query{Kind: kind})
		if !bytes.Contains(p.Body, []byte("Private")) || bytes.Contains(p.Body, []byte("Doctor")) || bytes.Contains(p.Body, []byte("Weiss")) {
			t.Errorf("kind %d tells of a private event", kind)
		}
	}
}

func TestStaleAndItsReason(t *testing.T) {
	for _, s := range scenes() {
		if s.name != "failing" && s.name != "stale" {
			continue
		}
		p := draw(t, stage(t, s), Query{Kind: Next})
		notes := elements(tree(t, p), classed("stale"))
		if !p.Stale || len(notes) != 1 || !strings.Contains(text(notes[0]), "the server refused the connection") {
			t.Errorf("%s: stale %v, notes %d", s.name, p.Stale, len(notes))
		}
		if !bytes.Contains(p.Body, []byte("Design review")) {
			t.Errorf("%s: the last good events are gone", s.name)
		}
	}
}

func TestHidingAndUndo(t *testing.T) {
	zone := berlin(t)
	s := scene{"hiding", "14:35", "", func(b *builder) {
		b.timed("work", "Design review", 0, "14:00", 60)
		b.timed("work", "Budget call", 0, "16:00", 30)
	}}
	d := stage(t, s)
	hide := elements(tree(t, draw(t, d, Query{Kind: Next, Theme: "dark"})), func(n *html.Node) bool { return attr(n, "aria-label") == "Hide Design review" })
	if len(hide) != 1 {
		t.Fatalf("%d buttons to hide", len(hide))
	}
	fields := map[string]string{}
	for _, in := range elements(hide[0].Parent, tagged("input")) {
		fields[attr(in, "name")] = attr(in, "value")
	}
	if fields["title"] != "Design review" || fields["back"] != "/?theme=dark" {
		t.Errorf("fields %v", fields)
	}

	shelved := d.o.Store.(shelf)
	shelved.snap.Hidden = map[string]store.Hidden{fields["id"]: {ID: fields["id"], Title: fields["title"], Since: d.o.Now()}}
	d.o.Store = shelved
	root := tree(t, draw(t, d, Query{Kind: Next}))
	if got := text(elements(root, classed("title"))[0]); got != "Budget call" {
		t.Errorf("shown %q", got)
	}
	undo := elements(root, classed("undo"))
	if len(undo) != 1 || attr(undo[0], "action") != "/unhide" || attr(elements(undo[0], tagged("button"))[0], "aria-label") != "Show Design review again" {
		t.Fatalf("%d ways back", len(undo))
	}
	later := time.Date(2026, 10, 22, 14, 37, 20, 0, zone)
	d.o.Now = func() time.Time { return later }
	if n := len(elements(tree(t, draw(t, d, Query{Kind: Agenda})), classed("undo"))); n != 0 {
		t.Errorf("the way back is still offered after two minutes")
	}
	for key, h := range map[string]store.Hidden{"series": {ID: "work-0@example.org", Series: true}, "one": {ID: "work-0@example.org"}} {
		if !hiddenBy(map[string]store.Hidden{h.ID: h})(&calendar.Occurrence{Event: &calendar.Event{Source: "work", UID: h.ID}}) {
			t.Errorf("%s is not hidden", key)
		}
	}
	slot := &calendar.Moment{Wall: 1000, Loc: zone}
	if hiddenBy(map[string]store.Hidden{"u": {ID: "u"}})(&calendar.Occurrence{Event: &calendar.Event{UID: "u"}, Slot: slot}) {
		t.Error("one event of this identity hides a series")
	}
}

func TestThemes(t *testing.T) {
	d := stage(t, scenes()[0])
	for theme, want := range map[string]struct {
		theme string
		fills int
	}{"": {"auto", 2}, "auto": {"auto", 2}, "dark": {"dark", 1}, "light": {"light", 1}, "eink": {"eink", 1}, "pink": {"auto", 2}} {
		root := tree(t, draw(t, d, Query{Kind: Next, Theme: theme}))
		if got := attr(elements(root, tagged("html"))[0], "data-theme"); got != want.theme {
			t.Errorf("theme %q is %q", theme, got)
		}
		bar := elements(root, classed("bar"))[0]
		if got := len(elements(bar, tagged("rect"))); got != want.fills {
			t.Errorf("theme %q: %d fills", theme, got)
		}
		for _, r := range elements(bar, tagged("rect")) {
			ground := darkGround
			if theme == "light" || attr(r, "class") == "light" {
				ground = lightGround
			}
			if theme != "eink" && view.Contrast(attr(r, "fill"), ground) < view.MarkContrast {
				t.Errorf("theme %q: %s cannot be seen", theme, attr(r, "fill"))
			}
		}
	}
}

// Text and its ground, as the style sheet has them.
func TestStyleSheetColours(t *testing.T) {
	css, err := files.ReadFile("assets/page.css")
	if err != nil {
		t.Fatal(err)
	}
	for ground, colours := range map[string][]string{
		darkGround: {"#eef1f4", "#a3adb8", "#ffb454", "#8fd6a8"}, lightGround: {"#14181d", "#525c67", "#9c3a00", "#1d6444"},
		"#ffb454": {"#14181d"}, "#9c3a00": {"#ffffff"},
	} {
		for _, c := range append(colours, ground) {
			if short := strings.Replace(c, "#ffffff", "#fff", 1); !bytes.Contains(css, []byte(short)) {
				t.Errorf("the style sheet has no %s", c)
			}
		}
		for _, c := range colours {
			if got := view.Contrast(c, ground); got < view.TextContrast {
				t.Errorf("%s on %s: %.2f", c, ground, got)
			}
		}
	}
	for scale := 70; scale <= 130; scale += 5 {
		if scale != 100 && !bytes.Contains(css, fmt.Appendf(nil, `[data-scale="%d"]`, scale)) {
			t.Errorf("no scale %d", scale)
		}
	}
	for f, want := range map[float64]int{0: 100, 0.1: 70, 0.7: 70, 1: 100, 1.02: 100, 1.03: 105, 1.3: 130, 9: 130} {
		if got := scaleOf(f); got != want {
			t.Errorf("scale %v is %d, want %d", f, got, want)
		}
	}
}

func TestAssets(t *testing.T) {
	a := loadAssets()
	for name, url := range a.url {
		body, contentType, etag := Asset(strings.TrimPrefix(url, "/assets/"))
		if len(body) == 0 || contentType == "" || etag != etagOf(body) {
			t.Errorf("%s: %d bytes, %q, %s", url, len(body), contentType, etag)
		}
		if limit := map[string]int{"page.js": 5000, "update.js": 6000, "page.css": 20_000, "status.css": 5000, "icon.svg": 1000}[name]; len(body) > limit {
			t.Errorf("%s has %d bytes, more than %d", name, len(body), limit)
		}
	}
	for _, name := range []string{"", "page.css", "../direct.go", "page.000000000000.css"} {
		if body, _, _ := Asset(name); body != nil {
			t.Errorf("%q is served", name)
		}
	}
}

func TestClockPage(t *testing.T) {
	now := time.Date(2026, 10, 22, 14, 35, 20, 0, berlin(t))
	p := Clock(now, berlin(t), "The <calendar> cannot be read.")
	root := tree(t, p)
	if p.Status != http.StatusOK || !p.Stale || p.Until.Sub(now) != 40*time.Second {
		t.Errorf("status %d, stale %v, until %v", p.Status, p.Stale, p.Until)
	}
	got := text(elements(root, tagged("main"))[0])
	if got != "14:35 Thursday 22 October The <calendar> cannot be read." {
		t.Errorf("clock page says %q", got)
	}
	if !bytes.Contains(Clock(now, berlin(t), "").Body, []byte(clockReason)) {
		t.Error("no reason when none is given")
	}
}

func TestHeavyAgendaStaysLight(t *testing.T) {
	s := scene{"heavy", "00:10", "", func(b *builder) {
		for day := range 31 {
			for i := range 40 {
				b.timed("work", strings.Repeat("会議<&>", 100), day, fmt.Sprintf("%02d:%02d", i/2, i%2*30), 20, place(strings.Repeat("部屋", 200)), func(e *calendar.Event) {
					e.UID += strings.Repeat("&", 300)
				})
			}
		}
	}}
	d := stage(t, s)
	for _, days := range []int{1, 7, 31} {
		p := draw(t, d, Query{Kind: Agenda, Days: days})
		root := tree(t, p)
		if len(p.Body) > maxHTML || len(elements(root, classed("hide"))) == 0 || !strings.Contains(string(p.Body), " more") {
			t.Errorf("%d days: %d bytes", days, len(p.Body))
		}
	}
	if p := draw(t, d, Query{Kind: Next}); len(p.Body) > maxHTML {
		t.Errorf("what's next: %d bytes", len(p.Body))
	}
}

func TestDirectSaysWhatFailed(t *testing.T) {
	d := stage(t, scenes()[0])
	d.o.Store = shelf{err: errors.New("disk on fire")}
	if _, err := d.Page(context.Background(), Query{}); err == nil || err.Error() != "read events: disk on fire" {
		t.Errorf("error %v", err)
	}
	if _, err := d.Page(context.Background(), Query{Kind: 200}); err == nil {
		t.Error("an unknown kind is answered")
	}
}

func TestZoneAskedFor(t *testing.T) {
	d := stage(t, scenes()[0])
	for zone, want := range map[string]string{"": "14:35", "Asia/Tokyo": "21:35", "Mars/Olympus": "14:35", "../../etc/passwd": "14:35", "Local": "14:35"} {
		p := draw(t, d, Query{Kind: Next, Zone: zone})
		if got := text(elements(tree(t, p), classed("clock"))[0]); got != want {
			t.Errorf("zone %q: %s, want %s", zone, got, want)
		}
	}
}
