package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

// supplicant is the other end of a control socket: it answers what it was told to, and nothing to what it was not.
type supplicant struct {
	conn    *net.UnixConn
	mu      sync.Mutex
	answers map[string]string
	done    chan struct{}
}

func startSupplicant(t *testing.T, socket string, answers map[string]string) *supplicant {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(socket), 0o755); err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	s := &supplicant{conn: conn, answers: answers, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		words := make([]byte, 4096)
		for {
			n, from, err := conn.ReadFromUnix(words)
			if err != nil {
				return
			}
			s.mu.Lock()
			answer, ok := s.answers[string(words[:n])]
			s.mu.Unlock()
			if !ok {
				answer = "FAIL\n"
			}
			if _, err := conn.WriteToUnix([]byte(answer), from); err != nil {
				return
			}
		}
	}()
	t.Cleanup(s.stop)
	return s
}

// stop ends it, and its socket is gone.
func (s *supplicant) stop() {
	s.conn.Close()
	<-s.done
	os.Remove(s.conn.LocalAddr().String())
}

func TestCommandAsksASupplicant(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	s := startSupplicant(t, socket, map[string]string{"PING": "PONG\n", "STA-FIRST": ""})
	for words, want := range map[string]string{"PING": "PONG\n", "STA-FIRST": "", "OTHER": "FAIL\n"} {
		if got, err := command(t.Context(), socket, words); err != nil || got != want {
			t.Errorf("%s: %q, %v", words, got, err)
		}
	}
	s.stop()
	if _, err := command(t.Context(), socket, "PING"); err == nil {
		t.Error("nobody is there, and it answers")
	}
	// One that hears and never answers is not waited for beyond the time that there is.
	silent, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 1)
	defer cancel()
	if _, err := command(ctx, socket, "PING"); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("silence is %v", err)
	}
}

func TestJoined(t *testing.T) {
	for status, want := range map[string]string{
		"bssid=02:00:00:00:01:00\nfreq=2412\nssid=Home\nid=0\nwpa_state=COMPLETED\naddress=02:00:00:00:00:00\n": "Home",
		"ssid=Home\nwpa_state=4WAY_HANDSHAKE\n":               "",
		"wpa_state=COMPLETED\nssid=Caf\\xc3\\xa9 \\\"a\\\\\n": "Café \"a\\",
		"wpa_state=SCANNING\n":                                "", "FAIL\n": "", "": "",
	} {
		if got := joined(status); got != want {
			t.Errorf("%q: %q", status, got)
		}
	}
}

func TestFoundIn(t *testing.T) {
	lines := []string{
		"bssid / frequency / signal level / flags / ssid",
		"02:00:00:00:01:00\t2412\t-70\t[WPA2-PSK-CCMP][ESS]\tHome",
		"02:00:00:00:01:01\t2437\t-50\t[WPA2-PSK-CCMP][ESS]\tHome",
		"02:00:00:00:01:02\t2437\t-60\t[ESS]\tCaf\\xc3\\xa9",
		"02:00:00:00:01:03\t2437\t-60\t[WPA2-SAE-CCMP][ESS]\ta\tb",
		"02:00:00:00:01:04\t2437\t-40\t[ESS]\t",
		"02:00:00:00:01:05\t2437\t-40\t[ESS]\t\\x00\\x00",
		"02:00:00:00:01:06\t2437\t-40\t[ESS]\t\\xff",
		"02:00:00:00:01:07\t2437\t-20\t[WPA2-PSK-CCMP][ESS]\tCalendarBot-12EF",
		"02:00:00:00:01:08\t2437\tloud\t[ESS]\tx",
		"02:00:00:00:01:09\t2437\t-40\t[ESS]\t" + strings.Repeat("x", 33),
		"02:00:00:00:01:10\t2437\t-90\t[WEP][ESS]\told",
		"02:00:00:00:01:11\t2437\t-60\t[ESS]\tAir",
		"nonsense",
	}
	want := []Found{{"Home", -50, true}, {"Air", -60, false}, {"Café", -60, false}, {"old", -90, true}}
	if got := foundIn(strings.Join(lines, "\n")+"\n", "CalendarBot-12EF"); !reflect.DeepEqual(got, want) {
		t.Errorf("found %+v", got)
	}
	var many strings.Builder
	for i := range 100 {
		fmt.Fprintf(&many, "x\t2412\t-%d\t[ESS]\tnet %d\n", i, i)
	}
	if got := foundIn(many.String(), ""); len(got) != maxFound || got[0].SSID != "net 0" {
		t.Errorf("%d of many, the first %+v", len(got), got[0])
	}
}

func TestUnescaped(t *testing.T) {
	for text, want := range map[string]string{
		`plain`: "plain", `\\\"\n\r\t\e\x41`: "\\\"\n\r\t\x1bA", `\x4`: `\x4`, `\xzz`: `\xzz`, `\`: `\`, `\q`: `\q`, "": "",
	} {
		if got := unescaped(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// FuzzFoundIn reads what anybody in reach may send: names of networks.
func FuzzFoundIn(f *testing.F) {
	f.Add("02:00:00:00:01:00\t2412\t-70\t[WPA2-PSK-CCMP][ESS]\tHome\\x0a\n")
	f.Fuzz(func(t *testing.T, results string) {
		list := foundIn(results, "own")
		if len(list) > maxFound {
			t.Fatalf("%d networks", len(list))
		}
		for _, f := range list {
			if f.SSID == "" || len(f.SSID) > maxSSID || !utf8.ValidString(f.SSID) || strings.ContainsAny(f.SSID, "\x00\n\x1b") {
				t.Fatalf("the name %q", f.SSID)
			}
		}
	})
}
