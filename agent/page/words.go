package page

import "calendarbot/agent/view"

// Every word that the pages add to those of package view stands in this file.

type words struct {
	Pages, Next, Agenda, Settings, Now, Progress, QR, Lost string
}

func english() words {
	return words{
		Pages: "Pages", Next: "What’s next", Agenda: "Agenda", Settings: "Settings", Now: "now",
		Progress: "How much of it is over", QR: "The first of these addresses as a QR code",
		Lost: "No answer from the calendar since",
	}
}

func hideLabel(title string) string { return "Hide " + title }
func undoLabel(title string) string { return "Show " + title + " again" }
func undoText(title string) string  { return "“" + title + "” is hidden" }

const (
	undoButton   = "Undo"
	undoNameless = "An event"
	skippedWord  = "skipped"
)

// plainText is the large line of a state without events.
func plainText(n *view.Next) string {
	switch n.State {
	case view.Loading:
		return "Reading your calendars for the first time"
	case view.Unreached:
		return "No calendar could be read yet"
	case view.NoClock:
		return "Waiting for the time from the network"
	}
	return n.Text
}

func setupHeading() string { return "No calendar yet" }

// setupOpen leads to the page on which a calendar is added, which is for those who have a PIN or a token.
const setupOpen = "Add one with your phone. Open one of these addresses there:"

// setupHere is said where a phone reaches no address.
const setupHere = "Add one on the page /settings. This page fills by itself."

// setupNoPIN is said before there is a PIN.
const setupNoPIN = "To add one with your phone, first set a PIN of at least 4 characters: as web.pin in calendarbot.yaml, or on the device by “calendarbot config set web.pin PIN”. This page fills by itself."

// setupPhone stands above addresses that a phone reaches.
const setupPhone = "This page can also be opened on a phone:"

// clockReason is said by the clock page when nobody gives a reason.
const clockReason = "The calendar cannot be shown just now."

// What is said when the calendar cannot be read at all: on its pages, in the answers for programs, and in the header that says why
// a page is not the one it should be.
const (
	unreadWords  = "The calendar cannot be read at the moment"
	unreadSpoken = "Your calendar cannot be read at the moment."
	footWhy      = "the calendar cannot be read at the moment, and there is no page of it that is young enough"
	fastFailed   = "the kept pages cannot be used at the moment"
)

// What is said before the time is known.
const (
	unsetWords  = "The clock is not set yet"
	unsetSpoken = "The clock is not set yet, so I cannot tell what is next."
)

func unsetAsOf(when string) string      { return unsetWords + "; as of " + when }
func lastSeenAt(date, at string) string { return date + ", as of " + at }
func unsetShown(when string) string {
	return unsetWords + "; shown as of " + when + ", as the calendar cannot be read at the moment"
}

func shownAsOf(when string) string {
	return "Shown as of " + when + ": the calendar cannot be read at the moment"
}
