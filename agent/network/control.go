package network

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	maxReply  = 32 << 10 // bytes; wpa_supplicant sends 4096 at most but for lists
	replyTime = 5 * time.Second
)

// command asks a running wpa_supplicant one thing over its control socket. This end has a name without a file (an abstract one), to
// which the answer is sent, so that nothing is left anywhere.
func command(ctx context.Context, socket, words string) (string, error) {
	conn, err := net.DialUnix("unixgram", &net.UnixAddr{Name: "@calendarbot-network-" + rand.Text(), Net: "unixgram"}, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return "", fmt.Errorf("ask wpa_supplicant: %w", err)
	}
	defer conn.Close()
	until := time.Now().Add(replyTime)
	if end, ok := ctx.Deadline(); ok && end.Before(until) {
		until = end
	}
	if err := conn.SetDeadline(until); err != nil {
		return "", fmt.Errorf("ask wpa_supplicant: %w", err)
	}
	if _, err := conn.Write([]byte(words)); err != nil {
		return "", fmt.Errorf("ask wpa_supplicant: %w", err)
	}
	reply := make([]byte, maxReply)
	n, err := conn.Read(reply)
	if err != nil {
		return "", fmt.Errorf("ask wpa_supplicant for %s: %w", words, err)
	}
	return string(reply[:n]), nil
}

// joined returns the name of the network that wpa_supplicant is in, out of its answer to STATUS; "" when it is in none.
func joined(status string) string {
	state, ssid := "", ""
	for line := range strings.Lines(status) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		switch key {
		case "wpa_state":
			state = value
		case "ssid":
			ssid = unescaped(value)
		}
	}
	if state != "COMPLETED" {
		return ""
	}
	return ssid
}

// Found is a wireless network in reach.
type Found struct {
	SSID    string `json:"ssid"`
	Signal  int    `json:"signal"`  // dBm, the strongest of its stations
	Secured bool   `json:"secured"` // it asks for a password
}

// maxFound is how many networks are told of, the strongest.
const maxFound = 32

// foundIn reads the answer to SCAN_RESULTS: a line for each station, with tabs between address, frequency, signal, flags and name. Each
// name is told once, the strongest first. Names that are hidden or that are no text cannot be chosen from a list, and are left out, as
// is the own one.
func foundIn(results, own string) []Found {
	strongest := map[string]Found{}
	for line := range strings.Lines(results) {
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 5)
		if len(fields) != 5 {
			continue
		}
		signal, err := strconv.Atoi(fields[2])
		f := Found{SSID: unescaped(fields[4]), Signal: signal, Secured: strings.Contains(fields[3], "WPA") || strings.Contains(fields[3], "WEP") || strings.Contains(fields[3], "RSN")}
		switch {
		case err != nil, f.SSID == "", f.SSID == own, len(f.SSID) > maxSSID, !utf8.ValidString(f.SSID), strings.ContainsFunc(f.SSID, func(r rune) bool { return r < ' ' || r == 0x7f }):
			continue
		}
		if before, ok := strongest[f.SSID]; !ok || before.Signal < f.Signal {
			strongest[f.SSID] = f
		}
	}
	list := make([]Found, 0, len(strongest))
	for _, f := range strongest {
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b Found) int {
		if a.Signal != b.Signal {
			return b.Signal - a.Signal
		}
		return strings.Compare(a.SSID, b.SSID)
	})
	return list[:min(len(list), maxFound)]
}

// unescaped is a name as wpa_supplicant writes it: what is not printable is \xNN, and five signs have letters.
func unescaped(text string) string {
	letters := map[byte]byte{'\\': '\\', '"': '"', 'n': '\n', 'r': '\r', 't': '\t', 'e': '\x1b'}
	b := strings.Builder{}
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			b.WriteByte(text[i])
			continue
		}
		i++
		if letter, ok := letters[text[i]]; ok {
			b.WriteByte(letter)
			continue
		}
		if text[i] == 'x' && i+2 < len(text) {
			if raw, err := hex.DecodeString(text[i+1 : i+3]); err == nil {
				b.WriteByte(raw[0])
				i += 2
				continue
			}
		}
		b.WriteString(text[i-1 : i+1])
	}
	return b.String()
}
