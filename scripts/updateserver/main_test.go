package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// repository is a folder as release publish makes it, and something that does not belong there.
func repository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"metadata/timestamp.json": "{}", "metadata/1.root.json": "{}", "targets/agent/abc.calendarbot-1.0.0-arm64.zst": "0123456789",
		"secret": "secret", "targets/.hidden": "secret",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestServesARepository(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	read, write := io.Pipe()
	done := make(chan error, 1)
	dir := repository(t)
	go func() {
		done <- serve(ctx, []string{"--repo", dir, "--listen", "127.0.0.1:0"}, write)
	}()
	line, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, read)
	base := regexp.MustCompile(`http://\S+`).FindString(line)
	for _, test := range []struct {
		path, bytes string
		code        int
		text        string
	}{
		{"/metadata/timestamp.json", "", 200, "{}"},
		{"/metadata/1.root.json", "", 200, "{}"},
		{"/metadata/2.root.json", "", 404, ""},
		{"/targets/agent/abc.calendarbot-1.0.0-arm64.zst", "", 200, "0123456789"},
		{"/targets/agent/abc.calendarbot-1.0.0-arm64.zst", "bytes=4-", 206, "456789"},
		{"/targets/agent/abc.calendarbot-1.0.0-arm64.zst", "bytes=10-", 416, ""},
		{"/targets/agent/", "", 404, ""},
		{"/targets/.hidden", "", 404, ""},
		{"/secret", "", 404, ""},
		{"/", "", 404, ""},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+test.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if test.bytes != "" {
			request.Header.Set("Range", test.bytes)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		if err := response.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != test.code || test.text != "" && string(text) != test.text {
			t.Errorf("%s %s: %d %q", test.path, test.bytes, response.StatusCode, text)
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Errorf("stopped with %v", err)
	}
}

func TestRefusesWhatItCannotServe(t *testing.T) {
	for want, args := range map[string][]string{
		"no repository":         {"--repo", t.TempDir()},
		"what is to be served?": {"now"},
		"listen":                {"--repo", repository(t), "--listen", "nowhere"},
	} {
		if err := serve(t.Context(), args, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", args, err)
		}
	}
	var out strings.Builder
	if err := serve(t.Context(), []string{"--help"}, &out); err != nil || !strings.Contains(out.String(), "Example") {
		t.Errorf("help: %v\n%s", err, out.String())
	}
}
