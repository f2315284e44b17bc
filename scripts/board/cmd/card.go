package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"calendarbot/scripts/board"
)

// newest is the image that is named, or the newest there is.
func newest(named string) (string, error) {
	if named != "" {
		return named, nil
	}
	found, err := filepath.Glob("dist/image/*.img")
	if err != nil {
		return "", fmt.Errorf("look for images: %w", err)
	}
	latest, when := "", time.Time{}
	for _, name := range found {
		info, err := os.Stat(name)
		if err != nil {
			return "", fmt.Errorf("look for images: %w", err)
		}
		if info.ModTime().After(when) {
			latest, when = name, info.ModTime()
		}
	}
	if latest == "" {
		return "", errors.New("there is no image in dist/image; `make image` bakes one, --image names another")
	}
	return latest, nil
}

// lock keeps a second board from the card.
func lock(folder string) (*os.File, error) {
	f, err := os.Create(filepath.Join(folder, "lock"))
	if err != nil {
		return nil, fmt.Errorf("lock the card: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(errors.New("lock the card: another board is running with it"), f.Close())
	}
	return f, nil
}

// insert returns the card that was kept, or a new one with settings on it where that is not of this image.
func insert(ctx context.Context, o options, image, folder string, key board.Key, out io.Writer) (board.Card, error) {
	info, err := os.Stat(image)
	if err != nil {
		return board.Card{}, fmt.Errorf("find the image: %w", err)
	}
	from := origin(image, info)
	file, note := filepath.Join(folder, "card.img"), filepath.Join(folder, "card.txt")
	known, err := os.ReadFile(note)
	if err == nil && string(known) == from && !o.fresh {
		fmt.Fprintf(out, "%s, with the card of the last time (--fresh for a new one)\n", filepath.Base(image))
		return board.Card{File: file}, nil
	}
	fmt.Fprintf(out, "%s, with a new card\n", filepath.Base(image))
	// The note goes first and comes last, so that half a card is never taken for a whole one.
	if err := errors.Join(remove(note), remove(file)); err != nil {
		return board.Card{}, fmt.Errorf("make a new card: %w", err)
	}
	card, err := board.Insert(ctx, image, file)
	if err != nil {
		return card, err
	}
	if err := seed(ctx, o, card, key); err != nil {
		return card, err
	}
	if err := os.WriteFile(note, []byte(from), 0o600); err != nil {
		return card, fmt.Errorf("make a new card: %w", err)
	}
	return card, nil
}

// origin tells an image from all others.
func origin(image string, info os.FileInfo) string {
	return fmt.Sprintln(filepath.Base(image), info.Size(), info.ModTime().UnixNano())
}

func remove(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// seed writes the person's settings onto a card, or those for the household.
func seed(ctx context.Context, o options, card board.Card, key board.Key) error {
	if o.config != "" {
		text, err := os.ReadFile(o.config)
		if err != nil {
			return fmt.Errorf("read the settings: %w", err)
		}
		return card.Write(ctx, "calendarbot.yaml", string(text))
	}
	public, err := key.Public()
	if err != nil {
		return err
	}
	return card.Seed(ctx, board.Settings{Hostname: "calendarbot", Feeds: board.Household(o.feedPort), PublicKey: public})
}
