package network

import (
	"bytes"
	"crypto/pbkdf2"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"calendarbot/agent/durable"
)

// supplicantFile is where wpa_supplicant@wlan0.service reads which networks there are.
const supplicantFile = "etc/wpa_supplicant/wpa_supplicant-wlan0.conf"

// maxSupplicant is how long that file may be, in bytes; what Write writes is shorter.
const maxSupplicant = 64 << 10

// Write replaces /etc/wpa_supplicant/wpa_supplicant-wlan0.conf under root ("" or "/" is the device), mode 0600: written beside, synced
// and renamed, so that a crash at any moment leaves the old file or the new one. No networks removes the file. What Check finds wrong
// is an error, and nothing is written.
func Write(root string, w Wifi) error {
	if wrong := w.Check(); len(wrong) > 0 {
		return fmt.Errorf("write the wireless networks: %w", errors.Join(wrong...))
	}
	name := under(root, supplicantFile)
	var err error
	if len(w.Networks) == 0 {
		err = durable.Remove(name)
	} else {
		err = replaceFile(name, w.text(), 0o600)
	}
	if err != nil {
		return fmt.Errorf("write the wireless networks: %w", err)
	}
	return nil
}

// Read returns what is configured; without the file, nothing. It reads what Write wrote, and what a person wrote the same way; keys
// that it does not know are passed over. The error names the file and the line, never a passphrase.
func Read(root string) (Wifi, error) {
	name := under(root, supplicantFile)
	text, err := readFile(name, maxSupplicant)
	if errors.Is(err, fs.ErrNotExist) {
		return Wifi{}, nil
	}
	if err != nil {
		return Wifi{}, fmt.Errorf("read the wireless networks: %w", err)
	}
	w, err := parseSupplicant(text)
	if err != nil {
		return Wifi{}, fmt.Errorf("read the wireless networks: %s: %w", name, err)
	}
	return w, nil
}

// text is the file of wpa_supplicant. No name and no passphrase can be more than a value in it: a name is written in hex digits, a
// passphrase has no line break, and one with a quote, which wpa_supplicant would mix up with the end where a # follows, is written as
// the key that is made of it for WPA2, and with escapes for WPA3. The first network is joined where it is in reach, else the second.
func (w Wifi) text() []byte {
	b := &bytes.Buffer{}
	b.WriteString("# The wireless networks of the house, written by CalendarBot. A name (ssid) is in hex digits.\nctrl_interface=/run/wpa_supplicant\nupdate_config=0\n")
	if w.Country != "" {
		fmt.Fprintf(b, "country=%s\n", w.Country)
	}
	for i, n := range w.Networks {
		fmt.Fprintf(b, "\nnetwork={\n\tssid=%x\n", n.SSID)
		if more := len(w.Networks) - 1 - i; more > 0 {
			fmt.Fprintf(b, "\tpriority=%d\n", more)
		}
		if n.Hidden {
			b.WriteString("\tscan_ssid=1\n")
		}
		switch {
		case n.Passphrase == "":
			b.WriteString("\tkey_mgmt=NONE\n")
		case isPSK(n.Passphrase): // WPA3 (SAE) needs the passphrase itself
			fmt.Fprintf(b, "\tkey_mgmt=WPA-PSK\n\tpsk=%s\n\tieee80211w=1\n", n.Passphrase)
		case strings.Contains(n.Passphrase, `"`):
			fmt.Fprintf(b, "\tkey_mgmt=WPA-PSK SAE\n\tpsk=%x\n\tsae_password=P\"%s\"\n\tieee80211w=1\n", n.key(), escaped(n.Passphrase))
		default:
			fmt.Fprintf(b, "\tkey_mgmt=WPA-PSK SAE\n\tpsk=\"%s\"\n\tieee80211w=1\n", n.Passphrase)
		}
		b.WriteString("}\n")
	}
	return b.Bytes()
}

// key is what WPA2 makes of a passphrase (IEEE 802.11-2020, annex J.4).
func (n Network) key() []byte {
	key, err := pbkdf2.Key(sha1.New, n.Passphrase, []byte(n.SSID), 4096, pskDigits/2)
	if err != nil {
		panic(err) // the length is fixed
	}
	return key
}

// escaped is a text as wpa_supplicant reads it in P"", without any sign that has a meaning in its file.
func escaped(text string) string {
	b := strings.Builder{}
	for _, c := range []byte(text) {
		if strings.IndexByte(`"\#`, c) < 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, `\x%02x`, c)
	}
	return b.String()
}

// parseSupplicant reads the file of wpa_supplicant.
func parseSupplicant(text []byte) (w Wifi, err error) {
	var now *Network // the one whose block is open
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") {
			continue
		}
		key, value, _ := strings.Cut(line, "=")
		switch {
		case now == nil && key == "network" && value == "{":
			now = &Network{}
		case now == nil && key == "country":
			w.Country = value
		case now != nil && line == "}":
			w.Networks, now = append(w.Networks, *now), nil
		case now != nil:
			err = now.set(key, value)
		}
		if err != nil {
			return Wifi{}, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	if now != nil {
		return Wifi{}, errors.New("the last network does not end with }")
	}
	if wrong := w.Check(); len(wrong) > 0 {
		return Wifi{}, errors.Join(wrong...)
	}
	return w, nil
}

// set takes one line of a network's block.
func (n *Network) set(key, value string) error {
	quoted, inQuotes := unquoted(value)
	switch key {
	case "ssid":
		raw, err := hex.DecodeString(value)
		switch {
		case inQuotes:
			n.SSID = quoted
		case err != nil:
			return errors.New("the name of the network is to be hex digits, or stand in double quotes")
		default:
			n.SSID = string(raw)
		}
	case "psk":
		n.Passphrase = value
		if inQuotes {
			n.Passphrase = quoted
		} else if !isPSK(value) {
			return errors.New("the passphrase is to stand in double quotes, or to be 64 hex digits")
		}
	case "sae_password": // the passphrase itself, where psk is the key
		if quoted, ok := unquoted(strings.TrimPrefix(value, "P")); ok && strings.HasPrefix(value, "P") {
			n.Passphrase = unescaped(quoted)
		} else if inQuotes {
			n.Passphrase = quoted
		}
	case "key_mgmt":
		if strings.Contains(value, "EAP") {
			return errors.New("only networks with a passphrase, and open ones, are understood")
		}
	case "scan_ssid":
		n.Hidden = value == "1"
	}
	return nil
}

// unquoted is what stands between the first and the last double quote of a value that begins with one.
func unquoted(value string) (inside string, ok bool) {
	end := strings.LastIndexByte(value, '"')
	if end < 1 || value[0] != '"' {
		return "", false
	}
	return value[1:end], true
}

// replaceFile puts a text in the place of a file, or of none. What is missing of its folder is made.
func replaceFile(name string, text []byte, mode fs.FileMode) error {
	if err := durable.MakeFolder(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return durable.Write(name, text, mode)
}

// readFile reads a file of at most so many bytes.
func readFile(name string, most int64) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(file, most+1))
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	if int64(len(text)) > most {
		return nil, fmt.Errorf("%s is longer than %d bytes", name, most)
	}
	return text, nil
}
