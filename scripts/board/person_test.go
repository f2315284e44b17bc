package board

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// What a person did on the device that updates are tried on.
const (
	personPIN    = "47110815"
	personSource = "Choir"
	personEvents = 3
	personTheme  = "dark"
)

// personCalendar is a calendar with some events each day.
func personCalendar(now time.Time) string {
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//choir//EN\r\n")
	for i := range personEvents {
		day := now.UTC().AddDate(0, 0, i+1).Format("20060102")
		fmt.Fprintf(&b, "BEGIN:VEVENT\r\nUID:choir-%d\r\nDTSTAMP:%sT000000Z\r\nDTSTART:%sT180000Z\r\nDTEND:%sT190000Z\r\nRRULE:FREQ=DAILY\r\nSUMMARY:Choir %d\r\nEND:VEVENT\r\n", i, day, day, day, i)
	}
	b.WriteString("END:VCALENDAR\r\n")
	return b.String()
}

// restart has the device start anew, and waits until it serves.
func (r *running) restart(t *testing.T) {
	t.Helper()
	said := r.Console.Said()
	r.run(t, "systemctl --no-block reboot")
	r.restarted(t, said)
}

// restarted waits until the device has started anew after a line of its console, and serves.
func (r *running) restarted(t *testing.T, said int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), bootTime)
	defer cancel()
	if _, _, err := r.Console.Until(ctx, said, saysKernel); err != nil {
		t.Fatalf("wait for a restart: %v", err)
	}
	if err := r.shows(ctx); err != nil {
		t.Fatal(err)
	}
}

// shows waits until the device shows its own page, as what its display needs.
func (r *running) shows(ctx context.Context) error {
	client := http.Client{Timeout: 10 * time.Second}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		var page bytes.Buffer
		err := get(ctx, &client, r.Web+"/", &page)
		if err == nil && strings.Contains(page.String(), "calendarbot-ready") {
			return nil
		}
		select {
		case <-tick.C:
		case <-r.Ended():
			return errors.New("wait for the page: the board ended")
		case <-ctx.Done():
			return fmt.Errorf("wait for the page: %w, %w", ctx.Err(), err)
		}
	}
}

// post asks the device for a change, as the person with the PIN.
func (r *running) post(t *testing.T, path string, what any) {
	t.Helper()
	text, err := json.Marshal(what)
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := r.asPerson(t.Context(), http.MethodPost, path, bytes.NewReader(text)); err != nil {
		t.Fatalf("%v: %s", err, answer)
	}
}

// tells reads what the device shows the person with the PIN at an address.
func (r *running) tells(t *testing.T, path string) string {
	t.Helper()
	answer, err := r.asPerson(t.Context(), http.MethodGet, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// asPerson is a request of the person with the PIN, which the device takes a while to judge.
func (r *running) asPerson(ctx context.Context, method, path string, body io.Reader) (_ string, err error) {
	req, err := http.NewRequestWithContext(ctx, method, r.Web+path, body)
	if err != nil {
		return "", err
	}
	req.SetBasicAuth("person", personPIN)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	client := http.Client{Timeout: waitTime}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	var answer strings.Builder
	if _, err := io.Copy(&answer, io.LimitReader(resp.Body, maxAnswer)); err != nil {
		return "", err
	}
	if resp.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: %s", method, path, resp.Status)
	}
	return answer.String(), err
}

// keepsPerson looks for all that the person did: the calendar, its events, the setting.
func (r *running) keepsPerson(t *testing.T) {
	t.Helper()
	if err := r.person(t.Context()); err != nil {
		t.Errorf("the person's data: %v", err)
	}
}

// person says what is missing of what the person did. A device that has just started is given a while.
func (r *running) person(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, waitTime)
	defer cancel()
	client := http.Client{Timeout: time.Minute}
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for {
		err := r.personNow(ctx, &client)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return err
		}
	}
}

func (r *running) personNow(ctx context.Context, client *http.Client) error {
	for _, want := range []struct {
		path, text string
		count      int
	}{
		{"/api/v1/sources", `"` + personSource + `"`, 1},
		{"/api/v1/events", `"Choir `, personEvents},
	} {
		var text bytes.Buffer
		if err := get(ctx, client, r.Web+want.path, &text); err != nil {
			return err
		}
		if got := strings.Count(text.String(), want.text); got < want.count {
			return fmt.Errorf("%s has %s %d times, want %d: %s", want.path, want.text, got, want.count, text.String())
		}
	}
	// Settings are shown to those who may change them.
	out, err := r.Run(ctx, "calendarbot config show display.theme")
	if err == nil && !strings.Contains(out, personTheme) {
		err = fmt.Errorf("display.theme is %s", out)
	}
	return err
}
