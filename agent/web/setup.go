package web

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/network"
	"calendarbot/agent/page"
)

// overAccessPoint tells whether somebody is on the device's own access point. Whoever is there knows its passphrase, which stands on the
// display and on the card, and sets the wireless network without the PIN, as a device that is in no network has had nobody to
// set one.
func (s *Server) overAccessPoint(from, to netip.Addr) bool {
	if !network.OverAccessPoint(from, to) {
		return false
	}
	state, err := s.o.Network.State()
	return err == nil && state.Mode == network.Hosting
}

// strayed tells whether a request for another server came here over the access point, which leads everywhere to this device: a phone asks
// its maker's server whether it is in the internet, and shows the page that it is led to.
func (s *Server) strayed(c *fiber.Ctx) bool {
	from, to := ends(c)
	return s.overAccessPoint(from, to)
}

// ends is the addresses of a connection: whose it is, and where it came in.
func ends(c *fiber.Ctx) (from, to netip.Addr) {
	from, _ = netip.AddrFromSlice(c.Context().RemoteIP())
	to, _ = netip.AddrFromSlice(c.Context().LocalIP())
	return from.Unmap(), to.Unmap()
}

// getSetupPage is GET /setup.
func (s *Server) getSetupPage(c *fiber.Ctx) error {
	return s.showSetup(c, http.StatusOK, page.SetupView{})
}

// showSetup fills in what is not about the form.
func (s *Server) showSetup(c *fiber.Ctx, status int, v page.SetupView) error {
	state, err := s.o.Network.State()
	switch {
	case err != nil && network.Absent(err):
		v.Now = elsewhere
	case err != nil:
		return err
	default:
		v.Token = s.sessions.formToken(standingHere(c).session, s.current().Config.Web)
		v.Now, v.Trouble, v.Settable = networkWords(state), state.Trouble, state.Radio
		if v.Country == "" && v.CountryWrong == "" {
			v.Country = state.Country
		}
		for _, f := range state.Found {
			v.Found = append(v.Found, page.Option{Value: f.SSID, Text: f.SSID + ", " + foundWords(f)})
		}
	}
	return answerForm(c, status, page.Setup(s.frame(), &v))
}

// elsewhere is what is told on a machine that is no device.
const elsewhere = "The network of this machine is set elsewhere, not here."

// networkWords says how the device is in a network.
func networkWords(s network.State) string {
	switch {
	case s.Mode == network.Hosting:
		return "The device is in no network. Its own access point is open: " + s.Own + "."
	case s.Mode == network.Trying:
		return "The device tries to join the network " + s.SSID + "; that takes up to a minute."
	case s.Mode == network.Wireless:
		return "The device is in the wireless network " + s.SSID + "."
	case s.Mode == network.Cable && s.Radio:
		return "The device is in the network by cable."
	case s.Mode == network.Cable:
		return "The device is in the network by cable. It has no radio for wireless networks."
	case !s.Radio:
		return "The device is in no network, and has no radio for wireless networks."
	}
	return "The device waits for its network; after two minutes without it, its own access point opens: " + s.Own + "."
}

// foundWords says how good a network is.
func foundWords(f network.Found) string {
	strength := "weak"
	if f.Signal >= -60 {
		strength = "strong"
	} else if f.Signal >= -75 {
		strength = "good"
	}
	if !f.Secured {
		strength += ", without a password"
	}
	return strength
}

// setupForm is POST /setup. The answer is the page itself, not a way to it, as the access point over which it is asked for may be closed
// at the next moment.
func (s *Server) setupForm(c *fiber.Ctx) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	st := standingHere(c)
	if !s.sessions.fits(form.Get("token"), st.session, s.current().Config.Web) {
		return oldForm()
	}
	state, err := s.o.Network.State()
	switch {
	case err != nil && network.Absent(err):
		return problemOf(http.StatusConflict, "network", elsewhere)
	case err != nil:
		return err
	case !state.Radio:
		return problemOf(http.StatusConflict, "network", "The device has no radio for wireless networks.")
	}
	asked := requestIn(form)
	v := page.SetupView{SSID: asked.SSID, Hidden: asked.Hidden, Country: asked.Country}
	v.NameWrong, v.PassphraseWrong, v.CountryWrong = sentenceOf(network.CheckName(asked.SSID)), sentenceOf(network.CheckPassphrase(asked.Passphrase)), sentenceOf(network.CheckCountry(asked.Country))
	if v.NameWrong+v.PassphraseWrong+v.CountryWrong != "" {
		return s.showSetup(c, http.StatusUnprocessableEntity, v)
	}
	if err := s.o.Network.Ask(asked); err != nil {
		s.o.Log.Error("not kept", "what", "the request for a wireless network", "error", err)
		return notKept(err)
	}
	s.o.Log.Info("a wireless network is asked for", "by", st.who)
	return s.showSetup(c, http.StatusOK, page.SetupView{Done: triedWords(asked.SSID, state)})
}

// requestIn is what the form asks for: the name that was typed counts before the one that was chosen, without the space that a phone puts
// behind a word.
func requestIn(form url.Values) network.Request {
	r := network.Request{Country: strings.ToUpper(strings.TrimSpace(form.Get("country")))}
	r.SSID, r.Passphrase, r.Hidden = strings.TrimSpace(form.Get("name")), form.Get("passphrase"), form.Get("hidden") != ""
	if r.SSID == "" {
		r.SSID = form.Get("found")
	}
	return r
}

// sentenceOf is an error as a sentence of the page.
func sentenceOf(err error) string {
	if err == nil {
		return ""
	}
	return strings.ToUpper(err.Error()[:1]) + err.Error()[1:] + "."
}

// triedWords says what happens now, and what to do then: the person's own phone may be about to lose the device.
func triedWords(ssid string, state network.State) string {
	words := fmt.Sprintf("The device tries to join %s now.", ssid)
	if state.Mode == network.Hosting {
		words += " Its access point closes meanwhile. Take your phone or computer to that network too, and open " + ownAddress() +
			". Where " + state.Own + " is there again after two minutes, it could not be joined; this page says why then."
	}
	return words
}

// ownAddress is where the device is found in the network of the house.
func ownAddress() string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		name = "calendarbot"
	}
	name, _, _ = strings.Cut(name, ".")
	return "http://" + name + ".local"
}
