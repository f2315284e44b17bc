package ics

import (
	"bytes"
	"strings"
)

// longestLink is how many bytes of an address are kept; a longer one is no address.
const longestLink = 2048

// notInLinks are the characters besides blanks and controls that end an address.
const notInLinks = "\\<>\"`{}|^"

// webAddress returns the http or https address that text is, else nil.
func webAddress(text []byte) []byte {
	if len(text) > longestLink || scheme(text) == 0 || bytes.ContainsAny(text, notInLinks) {
		return nil
	}
	for _, c := range text {
		if c <= ' ' || c == 0x7F {
			return nil
		}
	}
	return text
}

// scheme returns the length of "http://" or "https://" at the start of text, else 0.
func scheme(text []byte) int {
	for _, s := range [...]string{"https://", "http://"} {
		if len(text) > len(s) && bytes.EqualFold(text[:len(s)], []byte(s)) {
			return len(s)
		}
	}
	return 0
}

// meetingIn returns the first address of a Teams, Zoom, Meet, Webex or Jitsi meeting in text, which may be
// escaped, else nil.
func meetingIn(text []byte) []byte {
	for {
		n := bytes.Index(text, []byte("://"))
		if n < 0 {
			return nil
		}
		for _, s := range [...]int{len("https"), len("http")} {
			if n < s || scheme(text[n-s:]) == 0 {
				continue
			}
			found := linkIn(text[n-s:])
			if isMeeting(found[scheme(found):]) {
				return found
			}
		}
		text = text[n+len("://"):]
	}
}

// linkIn returns the address that text begins with, up to a character that cannot be in one, without
// punctuation of the sentence around it.
func linkIn(text []byte) []byte {
	n := 0
	for ; n < len(text) && n < longestLink; n++ {
		c := text[n]
		if c == '\\' && n+1 < len(text) && (text[n+1] == ',' || text[n+1] == ';') {
			n++
			continue
		}
		if c <= ' ' || c == 0x7F || strings.IndexByte(notInLinks, c) >= 0 {
			break
		}
	}
	return bytes.TrimRight(text[:min(n, len(text))], `.,;:!?)]'\`)
}

// isMeeting tells whether an address without its scheme leads to an online meeting.
func isMeeting(address []byte) bool {
	host, path, _ := bytes.Cut(address, []byte{'/'})
	host = bytes.ToLower(host)
	under := func(domain string) bool {
		rest, ok := bytes.CutSuffix(host, []byte(domain))
		return ok && (len(rest) == 0 || rest[len(rest)-1] == '.')
	}
	begins := func(starts ...string) bool {
		for _, s := range starts {
			if bytes.HasPrefix(path, []byte(s)) {
				return true
			}
		}
		return false
	}
	switch {
	case under("teams.microsoft.com"), under("teams.microsoft.us"):
		return begins("l/meetup-join/", "meet/", "dl/launcher/")
	case under("teams.live.com"):
		return begins("meet/", "l/meetup-join/")
	case under("zoom.us"), under("zoomgov.com"), under("zoom.com"):
		return begins("j/", "my/", "w/", "s/", "wc/")
	case under("meet.google.com"), under("meet.jit.si"):
		return len(path) > 0
	case under("webex.com"):
		return begins("meet/", "join/", "wbxmjs/") || bytes.Contains(path, []byte("j.php?")) || bytes.Contains(path, []byte("/j.php"))
	}
	return false
}
