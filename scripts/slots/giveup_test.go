package slots

import (
	"strings"
	"testing"
)

// TestGiveUpSystem has a judge that does not run, in systems that are to be left and in others.
func TestGiveUpSystem(t *testing.T) {
	const again = "systemctl reset-failed calendarbot-trial.service\nsystemctl --no-block start calendarbot-trial.service\n"
	for name, c := range map[string]struct {
		left   string
		active bool
		want   string
	}{
		"on trial, without the agent":   {"2", false, "systemctl reboot\n"},
		"the last try":                  {"0", false, "systemctl reboot\n"},
		"on trial, with the agent":      {"2", true, again},
		"confirmed, without the agent":  {"9", false, again},
		"confirmed, and all is as well": {"9", true, again},
	} {
		t.Run(name, func(t *testing.T) {
			b := slots(t)
			b.state("BOOT_ORDER=A B\nBOOT_A_LEFT=" + c.left + "\nBOOT_B_LEFT=9\n")
			if c.active {
				b.write("active", "")
			}
			before := b.digest(b.disk)
			b.works("give-up-system", "0")
			if told := b.read("told"); told != c.want {
				t.Errorf("it told %q, want %q", told, c.want)
			}
			if b.digest(b.disk) != before {
				t.Error("the boot state was written")
			}
		})
	}
}

// TestGiveUpSystemWithoutABootState: the judge is started again all the same, whatever cannot be read.
func TestGiveUpSystemWithoutABootState(t *testing.T) {
	for name, lay := range map[string]func(b *board){
		"no layout":    func(b *board) { b.environ = append(b.environ, "FW_ENV_CONFIG="+b.path("none")) },
		"another root": func(b *board) { b.write("root", b.path("p7")+"\n") },
		"broken":       func(b *board) { b.write(b.disk, strings.Repeat("x", 2*mib)) },
	} {
		t.Run(name, func(t *testing.T) {
			b := slots(t)
			b.state("BOOT_ORDER=A B\nBOOT_A_LEFT=2\nBOOT_B_LEFT=9\n")
			lay(b)
			b.works("give-up-system", "0")
			if told := b.read("told"); told != "systemctl reset-failed calendarbot-trial.service\nsystemctl --no-block start calendarbot-trial.service\n" {
				t.Errorf("it told %q", told)
			}
		})
	}
}
