package board

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
)

// The files of the first partition that this package names.
const (
	loaderFile = "u-boot.bin"
	treeFile   = "bcm2837-rpi-zero-2-w.dtb"
	scriptFile = "boot.scr"
	envFile    = "uboot.env"
	configFile = "config.txt"
)

// envSize is how long uboot.env is, as it is built into Debian's U-Boot, in bytes.
const envSize = 0x4000

// Firmware looks over what the boot ROM and the firmware read before U-Boot starts, which no emulator does: that all files are
// on the card and whole, and that config.txt says what it has to. It returns a sentence for each mistake.
func (c Card) Firmware(ctx context.Context) (mistakes []string, err error) {
	names, err := c.Names(ctx)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, name := range names {
		if strings.HasSuffix(name, "/") {
			continue
		}
		if files[name], err = c.Read(ctx, name); err != nil {
			return nil, err
		}
	}
	return firmware(files), nil
}

// firmware looks over the files at the top of the first partition, by name.
func firmware(files map[string][]byte) (mistakes []string) {
	for _, check := range []struct {
		name string
		good func([]byte) bool
		what string
	}{
		{"bootcode.bin", present, "what the boot ROM loads"},
		{"start.elf", func(b []byte) bool { return bytes.HasPrefix(b, []byte("\x7fELF")) }, "the firmware"},
		{"fixup.dat", present, "a part of the firmware"},
		{configFile, present, "the firmware's configuration"},
		{loaderFile, present, "U-Boot"},
		{treeFile, deviceTree, "a device tree"},
		{envFile, environment, "U-Boot's variables with their checksum"},
		{scriptFile, legacyImage, "a script of U-Boot with its checksums"},
	} {
		if data, there := files[check.name]; !there {
			mistakes = append(mistakes, fmt.Sprintf("%s is not there: %s", check.name, check.what))
		} else if !check.good(data) {
			mistakes = append(mistakes, fmt.Sprintf("%s is not %s", check.name, check.what))
		}
	}
	settings, wrong := Config(configFile, func(name string) (string, error) {
		text, there := files[name]
		if !there {
			return "", fmt.Errorf("there is no %s", name)
		}
		return string(text), nil
	})
	mistakes = append(mistakes, wrong...)
	for _, want := range []Setting{
		{Key: "arm_64bit", Value: "1"}, {Key: "kernel", Value: loaderFile}, {Key: "upstream_kernel", Value: "1"}, {Key: "enable_uart", Value: "1"},
	} {
		if value := Last(settings, want.Key); value != want.Value {
			mistakes = append(mistakes, fmt.Sprintf("%s: %s is %q; it has to be %q", configFile, want.Key, value, want.Value))
		}
	}
	for _, key := range []string{"kernel", "device_tree", "start_file", "fixup_file", "initramfs", "armstub"} {
		name, _, _ := strings.Cut(Last(settings, key), " ")
		if _, there := files[name]; name != "" && !there {
			mistakes = append(mistakes, fmt.Sprintf("%s: %s is %q, which is not there", configFile, key, name))
		}
	}
	return mistakes
}

func present(b []byte) bool { return len(b) > 0 }

func deviceTree(b []byte) bool {
	return len(b) >= 8 && binary.BigEndian.Uint32(b) == 0xd00dfeed && int(binary.BigEndian.Uint32(b[4:])) <= len(b)
}

// environment is a checksum, and variables up to its end.
func environment(b []byte) bool {
	return len(b) == envSize && binary.LittleEndian.Uint32(b) == crc32.ChecksumIEEE(b[4:])
}

// legacyImage is a header with a checksum of itself in which that is zero, and one of what follows.
func legacyImage(b []byte) bool {
	const header = 64
	if len(b) < header || binary.BigEndian.Uint32(b) != 0x27051956 {
		return false
	}
	head := bytes.Clone(b[:header])
	clear(head[4:8])
	size := int(binary.BigEndian.Uint32(b[12:]))
	return binary.BigEndian.Uint32(b[4:]) == crc32.ChecksumIEEE(head) && size <= len(b)-header &&
		binary.BigEndian.Uint32(b[24:]) == crc32.ChecksumIEEE(b[header:][:size])
}
