package preseed

import (
	"fmt"
	"strings"

	"calendarbot/agent/network"
)

// dos ends lines as every editor shows them.
func dos(text string) []byte { return []byte(strings.ReplaceAll(text, "\n", "\r\n")) }

// errorsText is calendarbot-errors.txt, of the files on the card; nil when nothing is wrong.
func errorsText(files []taken) []byte {
	var mistakes, became strings.Builder
	some := false
	for _, f := range files {
		for _, m := range f.Mistakes {
			fmt.Fprintf(&mistakes, "- %s\n", m)
		}
		switch {
		case len(f.Mistakes) == 0:
		case len(f.Sections) == 0:
			fmt.Fprintf(&became, "From %s nothing was taken over.\n", f.Mistakes[0].File)
		default:
			some = true
			fmt.Fprintf(&became, "From %s this was taken over: %s.\n", f.Mistakes[0].File, strings.Join(f.Sections, ", "))
		}
	}
	if mistakes.Len() == 0 {
		return nil
	}
	if some {
		became.WriteString(`A section with a mistake in it (such as wifi: or feeds:) was left out as a
whole, and stays in the file as it is.
`)
	}
	return dos("Not everything on this card could be used:\n\n" + mistakes.String() + "\n" + became.String() + `
Correct the file, put the card back into the device and switch it on: a
changed file is read again. This text goes away when nothing is wrong.
`)
}

// facts are what calendarbot-device.txt tells.
type facts struct {
	hostname string
	made     string // the PIN that the device made itself; "" when a person chose one
	point    network.AccessPoint
	notes    []string
}

// text is calendarbot-device.txt. The PIN that a person chose is not in it.
func (f facts) text() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "This is the card of the calendar %q.\n\nIts pages:  http://%s.local/\n", f.hostname, f.hostname)
	if f.made != "" {
		fmt.Fprintf(&b, "PIN:        %s\n            (for changes on the pages; the device made it up, and it holds until\n            you choose another one)\n", f.made)
	} else {
		b.WriteString("PIN:        the one that you chose\n")
	}
	if f.point.Name != "" {
		fmt.Fprintf(&b, "\nWithout a wireless network that it knows it opens one of its own:\n\nNetwork:    %s\nPassword:   %s\nSetup:      %s\n",
			f.point.Name, f.point.Passphrase, network.SetupAddress)
	}
	if len(f.notes) > 0 {
		b.WriteString("\nNot used on this device:\n\n")
		for _, n := range f.notes {
			fmt.Fprintf(&b, "- %s\n", n)
		}
	}
	return dos(b.String())
}
