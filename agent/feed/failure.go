package feed

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/conn"
	"calendarbot/agent/ics"
)

// storeError is what the database said while a fetch was to be kept.
type storeError struct{ err error }

func (e *storeError) Error() string { return e.err.Error() }
func (e *storeError) Unwrap() error { return e.err }

// explain puts what went wrong with a fetch into a code and words.
func explain(src config.Source, err error, c reading) *Failure {
	var known *Failure
	if errors.As(err, &known) {
		return known
	}
	first := hostOf(src)
	host := first
	var hop *conn.HopError
	if errors.As(err, &hop) {
		host = hop.Host
	}
	for _, try := range []func() (code, words string){
		func() (string, string) { return storeWords(err) },
		func() (string, string) { return contentWords(host, err) },
		func() (string, string) { return statusWords(host, src, err) },
		func() (string, string) { return wayWords(host, err) },
		func() (string, string) { return tlsWords(host, err, c) },
		func() (string, string) { return netWords(host, err) },
	} {
		code, words := try()
		switch {
		case code == "":
			continue
		case hop != nil && code != "clock" && !strings.HasPrefix(code, "store"):
			words = sentOn(first, host, words)
		}
		return &Failure{Code: code, Words: words, Err: err}
	}
	return &Failure{Code: "network", Words: fmt.Sprintf("The connection to %s broke. Nothing to do unless it lasts.", host), Err: err}
}

// sentOn begins words about host with how we came there from first.
func sentOn(first, host, words string) string {
	if !strings.HasPrefix(words, host) {
		words = strings.ToLower(words[:1]) + words[1:]
	}
	return fmt.Sprintf("%s sends us on to %s, and %s", first, host, words)
}

// hostOf is the part of a source's address that may be named.
func hostOf(src config.Source) string {
	u, err := url.Parse(src.URL.Reveal())
	if err != nil || u.Host == "" {
		return "the server"
	}
	return u.Host
}

func storeWords(err error) (code, words string) {
	var inStore *storeError
	if !errors.As(err, &inStore) {
		return "", ""
	}
	switch {
	case conn.IsFull(err):
		return "store_full", "The new events can't be stored, because the disk is full. Make room on it."
	case conn.IsBusy(err):
		return "store_busy", "The new events can't be stored, because another program holds the database. End that program if this lasts."
	case conn.Unwritable(err):
		return "store", "The new events can't be stored, because the disk is read-only. Restart the device; if this comes again, replace its SD card."
	}
	return "store", "The new events can't be stored, because the database can't be written. The log tells more; restart the device if this lasts."
}

// contentWords is about what came instead of a calendar.
func contentWords(host string, err error) (code, words string) {
	var broken *bodyError
	switch {
	case timedOut(err):
		return "", "" // that it came too slowly explains the rest
	case errors.Is(err, ics.ErrHTML):
		return "html", fmt.Sprintf("%s sent a web page, not a calendar. Use the address of the calendar itself (iCal or .ics); if it is right, a login page may be in the way.", host)
	case errors.Is(err, ics.ErrEmpty):
		return "empty", fmt.Sprintf("%s sent nothing. If this lasts, look whether the address still opens in a browser.", host)
	case errors.Is(err, ics.ErrTooLarge):
		return "too_large", fmt.Sprintf("The calendar of %s is larger than allowed. Use one with fewer past events, or raise feeds.max_bytes.", host)
	case errors.Is(err, ics.ErrTooMany):
		return "too_large", fmt.Sprintf("The calendar of %s has more events than allowed. Use one with fewer past events, or raise feeds.max_events.", host)
	case errors.Is(err, ics.ErrTruncated), errors.As(err, &broken):
		return "truncated", fmt.Sprintf("The calendar of %s broke off in the middle. Nothing to do unless it lasts.", host)
	case errors.Is(err, ics.ErrNotICS):
		return "not_calendar", fmt.Sprintf("What %s sent is not a calendar. Use the address of the calendar itself (iCal or .ics).", host)
	case errors.Is(err, errCompressed):
		return "decompress", fmt.Sprintf("What %s sent can't be decompressed. Nothing to do unless it lasts.", host)
	}
	return "", ""
}

// tooOften is the code of a server that has had enough of us.
const tooOften = "http_429"

// statusWords is about the server's own word.
func statusWords(host string, src config.Source, err error) (code, words string) {
	var status *statusError
	if !errors.As(err, &status) {
		return "", ""
	}
	n := status.code
	code = fmt.Sprintf("http_%d", n)
	withCredentials := src.Username != "" || src.Password != "" || src.Bearer != "" || len(src.Headers) > 0
	switch {
	case n == http.StatusUnauthorized && withCredentials:
		words = "%s does not accept the user name and password, or the token (%d). Enter them anew."
	case n == http.StatusUnauthorized:
		words = "%s wants a user name and a password (%d). Enter them for this calendar."
	case n == http.StatusForbidden:
		words = "%s does not allow this calendar to be read (%d). Look whether it is still shared, and use its new address if it has one."
	case n == http.StatusNotFound, n == http.StatusGone:
		words = "%s has no calendar at this address (%d). Look whether it has moved or is no longer shared."
	case n == http.StatusNotModified:
		words = "%s says that nothing has changed (%d), though it was asked for the whole calendar. Nothing to do unless it lasts."
	case n == http.StatusTooManyRequests:
		words = "%s is asked too often (%d). Nothing to do; set a longer refresh pause if this returns."
	case n >= 500:
		words = "%s has a fault of its own (%d). Nothing to do unless it lasts."
	case n >= 300 && n < 400:
		words = "%s points to somewhere else without saying where (%d). Look for the calendar's new address."
	case n < 300:
		words = "%s answers without a calendar (%d). Look whether the address still opens in a browser."
	default:
		words = "%s refuses the request (%d). Look whether the address still opens in a browser."
	}
	return code, fmt.Sprintf(words, host, n)
}

// wayWords is about where the request led.
func wayWords(host string, err error) (code, words string) {
	var invalid *invalidError
	if errors.As(err, &invalid) {
		return "invalid", fmt.Sprintf("This calendar can't be fetched: %s. Correct the address.", invalid.why)
	}
	var address *conn.AddressError
	if errors.As(err, &address) {
		advice := "Calendars are never fetched from there; correct the address."
		var hop *conn.HopError
		switch {
		case address.Allowed && errors.As(err, &hop):
			advice = "No server on the internet may send us there; use the calendar's own address."
		case address.Allowed:
			advice = "If the server is yours, allow the local network (lan) for this calendar."
		}
		return "address", fmt.Sprintf("%s leads to %s, %s. %s", host, address.Address, address.What(), advice)
	}
	var redirect *conn.RedirectError
	if !errors.As(err, &redirect) {
		return "", ""
	}
	if redirect.Loop {
		return "redirect", fmt.Sprintf("%s sends us in a circle of redirects. Look whether the address still opens in a browser.", host)
	}
	if redirect.Host == "" {
		return "redirect", fmt.Sprintf("%s redirects to an address which can't be followed: %s. Look for the calendar's new address.", host, redirect.Why)
	}
	return "redirect", fmt.Sprintf("%s redirects to %s, which can't be followed: %s. Use the calendar's new address.", host, redirect.Host, redirect.Why)
}

func timedOut(err error) bool {
	var t net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &t) && t.Timeout()
}

// netWords is about the connection.
func netWords(host string, err error) (code, words string) {
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "dns", fmt.Sprintf("There is no server named %s. Check the spelling of the address.", host)
	case errors.As(err, &dns):
		return "dns", fmt.Sprintf("The name %s can't be looked up. Check the device's network connection.", host)
	case timedOut(err):
		return "timeout", fmt.Sprintf("%s did not deliver the calendar in time. Nothing to do unless it lasts.", host)
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused", fmt.Sprintf("%s refuses the connection. Check that the server runs, and the port in the address.", host)
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "network", fmt.Sprintf("There is no way to %s. Check the device's network connection.", host)
	}
	return "", ""
}

// tlsWords is about the encrypted connection.
func tlsWords(host string, err error, c reading) (code, words string) {
	var invalid x509.CertificateInvalidError
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var verification *tls.CertificateVerificationError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil:
		return c.validity(host, invalid.Cert)
	case errors.As(err, &unknown):
		return "tls", fmt.Sprintf("The certificate of %s comes from nobody this device knows. Use a server with a public certificate, or http:// at home.", host)
	case errors.As(err, &name):
		return "tls", fmt.Sprintf("The certificate of %s belongs to another name. Use the name that it was made for.", host)
	case errors.As(err, &record):
		return "tls", fmt.Sprintf("%s does not speak https here. Try the address with http://, or check the port.", host)
	case errors.As(err, &verification), errors.As(err, &invalid), errors.As(err, &alert):
		return "tls", fmt.Sprintf("No secure connection to %s could be made. Whoever runs the server must look at its certificate.", host)
	}
	return "", ""
}

// firstYear is the year in which this program was written: a clock before it is wrong.
const firstYear = 2026

// reading is what is known about the time.
type reading struct {
	now    time.Time     // the program's clock
	behind time.Duration // how far it is behind the servers' clocks
	known  bool          // whether a server told
	words  string        // why it is not to be believed; "" when it is
}

// with returns the reading with what an answer tells about it.
func (c reading) with(a answer) reading {
	if !a.date.IsZero() {
		c.behind, c.known = a.date.Sub(c.now), true
	}
	return c
}

// validity explains a certificate that is not valid now: by its own fault, or because our clock is
// wrong.
func (c reading) validity(host string, cert *x509.Certificate) (code, words string) {
	day := func(t time.Time) string { return t.UTC().Format("2 January 2006") }
	if c.words != "" {
		return "clock", fmt.Sprintf("Whether the certificate of %s holds can't be told yet. %s Wait until the time has come from the network, or set it.", host, c.words)
	}
	early := c.now.Before(cert.NotBefore)
	really := c.now.Add(c.behind)
	if early || c.now.Year() < firstYear || c.known && really.After(cert.NotBefore) && really.Before(cert.NotAfter) {
		return "clock", fmt.Sprintf("This device's clock is probably wrong: it says %s. Set it, or let it be set from the network. The certificate of %s holds from %s to %s.",
			day(c.now), host, day(cert.NotBefore), day(cert.NotAfter))
	}
	return "tls", fmt.Sprintf("The certificate of %s ran out on %s. Whoever runs the server must renew it, unless this device's clock is wrong: it says %s.",
		host, day(cert.NotAfter), day(c.now))
}

// aboutTime tells whether an error may be the fault of a clock that is wrong.
func aboutTime(err error) bool {
	var invalid x509.CertificateInvalidError
	return errors.As(err, &invalid) && invalid.Reason == x509.Expired
}

// emptied is the failure of a calendar that came without any event, where before stand.
func emptied(src config.Source, before int) *Failure {
	return &Failure{Code: "emptied", Words: fmt.Sprintf("%s sent a calendar without any event, where there were %d before. They stay until it came empty %d times in a row.",
		hostOf(src), before, emptyBelief)}
}
