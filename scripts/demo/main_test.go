package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestServePrintsAddressesThatAnswer(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- serve(ctx, []string{"--now", "2026-06-15T09:12:00Z", "--zone", "Europe/Berlin"}, in)
		in.Close()
	}()
	lines := bufio.NewScanner(out)
	var list []string
	for len(list) < 4 && lines.Scan() {
		list = append(list, lines.Text())
	}
	for _, line := range list {
		name, address, _ := strings.Cut(line, " ")
		answer, err := http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if good := bytes.HasPrefix(body, []byte("BEGIN:VCALENDAR")); good == (name == "broken.ics") {
			t.Errorf("%s: %s", line, answer.Status)
		}
	}
	cancel()
	if err := <-ended; err != nil || len(list) != 4 {
		t.Errorf("%d addresses, ended with %v", len(list), err)
	}
}

func TestServeRefusesBadFlags(t *testing.T) {
	for _, args := range [][]string{{"--now", "yesterday"}, {"--zone", "Nowhere/City"}, {"--listen", "nowhere:x"}, {"extra"}, {"--bad"}} {
		if err := serve(t.Context(), args, io.Discard); err == nil {
			t.Errorf("%q was accepted", args)
		}
	}
	var help bytes.Buffer
	if err := serve(t.Context(), []string{"--help"}, &help); !errors.Is(err, flag.ErrHelp) || !strings.Contains(help.String(), "Examples:") {
		t.Errorf("help: %v\n%s", err, help.String())
	}
}
