package page

import "github.com/valyala/quicktemplate"

// Frame is what is around the pages on which something is set.
type Frame struct {
	Device string // its name
	Theme  string
	CSS    string // where the style sheet is
}

// LoginView is the form that asks for the PIN.
type LoginView struct {
	Back  string // a path of this server, to go to afterwards
	Wrong string // with the last try
	None  bool   // there is no PIN and no token
}

// Login draws the form that asks for the PIN.
func Login(f *Frame, v *LoginView) []byte {
	return outputOf(func(w *quicktemplate.Writer) { streamloginPage(w, f, v) })
}

// SettingsView is the page on which a person sets something.
type SettingsView struct {
	Token          string // of every form
	LoggedIn       bool
	Done, Wrong    string // how the last form went
	Problem        string // with the configuration file
	Pending        string // keys that take effect at the next start
	Network        bool   // it is set here, on its own page
	Calendars      []CalendarRow
	Add            AddForm
	Fields         []FieldRow
	HasPIN         bool
	HasToken       bool
	RemovePIN      bool // its removal is to be confirmed
	PINWrong       string
	Emergency      bool // everything optional is off
	EmergencyWords string
	Features       []FeatureRow
	Changes        []ChangeRow
}

// CalendarRow is a calendar, and what can be done with it.
type CalendarRow struct {
	ID, Name, Address, State, Error string
	Removable                       bool
	Confirm                         bool // its removal is to be confirmed
}

// AddForm is what a person typed about a calendar to add.
type AddForm struct {
	URL, Name, Wrong string
	LAN              bool // it is in the home network
}

// FieldKind is how a setting is asked for.
type FieldKind string

// The kinds of fields.
const (
	TextField   FieldKind = "text"
	ChoiceField FieldKind = "choice"
	NumberField FieldKind = "number"
	SwitchField FieldKind = "switch"
)

// FieldRow is a setting.
type FieldRow struct {
	Key, Title string
	Kind       FieldKind
	Options    []Option // of a choice
	Value      string   // as it holds, or as a person typed it
	Wrong      string   // with what was typed
}

// Option is one of several values.
type Option struct{ Value, Text string }

// FeatureRow is an optional part.
type FeatureRow struct {
	Name, Title, Does, Words string
	On                       bool
	Options                  []Option
	Chosen                   string
}

// ChangeRow is a change that was made.
type ChangeRow struct {
	ID                   int64
	What, When, Who, Why string
	Undo                 bool // it can be taken back
}

// Settings draws the page on which a person sets something.
func Settings(f *Frame, v *SettingsView) []byte {
	return outputOf(func(w *quicktemplate.Writer) { streamsettingsPage(w, f, v) })
}
