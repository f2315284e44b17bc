package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// asked is one question that a command sent.
type asked struct{ method, path, body string }

// responder answers at a local socket as the program would: with the status and text of each method and path.
type responder struct {
	socket  string
	answers map[string]string // "GET /api/v1/config" -> text; one with "detail" is a problem
	asked   []asked           // read after the command ended
}

func respond(t *testing.T, answers map[string]string) *responder {
	t.Helper()
	r := &responder{socket: filepath.Join(t.TempDir(), "control.sock"), answers: answers}
	l, err := net.Listen("unix", r.socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: r}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != http.ErrServerClosed {
			t.Error(err)
		}
	})
	return r
}

func (r *responder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.asked = append(r.asked, asked{req.Method, req.URL.RequestURI(), string(body)})
	text, ok := r.answers[req.Method+" "+req.URL.Path]
	switch {
	case !ok:
		w.WriteHeader(http.StatusNotFound)
	case strings.Contains(text, `"detail"`):
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusUnprocessableEntity)
	}
	fmt.Fprint(w, text)
}

// says runs a command against the responder.
func (r *responder) says(t *testing.T, in string, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e strings.Builder
	code = command(t.Context(), flagged(args, "--socket", r.socket), console{in: strings.NewReader(in), out: &o, err: &e})
	return code, o.String(), e.String()
}

const settingsText = `{"revision":7,"problem":"calendarbot.yaml:3: web.port is no number","pending":["web.port"],"values":[
	{"key":"display.theme","value":"dark","layer":"runtime","origin":"","allowed":"auto, dark, light, eink","restart":false,"secret":false},
	{"key":"web.pin","value":"****","layer":"file","origin":"calendarbot.yaml:9","allowed":"4-64 characters","restart":false,"secret":true},
	{"key":"web.port","value":"9000","layer":"environment","origin":"CALENDARBOT_WEB_PORT","allowed":"1-65535","restart":true,"secret":false}]}`

const logText = `{"changes":[
	{"id":4,"at":"2026-06-16T07:00:00Z","who":"root over the local socket","why":"","key":"display.theme","layer":"runtime","from":"light","to":"dark","undoes":3},
	{"id":3,"at":"2026-06-16T06:00:00Z","who":"the kitchen","why":"too\nbright","key":"display.theme","layer":"runtime","from":null,"to":"light","undoes":0}]}`

const featuresText = `{"emergency_off":{"on":true,"words":"Everything optional is off: the file is there."},"features":[
	{"name":"cache_warming","does":"Warms.","setting":"25%","default":"100%","since":"2026-11-22","remove_when":"","on":false,"reason":"emergency_off","words":"Everything is off.","entered":1,"refused":{},"breaker":"","layer":"file","origin":"calendarbot.yaml:4"},
	{"name":"request_pipeline","setting":"on","default":"100%","on":true,"reason":"","words":"","layer":"default","origin":""}]}`

func TestWordsAskAndTell(t *testing.T) {
	answers := map[string]string{
		"GET /api/v1/config":                    settingsText,
		"PATCH /api/v1/config":                  settingsText,
		"GET /api/v1/config/log":                logText,
		"POST /api/v1/config/undo":              settingsText,
		"POST /api/v1/config/reload":            settingsText,
		"GET /api/v1/features":                  featuresText,
		"PUT /api/v1/features/cache_warming":    `{"name":"cache_warming","setting":"25%","on":false,"words":"This device is not among the 25 %.","layer":"runtime"}`,
		"PUT /api/v1/features/request_pipeline": `{"name":"request_pipeline","setting":"on","on":true,"layer":"runtime"}`,
		"POST /api/v1/emergency-off":            `{"on":true,"words":"Everything optional is off: it was switched off."}`,
		"DELETE /api/v1/emergency-off":          `{"on":false,"words":""}`,
	}
	for _, c := range []struct {
		words string // separated by |
		in    string
		want  []asked
		out   []string
	}{
		{"config|show", "", []asked{{"GET", "/api/v1/config", ""}}, []string{"display.theme  dark  runtime\n", "web.port       9000  environment (CALENDARBOT_WEB_PORT)\n", "Problem: calendarbot.yaml:3: web.port is no number", "Takes effect at the next start: web.port"}},
		{"config|show|web", "", []asked{{"GET", "/api/v1/config", ""}}, []string{"web.pin   ****  file (calendarbot.yaml:9)\nweb.port  9000"}},
		{"config|show|web.port", "", []asked{{"GET", "/api/v1/config", ""}}, []string{"value    9000\nsaid by  environment (CALENDARBOT_WEB_PORT)\nallowed  1-65535\nchanges  take effect at the next start\npending"}},
		{"config|set|display.theme|dark|--why|too bright", "", []asked{{"PATCH", "/api/v1/config", `{"set":{"display.theme":"dark"},"why":"too bright"}`}}, []string{"display.theme is dark, by runtime\n"}},
		{"config|set|web.port|--|9000", "", []asked{{"PATCH", "/api/v1/config", `{"set":{"web.port":"9000"}}`}}, []string{"it takes effect at the next start\n"}},
		{"config|set|web.pin|-", "2468\n", []asked{{"PATCH", "/api/v1/config", `{"set":{"web.pin":"2468"}}`}}, []string{"web.pin is ****, by file (calendarbot.yaml:9)\n"}},
		{"config|unset|display.theme", "", []asked{{"PATCH", "/api/v1/config", `{"unset":["display.theme"]}`}}, []string{"display.theme is dark"}},
		{"config|unset|sources.work.name", "", []asked{{"PATCH", "/api/v1/config", `{"unset":["sources.work.name"]}`}}, []string{"sources.work.name is no more"}},
		{"config|undo", "", []asked{{"POST", "/api/v1/config/undo", `{"id":0}`}, {"GET", "/api/v1/config/log?limit=1", ""}}, []string{"change 3 was taken back: display.theme is dark, by runtime\n"}},
		{"config|undo|3|--why|better before", "", []asked{{"POST", "/api/v1/config/undo", `{"id":3,"why":"better before"}`}, {"GET", "/api/v1/config/log?limit=1", ""}}, nil},
		{"config|log|--limit|2", "", []asked{{"GET", "/api/v1/config/log?limit=2", ""}}, []string{"root over the local socket", "light  dark   takes back 3\n", "-      light  too bright\n"}},
		{"config|reload|--why|edited", "", []asked{{"POST", "/api/v1/config/reload", `{"why":"edited"}`}}, []string{"was read again. At the next start takes effect: web.port."}},
		{"features|list", "", []asked{{"GET", "/api/v1/features", ""}}, []string{"Everything optional is off: the file is there.\n\n", "cache_warming     25%     file (calendarbot.yaml:4)  off: Everything is off.\n", "request_pipeline  on      default                    on\n"}},
		{"features|set|cache_warming|gradual", "", []asked{{"PUT", "/api/v1/features/cache_warming", `{"setting":"gradual","why":""}`}}, []string{"cache_warming is set to 25%, by runtime; here it is off: This device is not among the 25 %.\n"}},
		{"features|force|request_pipeline|on|--why|a test", "", []asked{{"PUT", "/api/v1/features/request_pipeline", `{"setting":"on","why":"a test"}`}}, []string{"request_pipeline is set to on, by runtime; here it is on\n"}},
		{"emergency-off|--why|wrong page", "", []asked{{"POST", "/api/v1/emergency-off", `{"why":"wrong page"}`}}, []string{"Everything optional is off: it was switched off.\n"}},
		{"emergency-on", "", []asked{{"DELETE", "/api/v1/emergency-off", `{"why":""}`}}, []string{"Emergency-off has ended"}},
	} {
		t.Run(c.words, func(t *testing.T) {
			r := respond(t, answers)
			code, out, errs := r.says(t, c.in, strings.Split(c.words, "|")...)
			if code != 0 || errs != "" {
				t.Fatalf("exit status %d, %s", code, errs)
			}
			if fmt.Sprint(r.asked) != fmt.Sprint(c.want) {
				t.Errorf("asked %v, want %v", r.asked, c.want)
			}
			for _, want := range c.out {
				if !strings.Contains(out, want) {
					t.Errorf("printed\n%s\nwant %q", out, want)
				}
			}
			code, out, errs = r.says(t, c.in, flagged(strings.Split(c.words, "|"), "--json")...)
			if code != 0 || errs != "" || !json.Valid([]byte(out)) {
				t.Errorf("with --json: exit status %d, %s, %s", code, out, errs)
			}
		})
	}
}

// flagged are the words with flags after those that name the command.
func flagged(words []string, flags ...string) []string {
	named := 2
	if strings.HasPrefix(words[0], "emergency") {
		named = 1
	}
	return slices.Insert(slices.Clone(words), named, flags...)
}

func TestProblemsArePrintedAsTheProgramTellsThem(t *testing.T) {
	for _, c := range []struct {
		words, method, text string
		code                int
		want                string
	}{
		{"config|set|display.theme|pink", "PATCH /api/v1/config", `{"title":"Not allowed","detail":"display.theme: \"pink\" is not allowed; allowed are auto, dark, light, eink"}`, 1, "calendarbot: display.theme: \"pink\" is not allowed; allowed are auto, dark, light, eink\n"},
		{"config|show|web.prot", "GET /api/v1/config", settingsText, 1, `there is no setting "web.prot"`},
		{"config|show", "GET /api/v1/features", `{}`, 1, "404 Not Found without saying why"},
		{"config|show", "GET /api/v1/config", `hello`, 1, "not this program, or of another version"},
		{"config|show", "GET /api/v1/config", `{"title":"Gone wrong","detail":""}`, 1, "calendarbot: Gone wrong\n"},
		{"emergency-on", "DELETE /api/v1/emergency-off", `{"on":true,"words":"Everything optional is off: the file is there."}`, 1, "calendarbot: Everything optional is off: the file is there.\n"},
		{"config|log", "GET /api/v1/config/log", `{"changes":[]}`, 0, ""},
		{"config|undo|zero", "", "", 2, `"zero" is not the number of a change`},
		{"config|undo|0", "", "", 2, `"0" is not the number of a change`},
		{"config|log|--limit|0", "", "", 2, "allowed is 1 to 500"},
		{"config|set|web.pin", "", "", 2, "config set takes KEY VALUE, not 1 arguments"},
		{"config|set|web.pin|-", "", "", 1, "standard input is empty"},
		{"config|fly", "", "", 2, `there is no command "config fly"; the words after config are show, set, unset, undo, log, reload`},
		{"features|set|cache_warming|on", "", "", 2, "calendarbot features force cache_warming on"},
		{"features|force|cache_warming|25%", "", "", 2, "allowed are on, off and auto"},
	} {
		t.Run(c.words, func(t *testing.T) {
			r := respond(t, map[string]string{c.method: c.text})
			code, _, errs := r.says(t, "", strings.Split(c.words, "|")...)
			if code != c.code || !strings.Contains(errs, c.want) {
				t.Errorf("exit status %d, %q; want %d, %q", code, errs, c.code, c.want)
			}
		})
	}
}

func TestProgramThatDoesNotRunIsASentence(t *testing.T) {
	dir := t.TempDir()
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, "left.sock"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	closing(t, left)
	for file, want := range map[string]string{
		"none.sock":            "the program is not running, or its local socket is not",
		"none.sock/other.sock": "the program is not running, or its local socket is not",
		"left.sock":            "the program is not running, nobody listens on",
	} {
		r := &responder{socket: filepath.Join(dir, file)}
		for _, word := range []string{"config|show", "features|list", "emergency-off"} {
			code, _, errs := r.says(t, "", strings.Split(word, "|")...)
			if code != 1 || !strings.Contains(errs, want) || !strings.Contains(errs, "systemctl start calendarbot") {
				t.Errorf("%s at %s: exit status %d, %s", word, file, code, errs)
			}
		}
	}
	if os.Getuid() != 0 { // root may everything
		r := respond(t, nil)
		if err := os.Chmod(r.socket, 0); err != nil {
			t.Fatal(err)
		}
		if code, _, errs := r.says(t, "", "config", "show"); code != 1 || !strings.Contains(errs, "this user may not use") {
			t.Errorf("exit status %d, %s", code, errs)
		}
	}
}

func TestSocketIsFoundByTheConfiguration(t *testing.T) {
	r := respond(t, map[string]string{"GET /api/v1/config": settingsText})
	file := filepath.Join(t.TempDir(), "calendarbot.yaml")
	if err := os.WriteFile(file, []byte("web:\n  port: many\n  socket: "+r.socket+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	show := func() (int, string) {
		var out, errs strings.Builder
		code := command(t.Context(), []string{"config", "show", "web"}, console{in: strings.NewReader(""), out: &out, err: &errs})
		return code, out.String() + errs.String()
	}
	t.Setenv("CALENDARBOT_CONFIG", file)
	if code, said := show(); code != 0 || !strings.Contains(said, "9000") {
		t.Errorf("by the file: exit status %d, %s", code, said)
	}
	t.Setenv("CALENDARBOT_CONFIG", os.DevNull)
	t.Setenv("CALENDARBOT_WEB_SOCKET", r.socket)
	if code, said := show(); code != 0 || !strings.Contains(said, "9000") {
		t.Errorf("by the environment: exit status %d, %s", code, said)
	}
	t.Setenv("CALENDARBOT_WEB_SOCKET", "")
	if err := os.WriteFile(file, []byte("web:\n  socket: \"\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CALENDARBOT_CONFIG", file)
	if code, said := show(); code != 1 || !strings.Contains(said, "web.socket is empty") {
		t.Errorf("without one: exit status %d, %s", code, said)
	}
}

func TestCommandThatWaitsEndsWhenItIsToldTo(t *testing.T) {
	r := respond(t, nil)
	nobody, types := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan string, 2)
	for _, words := range [][]string{{"config", "set", "--socket", r.socket, "web.pin", "-"}, {"hash"}} {
		go func() {
			var errs strings.Builder
			code := command(ctx, words, console{in: nobody, out: io.Discard, err: &errs})
			ended <- fmt.Sprintf("%d: %s", code, errs.String())
		}()
	}
	cancel()
	for range 2 {
		if got := <-ended; got != "1: calendarbot: interrupted\n" {
			t.Errorf("got %q", got)
		}
	}
	if err := types.Close(); err != nil {
		t.Error(err)
	}
}

func TestPipeForAConfigurationIsNotWaitedFor(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "calendarbot.yaml")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	r := respond(t, map[string]string{"GET /api/v1/config": settingsText})
	t.Setenv("CALENDARBOT_CONFIG", pipe)
	t.Setenv("CALENDARBOT_WEB_SOCKET", r.socket)
	var out, errs strings.Builder
	if code := command(t.Context(), []string{"config", "show"}, console{in: strings.NewReader(""), out: &out, err: &errs}); code != 0 {
		t.Errorf("config show: exit status %d, %s", code, errs.String())
	}
	if code := command(t.Context(), []string{"check-config"}, console{in: strings.NewReader(""), out: &out, err: &errs}); code != 1 || !strings.Contains(errs.String(), "is a named pipe; allowed is a regular file") {
		t.Errorf("check-config: exit status %d, %s", code, errs.String())
	}
}

func TestOneLineOfStandardInputIsASecret(t *testing.T) {
	for in, want := range map[string]string{
		"2468\n": "2468", "2468": "2468", "a b\r\n": "a b", "\n": "", "": "", "a\nb\n": "", strings.Repeat("x", 5000): "",
	} {
		got, err := console{in: strings.NewReader(in)}.secretLine()
		if got != want || (err == nil) == (want == "") {
			t.Errorf("%.20q: %q, %v", in, got, err)
		}
		if err != nil && len(in) > 10 && strings.Contains(err.Error(), "xx") {
			t.Error("the secret is in the error")
		}
	}
}
