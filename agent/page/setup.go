package page

import (
	"slices"

	"github.com/valyala/quicktemplate"
)

// SetupView is the page on which a person sets the wireless network.
type SetupView struct {
	Token       string // of the form
	Now         string // how the device is in a network
	Trouble     string // how the network that was asked for last went
	Done, Wrong string // how the form went
	Settable    bool   // the network is set here

	Found           []Option // networks in reach
	SSID            string   // chosen, or typed
	NameWrong       string
	Hidden          bool
	PassphraseWrong string // what was typed does not come back
	Country         string
	CountryWrong    string
}

// listed tells whether the network that was chosen stands in the list.
func (v *SetupView) listed() bool {
	return slices.ContainsFunc(v.Found, func(o Option) bool { return o.Value == v.SSID })
}

// Setup draws the page on which a person sets the wireless network.
func Setup(f *Frame, v *SetupView) []byte {
	return outputOf(func(w *quicktemplate.Writer) { streamsetupPage(w, f, v) })
}
