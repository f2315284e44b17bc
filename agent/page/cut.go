package page

import (
	"fmt"

	"calendarbot/agent/calendar"
)

// cutNote is what people read when events repeat too often to be shown whole; "" when none does.
func cutNote(warnings []calendar.Warning) string {
	switch n := len(warnings); {
	case n == 0:
		return ""
	case n == 1:
		return "1 event repeats too often to be shown whole"
	case n > calendar.MaxWarnings: // the last counts those without a name
		return fmt.Sprintf("More than %d events repeat too often to be shown whole", calendar.MaxWarnings)
	default:
		return fmt.Sprintf("%d events repeat too often to be shown whole", n)
	}
}

// cut is an event that is not shown whole, under /api/v1.
type cut struct {
	UID     string `json:"uid"`
	Summary string `json:"summary"`
	Text    string `json:"text"` // a sentence for a person
}

// mostCuts is how many events an answer names; the note on the page counts them.
const mostCuts = 20

// cuts are the first warnings of the expansion, with private events as elsewhere: masked, or left out.
func (p *picture) cuts() []cut {
	private := make(map[string]bool)
	if p.options.Private != "show" && len(p.warnings) > 0 {
		for i := range p.snap.Events {
			if e := &p.snap.Events[i]; e.Private {
				private[e.UID] = true
			}
		}
	}
	list := []cut{}
	for _, w := range p.warnings {
		if len(list) == mostCuts {
			break
		}
		c := cut{UID: w.UID, Summary: w.Summary, Text: w.Text}
		if private[w.UID] {
			if p.options.Private == "hide" {
				continue
			}
			c.Summary = "Private"
		}
		list = append(list, c)
	}
	return list
}
