package emulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// consoleOf is one that ends with what it is of.
func consoleOf(from io.ReadCloser) *Console {
	c := newConsole()
	go func() {
		c.read(from)
		c.end()
	}()
	return c
}

func TestConsoleIsWaitedFor(t *testing.T) {
	read, write := io.Pipe()
	c := consoleOf(read)
	if _, err := io.WriteString(write, "U-Boot\r\n\x1b[32mOK\x1b[0m started\n\xff\xfekernel\n"); err != nil {
		t.Fatal(err)
	}
	line, next, err := c.Until(t.Context(), 0, "started")
	if err != nil || line.Text != "OK started" || next != 2 {
		t.Fatalf("got %+v, %d, %v", line, next, err)
	}
	if line, next, err = c.Next(t.Context(), next); err != nil || line.Text != "kernel" || next != 3 {
		t.Fatalf("got %+v, %d, %v", line, next, err)
	}
	if err := write.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Until(t.Context(), 0, "never"); !errors.Is(err, ErrEnded) {
		t.Fatal(err)
	}
	if got := c.Last(2); got != "OK started\nkernel\n" {
		t.Errorf("the last words were %q", got)
	}
}

func TestConsoleWaitEndsWithItsContext(t *testing.T) {
	read, write := io.Pipe()
	defer write.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := consoleOf(read).Next(ctx, 0); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestConsoleIsBounded(t *testing.T) {
	text := &strings.Builder{}
	const said = 3 * maxLines
	for i := range said {
		fmt.Fprintf(text, "line %d\n", i)
	}
	text.WriteString(strings.Repeat("x", 10*maxLength))
	c := consoleOf(io.NopCloser(strings.NewReader(text.String())))
	if _, _, err := c.Until(t.Context(), said, "never"); !errors.Is(err, ErrEnded) {
		t.Fatal(err)
	}
	if len(c.lines) > maxLines || c.Said() < said+10 {
		t.Fatalf("%d lines kept of %d", len(c.lines), c.Said())
	}
	line, next, err := c.Next(t.Context(), 0)
	if err != nil || line.Text != fmt.Sprintf("line %d", next-1) || next < said-maxLines {
		t.Fatalf("the oldest is %q, before %d, %v", line.Text, next, err)
	}
	if last := c.Last(1); len(last) > maxLength+1 {
		t.Errorf("a line has %d bytes", len(last))
	}
}

func TestForwards(t *testing.T) {
	ports, err := forwards("Hub -1 (net):\r\n" +
		"  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\r\n" +
		"  TCP[HOST_FORWARD]  13       127.0.0.1 43211       10.0.2.15    80     0     0\r\n" +
		"  TCP[HOST_FORWARD]  12       127.0.0.1 34567       10.0.2.15    22     0     0\r\n" +
		"  UDP[236 sec]       20       10.0.2.15  5353  10.0.2.3   53     0     0\r\n")
	if err != nil || len(ports) != 2 || ports[80] != 43211 || ports[22] != 34567 {
		t.Errorf("got %v, %v", ports, err)
	}
}
