package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"calendarbot/agent/config"
)

const (
	clientTimeout = 30 * time.Second // of a whole question
	maxAnswer     = 8 << 20          // bytes
)

// client asks the running program over its local socket.
type client struct {
	console
	socket string
	http   *http.Client
	plain  bool // answers are printed as the program gives them
}

// client reads the flags and arguments of a word that asks the running program. For --help it prints the help of s.
func (s subcommand) client(ctx context.Context, c console, fs *flag.FlagSet, args []string, min, max int) (*client, []string, error) {
	socket := fs.String("socket", "", "local socket `FILE` of the running program (default: $CALENDARBOT_WEB_SOCKET, else web.socket of the configuration)")
	plain := fs.Bool("json", false, "print the program's answer as JSON")
	args, err := s.parse(c, fs, args, min, max)
	if err != nil {
		return nil, nil, err
	}
	if *socket == "" {
		if *socket, err = within(ctx, configuredSocket); err != nil {
			return nil, nil, err
		}
	}
	transport := &http.Transport{
		DisableKeepAlives: true, // one question, one connection
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", *socket)
		},
	}
	return &client{console: c, socket: *socket, http: &http.Client{Transport: transport, Timeout: clientTimeout}, plain: *plain}, args, nil
}

// configuredSocket is where the program would listen by environment and file. What is wrong with other settings is no
// concern here, nor that this user may not read the file: beside an error stands what could be read, or the default.
func configuredSocket() (string, error) {
	cfg, _, err := config.Load(configInput(""))
	if cfg.Web.Socket != "" {
		return cfg.Web.Socket, nil
	}
	return "", errors.Join(errors.New("the program has no local socket, as web.socket is empty; set it, or name one with --socket"), err)
}

// within returns what read returns, or an error when the program is to end first. A file, a disk or a person may be waited for in vain.
func within(ctx context.Context, read func() (string, error)) (string, error) {
	type answer struct {
		text string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		text, err := read()
		answers <- answer{text, err}
	}()
	select {
	case a := <-answers:
		return a.text, a.err
	case <-ctx.Done():
		return "", errors.New("interrupted")
	}
}

// ask sends a question and reads the answer into v. With --json the answer is printed, and printed is true. An answer that is
// a problem is an error in its words.
func (c *client) ask(ctx context.Context, method, path string, question, v any) (printed bool, err error) {
	var body io.Reader
	if question != nil {
		text, err := json.Marshal(question)
		if err != nil {
			return false, fmt.Errorf("write the question: %w", err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://localhost"+path, body)
	if err != nil {
		return false, fmt.Errorf("write the question: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		return false, c.unreachable(err)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return false, c.unreachable(err)
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return false, refusal(resp.Status, text)
	}
	if err := json.Unmarshal(text, v); err != nil {
		return false, fmt.Errorf("what answers at %s is not this program, or of another version: %w", c.socket, err)
	}
	if !c.plain {
		return false, nil
	}
	var out bytes.Buffer
	if err := json.Indent(&out, bytes.TrimSpace(text), "", "  "); err != nil {
		return false, fmt.Errorf("print the answer: %w", err)
	}
	_, err = fmt.Fprintln(c.out, out.String())
	return true, err
}

// refusal is the error of an answer that is a problem document.
func refusal(status string, text []byte) error {
	var problem struct{ Title, Detail string }
	if err := json.Unmarshal(text, &problem); err != nil || problem.Detail+problem.Title == "" {
		return fmt.Errorf("the program answers %s without saying why", status)
	}
	if problem.Detail == "" {
		return errors.New(problem.Title)
	}
	return errors.New(problem.Detail)
}

// unreachable tells what a person can do when the program does not answer.
func (c *client) unreachable(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("the program is not running, or its local socket is not %s: start it (systemctl start calendarbot), or name its socket with --socket", c.socket)
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOTSOCK):
		return fmt.Errorf("the program is not running, nobody listens on %s: start it (systemctl start calendarbot)", c.socket)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("this user may not use %s: ask as root (sudo calendarbot ...) or as the user of the program", c.socket)
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return fmt.Errorf("the program does not answer at %s within %s: look at its log (journalctl -u calendarbot)", c.socket, clientTimeout)
	}
	return fmt.Errorf("ask the program at %s: %w", c.socket, err)
}

// secretLine reads one line from standard input, such as a PIN that should not stand in the shell's history.
func (c console) secretLine() (string, error) {
	const most = 4096
	text, err := io.ReadAll(io.LimitReader(c.in, most+1))
	if err != nil {
		return "", fmt.Errorf("read standard input: %w", err)
	}
	line := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	switch {
	case len(text) > most:
		return "", fmt.Errorf("standard input has more than %d bytes; one line is wanted", most)
	case line == "":
		return "", errors.New("standard input is empty; one line is wanted, as in: printf 1234 | calendarbot hash")
	case strings.ContainsAny(line, "\r\n"):
		return "", errors.New("standard input has several lines; one is wanted")
	}
	return line, nil
}
