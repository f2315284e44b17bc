package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// What the image leaves for this program to tell (image/initramfs/init, image/steps/25-radio.sh). Elsewhere neither is there.
const (
	dataFile     = "/run/calendarbot-boot/data"              // one word: good, mended or lost
	firmwareFile = "/usr/share/calendarbot/missing-firmware" // paths below /, a line each
	radioFolder  = "/sys/class/net/wlan0"                    // there when the board has a radio that works
	firmwareRoot = "usr/lib/firmware/"
)

// dataFound is how the data partition was found at the start; "" where it was well, or this is no image. root is in front of all paths.
func dataFound(root string) string {
	text, err := os.ReadFile(filepath.Join(root, dataFile))
	if how := strings.TrimSpace(string(text)); err == nil && how != "good" {
		return how
	}
	return ""
}

// firmwareMissing lists the files of the radio that the system lacks, while the board has no radio.
func firmwareMissing(root string) []string {
	if _, err := os.Stat(filepath.Join(root, radioFolder)); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(root, firmwareFile))
	if err != nil {
		return nil
	}
	list := strings.Fields(string(text))
	for i, name := range list {
		list[i] = strings.TrimPrefix(name, firmwareRoot)
	}
	return list
}
