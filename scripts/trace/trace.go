// Package trace is what a household asks of its calendar: recorded requests, one a line, for tests and
// benchmarks to ask again.
package trace

import (
	"bufio"
	_ "embed" // the recorded household
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed household.txt
var household string

// Request is one line of a trace.
type Request struct {
	At          time.Duration // from a full minute, so that a replay meets the changes of the picture as the household did
	Client      string        // who asked
	Method      string
	Target      string // path and query
	Gzip        bool   // the client takes gzip
	Revalidates bool   // the client sent the ETag that it had for this target
}

// Household is the recorded household, in the order of its requests.
func Household() ([]Request, error) { return Read(strings.NewReader(household)) }

// maxLine is the longest line of a trace in bytes.
const maxLine = 8 << 10

// Read reads a trace: empty lines and those that begin with "#" are passed over. An error names the line.
func Read(r io.Reader) ([]Request, error) {
	var list []Request
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		request, err := parse(text)
		if err != nil {
			return nil, fmt.Errorf("read line %d of the trace: %w", n, err)
		}
		if len(list) > 0 && request.At < list[len(list)-1].At {
			return nil, fmt.Errorf("read line %d of the trace: it is earlier than the one before", n)
		}
		list = append(list, request)
	}
	return list, lines.Err()
}

func parse(line string) (Request, error) {
	fields := strings.Fields(line)
	if len(fields) != 6 {
		return Request{}, fmt.Errorf("%d fields, want milliseconds, client, method, target, gzip or -, matches or -", len(fields))
	}
	at, err := strconv.ParseInt(fields[0], 10, 32)
	if err != nil || at < 0 {
		return Request{}, fmt.Errorf("%q is no number of milliseconds", fields[0])
	}
	r := Request{At: time.Duration(at) * time.Millisecond, Client: fields[1], Method: fields[2], Target: fields[3], Gzip: fields[4] == "gzip", Revalidates: fields[5] == "matches"}
	switch {
	case !slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodDelete}, r.Method):
		return r, fmt.Errorf("%q is no method that a household uses", r.Method)
	case !strings.HasPrefix(r.Target, "/"):
		return r, fmt.Errorf("%q is no path", r.Target)
	case !r.Gzip && fields[4] != "-":
		return r, fmt.Errorf("%q is neither gzip nor -", fields[4])
	case !r.Revalidates && fields[5] != "-":
		return r, fmt.Errorf("%q is neither matches nor -", fields[5])
	}
	return r, nil
}

// String is the line of a trace.
func (r Request) String() string {
	mark := func(set bool, word string) string {
		if set {
			return word
		}
		return "-"
	}
	return fmt.Sprintf("%d %s %s %s %s %s", r.At.Milliseconds(), r.Client, r.Method, r.Target, mark(r.Gzip, "gzip"), mark(r.Revalidates, "matches"))
}

var hashed = regexp.MustCompile(`/assets/([a-z]+)\.[0-9a-f]{6,}\.`)

// hash stands in a trace for the hash of a file's content, so that the trace outlives the file.
const hash = "HASH"

// General returns a target with the hash in the name of a page's file left out.
func General(target string) string { return hashed.ReplaceAllString(target, "/assets/$1."+hash+".") }

// Actual returns a target of a trace with the hash that the file has now, by a page that links to it.
func Actual(target string, html []byte) string {
	before, after, general := strings.Cut(target, hash)
	if !general {
		return target
	}
	for _, link := range regexp.MustCompile(regexp.QuoteMeta(before)+`[0-9a-f]+`+regexp.QuoteMeta(after)).FindAll(html, 1) {
		return string(link)
	}
	return target
}

// Busiest is the part of a trace of at most a length, from a full minute on, in which most is asked; times count from there.
func Busiest(list []Request, length time.Duration) []Request {
	var best []Request
	for begin := time.Duration(0); ; begin += time.Minute {
		from := slices.IndexFunc(list, func(r Request) bool { return r.At >= begin })
		if from < 0 {
			break
		}
		to := from
		for to < len(list) && list[to].At < begin+length {
			to++
		}
		if to-from > len(best) {
			best = slices.Clone(list[from:to])
			for i := range best {
				best[i].At -= begin
			}
		}
	}
	return best
}
