package main

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/network"
)

// The program shows what root's side tells, and leaves what a person asks for where root's side looks: beside its database.
func TestTheNetworkIsSetOnAPage(t *testing.T) {
	w := newWatched(t, "")
	dir := filepath.Dir(w.live.State().Config.Store.Path)
	page := func(method, body string) string {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, w.url+"/setup", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+voiceToken)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		a, err := w.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		text, err := io.ReadAll(a.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if text := page("GET", ""); !strings.Contains(text, "set elsewhere") {
		t.Errorf("without root's side it says\n%s", text)
	}
	w.write("/run/calendarbot-network/state.json", `{"mode":"cable","radio":true}`)
	text := page("GET", "")
	_, rest, found := strings.Cut(text, `name="token" value="`)
	token, _, _ := strings.Cut(rest, `"`)
	if !found || !strings.Contains(text, "by cable") {
		t.Fatalf("it says\n%s", text)
	}
	if text := page("POST", "name=Home&passphrase=correct+horse&token="+token); !strings.Contains(text, "tries to join Home") {
		t.Errorf("it says\n%s", text)
	}
	if left, err := os.ReadFile(filepath.Join(dir, "network/wanted.json")); err != nil || !strings.Contains(string(left), `"ssid":"Home"`) {
		t.Errorf("it left %s, %v", left, err)
	}
}

func TestSystemctlSaysWhatSystemdSays(t *testing.T) {
	if _, err := exec.LookPath("/usr/bin/systemctl"); err != nil {
		t.Skip("this machine has no systemctl")
	}
	err := systemctl(t.Context(), "start", "calendarbot-no-such-unit.service")
	if err == nil || !strings.Contains(err.Error(), "systemctl start calendarbot-no-such-unit.service: exit status") {
		t.Errorf("said %v", err)
	}
}

func TestNetworkIsPrintedWithoutARadio(t *testing.T) {
	out := &strings.Builder{}
	if err := (console{out: out}).printNetwork(t.TempDir(), network.State{Mode: network.Wireless, SSID: "Home"}); err != nil {
		t.Fatal(err)
	}
	if out.String() != "Network: wireless, \"Home\"; there is no radio for wireless networks\n" {
		t.Errorf("printed %q", out.String())
	}
}

// With a socket handed over, as systemd does, each name is answered with the device's address.
func TestNamesAreAnsweredOnTheSocketOfSystemd(t *testing.T) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	socket, err := conn.File()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/bin/sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" network names`, os.Args[0])
	cmd.Env = append(os.Environ(), asProgram+"=1")
	cmd.ExtraFiles = []*os.File{socket}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	phone, err := net.Dial("udp", conn.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(socket.Close(), conn.Close(), phone.SetDeadline(time.Now().Add(patience))); err != nil {
		t.Fatal(err)
	}
	defer phone.Close()
	if _, err := phone.Write([]byte("\x01\x02\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x00\x00\x01\x00\x01")); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 512)
	if n, err := phone.Read(answer); err != nil || !strings.HasSuffix(string(answer[:n]), "\xc0\xa8\x04\x01") {
		t.Errorf("answered %x, %v", answer[:n], err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}
