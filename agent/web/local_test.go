package web

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Over the local socket root and our own user do everything, without a token, under whatever name they ask for it.
func TestLocalSocket(t *testing.T) {
	file := filepath.Join(t.TempDir(), "control.sock")
	local, err := net.Listen("unix", file)
	if err != nil {
		t.Fatal(err)
	}
	d := start(t, said(t, "web.reads", "closed"), func(o *Options) { o.Local = local })
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", file)
	}}}
	ask := func(method, path, body string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, "http://whatever"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if err := res.Body.Close(); err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(text)
	}
	for _, c := range []struct{ method, path, body string }{
		{"GET", "/api/whats-next", ""}, {"GET", "/api/alexa/next-meeting", ""}, {"PATCH", "/api/v1/config", `{"set":{"display.days":"9"}}`}, {"POST", "/api/v1/emergency-off", `{}`},
	} {
		if status, body := ask(c.method, c.path, c.body); status != http.StatusOK {
			t.Errorf("%s: %d %s", c.path, status, body)
		}
	}
	if _, log := ask("GET", "/api/v1/config/log", ""); !strings.Contains(log, peer{uid: uint32(os.Getuid()), known: true}.String()) {
		t.Errorf("%s", log)
	}
	if err := d.stop(); err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("unix", file); err == nil {
		t.Error("still listening")
	}
}

func TestPeers(t *testing.T) {
	own := uint32(os.Getuid())
	for _, c := range []struct {
		peer  peer
		may   bool
		words string
	}{
		{peer{0, true}, true, "root over the local socket"}, {peer{own, true}, true, " over the local socket"}, {peer{own + 1, true}, false, "user "}, {peer{0, false}, false, ""},
	} {
		if c.peer.mayUse() != c.may || !strings.Contains(c.peer.String(), c.words) {
			t.Errorf("%+v: %v %s", c.peer, c.peer.mayUse(), c.peer)
		}
	}
}
