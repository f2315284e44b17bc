package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"calendarbot/agent/preseed"
)

func firstbootCommand() subcommand {
	s := subcommand{
		name: "firstboot", short: "take over what a person wrote on the card",
		long: `
Reads calendarbot.yaml and what Raspberry Pi Imager left (rpi-preseed.toml, custom.toml) from the card's first partition, if
they have changed since the last time: hostname, time zone, wireless networks, calendars, PIN, keys for SSH. What is right is taken over,
into both configuration slots; what is wrong is told in words, here and in calendarbot-errors.txt on the card. Passwords are
taken off the card. Without a PIN one is made and written to calendarbot-device.txt there. The device does this at each start, before
its network comes up.

The exit status is 3 when something on the card could not be used.

Examples:
  calendarbot firstboot
  calendarbot firstboot --boot /mnt/p1 --root /mnt/root`,
	}
	s.run = func(_ context.Context, c console, fs *flag.FlagSet, args []string) error {
		boot := fs.String("boot", "/boot/firmware", "`FOLDER` where the card's first partition is mounted; made writable while it is written to")
		root := fs.String("root", "/", "`FOLDER` that is the device's root")
		if _, err := s.parse(c, fs, args, 0, 0); err != nil {
			return err
		}
		return firstboot(c, *boot, *root)
	}
	return s
}

// firstboot takes the card over, and prints what became of it.
func firstboot(c console, boot, root string) error {
	syscall.Umask(0o022) // folders under /etc are for all to read, whoever starts this; each file gets a mode of its own
	report, err := preseed.Boot{Card: boot, Root: root}.Run()
	for _, line := range report.Lines() {
		if _, err := fmt.Fprintln(c.out, line); err != nil {
			return err
		}
	}
	if filepath.Clean(root) == "/" && err == nil {
		err = rename(report.Hostname)
	}
	if err == nil && len(report.Mistakes) > 0 {
		return errNotFine
	}
	return err
}

// rename makes a name the running system's, which read /etc/hostname before it was written.
func rename(hostname string) error {
	now, err := os.Hostname()
	if err == nil && now != hostname {
		err = syscall.Sethostname([]byte(hostname))
	}
	if err != nil {
		return errors.Join(errors.New("name the running system "+hostname), err)
	}
	return nil
}
