package board

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// How the network adapter is minded: how long a board that has started everything may be deaf, and how often it is looked at.
const (
	deafTime = 3 * time.Minute
	lookTime = 20 * time.Second
)

// MindAdapter switches a board off and on again that has started everything and answers nobody for minutes, and tells so, until the board or the context ends: on a
// computer that has much else to do its emulated network adapter is sometimes deaf from the start.
func (b *Board) MindAdapter(ctx context.Context, tell func(string)) {
	tick := time.NewTicker(lookTime)
	defer tick.Stop()
	var (
		number int
		deaf   bool      // nobody has answered yet since it had started everything
		since  time.Time // when that was, or when it was switched off and on
	)
	for {
		for line, next, here := b.said(number); here; line, next, here = b.said(number) {
			number = next
			switch {
			case strings.Contains(line, saysKernel):
				deaf = false
			case strings.Contains(line, saysAll):
				deaf, since = true, time.Now()
			}
		}
		deaf = deaf && !b.hears(ctx)
		if deaf && time.Since(since) > deafTime && ctx.Err() == nil {
			deaf = false
			if _, err := b.Ask("system_reset", nil); err != nil {
				return // it is off
			}
			tell(fmt.Sprintf("the board is switched off and on, as nobody answered through its emulated network adapter for %v", deafTime))
		}
		select {
		case <-tick.C:
		case <-b.Ended():
			return
		case <-ctx.Done():
			return
		}
	}
}

// said is a line of the console, where it was said already.
func (b *Board) said(number int) (text string, next int, here bool) {
	if number >= b.Console.Said() {
		return "", number, false
	}
	line, next, err := b.Console.Next(context.Background(), number)
	return line.Text, next, err == nil
}

// hears tells whether somebody answers on the board: its pages, whatever they say, or its shell. The emulator itself takes each connection, whoever
// listens behind it.
func (b *Board) hears(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	if req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.Web+"/healthz", nil); err == nil {
		client := http.Client{Timeout: lookTime / 2, Transport: &http.Transport{DisableKeepAlives: true}}
		if resp, err := client.Do(req); err == nil {
			_ = resp.Body.Close() // that there is an answer is enough
			return true
		}
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(b.port)))
	if err != nil {
		return false
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // ends the reading below
	defer stop()
	line, err := bufio.NewReader(conn).ReadString('\n')
	_ = conn.Close() // nothing was sent
	return err == nil && strings.HasPrefix(line, "SSH-")
}
