package network

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestCheckSaysWhatIsWrong(t *testing.T) {
	many := make([]Network, maxNetworks+1)
	for i := range many {
		many[i].SSID = strings.Repeat("n", i+1)
	}
	for name, c := range map[string]struct {
		wifi Wifi
		want []string // a piece of each sentence
	}{
		"nothing":          {Wifi{}, nil},
		"usual":            {Wifi{"DE", []Network{{SSID: "home", Passphrase: "correct horse"}}}, nil},
		"open":             {Wifi{"", []Network{{SSID: "café"}}}, nil},
		"longest":          {Wifi{"US", []Network{{SSID: strings.Repeat("x", 32), Passphrase: strings.Repeat("~", 63)}}}, nil},
		"shortest":         {Wifi{"US", []Network{{SSID: "\x00", Passphrase: "12345678"}}}, nil},
		"a key":            {Wifi{"US", []Network{{SSID: "x", Passphrase: strings.Repeat("0aF9", 16)}}}, nil},
		"lower country":    {Wifi{Country: "de"}, []string{`no country "de"; allowed are two capital letters`}},
		"two countries":    {Wifi{Country: "D "}, []string{"no country"}},
		"the kingdom":      {Wifi{Country: "UK"}, []string{"is written GB here"}},
		"endless country":  {Wifi{Country: strings.Repeat("D", 1000)}, []string{"two capital letters"}},
		"no name":          {Wifi{"DE", []Network{{Passphrase: "correct horse"}}}, []string{"wireless network 1: its name is missing"}},
		"long name":        {Wifi{"DE", []Network{{SSID: strings.Repeat("é", 17)}}}, []string{"34 bytes long; allowed are 1 to 32"}},
		"short passphrase": {Wifi{"DE", []Network{{SSID: "a"}, {SSID: "b", Passphrase: "1234567"}}}, []string{"wireless network 2: its password has 7 characters, which is too short"}},
		"long passphrase":  {Wifi{"DE", []Network{{SSID: "b", Passphrase: strings.Repeat("g", 64)}}}, []string{"64 characters, which is too long"}},
		"line break":       {Wifi{"DE", []Network{{SSID: "b", Passphrase: "12345678\nx"}}}, []string{"a character that no wireless network takes"}},
		"umlaut":           {Wifi{"DE", []Network{{SSID: "b", Passphrase: "Küche 1234"}}}, []string{"a character that no wireless network takes"}},
		"twice":            {Wifi{"DE", []Network{{SSID: "b"}, {SSID: "b"}}}, []string{`another one with the name "b"`}},
		"too many":         {Wifi{"DE", many}, []string{"there are 17 wireless networks"}},
		"all at once":      {Wifi{"xx", []Network{{Passphrase: "x"}}}, []string{"no country", "name is missing", "too short"}},
	} {
		t.Run(name, func(t *testing.T) {
			wrong := c.wifi.Check()
			if len(wrong) != len(c.want) {
				t.Fatalf("said %q", wrong)
			}
			for i, err := range wrong {
				if !strings.Contains(err.Error(), c.want[i]) {
					t.Errorf("said %q, not %q", err, c.want[i])
				}
			}
			err := Write(t.TempDir(), c.wifi)
			if (err != nil) != (len(c.want) > 0) {
				t.Errorf("writing says %v", err)
			}
		})
	}
}

func TestWriteWritesWhatTheSupplicantReads(t *testing.T) {
	root := t.TempDir()
	w := Wifi{"DE", []Network{
		{SSID: "Küche \"1\"", Passphrase: `a "b" #c\`},
		{SSID: "x", Passphrase: strings.Repeat("0f", 32), Hidden: true},
		{SSID: "}\nnetwork={"},
	}}
	if err := Write(root, w); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(root, "etc/wpa_supplicant/wpa_supplicant-wlan0.conf")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	// The first key is what wpa_passphrase makes of this name and passphrase.
	want := `# The wireless networks of the house, written by CalendarBot. A name (ssid) is in hex digits.
ctrl_interface=/run/wpa_supplicant
update_config=0
country=DE

network={
	ssid=4bc3bc63686520223122
	priority=2
	key_mgmt=WPA-PSK SAE
	psk=86298acf56f52a799c1530fd35be1a55d3c962273caaf0ea61fc5e1f6f11c9cd
	sae_password=P"a \x22b\x22 \x23c\x5c"
	ieee80211w=1
}

network={
	ssid=78
	priority=1
	scan_ssid=1
	key_mgmt=WPA-PSK
	psk=0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f
	ieee80211w=1
}

network={
	ssid=7d0a6e6574776f726b3d7b
	key_mgmt=NONE
}
`
	if string(text) != want {
		t.Errorf("wrote\n%s", text)
	}
	if info, err := os.Stat(name); err != nil || info.Mode() != 0o600 {
		t.Errorf("the file is %v, %v", info.Mode(), err)
	}
	if err := Write(root, Wifi{Country: "DE"}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without networks there is still a file: %v", err)
	}
	if err := Write(root, Wifi{}); err != nil {
		t.Errorf("removing what is not there: %v", err)
	}
	if files, err := os.ReadDir(filepath.Dir(name)); err != nil || len(files) > 0 {
		t.Errorf("left behind: %v, %v", files, err)
	}
}

func TestReadReadsWhatAPersonWrote(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want Wifi
		err  string
	}{
		"usual":        {"country=GB\nap_scan=1\nnetwork={\n  ssid=\"my home\"\n  psk=\"correct horse\"\n  # psk=\"old\"\n  priority=2\n}\n", Wifi{"GB", []Network{{SSID: "my home", Passphrase: "correct horse"}}}, ""},
		"odd name":     {"network={\nssid=home\n}", Wifi{}, "line 2: the name of the network is to be hex digits"},
		"bare secret":  {"network={\nssid=\"a\"\npsk=geheim99\n}", Wifi{}, "line 3: the passphrase is to stand in double quotes"},
		"never ends":   {"network={\nssid=\"a\"\n", Wifi{}, "does not end with }"},
		"too short":    {"network={\nssid=\"a\"\npsk=\"geheim\"\n}", Wifi{}, "6 characters, which is too short"},
		"half a quote": {"network={\nssid=\"\n}", Wifi{}, "line 2"},
		"a company's":  {"network={\nssid=\"a\"\nkey_mgmt=WPA-EAP\n}", Wifi{}, "line 3: only networks with a passphrase"},
		"too long":     {strings.Repeat("#", maxSupplicant+1), Wifi{}, "longer than 65536 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			if err := replaceFile(filepath.Join(root, supplicantFile), []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			w, err := Read(root)
			if !reflect.DeepEqual(w, c.want) {
				t.Errorf("read %+v", w)
			}
			switch {
			case c.err == "" && err != nil, c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
				t.Errorf("said %v", err)
			case err != nil && strings.Contains(err.Error(), "geheim"):
				t.Errorf("a secret is in %v", err)
			}
		})
	}
	if w, err := Read(t.TempDir()); err != nil || w.Networks != nil {
		t.Errorf("without a file: %+v, %v", w, err)
	}
}

// FuzzWifiRoundTrip holds whatever a person sets against what is read again: it is the same, and no more.
func FuzzWifiRoundTrip(f *testing.F) {
	f.Add("home", "correct horse", false, "", "")
	f.Add("}\nnetwork={\nssid=00", "\"#\"}\\", true, "\x00\xff", strings.Repeat("ab", 32))
	f.Fuzz(func(t *testing.T, ssid, passphrase string, hidden bool, other, secret string) {
		w := Wifi{"DE", []Network{{SSID: ssid, Passphrase: passphrase, Hidden: hidden}, {SSID: other, Passphrase: secret}}}
		if len(w.Check()) > 0 {
			return
		}
		got, err := parseSupplicant(w.text())
		if err != nil || !reflect.DeepEqual(got, w) {
			t.Fatalf("wrote %+v, read %+v, %v", w, got, err)
		}
	})
}

// FuzzReadSupplicant reads anything without harm, and what it reads can be written.
func FuzzReadSupplicant(f *testing.F) {
	f.Add([]byte("country=DE\nnetwork={\n\tssid=\"a\"\n\tpsk=\"12345678\"\n}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		w, err := parseSupplicant(text)
		if err != nil {
			return
		}
		again, err := parseSupplicant(w.text())
		if err != nil || len(again.Networks) != len(w.Networks) {
			t.Fatalf("read %+v, then %+v, %v", w, again, err)
		}
	})
}
