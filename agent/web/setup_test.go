package web

import (
	"encoding/json"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"calendarbot/agent/network"
)

// wireless is a device whose root's side told how its network is.
type wireless struct {
	*device
	root, data string
}

// tell replaces what root's side told.
func (w *wireless) tell(s network.State) {
	w.t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		w.t.Fatal(err)
	}
	w.write(string(text))
}

func (w *wireless) write(text string) {
	w.t.Helper()
	name := filepath.Join(w.root, "run/calendarbot-network/state.json")
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// wanted is the request that was left, "" for none.
func (w *wireless) wanted() string {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.data, "network/wanted.json"))
	if err != nil && !os.IsNotExist(err) {
		w.t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

func startWireless(t *testing.T, changes ...func(*Options)) *wireless {
	t.Helper()
	w := &wireless{root: t.TempDir(), data: t.TempDir()}
	w.device = start(t, append(changes, func(o *Options) { o.Network = network.NewExchange(w.root, w.data) })...)
	return w
}

// hosting is what is told while the access point is open.
func hosting() network.State {
	return network.State{Mode: network.Hosting, Own: "CalendarBot-12EF", Radio: true, Country: "DE", Found: []network.Found{
		{SSID: "Home <&>", Signal: -50, Secured: true}, {SSID: "Café", Signal: -70}, {SSID: "far", Signal: -90, Secured: true}}}
}

// elsewhereListener lets connections seem to come from and to other addresses than they do.
type elsewhereListener struct {
	net.Listener
	from, to string
}

func (l elsewhereListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return elsewhereConn{conn, l}, nil
}

type elsewhereConn struct {
	net.Conn
	seems elsewhereListener
}

func (c elsewhereConn) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.ParseIP(c.seems.from), Port: 40000}
}
func (c elsewhereConn) LocalAddr() net.Addr {
	return &net.TCPAddr{IP: net.ParseIP(c.seems.to), Port: 80}
}

func seeming(from, to string) func(*Options) {
	return func(o *Options) { o.Listener = elsewhereListener{o.Listener, from, to} }
}

func join(d *device, token string, fields string, more ...header) answer {
	return d.ask("POST", "/setup", fields+"&token="+url.QueryEscape(token), append(more, asForm(), header{"Origin", d.url})...)
}

func TestSetupOnAMachineThatIsNoDevice(t *testing.T) {
	d := start(t, said(t, "web.pin", pinOfTests))
	p := d.person()
	if a := p.page(""); has(a, `href="/setup"`) {
		t.Error("the settings lead to where nothing is set")
	}
	a := d.ask("GET", "/setup", "", p.cookie)
	if a.StatusCode != http.StatusOK || !has(a, "set elsewhere") || has(a, "<form method") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a := join(d, p.token, "name=Home", p.cookie); a.StatusCode != http.StatusConflict || !has(a, "set elsewhere") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a := d.ask("GET", "/setup", ""); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/login?back=%2Fsetup" {
		t.Errorf("%d %v", a.StatusCode, a.Header)
	}
}

func TestSetupOverTheAccessPointNeedsNoPIN(t *testing.T) {
	w := startWireless(t, said(t, "web.pin", pinOfTests), said(t, "web.reads", "closed"), seeming("192.168.4.7", "192.168.4.1"))
	w.tell(hosting())
	a := w.ask("GET", "/setup", "")
	if a.StatusCode != http.StatusOK || !has(a, "CalendarBot-12EF", `<option value="Home &lt;&amp;&gt;">Home &lt;&amp;&gt;, strong</option>`, "Café, good, without a password", "far, weak", `name="country" value="DE"`) || has(a, "<script") || has(a, "style=") {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	token := formToken(t, a)
	a = join(w.device, token, "found=Home+%3C%26%3E&passphrase=correct+horse&country=de")
	if a.StatusCode != http.StatusOK || !has(a, "tries to join Home &lt;&amp;&gt; now", "CalendarBot-12EF is there again", ".local") || has(a, "correct horse") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if got := w.wanted(); got != `{"country":"DE","ssid":"Home \u003c\u0026\u003e","passphrase":"correct horse"}` {
		t.Errorf("left %s", got)
	}
	name := filepath.Join(w.data, "network/wanted.json")
	if info, err := os.Stat(name); err != nil || info.Mode() != 0o640 {
		t.Errorf("%v %v", info, err)
	}
	if info, err := os.Stat(filepath.Dir(name)); err != nil || info.Mode() != fs.ModeDir|0o770 {
		t.Errorf("%v %v", info, err)
	}
	// What was typed counts before what was chosen.
	if a := join(w.device, token, "found=far&name=Attic+&hidden=1"); a.StatusCode != http.StatusOK || w.wanted() != `{"country":"","ssid":"Attic","hidden":true}` {
		t.Errorf("%d %s", a.StatusCode, w.wanted())
	}
	// Another web site, an old page and other pages get no further than anywhere else.
	if a := w.ask("POST", "/setup", "name=x&token="+token, asForm(), header{"Origin", "http://evil.example"}); a.StatusCode != http.StatusForbidden {
		t.Errorf("another site: %d", a.StatusCode)
	}
	if a := join(w.device, "old", "name=x"); a.StatusCode != http.StatusForbidden || !has(a, "out of date") {
		t.Errorf("an old page: %d", a.StatusCode)
	}
	for _, path := range []string{"/settings", "/"} {
		if a := w.ask("GET", path, ""); a.StatusCode != http.StatusSeeOther {
			t.Errorf("%s without the PIN: %d", path, a.StatusCode)
		}
	}
	// With the access point closed the address means nothing.
	w.tell(network.State{Mode: network.Cable, Radio: true})
	if a := w.ask("GET", "/setup", ""); a.StatusCode != http.StatusSeeOther {
		t.Errorf("when it is closed: %d", a.StatusCode)
	}
	if a := join(w.device, token, "name=Later"); a.StatusCode != http.StatusUnauthorized || strings.Contains(w.wanted(), "Later") {
		t.Errorf("when it is closed: %d %s", a.StatusCode, a.body)
	}
}

func TestSetupFromElsewhereNeedsThePIN(t *testing.T) {
	for _, ends := range [][2]string{{"192.168.1.7", "192.168.4.1"}, {"192.168.4.7", "192.168.1.2"}, {"fd00::7", "fd00::1"}} {
		w := startWireless(t, said(t, "web.pin", pinOfTests), seeming(ends[0], ends[1]))
		w.tell(hosting())
		if a := w.ask("GET", "/setup", ""); a.StatusCode != http.StatusSeeOther {
			t.Errorf("%v: %d", ends, a.StatusCode)
		}
		if a := join(w.device, "x", "name=Home"); a.StatusCode != http.StatusUnauthorized || w.wanted() != "" {
			t.Errorf("%v: %d", ends, a.StatusCode)
		}
		if a := w.ask("GET", "/", "", header{"Host", "connectivitycheck.example"}); a.StatusCode != http.StatusMisdirectedRequest {
			t.Errorf("%v: a foreign name: %d", ends, a.StatusCode)
		}
	}
	w := startWireless(t, said(t, "web.pin", pinOfTests))
	w.tell(network.State{Mode: network.Wireless, SSID: "Old", Radio: true, Trouble: "The network could not be joined."})
	p := w.person()
	if a := p.page(""); !has(a, `href="/setup"`) {
		t.Error("the settings do not lead here")
	}
	a := w.ask("GET", "/setup", "", p.cookie)
	if a.StatusCode != http.StatusOK || !has(a, "in the wireless network Old", "could not be joined", ">Its name<") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a := join(w.device, formToken(t, a), "name=New", p.cookie); a.StatusCode != http.StatusOK || has(a, "access point closes") || !strings.Contains(w.wanted(), "New") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

func TestSetupSaysWhatIsWrong(t *testing.T) {
	w := startWireless(t, said(t, "web.write_token", ""))
	w.tell(hosting())
	token := formToken(t, w.ask("GET", "/setup", ""))
	a := join(w.device, token, "name="+strings.Repeat("x", 33)+"&passphrase=geheim&country=UK&hidden=1")
	if a.StatusCode != http.StatusUnprocessableEntity || !has(a, "33 bytes long", "6 characters, which is too short", "is written GB here", `value="UK"`, `name="hidden" value="1" checked`, strings.Repeat("x", 33)) || has(a, "geheim") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a := join(w.device, token, "found=far&passphrase=1"); !has(a, `<option value="far" selected>`, `name="name" value=""`) {
		t.Errorf("the choice is lost: %s", a.body)
	}
	if a := join(w.device, token, ""); a.StatusCode != http.StatusUnprocessableEntity || !has(a, "name is missing") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if got := w.wanted(); got != "" {
		t.Errorf("left %s", got)
	}
	w.tell(network.State{Mode: network.None})
	if a := join(w.device, token, "name=x"); a.StatusCode != http.StatusConflict || !has(a, "no radio") {
		t.Errorf("without a radio: %d", a.StatusCode)
	}
	w.write("{")
	for _, a := range []answer{w.ask("GET", "/setup", ""), join(w.device, token, "name=x")} {
		if a.StatusCode != http.StatusInternalServerError {
			t.Errorf("a broken state: %d", a.StatusCode)
		}
	}
	// A folder that takes no file: an error, and no secret in it.
	w.tell(hosting())
	if err := os.WriteFile(filepath.Join(w.data, "network"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if a := join(w.device, token, "name=x&passphrase=correct+horse"); a.StatusCode != http.StatusServiceUnavailable || has(a, "horse") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

// A phone that asks whether it is in the internet is led to the setup page, and the device's own names work as ever.
func TestForeignNamesLeadToTheSetupPage(t *testing.T) {
	w := startWireless(t, seeming("192.168.4.7", "192.168.4.1"))
	for name, c := range map[string]struct {
		mode network.Mode
		host string
		want int
	}{
		"a phone":             {network.Hosting, "connectivitycheck.example", http.StatusFound},
		"our own name":        {network.Hosting, "calendarbot.local", http.StatusOK},
		"our own address":     {network.Hosting, "192.168.4.1", http.StatusOK},
		"with a network":      {network.Wireless, "connectivitycheck.example", http.StatusMisdirectedRequest},
		"while one is tried":  {network.Trying, "connectivitycheck.example", http.StatusMisdirectedRequest},
		"nothing to set here": {"", "connectivitycheck.example", http.StatusMisdirectedRequest},
	} {
		w.tell(network.State{Mode: c.mode, Radio: true})
		path := "/generate_204"
		if c.want == http.StatusOK {
			path = "/healthz"
		}
		a := w.ask("GET", path, "", header{"Host", c.host})
		if a.StatusCode != c.want {
			t.Errorf("%s: %d", name, a.StatusCode)
		}
		if got := a.Header.Get("Location"); (got == network.SetupAddress) != (c.want == http.StatusFound) {
			t.Errorf("%s is led to %q", name, got)
		}
	}
}

func TestNetworkWords(t *testing.T) {
	for want, s := range map[string]network.State{
		"tries to join the network Home": {Mode: network.Trying, SSID: "Home", Radio: true},
		"by cable.":                      {Mode: network.Cable, Radio: true},
		"has no radio":                   {Mode: network.Cable},
		"in no network, and has no":      {Mode: network.None},
		"waits for its network":          {Mode: network.None, Radio: true},
	} {
		if got := networkWords(s); !strings.Contains(got, want) {
			t.Errorf("%+v: %s", s, got)
		}
	}
}

// coverSetup brings about the answers of the page that sets the network.
func coverSetup(t *testing.T, note func(d *device, method, path, body string, headers ...header)) {
	t.Helper()
	w := startWireless(t, said(t, "web.write_token", ""))
	w.tell(hosting())
	token := formToken(t, w.ask("GET", "/setup", ""))
	from := header{"Origin", w.url}
	note(w.device, "GET", "/setup", "")
	note(w.device, "POST", "/setup", "name=Home&token="+token, asForm(), from)
	note(w.device, "POST", "/setup", "token="+token, asForm(), from)
	note(w.device, "POST", "/setup", "token=x", asForm(), from)
	note(w.device, "POST", "/setup", "", asJSON(), from)
	note(w.device, "POST", "/setup", "token=x", asForm(), from, header{"X-Forwarded-For", "192.168.1.7"})
	strict := startWireless(t)
	note(strict.device, "POST", "/setup", "token=x", asForm(), header{"Origin", strict.url})
	note(strict.device, "GET", "/setup", "")
	w.tell(network.State{})
	note(w.device, "POST", "/setup", "name=Home&token="+token, asForm(), from)
	w.write("{")
	note(w.device, "GET", "/setup", "")
	note(w.device, "POST", "/setup", "name=Home&token="+token, asForm(), from)
	w.tell(hosting())
	if err := os.RemoveAll(filepath.Join(w.data, "network")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.data, "network"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	note(w.device, "POST", "/setup", "name=Home&token="+token, asForm(), from)
}
