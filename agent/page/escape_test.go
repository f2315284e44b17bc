package page

import (
	"bytes"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"calendarbot/agent/calendar"
	"calendarbot/agent/store"
)

// filler gives every field of what is drawn a value; each text begins with a mark of its own.
type filler struct {
	text  string // what follows the mark
	texts int
}

func (f *filler) fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() && v.Type() != reflect.TypeFor[FieldKind]() {
			f.texts++
			v.SetString(fmt.Sprintf("m%dm%s", f.texts, f.text))
		}
	case reflect.Bool:
		if v.CanSet() {
			v.SetBool(true)
		}
	case reflect.Slice:
		if v.CanSet() {
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			for i := range v.Len() {
				f.fill(v.Index(i))
			}
		}
	case reflect.Pointer:
		if v.CanSet() && strings.HasSuffix(v.Type().Elem().PkgPath(), "/page") {
			v.Set(reflect.New(v.Type().Elem()))
			f.fill(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Field(i))
		}
	}
}

// filled is a value with the text everywhere.
func filled[T any](text string) *T {
	v := new(T)
	f := filler{text: text}
	f.fill(reflect.ValueOf(v).Elem())
	return v
}

// everyDrawing draws every page in every form with a text in every field.
func everyDrawing(text string) map[string]string {
	out := map[string]string{}
	for name, change := range map[string]func(*layout){
		"next":   func(l *layout) { l.Next.Setup = nil },
		"one":    func(l *layout) { l.Next.Setup, l.Next.Heads = nil, l.Next.Heads[:1] },
		"setup":  func(l *layout) { l.Next.Heads = nil },
		"plain":  func(l *layout) { l.Next.Heads, l.Next.Setup, l.Theme = nil, nil, "eink" },
		"bare":   func(l *layout) { *l.Next = nextPage{}; l.Undo, l.Notes, l.Beat, l.Ready = nil, "", false, false },
		"agenda": func(l *layout) { l.Next = nil },
		"alone": func(l *layout) {
			l.Next = nil
			l.Agenda.Days[0].MoreURL, l.Agenda.Days[1] = "", agendaDay{}
			l.Agenda.More = ""
		},
		"clock":   func(l *layout) { l.Next, l.Agenda = nil, nil },
		"nothing": func(l *layout) { l.Next, l.Agenda, l.Clock = nil, nil, nil },
	} {
		l := filled[layout](text)
		change(l)
		out[name] = wholePage(l)
	}
	kinds := []FieldKind{TextField, ChoiceField, NumberField, SwitchField}
	v, f := filled[SettingsView](text), filled[Frame](text)
	w := filled[SetupView](text)
	out["network"] = string(Setup(f, w))
	w.SSID = w.Found[0].Value
	out["network of the list"] = string(Setup(f, w))
	out["network elsewhere"] = string(Setup(f, &SetupView{Now: "m1m" + text}))
	for i := range kinds {
		if i >= len(v.Fields) {
			v.Fields = append(v.Fields, v.Fields[0])
		}
		v.Fields[i].Kind = kinds[i]
	}
	v.Calendars[0].Confirm = false
	v.Fields[1].Value = v.Fields[1].Options[0].Value
	v.Features[0].Chosen = v.Features[0].Options[1].Value
	out["settings"] = settingsPage(f, v)
	off := &SettingsView{Features: []FeatureRow{{}}, Fields: []FieldRow{{Kind: SwitchField, Value: "true"}}, Changes: []ChangeRow{{}}, Calendars: []CalendarRow{{}}}
	out["settings off"] = settingsPage(f, off)
	out["settings bare"] = settingsPage(f, &SettingsView{})
	out["login"] = loginPage(f, &LoginView{Back: "m8m" + text, Wrong: "m9m" + text})
	out["login none"] = loginPage(f, &LoginView{None: true})
	l, one := filled[layout](text), filled[row](text)
	for part, drawn := range map[string]string{ // each is whole by itself, wherever it is put
		"what's next": nextBody(l, l.Next), "agenda": agendaBody(l, l.Agenda), "notes": noteLines(l), "item": agendaItem(one),
		"colour": markBar(one.Mark), "button": hideForm(one.Hide), "rest": restItem("m1m"+text, "m2m"+text), "now": nowItem("m1m" + text),
		"start": formStart("m1m"+text, f), "token": tokenField("m1m" + text), "wrong": wrongField("m1m"+text, "m2m"+text),
		"options": "<select>" + optionList(v.Features[0].Options, v.Features[0].Chosen) + "</select>",
	} {
		out["the part "+part] = "<div>" + drawn + "</div>"
	}
	return out
}

// shape is the elements and attributes of a page, and the texts in them.
func shape(t testing.TB, page string) (names, texts []string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		switch n.Type {
		case html.TextNode:
			names, texts = append(names, "text"), append(texts, n.Data)
		case html.ElementNode:
			names = append(names, "<"+n.Data+">")
			for _, a := range n.Attr {
				names, texts = append(names, n.Data+" "+a.Key), append(texts, a.Val)
			}
		default:
			names = append(names, fmt.Sprint(n.Type, n.Data))
		}
	}
	return names, texts
}

// squeezed leaves out what a parser of HTML may replace, in a text and in what it should be.
func squeezed(text string) string {
	return strings.Map(func(r rune) rune {
		if r == 0 || r == '\r' || r == '\n' || r == '\ufffd' {
			return -1
		}
		return r
	}, text)
}

// What a page says may be anything: it is read back as it was, and no element and no attribute is more or less.
func FuzzTextStaysText(f *testing.F) {
	for _, text := range []string{
		"", "Standup", `"><script>alert(1)</script>`, `' onload='alert(1)`, `" onload="alert(1)`, "</title></style></p></li></section></main>", "<!--", "-->", "]]>", "&lt;&amp;&#34;&#x3c;script&#x3e;",
		"{% s x %}{{.Secret}}", "javascript:alert(1)", "a b=c /", "`", "\x00<\x00script>", "\r\n\t\f", "\u2028\u202e", "\xff\xfe<", "=1 autofocus", "<svg/onload=1>", "<plaintext>", "&", "&am", "ſcript", "＜script＞",
	} {
		f.Add(text)
	}
	plain := everyDrawing("")
	f.Fuzz(func(t *testing.T, text string) {
		for name, got := range everyDrawing(text) {
			wantNames, wantTexts := shape(t, plain[name])
			names, texts := shape(t, got)
			if !slices.Equal(names, wantNames) {
				t.Fatalf("%s with %q has other elements:\n%s", name, text, got)
			}
			for i, want := range wantTexts {
				behind, got := text, texts[i]
				if strings.HasPrefix(want, "/settings?") {
					behind = strings.ReplaceAll(url.QueryEscape(text), "~", "%7E")
				}
				if want = marked(want, behind); squeezed(got) != squeezed(want) {
					t.Fatalf("%s says %q for %q", name, got, want)
				}
			}
		}
	})
}

// marked puts a text behind each mark: an m, a number, and an m.
func marked(plain, text string) string {
	var b bytes.Buffer
	for i := 0; i < len(plain); {
		end := i + 1
		for plain[i] == 'm' && end < len(plain) && plain[end] >= '0' && plain[end] <= '9' {
			end++
		}
		b.WriteString(plain[i:end])
		if end > i+1 && end < len(plain) && plain[end] == 'm' {
			b.WriteString("m" + text)
			end++
		}
		i = end
	}
	return b.String()
}

// Wherever a text comes from, what it makes a page lead to is a path of this server.
func TestLinksStayHere(t *testing.T) {
	for _, hostile := range []string{
		"javascript:alert(1)", "JaVaScRiPt:alert(1)", "\tjavascript:alert(1)", "data:text/html,<script>alert(1)</script>", "vbscript:x", "//evil.example/", `\\evil.example\`, "https://evil.example/", `"><a href="https://evil.example/">`, "/../..//evil.example",
	} {
		s := scene{"hostile", "14:35", "", func(b *builder) {
			for i := range 60 {
				b.timed("work", hostile, i/30, fmt.Sprintf("%02d:%02d", 10+i%30/6, i%6*10), 300, place(hostile), func(e *calendar.Event) {
					e.UID, e.Description, e.URL = hostile+fmt.Sprint(i), hostile, hostile
				})
			}
			b.allDay("work", hostile, 0, 1)
			for i := range b.snap.Sources {
				b.snap.Sources[i].Name, b.snap.Sources[i].Color, b.snap.Sources[i].Error = hostile, hostile, hostile
			}
			b.snap.Hidden = map[string]store.Hidden{"gone": {ID: "gone", Title: hostile, Since: b.now}}
			b.config.Device.Name = hostile
		}}
		pages := map[string]string{
			"settings": string(Settings(&Frame{Device: hostile, Theme: hostile, CSS: "/assets/x.css"}, filled[SettingsView](hostile))),
			"network":  string(Setup(&Frame{Device: hostile, Theme: hostile, CSS: "/assets/x.css"}, filled[SetupView](hostile))),
			"login":    string(Login(&Frame{Device: hostile, Theme: hostile, CSS: "/assets/x.css"}, &LoginView{Back: hostile, Wrong: hostile})),
		}
		d, empty := stage(t, s), stage(t, scene{"empty", "14:35", "", func(b *builder) { b.snap.Sources = nil }})
		empty.o.Addresses = func() []string { return []string{hostile} }
		for _, q := range []Query{{Kind: Next, Theme: hostile, Zone: hostile}, {Kind: Agenda, Theme: hostile, Zone: hostile}, {Kind: Agenda, Days: 1, Theme: hostile}} {
			pages[fmt.Sprint(q.Kind, q.Days)] = string(draw(t, d, q).Body)
			pages[fmt.Sprint("empty ", q.Kind, q.Days)] = string(draw(t, empty, q).Body)
		}
		for name, page := range pages {
			links := 0
			for _, e := range elements(tree(t, Page{Body: []byte(page)}), func(*html.Node) bool { return true }) {
				for _, a := range e.Attr {
					if !slices.Contains([]string{"href", "action", "src", "formaction", "xlink:href"}, a.Key) {
						continue
					}
					links++
					u, err := url.Parse(a.Val)
					if a.Val == "https://evil.example/" && strings.HasPrefix(name, "empty") {
						continue // an address that the device says of itself
					}
					if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(a.Val, "/") || strings.HasPrefix(a.Val, "//") || strings.Contains(a.Val, `\\`) {
						t.Errorf("%s with %q: <%s %s=%q>", name, hostile, e.Data, a.Key, a.Val)
					}
				}
			}
			if links < 3 {
				t.Errorf("%s with %q: %d links", name, hostile, links)
			}
		}
	}
}

// BenchmarkDrawing is what a page costs that is not kept: from the store's answer to bytes.
func BenchmarkDrawing(b *testing.B) {
	i := slices.IndexFunc(scenes(), func(s scene) bool { return s.name == "demo" })
	d := stage(b, scenes()[i])
	for name, kind := range map[string]Kind{"next": Next, "agenda": Agenda} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				draw(b, d, Query{Kind: kind})
			}
		})
	}
}
