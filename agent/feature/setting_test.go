package feature

import (
	"strings"
	"testing"
)

func TestParseReadsStepsPercentagesAndForce(t *testing.T) {
	for text, want := range map[string]string{
		"on": "on", "true": "on", " ON ": "on", "off": "off", "false": "off", "False": "off",
		"disabled": "0%", "canary": "5%", "gradual": "25%", "majority": "75%", "full": "100%", "Canary": "5%",
		"0": "0%", "0%": "0%", "1": "1%", "33%": "33%", "99 %": "99%", "100": "100%", "100%": "100%", "007": "7%",
	} {
		s, err := Parse(text)
		if err != nil || s.String() != want {
			t.Errorf("Parse(%q) = %v, %v, want %s", text, s, err, want)
		}
		if again, err := Parse(s.String()); err != nil || again != s {
			t.Errorf("Parse(%q) = %v, %v, want %v", s.String(), again, err, s)
		}
	}
}

func TestParseSaysWhatIsAllowed(t *testing.T) {
	for _, text := range []string{"", "101", "-1", "+5", "1e1", "0x10", "12.5", "%", "5%%", "half", "yes", "256", "99999999999999999999", strings.Repeat("9", 5000)} {
		_, err := Parse(text)
		if err == nil || !strings.HasSuffix(err.Error(), "from 0 to 100, or a step: disabled (0), canary (5), gradual (25), majority (75), full (100)") || len(err.Error()) > 300 {
			t.Errorf("Parse(%.20q): %v", text, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"on", "25%", "full", "\x00", "٣"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if err != nil {
			return
		}
		if again, err := Parse(s.String()); err != nil || again != s || s.Percent < 0 || s.Percent > 100 {
			t.Errorf("Parse(%q) = %+v, which reads back as %+v, %v", text, s, again, err)
		}
	})
}
