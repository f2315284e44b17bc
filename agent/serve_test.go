package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"calendarbot/scripts/demo/household"
)

// whatsNext is the part of /api/whats-next that these tests read.
type whatsNext struct {
	Meeting *struct {
		ID      string `json:"meeting_id"`
		Subject string `json:"subject"`
		Start   string `json:"start_iso"`
	} `json:"meeting"`
	Status struct {
		Message string `json:"message"`
	} `json:"status"`
}

const oneMeeting = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:one\r\nDTSTART:20260616T080000Z\r\nDTEND:20260616T083000Z\r\nSUMMARY:The only one\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

// at makes the program's clock stand still.
func at(t time.Time) string { return "CALENDARBOT_TEST_TIME=" + t.Format(time.RFC3339) }

func TestServeShowsTheHousehold(t *testing.T) {
	now := time.Date(2026, time.June, 16, 7, 12, 0, 0, time.UTC)
	feeds := httptest.NewServer(household.Handler(now))
	defer feeds.Close()
	file := filepath.Join(t.TempDir(), "calendarbot.yaml")
	text := "sources:\n"
	for _, name := range household.Feeds() {
		text += "  - name: " + strings.TrimSuffix(name, ".ics") + "\n    url: " + feeds.URL + "/" + name + "\n"
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := startProgram(t, []string{at(now)}, "--config", file, "--store", filepath.Join(t.TempDir(), "calendarbot.db"))
	var next whatsNext
	p.await("a meeting is next", func() bool { return p.getJSON("/api/whats-next", &next) == http.StatusOK && next.Meeting != nil })
	p.await("the page names the calendar that fails", func() bool {
		_, body := p.get("/")
		return strings.Contains(string(body), `name="calendarbot-ready" content="1"`) && strings.Contains(strings.ToLower(string(body)), "broken could not be read")
	})
	if strings.Contains(p.stderr(), "/broken.ics") {
		t.Errorf("the path of a feed is in the log:\n%s", p.stderr())
	}
}

func TestServeAnswersFromTheDatabaseBeforeTheNetwork(t *testing.T) {
	feed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/calendar")
		if _, err := w.Write([]byte(oneMeeting)); err != nil {
			t.Error(err)
		}
	}))
	env := []string{at(time.Date(2026, time.June, 16, 7, 30, 0, 0, time.UTC)), "CALENDARBOT_ICS_URL=" + feed.URL}
	file := filepath.Join(t.TempDir(), "calendarbot.db")
	p := startProgram(t, env, "--store", file)
	var next whatsNext
	p.await("the feed was read", func() bool { return p.getJSON("/api/whats-next", &next) == http.StatusOK && next.Meeting != nil })
	p.kill()
	feed.Close()

	p = startProgram(t, env, "--store", file)
	next = whatsNext{}
	if status := p.getJSON("/api/whats-next", &next); status != http.StatusOK || next.Meeting == nil || next.Meeting.Subject != "The only one" {
		t.Errorf("first answer after a power cut without network: status %d, %+v", status, next)
	}
	if status, _ := p.get("/readyz"); status != http.StatusOK {
		t.Errorf("/readyz is %d with last good events", status)
	}
}

func TestServeSaysThatItIsStillLoading(t *testing.T) {
	asked, answer := make(chan struct{}, 8), make(chan struct{})
	feed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-answer
	}))
	defer feed.Close()
	defer close(answer)
	p := startProgram(t, []string{"CALENDARBOT_ICS_URL=" + feed.URL}, "--store", filepath.Join(t.TempDir(), "calendarbot.db"))
	<-asked
	var next whatsNext
	if status := p.getJSON("/api/whats-next", &next); status != http.StatusOK || next.Meeting != nil || next.Status.Message == "No meetings scheduled" {
		t.Errorf("while loading: status %d, %+v", status, next)
	}
	if status, _ := p.get("/api/health"); status != http.StatusServiceUnavailable {
		t.Errorf("/api/health is %d while loading", status)
	}
	if status, _ := p.get("/healthz"); status != http.StatusOK {
		t.Errorf("/healthz is %d while loading", status)
	}
}

func TestServeRefusesAPortThatIsTaken(t *testing.T) {
	taken := httptest.NewServer(http.NotFoundHandler())
	defer taken.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(taken.URL, "http://"), ":")
	var out, errs strings.Builder
	code := command(t.Context(), []string{"--host", "127.0.0.1", "--port", port, "--store", filepath.Join(t.TempDir(), "x.db"), "--config", os.DevNull}, console{in: strings.NewReader(""), out: &out, err: &errs})
	if code != 1 || !strings.Contains(errs.String(), "listen on port "+port) || !strings.Contains(errs.String(), "--port") {
		t.Errorf("exit status %d, %s", code, errs.String())
	}
}
