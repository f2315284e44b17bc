// Package monitoring checks the alert rules and the dashboard against the figures that the real program tells.
package monitoring

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for a fact; it is reached only when something is wrong.
const patience = 2 * time.Minute

// live returns what the real program tells after it has read a calendar, answered a page and changed a setting. It runs once
// for all tests.
func live(t *testing.T) string {
	t.Helper()
	text, err := ask()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

var ask = sync.OnceValues(func() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	dir, err := os.MkdirTemp("", "calendarbot-monitoring-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	calendar := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\n"+
			"DTSTART:20260101T090000Z\r\nRRULE:FREQ=DAILY\r\nSUMMARY:Breakfast\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
	}))
	defer calendar.Close()
	file := filepath.Join(dir, "calendarbot.yaml")
	if err := os.WriteFile(file, []byte("web: {socket: \"\"}\nsources: [{id: home, url: "+calendar.URL+"/home.ics, lan: true}]\n"), 0o600); err != nil {
		return "", err
	}
	program := filepath.Join(dir, "calendarbot")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, "calendarbot/agent").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return tell(ctx, exec.CommandContext(ctx, program, "--config", file, "--host", "127.0.0.1", "--port", "0", "--store", filepath.Join(dir, "calendarbot.db")))
})

// tell runs the program and returns what it tells when everything has happened that figures are made of.
func tell(ctx context.Context, cmd *exec.Cmd) (text string, err error) {
	board, err := board(filepath.Dir(cmd.Path))
	if err != nil {
		return "", err
	}
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TZ=UTC", "CALENDARBOT_TEST_ROOT=" + board}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	lines := bufio.NewScanner(stderr)
	defer func() {
		signalled := cmd.Process.Signal(syscall.SIGTERM)
		for lines.Scan() { // until it has ended
		}
		if ended := cmd.Wait(); err == nil && (signalled != nil || ended != nil) {
			err = fmt.Errorf("the program ended with %v, %v", signalled, ended)
		}
	}()
	var log bytes.Buffer
	for lines.Scan() {
		log.WriteString(lines.Text() + "\n")
		if m := regexp.MustCompile(`msg=serving.* address=(\S+)`).FindStringSubmatch(lines.Text()); m != nil {
			return use(ctx, m[1])
		}
	}
	return "", fmt.Errorf("the program did not serve:\n%s", log.String())
}

// board is the root of a board in great trouble, on which a program is on trial, another went back, and a check was refused: it tells everything
// that a board can tell, whatever this machine is.
func board(dir string) (string, error) {
	root := filepath.Join(dir, "board")
	err := os.CopyFS(root, os.DirFS("../../agent/pressure/testdata/critical"))
	for name, text := range map[string]string{
		"data/slots/agent.json": `{"active":"a","trial":{"slot":"b","version":"1.3.0","tries":2,"started":1,"began":"2026-01-01T00:00:00Z"},
			"slots":{"a":{"version":"1.2.2","at":"2026-01-01T00:00:00Z"},"b":{"version":"1.3.0","at":"2026-01-01T00:00:00Z"}}}`,
		"sys/fs/cgroup/cgroup.controllers":                  "cpu memory\n",
		"sys/devices/system/cpu/vulnerabilities/spectre_v2": "Vulnerable\n",
		"data/slots/system.json":                            `{"active":"b","slots":{"a":{"version":"1.1.0","at":"2026-01-01T00:00:00Z"},"b":{"version":"1.2.0","at":"2026-01-01T00:00:00Z"}}}`,
		"data/update/status.json": `{"checked":"2026-01-01T00:00:00Z","code":"expired","problem":"What is signed is too old.",
			"available":[{"kind":"system","version":"1.3.0","published":"2026-01-01T00:00:00Z","percent":100}]}`,
	} {
		name = filepath.Join(root, name)
		err = errors.Join(err, os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644))
	}
	return root, err
}

// use makes the program count, and returns what it then tells.
func use(ctx context.Context, address string) (string, error) {
	if _, err := request(ctx, http.MethodPatch, address+"/api/v1/config", `{"set":{"display.clock":"12h"}}`); err != nil {
		return "", err
	}
	if _, err := request(ctx, http.MethodGet, address+"/", ""); err != nil {
		return "", err
	}
	if _, err := request(ctx, http.MethodPost, address+"/api/skip", `{"meeting_id":"1"}`); err != nil {
		return "", err
	}
	if _, err := request(ctx, http.MethodGet, address+"/nowhere", ""); err == nil { // what is refused is counted, too
		return "", errors.New("there is a page /nowhere")
	}
	for {
		text, err := request(ctx, http.MethodGet, address+"/metrics", "")
		read, judged := strings.Contains(text, "\ncalendarbot_feed_age_seconds{"), strings.Contains(text, "\ncalendarbot_problem{")
		if err != nil || read && judged {
			return text, err
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("the calendar was not read, or the device not judged:\n%s", text)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// request returns the body of an answer that is a success.
func request(ctx context.Context, method, address, body string) (string, error) {
	ask, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	ask.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(ask)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s\n%s", method, address, answer.Status, text)
	}
	return string(text), err
}
