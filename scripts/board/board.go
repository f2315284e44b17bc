// Package board is a Raspberry Pi Zero 2 W in an emulator, with a card in it that is made of the very image that people
// flash: firmware files, U-Boot, slots and all. Only what the firmware does before U-Boot starts is not emulated: it is checked by
// Firmware instead.
//
// What differs from a real board is all outside of the image. In the device tree that the firmware hands over, the second register
// window of the power controller is taken away, whose access the emulator refuses, the USB port is a host's, and there are two processors
// instead of four. The watchdog, which strikes at once when it is opened, is left alone by arguments that Fit puts on the card.
package board

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"calendarbot/scripts/emulator"
)

const program = "qemu-system-aarch64"

// Where the board's own network finds this computer, and the ports of the board that can be reached from here.
const (
	HostAddress = "10.0.2.2"
	webPort     = 80
	shellPort   = 22
)

// processors is how many of the board's four run. U-Boot lets the others wait for work with all their might, which costs
// a small host a third of its speed. The kernel takes what the device tree names.
const processors = 2

// ErrMissing says that this computer lacks what it takes to emulate a board; the error's text says what.
var ErrMissing = errors.New("no board can be had here")

// Tools looks for the programs that are needed.
func Tools() error {
	for _, tool := range []string{program, "cp", "mcopy", "mdir", "fdtget", "fdtput", "ssh", "ssh-keygen"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%w: %s is not installed (scripts/setup image)", ErrMissing, tool)
		}
	}
	return nil
}

// Options say how a board is connected. The zero value is a board without a screen whose port is any free one.
type Options struct {
	Port   int    // of this computer, on 127.0.0.1, that leads to the board's calendar; 0 for any that is free
	Screen Screen // how its screen is seen
	Key    Key    // what logs in

	Arguments []string // for the kernel, more than Fit has
}

// Screen is how the board's screen is seen.
type Screen string

// The ways to see it.
const (
	NoScreen Screen = ""
	VNC      Screen = "vnc"    // a VNC server on 127.0.0.1, the first free one from display 0 on
	Window   Screen = "window" // a window on this computer's desktop
)

// Board is one that runs.
type Board struct {
	// Web is where its calendar answers, as "http://127.0.0.1:1234".
	Web string

	*emulator.Emulator
	port int // of this computer, which leads to the board's shell
	key  Key
}

// Start switches a board on that has a card in it, and returns as soon as it runs: Stages and Ready tell how far it got. Whenever it starts anew it is as if
// it had been switched off and on. Each time Fit makes the card one for it.
func Start(ctx context.Context, card Card, o Options) (*Board, error) {
	web, shell := o.Port, 0
	for _, port := range []*int{&web, &shell} {
		if *port != 0 {
			continue
		}
		var err error
		if *port, err = freePort(); err != nil {
			return nil, fmt.Errorf("start the board: %w", err)
		}
	}
	starts := context.WithoutCancel(ctx) // it goes on until it is closed
	e, err := emulator.StartAnew(program, func(on func(options ...string) error) error { return o.power(starts, card, web, shell, on) })
	if err != nil {
		return nil, fmt.Errorf("start the board: %w", err)
	}
	return &Board{Web: "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(web)), Emulator: e, port: shell, key: o.Key}, nil
}

// power does what the firmware does before U-Boot starts, and starts the emulator.
func (o Options) power(ctx context.Context, card Card, web, shell int, on func(options ...string) error) (err error) {
	if err := card.Fit(ctx, time.Now(), o.Arguments...); err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "board")
	if err != nil {
		return err
	}
	// The emulator has read both files when it is on.
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	loader, tree := filepath.Join(folder, "u-boot.bin"), filepath.Join(folder, "board.dtb")
	for name, file := range map[string]string{loaderFile: loader, treeFile: tree} {
		data, err := card.Read(ctx, name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(file, data, 0o600); err != nil {
			return err
		}
	}
	if err := fit(ctx, tree); err != nil {
		return err
	}
	return on(o.options(card, loader, tree, web, shell)...)
}

// freePort finds a port of this computer that stays free while the board starts anew: Linux lends none below 32768 to whoever asks for
// any.
func freePort() (int, error) {
	const first, count, tries = 20000, 10000, 100
	var err error
	for range tries {
		port := first + rand.IntN(count)
		var listener net.Listener
		if listener, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return port, listener.Close()
		}
	}
	return 0, fmt.Errorf("find a free port: %w", err)
}

// options are the emulator's. U-Boot's console is the second serial port: the first is Bluetooth's.
func (o Options) options(card Card, loader, tree string, web, shell int) []string {
	screen := map[Screen][]string{
		NoScreen: {"-display", "none"},
		VNC:      {"-display", "none", "-vnc", "127.0.0.1:0,to=99"},
		Window:   {"-display", "gtk"},
	}
	return append(screen[o.Screen],
		"-machine", "raspi3ap", "-global", fmt.Sprintf("bcm2837.enabled-cpus=%d", processors), "-kernel", loader, "-dtb", tree,
		"-drive", "if=sd,format=raw,file="+card.File,
		"-netdev", fmt.Sprintf("user,id=net,hostfwd=tcp:127.0.0.1:%d-:%d,hostfwd=tcp:127.0.0.1:%d-:%d", web, webPort, shell, shellPort),
		"-device", "usb-net,netdev=net",
		"-serial", "null")
}

// fit changes a device tree of the Zero 2 W as the emulated board needs it.
func fit(ctx context.Context, tree string) error {
	const power, usb = "/soc/watchdog@7e100000", "/soc/usb@7e980000"
	window, err := output(ctx, "fdtget", "-t", "x", tree, power, "reg")
	if err != nil {
		return fmt.Errorf("change the device tree: %w", err)
	}
	var address, size string
	if _, err := fmt.Sscan(window, &address, &size); err != nil {
		return fmt.Errorf("change the device tree: the windows of %s are %q: %w", power, window, err)
	}
	changes := [][]string{
		{"-t", "x", tree, power, "reg", address, size},
		{"-t", "s", tree, power, "reg-names", "pm"},
		{"-t", "s", tree, usb, "dr_mode", "host"},
	}
	for i := processors; i < 4; i++ {
		changes = append(changes, []string{"-r", tree, fmt.Sprintf("/cpus/cpu@%d", i)})
	}
	for _, args := range changes {
		if _, err := output(ctx, "fdtput", args...); err != nil {
			return fmt.Errorf("change the device tree: %w", err)
		}
	}
	return nil
}

// Ready waits until the board's calendar answers that it is ready: that it has read each of its feeds once.
func (b *Board) Ready(ctx context.Context) error { return b.answers(ctx, "/readyz") }

// Serves waits until the board shows a page, with events or without.
func (b *Board) Serves(ctx context.Context) error { return b.answers(ctx, "/") }

// answers waits until an address is answered well. It asks once a second.
func (b *Board) answers(ctx context.Context, path string) error {
	client := http.Client{Timeout: 10 * time.Second}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		if err := get(ctx, &client, b.Web+path, io.Discard); err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-b.Ended():
			return fmt.Errorf("wait for the calendar: %w", emulator.ErrEnded)
		case <-ctx.Done():
			return fmt.Errorf("wait for the calendar: %w", ctx.Err())
		}
	}
}

// maxAnswer is the most that is read of an answer, in bytes.
const maxAnswer = 4 << 20

// get copies what stands at an address; any answer but 200 is an error.
func get(ctx context.Context, client *http.Client, address string, to io.Writer) (err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("get %s: %s", address, resp.Status)
	}
	_, err = io.Copy(to, io.LimitReader(resp.Body, maxAnswer))
	return err
}

// Off waits until the board has switched itself off.
func (b *Board) Off(ctx context.Context) error {
	select {
	case <-b.Ended():
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait until the board is off: %w; its last words were:\n%s", ctx.Err(), b.Console.Last(60))
	}
}
