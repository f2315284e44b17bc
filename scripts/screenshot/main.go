// Command screenshot starts the demo household, looks at its pages with a real browser, and keeps the
// pictures. It fails when the browser's console shows an error or when a page says nothing with JavaScript
// switched off.
//
// Usage: screenshot --demo bin/demo --agent bin/calendarbot PAGE=FILE..., such as /agenda=agent/doc/agenda.png
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"slices"
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
	now := fs.String("now", "2026-06-16T09:18:00+02:00", "RFC 3339 time at which the clock stands still")
	width := fs.Int64("width", 1280, "of the window, in pixels")
	height := fs.Int64("height", 800, "of the window, in pixels")
	if err := fs.Parse(args); err != nil {
		return err
	}
	wanted, err := shots(fs.Args())
	if err != nil {
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
	for _, s := range wanted {
		picture, err := look(ctx, address+s.page, *width, *height)
		if err != nil {
			return err
		}
		if picture, err = packed(picture); err != nil {
			return fmt.Errorf("pack the picture of %s: %w", s.page, err)
		}
		if err := os.WriteFile(s.file, picture, 0o644); err != nil {
			return err
		}
		fmt.Printf("%s: %d bytes, no console error, readable without JavaScript\n", s.file, len(picture))
	}
	return nil
}

// shot is a page, with its query, and the file of its picture.
type shot struct{ page, file string }

// shots reads PAGE=FILE; a page's query has equals signs of its own.
func shots(args []string) ([]shot, error) {
	var list []shot
	for _, arg := range args {
		at := strings.LastIndex(arg, "=")
		if !strings.HasPrefix(arg, "/") || at < 0 || !strings.HasSuffix(arg, ".png") {
			return nil, fmt.Errorf("%q is no page and file, such as /agenda=agenda.png", arg)
		}
		list = append(list, shot{arg[:at], arg[at+1:]})
	}
	if len(list) == 0 {
		return nil, errors.New("no picture is asked for; name pages and files, such as /agenda=agenda.png")
	}
	return list, nil
}

// packed is the picture in the 256 colours that it has most of, each other one being the nearest of them: a third of the bytes, and all
// that is lost are shades at the edges of letters.
func packed(picture []byte) ([]byte, error) {
	dots, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil, err
	}
	count := map[color.RGBA]int{}
	box := dots.Bounds()
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			count[color.RGBAModel.Convert(dots.At(x, y)).(color.RGBA)]++
		}
	}
	colours := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int {
		return cmp.Or(count[b]-count[a], cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	palette := color.Palette{}
	for _, c := range colours[:min(len(colours), 256)] {
		palette = append(palette, c)
	}
	few := image.NewPaletted(box, palette)
	draw.Draw(few, box, dots, box.Min, draw.Src)
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	err = encoder.Encode(&out, few)
	return out.Bytes(), err
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
