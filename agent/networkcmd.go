package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"calendarbot/agent/network"
)

const (
	// deviceData is the program's folder on the device, where it leaves a request for a network. Root's side reads no configuration:
	// what strangers can change there is to have no say in what root does.
	deviceData = "/var/lib/calendarbot"

	// unitTime is how long systemd may take to start or stop a unit.
	unitTime = time.Minute
)

func networkCommand() subcommand {
	return subcommand{
		name:  "network",
		args:  "WORD",
		short: "the device's wireless networks and its own access point",
		long: `
How the device comes into the network of its house. It is for the image of the device: on another machine the network
is set elsewhere. People use the page /setup for the same. Neither the running program nor its database is needed.`,
		words: []subcommand{networkStatusCommand(), networkApplyCommand(), networkWatchCommand(), networkNamesCommand()},
	}
}

func networkStatusCommand() subcommand {
	s := subcommand{
		name: "network status", short: "print how the device is in a network",
		long: `
Prints how the device is in a network, what was wrong with the one that was asked for last, and which networks are in
reach. As root it also prints the password of the device's own access point.

Examples:
  calendarbot network status`,
	}
	s.run = func(ctx context.Context, c console, fs *flag.FlagSet, args []string) error {
		root := rootFlag(fs)
		if _, err := s.parse(c, fs, args, 0, 0); err != nil {
			return err
		}
		state, err := network.NewExchange(*root, deviceData).State()
		if network.Absent(err) {
			return fmt.Errorf("the network of this machine is set elsewhere, or calendarbot-network.service does not run: %w", err)
		}
		if err != nil {
			return err
		}
		return c.printNetwork(*root, state)
	}
	return s
}

func networkApplyCommand() subcommand {
	s := subcommand{
		name: "network apply", args: "NAME", short: "ask for a wireless network",
		long: `
Asks for a wireless network: the device tries it for a minute, and goes back to what it had where that does not work.
"calendarbot network status" tells how it went. The password is read from the standard input, so that it stands in no list
of commands; nothing there means an open network.

Examples:
  calendarbot network apply "My home" --country DE <password.txt
  calendarbot network apply cafe </dev/null`,
	}
	s.run = func(ctx context.Context, c console, fs *flag.FlagSet, args []string) error {
		root := rootFlag(fs)
		country := fs.String("country", "", "`CODE` of two letters whose rules for radio hold (default: as before)")
		hidden := fs.Bool("hidden", false, "it hides its name")
		names, err := s.parse(c, fs, args, 1, 1)
		if err != nil {
			return err
		}
		data := filepath.Join(*root, deviceData)
		exchange := network.NewExchange(*root, data)
		if _, err := exchange.State(); network.Absent(err) {
			return fmt.Errorf("the network of this machine is set elsewhere, or calendarbot-network.service does not run: %w", err)
		} else if err != nil {
			return err
		}
		passphrase, err := within(ctx, c.passphrase)
		if err != nil {
			return err
		}
		if err := actAsOwner(data); err != nil {
			return fmt.Errorf("act as the owner of %s: %w", data, err)
		}
		request := network.Request{Country: *country, Network: network.Network{SSID: names[0], Passphrase: passphrase, Hidden: *hidden}}
		if err := exchange.Ask(request); err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.out, "The network %s is asked for. \"calendarbot network status\" tells how it goes.\n", network.Shown(names[0]))
		return err
	}
	return s
}

func networkWatchCommand() subcommand {
	s := subcommand{
		name: "network watch", short: "keep the device in a network, or its access point open",
		long: `
Keeps the device in a network, or its own access point open. It is what calendarbot-network.service runs, as root: it
has systemd start and stop wpa_supplicant for the known networks and for the access point, and takes what a person asks
for on the page /setup. It ends with SIGTERM. On a machine that is not the image of the device it refuses.

Examples:
  calendarbot network watch`,
	}
	s.run = func(ctx context.Context, c console, fs *flag.FlagSet, args []string) error {
		if _, err := s.parse(c, fs, args, 0, 0); err != nil {
			return err
		}
		w := &network.Watch{
			Root: "/", Data: deviceData, Systemctl: systemctl, Addresses: network.InterfaceAddresses, Now: time.Now,
			Log: slog.New(slog.NewTextHandler(c.err, nil)),
		}
		return w.Run(ctx)
	}
	return s
}

func networkNamesCommand() subcommand {
	s := subcommand{
		name: "network names", short: "answer for names on the access point",
		long: `
Answers for every name with the device's address on its own access point, so that a phone which looks for the internet
shows the setup page by itself. It is what calendarbot-ap-names.service runs, on the socket that systemd opens.

Examples:
  calendarbot network names`,
	}
	s.run = func(ctx context.Context, c console, fs *flag.FlagSet, args []string) error {
		if _, err := s.parse(c, fs, args, 0, 0); err != nil {
			return err
		}
		const first = 3 // of the files that systemd hands over
		if os.Getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) || os.Getenv("LISTEN_FDS") != "1" {
			return errors.New("answer for names: there is no socket; start calendarbot-ap-names.socket, which hands it over")
		}
		file := os.NewFile(first, "names")
		conn, err := net.FilePacketConn(file)
		if err := errors.Join(err, file.Close()); err != nil {
			return fmt.Errorf("answer for names: %w", err)
		}
		return network.ServeNames(ctx, conn)
	}
	return s
}

// passphrase reads the password of a network, which may be none.
func (c console) passphrase() (string, error) {
	text, err := io.ReadAll(io.LimitReader(c.in, 256))
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}

// rootFlag is for looking at a device's files from elsewhere.
func rootFlag(fs *flag.FlagSet) *string {
	return fs.String("root", "/", "`FOLDER` in which the files of the device lie")
}

// systemctl has systemd do something with units, in bounded time.
func systemctl(ctx context.Context, words ...string) error {
	ctx, cancel := context.WithTimeout(ctx, unitTime)
	defer cancel()
	said, err := exec.CommandContext(ctx, "/usr/bin/systemctl", words...).CombinedOutput()
	if err != nil {
		err = errors.Join(err, ctx.Err())
		return fmt.Errorf("systemctl %s: %w: %.400s", strings.Join(words, " "), err, strings.TrimSpace(string(said)))
	}
	return nil
}

// printNetwork prints how the device is in a network.
func (c console) printNetwork(root string, s network.State) error {
	b := &strings.Builder{}
	fmt.Fprintf(b, "Network: %s", s.Mode)
	if s.SSID != "" {
		fmt.Fprintf(b, ", %s", network.Shown(s.SSID))
	}
	if !s.Radio {
		b.WriteString("; there is no radio for wireless networks")
	}
	b.WriteString("\n")
	if s.Trouble != "" {
		fmt.Fprintf(b, "Trouble: %s\n", s.Trouble)
	}
	if s.Own != "" {
		fmt.Fprintf(b, "Access point: %s\n", s.Own)
	}
	if ap, err := network.KnownAccessPoint(root); err == nil {
		fmt.Fprintf(b, "Its password: %s\n", ap.Passphrase)
	}
	for _, f := range s.Found {
		secured := "open"
		if f.Secured {
			secured = "with a password"
		}
		fmt.Fprintf(b, "In reach: %s, %d dBm, %s\n", network.Shown(f.SSID), f.Signal, secured)
	}
	_, err := fmt.Fprint(c.out, b.String())
	return err
}
