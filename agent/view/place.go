package view

import (
	"net/url"
	"strings"
	"unicode"
)

// placeLetters is how long a short place may be.
const placeLetters = 32

// service is an online meeting service: how its addresses and its words in a location look.
type service struct {
	name  string
	hosts []string // a host equal to one of these or below it
	words []string // in a location, lower case
}

var services = [...]service{
	{"Teams", []string{"teams.microsoft.com", "teams.live.com", "teams.microsoft.us"}, []string{"microsoft teams", "teams meeting", "teams besprechung"}},
	{"Zoom", []string{"zoom.us", "zoomgov.com", "zoom.com"}, []string{"zoom meeting", "zoom"}},
	{"Meet", []string{"meet.google.com"}, []string{"google meet"}},
	{"Webex", []string{"webex.com"}, []string{"webex"}},
	{"Skype", []string{"lync.com", "join.skype.com"}, []string{"skype meeting", "skype"}},
	{"Jitsi", []string{"meet.jit.si", "8x8.vc"}, []string{"jitsi"}},
	{"GoTo", []string{"gotomeeting.com", "gotomeet.me", "goto.com"}, []string{"gotomeeting"}},
	{"Whereby", []string{"whereby.com"}, nil},
	{"FaceTime", []string{"facetime.apple.com"}, []string{"facetime"}},
	{"Chime", []string{"chime.aws"}, nil},
	{"BigBlueButton", nil, []string{"bigbluebutton"}},
}

// Place names where something happens in few letters: the room, and the service of an online
// meeting. location is as in the feed, join the address of the meeting.
func Place(location, join string) string {
	room, online := "", ""
	location = strings.ReplaceAll(location, ", ", "\n")
	for part := range strings.FieldsFuncSeq(location, func(r rune) bool { return r == ';' || r == '\n' || r == '|' }) {
		part = oneLine(part)
		if !isURL(part) { // an address may have commas in it
			part, _, _ = strings.Cut(part, ",")
		}
		if part == "" {
			continue
		}
		if s := serviceOf(part); s != "" {
			online = first(online, s)
		} else if room == "" || !strings.ContainsFunc(room, unicode.IsLetter) {
			room = strings.TrimSpace(room + " " + part) // a house number alone names nothing
		}
	}
	if online == "" && isURL(join) {
		online = serviceOf(join)
	}
	room = Clip(withoutNote(room), placeLetters)
	if room != "" && online != "" {
		return room + " · " + online
	}
	return first(room, online)
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// serviceOf names the service that a part of a location stands for; for any other address its host; "" for a place.
func serviceOf(part string) string {
	host := hostOf(part)
	text := " " + strings.ReplaceAll(strings.ToLower(part), "-", " ") + " " // words between blanks
	for _, s := range services {
		for _, h := range s.hosts {
			if host == h || strings.HasSuffix(host, "."+h) {
				return s.name
			}
		}
		for _, w := range s.words {
			if host == "" && strings.Contains(text, " "+w+" ") && !strings.Contains(text, " room ") {
				return s.name
			}
		}
	}
	return Clip(strings.TrimPrefix(host, "www."), placeLetters)
}

func isURL(text string) bool {
	return strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://")
}

// hostOf returns the host of an address in lower case, "" when text is none.
func hostOf(text string) string {
	if !isURL(text) {
		return ""
	}
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// withoutNote takes a note in brackets from the end: "Room 3B (12 seats)" is Room 3B.
func withoutNote(text string) string {
	if i := strings.LastIndexByte(text, '('); i > 0 && strings.HasSuffix(text, ")") {
		return strings.TrimSpace(text[:i])
	}
	return text
}
