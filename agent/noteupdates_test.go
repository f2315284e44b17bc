package main

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"calendarbot/agent/durable"
	"calendarbot/agent/update"
)

// TestUpdaterHearsWhatIsSet: the updater is another program, which has no way to what was changed while this one runs.
func TestUpdaterHearsWhatIsSet(t *testing.T) {
	root, state := t.TempDir(), t.TempDir()
	if err := durable.MakeFolder(filepath.Join(root, "data/slots"), 0o755); err != nil {
		t.Fatal(err)
	}
	p := startProgram(t, []string{"CALENDARBOT_TEST_ROOT=" + root, "CALENDARBOT_UPDATE_CHANNEL=beta"}, "--store", filepath.Join(state, "calendarbot.db"))
	noted := func() update.Settings {
		s, _, err := update.NotedSettings(state)
		if err != nil {
			t.Error(err)
		}
		return s
	}
	p.await("the updater hears what the configuration says", func() bool { return noted().Channel == "beta" && noted().Automatic == update.AutomaticAll })

	req, err := http.NewRequest(http.MethodPatch, p.address+"/api/v1/config", strings.NewReader(`{"set":{"update.automatic":"off"}}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v", resp.Status, err)
	}
	p.await("the updater hears what was changed", func() bool { return noted().Automatic == update.AutomaticOff })
}

// TestInstallationWithoutSlotsNotesNothing: it has no updater.
func TestInstallationWithoutSlotsNotesNothing(t *testing.T) {
	state := t.TempDir()
	p := startProgram(t, []string{"CALENDARBOT_TEST_ROOT=" + t.TempDir()}, "--store", filepath.Join(state, "calendarbot.db"))
	p.stop()
	if _, found, err := update.NotedSettings(state); found || err != nil {
		t.Errorf("noted: %v, %v", found, err)
	}
}
