// Command screenshot starts the demo household, looks at its page with a real browser, and keeps the
// picture. It fails when the browser's console shows an error or when the page does not say what is next
// with JavaScript switched off.
//
// Usage: screenshot --demo bin/demo --agent bin/calendarbot --out agent/doc/whats-next.png
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// limit bounds the whole run.
const limit = 3 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := shoot(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "screenshot:", err)
		os.Exit(1)
	}
}

func shoot(ctx context.Context, args []string) (err error) {
	fs := flag.NewFlagSet("screenshot", flag.ContinueOnError)
	demo := fs.String("demo", "bin/demo", "the demo household's binary")
	agent := fs.String("agent", "bin/calendarbot", "the agent's binary")
	out := fs.String("out", "whats-next.png", "the picture")
	path := fs.String("path", "/", "path of the page")
	now := fs.String("now", "2026-06-16T09:18:00+02:00", "RFC 3339 time at which the clock stands still")
	width := fs.Int64("width", 1280, "of the window, in pixels")
	height := fs.Int64("height", 800, "of the window, in pixels")
	if err := fs.Parse(args); err != nil {
		return err
	}
	cmd := exec.Command(*demo, "--agent", *agent, "--port", "0", "--zone", "Europe/Berlin", "--now", *now)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() {
		if stopErr := cmd.Process.Signal(syscall.SIGTERM); err == nil {
			err = stopErr
		}
		if waitErr := cmd.Wait(); err == nil {
			err = waitErr
		}
	}()
	address, err := addressIn(bufio.NewScanner(stdout))
	if err != nil {
		return err
	}
	picture, err := look(ctx, address+*path, *width, *height)
	if err != nil {
		return err
	}
	if err := os.WriteFile(*out, picture, 0o644); err != nil {
		return err
	}
	fmt.Printf("%s: %d bytes, no console error, readable without JavaScript\n", *out, len(picture))
	return nil
}

var addressLine = regexp.MustCompile(`CalendarBot .*(http://[0-9.:]+)`)

// addressIn reads what the demo prints until it names the agent's address.
func addressIn(lines *bufio.Scanner) (string, error) {
	for lines.Scan() {
		if m := addressLine.FindStringSubmatch(lines.Text()); m != nil {
			return m[1], nil
		}
	}
	return "", fmt.Errorf("the demo household ended without an address")
}

// look returns the picture of the page.
func look(ctx context.Context, url string, width, height int64) ([]byte, error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(int(width), int(height)),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	ctx, cancel := chromedp.NewExecAllocator(ctx, options...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()

	console, ended := context.WithCancel(ctx)
	defer ended()
	messages := chromedp.Console(console)
	if err := chromedp.Do(ctx,
		chromedp.EmulateViewport(width, height),
		chromedp.Navigate(url),
		chromedp.WaitReady(chromedp.CSS(`meta[name="calendarbot-ready"]`)),
	); err != nil {
		return nil, fmt.Errorf("open %s: %w", url, err)
	}
	with, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("main")))
	if err != nil {
		return nil, err
	}
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return nil, err
	}
	// A last message of our own marks the end of what the page had to say.
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[any](`console.info("`+endMark+`")`)); err != nil {
		return nil, err
	}
	for m, err := range messages {
		if err != nil {
			return nil, err
		}
		if m.Text == endMark {
			break
		}
		if m.IsException() || m.Type == "error" {
			return nil, fmt.Errorf("the browser's console at %s: %s", url, m)
		}
	}
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		return nil, err
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(url)); err != nil {
		return nil, fmt.Errorf("open %s without JavaScript: %w", url, err)
	}
	without, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("main")))
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(with) == "" || strings.TrimSpace(without) == "" {
		return nil, fmt.Errorf("%s is empty (with JavaScript %d letters, without %d)", url, len(with), len(without))
	}
	return picture, nil
}

// endMark is what we write to the console ourselves.
const endMark = "end of the page's own messages"
