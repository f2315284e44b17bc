package docs

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"calendarbot/hwtest"
)

// TestTimerIsToldAsItIs holds the image's table to how often the timer of updates runs out.
func TestTimerIsToldAsItIs(t *testing.T) {
	timer := read(t, "systemd/calendarbot-update.timer")
	minutes := func(name string) int {
		found := regexp.MustCompile(`(?m)^` + name + `=(\d+)min$`).FindStringSubmatch(timer)
		if found == nil {
			t.Fatalf("the timer has no %s in minutes", name)
		}
		n, err := strconv.Atoi(found[1])
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	words := map[int]string{5: "five", 10: "ten", 15: "fifteen", 20: "twenty", 30: "thirty", 60: "sixty"}
	least := minutes("OnUnitInactiveSec")
	often := "every " + words[least] + " to " + words[least+minutes("RandomizedDelaySec")] + " minutes"
	for name, line := range map[string]string{"systemd/calendarbot-update.timer": "# Looks for updates: soon after each start, then " + often, "image/README.md": "| `calendarbot-update` | " + often} {
		if !strings.Contains(read(t, name), line) {
			t.Errorf("%s does not say %q", name, line)
		}
	}
}

// TestListOfStepsIsTold holds the README to how many steps "hwtest/run HOST --list" prints.
func TestListOfStepsIsTold(t *testing.T) {
	var list strings.Builder
	if code := hwtest.Main(t.Context(), []string{"--list"}, &list, &list, nil); code != 0 {
		t.Fatalf("status %d: %s", code, &list)
	}
	if says := fmt.Sprintf("--list  +# the %d steps", strings.Count(list.String(), "judges:")); !regexp.MustCompile(says).MatchString(read(t, "README.md")) {
		t.Errorf("README.md has nothing like %q", says)
	}
}
