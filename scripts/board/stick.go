package board

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// Stick makes a file the picture of a USB stick (FAT) that has a folder's files in its folder calendarbot-update.
func Stick(ctx context.Context, folder, file string) error {
	size := int64(16 << 20) // for the file system, and so that it has room
	err := filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			size += info.Size() + 4<<10
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("make a stick: %w", err)
	}
	if err := remove(file); err != nil {
		return fmt.Errorf("make a stick: %w", err)
	}
	names, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("make a stick: %w", err)
	}
	copied := []string{"mcopy", "-s", "-Q", "-i", file}
	for _, entry := range names {
		copied = append(copied, filepath.Join(folder, entry.Name()))
	}
	for _, command := range [][]string{
		{"mkfs.vfat", "-n", "UPDATES", "-C", file, strconv.FormatInt(size>>10, 10)},
		{"mmd", "-i", file, "::calendarbot-update"},
		append(copied, "::calendarbot-update"),
	} {
		if _, err := output(ctx, command[0], command[1:]...); err != nil {
			return fmt.Errorf("make a stick: %w", err)
		}
	}
	return nil
}

// stickName is what the emulator calls it.
const stickName = "stick"

// Plug plugs a stick in. It is gone when the board starts anew.
func (b *Board) Plug(file string) error {
	medium := map[string]any{"driver": "raw", "node-name": stickName, "read-only": true, "file": map[string]string{"driver": "file", "filename": file}}
	if _, err := b.Ask("blockdev-add", medium); err != nil {
		return fmt.Errorf("plug a stick in: %w", err)
	}
	if _, err := b.Ask("device_add", map[string]string{"driver": "usb-storage", "id": stickName, "drive": stickName}); err != nil {
		return fmt.Errorf("plug a stick in: %w", err)
	}
	return nil
}
