package emulator

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"time"
)

// The most that is kept of a console, in lines and in bytes of a line. What is longer is several lines.
const (
	maxLines  = 4096
	maxLength = 1024
)

// ErrEnded says that a console says nothing more, as its machine was switched off.
var ErrEnded = errors.New("the machine was switched off")

// Console keeps the last lines that a machine said.
type Console struct {
	begin time.Time

	mu      sync.Mutex
	lines   []Line // the newest
	said    int    // how many there were, with those no longer kept
	ended   bool
	changed chan struct{} // closed, and made anew, with every line and at the end
}

// Line is one of a console.
type Line struct {
	Text  string
	After time.Duration // since the emulator's start
}

func newConsole() *Console {
	return &Console{begin: time.Now(), changed: make(chan struct{})}
}

// read ends when an emulator has, whose end of the pipe closes then.
func (c *Console) read(from io.ReadCloser) {
	defer from.Close()
	for r := bufio.NewReaderSize(from, maxLength); ; {
		text, _, err := r.ReadLine()
		if err != nil {
			return
		}
		c.say(legible(string(text)))
	}
}

// say adds a line.
func (c *Console) say(text string) { c.keep(Line{Text: text, After: time.Since(c.begin)}) }

// legible leaves out what is no letter: noise, and what colours a terminal.
func legible(text string) string {
	var b strings.Builder
	for rest := text; rest != ""; {
		if sequence, ok := strings.CutPrefix(rest, "\x1b["); ok {
			if end := strings.IndexFunc(sequence, func(r rune) bool { return r >= '@' && r <= '~' }); end >= 0 {
				rest = sequence[end+1:]
				continue
			}
		}
		if r := rest[0]; r >= ' ' && r <= '~' || r == '\t' {
			b.WriteByte(r)
		}
		rest = rest[1:]
	}
	return b.String()
}

func (c *Console) keep(line Line) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.lines) == maxLines {
		c.lines = append(c.lines[:0], c.lines[maxLines/2:]...)
	}
	c.lines = append(c.lines, line)
	c.said++
	c.tell()
}

func (c *Console) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	c.tell()
}

func (c *Console) tell() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// Next waits for the line with a number, counted from 0, and returns it and the number of the one after it. Where lines
// are no longer kept it goes on with the oldest that is. The error is ErrEnded or the context's.
func (c *Console) Next(ctx context.Context, number int) (Line, int, error) {
	for {
		line, found, changed, ended := c.look(number)
		switch {
		case found >= 0:
			return line, found + 1, nil
		case ended:
			return Line{}, number, ErrEnded
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Line{}, number, ctx.Err()
		}
	}
}

// look returns the line with a number or the oldest after it, with its own; -1 when it was not said yet.
func (c *Console) look(number int) (line Line, found int, changed <-chan struct{}, ended bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	oldest := c.said - len(c.lines)
	found = max(number, oldest)
	if found >= c.said {
		return Line{}, -1, c.changed, c.ended
	}
	return c.lines[found-oldest], found, c.changed, c.ended
}

// Until waits for a line with some text, from the one with a number on, and returns it and the number of the one after it.
func (c *Console) Until(ctx context.Context, number int, text string) (Line, int, error) {
	for {
		line, next, err := c.Next(ctx, number)
		if err != nil || strings.Contains(line.Text, text) {
			return line, next, err
		}
		number = next
	}
}

// Said is how many lines there were so far.
func (c *Console) Said() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.said
}

// Last is the newest lines, at most some, as text.
func (c *Console) Last(most int) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	for _, line := range c.lines[max(0, len(c.lines)-most):] {
		b.WriteString(line.Text)
		b.WriteByte('\n')
	}
	return b.String()
}
