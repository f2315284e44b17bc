package page

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// receiver is a device to which a file is sent. It fails now and then: a piece is lost, and the answer to another.
type receiver struct {
	mu      sync.Mutex
	file    []byte
	pieces  int
	applied string
	view    UpdateView
	pressed []string
}

func (r *receiver) serve(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	serveAssets(mux)
	mux.HandleFunc("GET /update", func(w http.ResponseWriter, q *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.view.Done = q.URL.Query().Get("done")
		if r.applied != "" {
			r.view.Busy, r.view.Headline, r.view.Progress = true, "It is being installed", &ProgressView{Words: "Checking", Percent: 40}
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", policy)
		w.Write(Update(&Frame{Device: "CalendarBot", Theme: "auto", CSS: "/assets/none.css"}, &r.view))
	})
	mux.HandleFunc("POST /update", func(w http.ResponseWriter, q *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if err := q.ParseForm(); err != nil {
			t.Error(err)
		}
		r.pressed = append(r.pressed, q.Form.Get("do")+" "+q.Form.Get("kind")+q.Form.Get("level")+" "+q.Form.Get("token"))
		http.Redirect(w, q, "/update?done=1", http.StatusSeeOther)
	})
	mux.HandleFunc("DELETE /api/v1/update/upload", func(w http.ResponseWriter, _ *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.file = nil
		fmt.Fprint(w, `{"size_bytes":0}`)
	})
	mux.HandleFunc("PUT /api/v1/update/upload", r.piece)
	mux.HandleFunc("POST /api/v1/update", func(w http.ResponseWriter, q *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		text, err := io.ReadAll(q.Body)
		if err != nil {
			t.Error(err)
		}
		r.applied = string(text)
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, `{}`)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.CloseClientConnections)
	return server
}

func (r *receiver) piece(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pieces++
	offset, wrong := strconv.Atoi(q.URL.Query().Get("offset"))
	switch {
	case err != nil || wrong != nil:
		w.WriteHeader(http.StatusBadRequest)
		return
	case offset != len(r.file):
		w.Header().Set("Upload-Offset", strconv.Itoa(len(r.file)))
		w.WriteHeader(http.StatusConflict)
		fmt.Fprint(w, `{"detail":"elsewhere"}`)
		return
	case r.pieces == 2: // lost on the way
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, `{"detail":"busy"}`)
		return
	}
	r.file = append(r.file, body...)
	if r.pieces == 4 { // it arrived, but nobody hears of it
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, `{"detail":"busy"}`)
		return
	}
	json.NewEncoder(w).Encode(map[string]int{"size_bytes": len(r.file)})
}

func TestBrowserSendsAFileAndPressesButtons(t *testing.T) {
	var told complaints
	browser := openBrowser(t, told.hear)
	r := &receiver{view: UpdateView{
		Token: "token-of-the-page", Look: "fine", Headline: "Everything is up to date", Say: "Everything is up to date", Slotted: true,
		Runs:   []RunRow{{Kind: "agent", Title: "Program", Version: "1.2.3", Former: "1.2.2"}},
		Upload: UploadView{Most: 1_000_000, Pieces: 4096}, Levels: []LevelRow{{Level: 1, Title: "Switch the optional parts off"}},
	}}
	server := r.serve(t)
	whole := bytes.Repeat([]byte("a piece of a file "), 2000)
	name := filepath.Join(t.TempDir(), "updates.tar")
	if err := os.WriteFile(name, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(browser, chromedp.Navigate(server.URL+"/update")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(browser, 40*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx,
		chromedp.Click(chromedp.CSS(`button[aria-label="Switch the optional parts off"]`)),
		chromedp.WaitVisible(chromedp.CSS(`p.done`)),
		chromedp.SetUploadFiles(chromedp.CSS(`#tar`), []string{name}),
		chromedp.Click(chromedp.CSS(`#upload button`)),
		chromedp.WaitVisible(chromedp.CSS(`#now progress`)), // what the device does with it is shown without loading the page
	); err != nil {
		t.Fatal(err)
	}
	words, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS(`#sent`)))
	if err != nil {
		t.Fatal(err)
	}
	headline, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS(`#now .verdict strong`)))
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !bytes.Equal(r.file, whole) || r.pieces < 10 || r.applied != `{"do":"apply","from":"upload"}` {
		t.Errorf("%d of %d bytes in %d pieces, then %q", len(r.file), len(whole), r.pieces, r.applied)
	}
	if !strings.Contains(words, "All of it is sent") || headline != "It is being installed" {
		t.Errorf("%q, %q", words, headline)
	}
	if got := strings.Join(r.pressed, "; "); got != "level 1 token-of-the-page" {
		t.Errorf("pressed %s", got)
	}
}
