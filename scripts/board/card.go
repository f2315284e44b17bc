package board

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

const sector = 512

// StateOffset is where the boot state is on a card, in bytes, and StateSize how long it is.
const (
	StateOffset = 0x400 * sector
	StateSize   = sector
)

// Card is a file that holds what is on an SD card.
type Card struct{ File string }

// Partition is a part of a card, in bytes.
type Partition struct {
	Offset, Size int64
	Type         byte // as the partition table calls it; 0 when there is none
}

// Insert makes a card of an image: a copy that takes no room for what is empty, so that the image stays as it is. It is as
// large as the next power of two, as the emulator wants it, and so has room for its data to grow.
func Insert(ctx context.Context, image, file string) (Card, error) {
	info, err := os.Stat(image)
	if err != nil {
		return Card{}, fmt.Errorf("make a card of the image: %w", err)
	}
	if _, err := output(ctx, "cp", "--sparse=always", "--reflink=auto", image, file); err != nil {
		return Card{}, fmt.Errorf("make a card of the image: %w", err)
	}
	size := int64(1)
	for size < info.Size() {
		size *= 2
	}
	if err := os.Truncate(file, size); err != nil {
		return Card{}, fmt.Errorf("make a card of the image: %w", err)
	}
	return Card{file}, nil
}

// Partitions reads the four entries of the card's table.
func (c Card) Partitions() ([4]Partition, error) {
	first, err := c.ReadAt(0, sector)
	if err != nil {
		return [4]Partition{}, err
	}
	return partitions(first)
}

func partitions(first []byte) (table [4]Partition, err error) {
	if len(first) < sector || first[510] != 0x55 || first[511] != 0xaa {
		return table, errors.New("read the partition table: there is none")
	}
	for i := range table {
		entry := first[446+16*i:][:16]
		table[i] = Partition{
			Type:   entry[4],
			Offset: int64(binary.LittleEndian.Uint32(entry[8:])) * sector,
			Size:   int64(binary.LittleEndian.Uint32(entry[12:])) * sector,
		}
	}
	return table, nil
}

// ReadAt returns some bytes of the card.
func (c Card) ReadAt(offset int64, size int) (_ []byte, err error) {
	f, err := os.Open(c.File)
	if err != nil {
		return nil, fmt.Errorf("read the card: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data := make([]byte, size)
	if _, err := f.ReadAt(data, offset); err != nil {
		return nil, fmt.Errorf("read the card: %w", err)
	}
	return data, nil
}

// WriteAt changes some bytes of the card, which must be in no board meanwhile.
func (c Card) WriteAt(offset int64, data []byte) (err error) {
	f, err := os.OpenFile(c.File, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("change the card: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.WriteAt(data, offset); err != nil {
		return fmt.Errorf("change the card: %w", err)
	}
	return nil
}

// maxFile is the most that is read of a file of the first partition, in bytes.
const maxFile = 64 << 20

// Read returns a file of the first partition, as a person sees it who puts the card into a computer. The error is
// fs.ErrNotExist where there is no such file.
func (c Card) Read(ctx context.Context, name string) ([]byte, error) {
	names, err := c.Names(ctx)
	if err != nil {
		return nil, err
	}
	for _, there := range names {
		if strings.EqualFold(there, name) {
			return c.mtools(ctx, nil, "mcopy", "-n", "::"+name, "-")
		}
	}
	return nil, fmt.Errorf("read %s of the card: %w", name, os.ErrNotExist)
}

// Names lists the files at the top of the first partition.
func (c Card) Names(ctx context.Context) ([]string, error) {
	out, err := c.mtools(ctx, nil, "mdir", "-b", "-a", "::")
	if err != nil {
		return nil, err
	}
	var names []string
	for line := range strings.Lines(string(out)) {
		if name := strings.TrimPrefix(strings.TrimSpace(line), "::/"); name != "" {
			names = append(names, name)
		}
	}
	return names, nil
}

// Write puts a file onto the first partition, in place of one with its name.
func (c Card) Write(ctx context.Context, name, text string) error {
	_, err := c.mtools(ctx, strings.NewReader(text), "mcopy", "-o", "-", "::"+name)
	return err
}

// mtools runs one of the tools of that name on the first partition.
func (c Card) mtools(ctx context.Context, in io.Reader, tool string, args ...string) ([]byte, error) {
	table, err := c.Partitions()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, tool, append([]string{"-i", fmt.Sprintf("%s@@%d", c.File, table[0].Offset)}, args...)...)
	cmd.Env = append(os.Environ(), "MTOOLS_SKIP_CHECK=1")
	cmd.Stdin = in
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &limited{&out, maxFile}, &problems
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s on the card: %w: %s", tool, err, strings.TrimSpace(problems.String()))
	}
	return out.Bytes(), nil
}

// limited is a writer that takes no more than some bytes.
type limited struct {
	to   io.Writer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	if len(p) > l.left {
		return 0, errors.New("it is too long")
	}
	l.left -= len(p)
	return l.to.Write(p)
}

// output is what a tool printed.
func output(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(problems.String()))
	}
	return string(out), nil
}
