package ics

import "bytes"

// longestLink is how many bytes of an address are kept; a longer one is no address.
const longestLink = 2048

// inLinks tells whether a character can be in an address.
func inLinks(c byte) bool {
	switch c {
	case '\\', '<', '>', '"', '`', '{', '}', '|', '^', 0x7F:
		return false
	}
	return c > ' '
}

// webAddress returns the http or https address that text is, else nil.
func webAddress(text []byte) []byte {
	if len(text) > longestLink || scheme(text) == 0 {
		return nil
	}
	for _, c := range text {
		if !inLinks(c) {
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

// mostLinks is how many addresses in one text are looked at.
const mostLinks = 100

// meetingIn returns the first address of a Teams, Zoom, Meet, Webex or Jitsi meeting in text, which may be
// escaped, else nil.
func meetingIn(text []byte) []byte {
	for range mostLinks {
		n := bytes.Index(text, []byte("://"))
		if n < 0 {
			return nil
		}
		if isMeeting(text[n+len("://"):]) {
			for _, s := range [...]int{len("https"), len("http")} {
				if n >= s && scheme(text[n-s:]) > 0 {
					return linkIn(text[n-s:])
				}
			}
		}
		text = text[n+len("://"):]
	}
	return nil
}

// linkIn returns the address that text begins with, up to a character that cannot be in one, without
// punctuation of the sentence around it.
func linkIn(text []byte) []byte {
	n := 0
	for n < len(text) && n < longestLink {
		if text[n] == '\\' && n+1 < len(text) && (text[n+1] == ',' || text[n+1] == ';') {
			n++
		} else if !inLinks(text[n]) {
			break
		}
		n++
	}
	return bytes.TrimRight(text[:n], `.,;:!?)]'\`)
}

// isMeeting tells whether text, which follows the scheme, leads to an online meeting.
func isMeeting(text []byte) bool {
	const longestHost = 255
	slash := bytes.IndexByte(text[:min(len(text), longestHost)], '/')
	if slash < 0 {
		return false
	}
	host, path := text[:slash], text[slash+1:min(len(text), longestLink)]
	under := func(domain string) bool {
		n := len(host) - len(domain)
		return n >= 0 && bytes.EqualFold(host[n:], []byte(domain)) && (n == 0 || host[n-1] == '.')
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
		return len(path) > 0 && inLinks(path[0])
	case under("webex.com"):
		return begins("meet/", "join/", "wbxmjs/") || bytes.Contains(linkIn(path), []byte("j.php?"))
	}
	return false
}
