package network

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"strings"
)

// AccessPoint is how people come to a device that is in no network.
type AccessPoint struct {
	Name       string `json:"name"`       // CalendarBot-XXXX
	Passphrase string `json:"passphrase"` // to be told to whoever stands before the device, and to nobody else
}

// Where the access point's own network is; overlay/common/etc/systemd/network says the same.
var (
	apNet     = netip.MustParsePrefix("192.168.4.0/24")
	apAddress = netip.MustParseAddr("192.168.4.1")
)

const (
	// SetupAddress is the page on which a person sets the network, as it is reached over the access point.
	SetupAddress = "http://192.168.4.1/setup"

	accessPointFile  = "var/lib/calendarbot-network/access-point.json"
	accessPointSetup = "run/calendarbot-network/access-point.conf"
	readable         = "abcdefghjkmnpqrstuvwxyz23456789" // no letter looks like another
)

// OverAccessPoint tells whether a connection from one address to another is one over the access point: from its network to the device's
// address there.
func OverAccessPoint(from, to netip.Addr) bool {
	return apNet.Contains(from.Unmap()) && to.Unmap() == apAddress
}

// OwnAccessPoint returns name and passphrase of the device's access point, under root ("" or "/" is the device). They are made when they
// are asked for first, and stay: the passphrase is random, 12 of 31 letters in three groups, 59 bits; it is kept beside the configuration
// slots, so that both have the same, mode 0600. The name ends with the last four digits of the radio's address, or of the machine-id
// while there is no radio. It takes root.
func OwnAccessPoint(root string) (AccessPoint, error) {
	ap, err := KnownAccessPoint(root)
	if err == nil || !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errNoAccessPoint) {
		return ap, err
	}
	ap = AccessPoint{Name: "CalendarBot-" + ownDigits(root), Passphrase: newPassphrase()}
	text, err := json.Marshal(ap)
	if err == nil {
		err = replaceFile(under(root, accessPointFile), append(text, '\n'), 0o600)
	}
	if err != nil {
		return AccessPoint{}, fmt.Errorf("keep the access point's passphrase: %w", err)
	}
	return ap, nil
}

// errNoAccessPoint is a file that holds none, such as one of a card that was worn out: another one is made.
var errNoAccessPoint = errors.New("the file holds no access point")

// KnownAccessPoint returns what OwnAccessPoint made before; fs.ErrNotExist when it did not. It takes root.
func KnownAccessPoint(root string) (ap AccessPoint, err error) {
	text, err := readFile(under(root, accessPointFile), maxRequest)
	if err == nil && (json.Unmarshal(text, &ap) != nil || (Network{SSID: ap.Name, Passphrase: ap.Passphrase}).Check() != nil || ap.Passphrase == "") {
		err = errNoAccessPoint
	}
	if err != nil {
		return AccessPoint{}, fmt.Errorf("read the access point's passphrase: %w", err)
	}
	return ap, nil
}

// ownDigits is what tells this device from others of its kind.
func ownDigits(root string) string {
	for _, name := range []string{"sys/class/net/wlan0/address", "etc/machine-id"} {
		text, err := os.ReadFile(under(root, name))
		digits := strings.ReplaceAll(strings.TrimSpace(string(text)), ":", "")
		if err == nil && len(digits) >= 4 && strings.Trim(digits, "0123456789abcdefABCDEF") == "" && strings.Trim(digits, "0") != "" {
			return strings.ToUpper(digits[len(digits)-4:])
		}
	}
	return "0000"
}

// newPassphrase makes a passphrase that can be read from a display and typed on a phone.
func newPassphrase() string {
	letters := make([]byte, 0, 14)
	for len(letters) < cap(letters) {
		if len(letters)%5 == 4 {
			letters = append(letters, '-')
		}
		one := make([]byte, 1)
		rand.Read(one)                                     //nolint:errcheck // it never fails
		if at := int(one[0]); at < 256-256%len(readable) { // each letter as likely as any
			letters = append(letters, readable[at%len(readable)])
		}
	}
	return string(letters)
}

// text is the file of wpa_supplicant for the access point, on channel 6, which is allowed everywhere. Before it opens, wpa_supplicant
// looks for networks, as with any other; that is what the setup page shows.
func (ap AccessPoint) text(country string) []byte {
	line := ""
	if country != "" {
		line = "country=" + country + "\n"
	}
	return fmt.Appendf(nil, "# The device's own access point, written by CalendarBot.\nctrl_interface=/run/calendarbot-ap\nupdate_config=0\n%s\n"+
		"network={\n\tssid=%x\n\tmode=2\n\tfrequency=2437\n\tkey_mgmt=WPA-PSK\n\tproto=RSN\n\tpairwise=CCMP\n\tgroup=CCMP\n\tpsk=\"%s\"\n}\n", line, ap.Name, ap.Passphrase)
}
