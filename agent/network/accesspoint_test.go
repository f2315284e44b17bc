package network

import (
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func put(t *testing.T, root, name, text string) {
	t.Helper()
	name = filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestOwnAccessPoint(t *testing.T) {
	for want, files := range map[string]map[string]string{
		"CalendarBot-12EF": {"sys/class/net/wlan0/address": "b8:27:eb:ab:12:ef\n", "etc/machine-id": "0123456789abcdef0123456789abcdef\n"},
		"CalendarBot-CDEF": {"etc/machine-id": "0123456789abcdef0123456789abcdef\n"},
		"CalendarBot-89AB": {"sys/class/net/wlan0/address": "00:00:00:00:00:00\n", "etc/machine-id": "89ab"},
		"CalendarBot-0000": {"etc/machine-id": "uninitialized\n"},
	} {
		root := t.TempDir()
		for name, text := range files {
			put(t, root, name, text)
		}
		ap, err := OwnAccessPoint(root)
		if err != nil || ap.Name != want || !regexp.MustCompile(`^[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}$`).MatchString(ap.Passphrase) {
			t.Errorf("%s: %+v, %v", want, ap, err)
		}
		put(t, root, "sys/class/net/wlan0/address", "b8:27:eb:00:00:01\n") // the radio comes late
		if again, err := OwnAccessPoint(root); err != nil || again != ap {
			t.Errorf("another time it is %+v, %v", again, err)
		}
		if info, err := os.Stat(filepath.Join(root, accessPointFile)); err != nil || info.Mode() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
	}
}

func TestAccessPointOfAWornCard(t *testing.T) {
	root := t.TempDir()
	if _, err := KnownAccessPoint(root); !Absent(err) {
		t.Errorf("before it is made: %v", err)
	}
	for _, text := range []string{"", "{}", `{"name":"x","passphrase":"short"}`, `{"name":"","passphrase":"long enough"}`} {
		put(t, root, accessPointFile, text)
		if _, err := KnownAccessPoint(root); err == nil {
			t.Errorf("%q is one", text)
		}
		if ap, err := OwnAccessPoint(root); err != nil || ap.Passphrase == "" {
			t.Errorf("%q: %+v, %v", text, ap, err)
		}
	}
	put(t, root, accessPointFile, strings.Repeat("x", maxRequest+1))
	if _, err := OwnAccessPoint(root); err == nil {
		t.Error("a file without end is read")
	}
	if err := os.RemoveAll(filepath.Join(root, "var")); err != nil {
		t.Fatal(err)
	}
	put(t, root, "var", "")
	if _, err := OwnAccessPoint(root); err == nil {
		t.Error("it cannot be kept, and that is no error")
	}
}

func TestPassphrasesAreRandom(t *testing.T) {
	seen, letters := map[string]bool{}, map[rune]bool{}
	for range 500 {
		p := newPassphrase()
		if seen[p] || CheckPassphrase(p) != nil || len(p) != 14 {
			t.Fatalf("%q", p)
		}
		seen[p] = true
		for _, r := range p {
			letters[r] = true
		}
	}
	if len(letters) != len(readable)+1 {
		t.Errorf("%d letters", len(letters))
	}
}

func TestTextOfTheAccessPoint(t *testing.T) {
	ap := AccessPoint{"CalendarBot-12EF", "abcd-efgh-jkmn"}
	want := "ctrl_interface=/run/calendarbot-ap\nupdate_config=0\ncountry=DE\n\nnetwork={\n\tssid=43616c656e646172426f742d31324546\n\tmode=2\n\tfrequency=2437\n" +
		"\tkey_mgmt=WPA-PSK\n\tproto=RSN\n\tpairwise=CCMP\n\tgroup=CCMP\n\tpsk=\"abcd-efgh-jkmn\"\n}\n"
	if got := string(ap.text("DE")); !strings.HasSuffix(got, want) {
		t.Errorf("wrote\n%s", got)
	}
	if got := string(ap.text("")); strings.Contains(got, "country") {
		t.Errorf("wrote\n%s", got)
	}
}

func TestOverAccessPoint(t *testing.T) {
	for ends, want := range map[[2]string]bool{
		{"192.168.4.7", "192.168.4.1"}: true, {"::ffff:192.168.4.7", "::ffff:192.168.4.1"}: true,
		{"192.168.5.7", "192.168.4.1"}: false, {"192.168.4.7", "192.168.4.2"}: false, {"fe80::1", "fe80::2"}: false,
	} {
		if got := OverAccessPoint(netip.MustParseAddr(ends[0]), netip.MustParseAddr(ends[1])); got != want {
			t.Errorf("%v: %v", ends, got)
		}
	}
	if OverAccessPoint(netip.Addr{}, netip.Addr{}) {
		t.Error("no addresses are over it")
	}
}

// The files of systemd say the same as this package.
func TestFilesFitTogether(t *testing.T) {
	for name, words := range map[string][]string{
		"../../overlay/common/etc/systemd/network/30-access-point.network":                            {"Address=" + netip.PrefixFrom(apAddress, apNet.Bits()).String() + "\n", "DNS=" + apAddress.String() + "\n"},
		"../../systemd/calendarbot-ap.service":                                                        {"-c/" + accessPointSetup + " -iwlan0", "RuntimeDirectory=calendarbot-ap\n", "Conflicts=" + stationUnit},
		"../../systemd/calendarbot-ap-names.socket":                                                   {"ListenDatagram=" + apAddress.String() + ":53\n", "PartOf=" + accessPointUnit},
		"../../systemd/calendarbot-ap-names.service":                                                  {"IPAddressAllow=" + apNet.String() + "\n", "PartOf=" + accessPointUnit},
		"../../systemd/calendarbot-network.service":                                                   {"RuntimeDirectory=calendarbot-network\n", "StateDirectory=calendarbot-network\n", "ReadWritePaths=/etc/wpa_supplicant\n"},
		"../../overlay/common/usr/lib/udev/rules.d/75-calendarbot-wireless.rules":                     {`KERNEL=="wlan0"`, `ENV{SYSTEMD_WANTS}+="` + stationUnit + `"`},
		"../../overlay/common/usr/lib/systemd/system/wpa_supplicant@wlan0.service.d/calendarbot.conf": {"ConditionPathExists=/" + supplicantFile + "\n"},
	} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Error(err)
		}
		for _, w := range words {
			if !strings.Contains(string(text), w) {
				t.Errorf("%s does not say %q", name, w)
			}
		}
	}
	if !strings.HasPrefix(SetupAddress, "http://"+apAddress.String()+"/") {
		t.Error(SetupAddress)
	}
}
