package web

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"calendarbot/agent/update"
)

// tarOf is bytes that begin as a .tar file does.
func tarOf(size int) []byte {
	text := make([]byte, size)
	rand.Read(text) //nolint:errcheck // it never fails
	copy(text[257:], "ustar")
	return text
}

func (s *slotted) piece(offset int, body []byte) answer {
	s.t.Helper()
	return s.ask("PUT", "/api/v1/update/upload?offset="+strconv.Itoa(offset), string(body), header{"Content-Type", "application/octet-stream"}, withToken())
}

// A file comes in pieces that may be lost, repeated and late, and is handed over whole.
func TestUploadInPieces(t *testing.T) {
	s := startSlotted(t)
	whole := tarOf(3*maxBody + 1234)
	for at := 0; at < len(whole); {
		end := min(at+maxBody, len(whole))
		a := s.piece(at, whole[at:end])
		if a.StatusCode != http.StatusOK || !has(a, fmt.Sprintf(`"size_bytes":%d`, end)) {
			t.Fatalf("at %d: %d %s", at, a.StatusCode, a.body)
		}
		// The same once more, as its answer was lost: nothing is written twice.
		if a := s.piece(at, whole[at:end]); a.StatusCode != http.StatusConflict || a.Header.Get("Upload-Offset") != strconv.Itoa(end) {
			t.Errorf("again at %d: %d %q", at, a.StatusCode, a.Header.Get("Upload-Offset"))
		}
		if a := s.piece(end+7, []byte("far")); a.StatusCode != http.StatusConflict || a.Header.Get("Upload-Offset") != strconv.Itoa(end) {
			t.Errorf("beyond %d: %d", end, a.StatusCode)
		}
		at = end
	}
	if got := s.get("/api/v1/update"); path(got, "upload", "size_bytes") != float64(len(whole)) || path(got, "upload", "whole") != false {
		t.Errorf("%v", got["upload"])
	}
	if a := s.ask("GET", "/update", "", withToken()); !has(a, "of a file were sent") {
		t.Errorf("%s", a.body)
	}
	if a := s.send("POST", "/api/v1/update", `{"do":"apply","from":"upload"}`); a.StatusCode != http.StatusAccepted {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if o := s.order("update/orders"); o == nil || o.Do != "apply" || o.Text != "upload" {
		t.Errorf("%+v", o)
	}
	name := filepath.Join(s.state, "update/upload/repository.tar")
	if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, whole) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o644 { // the updater is another user, without rights beyond those
		t.Errorf("%v %v", info, err)
	}
	if path(s.get("/api/v1/update"), "upload", "whole") != true {
		t.Error("it is not whole")
	}
	if a := s.send("DELETE", "/api/v1/update/upload", ""); a.StatusCode != http.StatusOK || s.get("/api/v1/update")["upload"] != nil {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a := s.send("POST", "/api/v1/update", `{"do":"apply","from":"upload"}`); !has(a, "no_upload") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

func TestUploadIsBounded(t *testing.T) {
	s := startSlotted(t)
	for _, c := range []struct {
		query, body, code string
		status            int
	}{
		{"offset=0", strings.Repeat("x", maxBody+1), "too_large", 413}, {"offset=299999990", "12345678901", "too_large", 413},
		{"offset=-1", "x", "bad_offset", 400}, {"offset=", "x", "bad_offset", 400}, {"", "x", "bad_offset", 400}, {"offset=0", "", "no_piece", 400},
		{"offset=0", strings.Repeat("x", 4096), "not_a_tar", 415},
	} {
		a := s.ask("PUT", "/api/v1/update/upload?"+c.query, c.body, header{"Content-Type", "application/octet-stream"}, withToken())
		if a.StatusCode != c.status || !has(a, `"code":"`+c.code+`"`) {
			t.Errorf("%s: %d %s", c.query, a.StatusCode, a.body)
		}
	}
	if _, err := os.Stat(filepath.Join(s.state, "update")); !os.IsNotExist(err) {
		t.Errorf("something is left: %v", err)
	}
	if a := s.ask("PUT", "/api/v1/update/upload?offset=0", "x", header{"Content-Type", "application/octet-stream"}); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("without the token: %d", a.StatusCode)
	}
	if a := s.ask("PUT", "/api/v1/update/upload?offset=0", "x", withToken(), header{"Origin", "http://evil.example"}); a.StatusCode != http.StatusForbidden {
		t.Errorf("another site: %d", a.StatusCode)
	}
}

func TestUploadThatCannotBeKept(t *testing.T) {
	s := startSlotted(t)
	if err := os.WriteFile(filepath.Join(s.state, "update"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if a := s.piece(0, tarOf(1000)); a.StatusCode != http.StatusServiceUnavailable || !has(a, "not_kept") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

// The orders and the file are where the updater looks for them, and mean the same there.
func TestUpdaterFindsWhatIsAskedFor(t *testing.T) {
	s := startSlotted(t)
	device := Places{State: "/var/lib/calendarbot"}
	if got := device.updates(); got != "/"+update.OrdersFolder {
		t.Errorf("orders go to %s", got)
	}
	if got := device.upload(); got != "/"+update.UploadFolder+"/"+update.UploadName {
		t.Errorf("the file goes to %s", got)
	}
	if a := s.piece(0, tarOf(3000)); a.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	if a := s.send("POST", "/api/v1/update", `{"do":"apply","from":"upload"}`); a.StatusCode != http.StatusAccepted {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	if o := s.order("update/orders"); o == nil || o.Do != "apply" || o.Text != "upload" || o.Kind != "" || o.Version != "" {
		t.Errorf("%+v", o)
	}
}
