package page

import "strconv"

// Every word of the status page that is not told by others stands in this file.

type statusWords struct {
	Title, Pages, Next, Agenda, Settings, Updates         string
	Problems, Coming, Actions, Plots, Table, Hour, Facts  string
	Features, Sources, Missing, On, Off, Running, Do      string
	Memory, Latency, Hits, Stall, Heat, CPU, None, Legend string
	Lost, NoSources                                       string
}

func statusEnglish() statusWords {
	return statusWords{
		Title: "Status", Pages: "Pages", Next: "Next", Agenda: "Agenda", Settings: "Settings", Updates: "Updates",
		Problems: "What is wrong", Coming: "What will go wrong", Actions: "What was done by itself", Plots: "The last day",
		Table: "The same as a table: means of two hours", Hour: "From", Facts: "The program", Features: "Optional parts", Sources: "Calendars",
		Missing: "What this device cannot tell", On: "on", Off: "off", Running: "still so", Do: "What to do:",
		Memory: "Memory of the program", Latency: "Time for an answer", Hits: "Answers that were ready", Stall: "Waiting for memory",
		Heat: "Temperature", CPU: "Processor", None: "Nothing is known of the last day yet.",
		Legend: "Solid is the mean of ten minutes, dashed the highest value in them; of the time for an answer, that of the slowest hundredth. Where there is no line, nothing was measured.",
		Lost:   "No answer from the calendar since", NoSources: "There is no calendar yet.",
	}
}

func between(low, high, unit string) string {
	if low == high {
		return "always " + high + " " + unit
	}
	return "from " + low + " to " + high + " " + unit
}

// decimal writes a number with so many digits after the point.
func decimal(v float64, digits int) string { return strconv.FormatFloat(v, 'f', digits, 64) }
