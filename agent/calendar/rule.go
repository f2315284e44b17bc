package calendar

// Rule is a parsed RRULE (RFC 5545 section 3.3.10).
type Rule struct {
	// to be completed by the owner of this file
}

// ParseRule reads an RRULE value. It accepts lower case, a trailing semicolon and parts in any order;
// RSCALE and unknown parts are ignored with a warning in words. start decides the defaults
// of missing BY parts and how UNTIL is read.
func ParseRule(text string, start Moment) (rule Rule, warnings []string, err error) {
	panic("calendar: ParseRule")
}
