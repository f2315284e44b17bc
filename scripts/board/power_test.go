package board

import (
	"context"
	"strings"
	"testing"
)

// TestPowerCutsDuringTheFirstBoot pulls the plug at several points of the first boot. After all of them the device boots, and tells
// the person what is wrong with the settings on the card, whose good parts hold. Where few cuts are asked for, they are those of updates.
func TestPowerCutsDuringTheFirstBoot(t *testing.T) {
	if ofEnvironment(t, "CALENDARBOT_CUTS", wholeSeries) < wholeSeries {
		t.Skip("make test-powercut-board pulls the plug during the first boot")
	}
	t.Parallel()
	n := newBench(t)
	n.seed(t, Settings{Hostname: "two words", Zone: "Europe/Berlin"})
	for _, point := range []string{
		saysKernel, saysSystemd, "calendarbot-firstboot.service", "calendarbot-grow.service", "Started calendarbot.service",
	} {
		n.cut(t, point)
	}
	b := n.on(t)
	b.boots(t, "after the power cuts")
	t.Run("agent", func(t *testing.T) { agentServes(t, b) })
	t.Run("data grown", func(t *testing.T) { dataGrown(t, b) })
	t.Run("units", func(t *testing.T) { unitsFine(t, b) })
	if got := b.run(t, "cat /etc/hostname; readlink /etc/localtime | grep -o 'Europe/Berlin'"); got != "calendarbot\nEurope/Berlin" {
		t.Errorf("the name and the zone are %q", got)
	}
	b.off(t)
	wrong := n.onCard(t, "calendarbot-errors.txt")
	t.Logf("calendarbot-errors.txt:\n%s", wrong)
	if !strings.Contains(wrong, "calendarbot.yaml, line 1") || !strings.Contains(wrong, "hostname") {
		t.Error("it does not tell what is wrong where")
	}
}

// cut switches the board on, and kills it as soon as its console says something.
func (n *bench) cut(t *testing.T, point string) {
	t.Helper()
	b := n.on(t)
	ctx, cancel := context.WithTimeout(t.Context(), bootTime)
	defer cancel()
	line, _, err := b.Console.Until(ctx, 0, point)
	if err != nil {
		t.Fatalf("wait for %q: %v", point, err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("cut at %.1f s: %s", line.After.Seconds(), line.Text)
}
