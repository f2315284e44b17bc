package repository

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"syscall"

	"calendarbot/agent/durable"
	"calendarbot/agent/update"
)

// Fetch brings a target here, and returns the file that it is in: whole, and of the length and hash that were signed. What an earlier
// call brought of it is not fetched again, over a restart of the device too. told hears how many bytes are there; nil for nobody.
func (p *Repository) Fetch(ctx context.Context, o update.Offer, told func(done int64)) (string, error) {
	parts := filepath.Join(p.o.Folder, "part")
	if err := durable.MakeFolder(parts, 0o700); err != nil {
		return "", refuse(Unwritable, err, "What is downloaded cannot be kept: %v.", err)
	}
	if told == nil {
		told = func(int64) {}
	}
	d := &download{p: p, offer: o, name: filepath.Join(parts, o.SHA256), told: told}
	resumed, err := d.run(ctx)
	if CodeOf(err) == WrongHash && resumed {
		// What an earlier run left may have suffered from a power cut. The whole file tells whose fault it is.
		_, err = d.run(ctx)
	}
	return d.name, err
}

// Tidy removes what was downloaded of anything but the offers.
func (p *Repository) Tidy(keep ...update.Offer) error {
	parts := filepath.Join(p.o.Folder, "part")
	entries, err := os.ReadDir(parts)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var wrong []error
	for _, e := range entries {
		if !slices.ContainsFunc(keep, func(o update.Offer) bool { return e.Name() == o.SHA256 || e.Name() == o.SHA256+".tag" }) {
			wrong = append(wrong, os.Remove(filepath.Join(parts, e.Name())))
		}
	}
	return errors.Join(append(wrong, err)...)
}

type download struct {
	p     *Repository
	offer update.Offer
	name  string
	told  func(int64)
	sum   hash.Hash
}

// run fetches what is missing. It tells whether some of it was there before.
func (d *download) run(ctx context.Context) (resumed bool, err error) {
	file, err := os.OpenFile(d.name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return false, refuse(Unwritable, err, "What is downloaded cannot be kept: %v.", err)
	}
	have, err := d.take(file)
	if err == nil {
		resumed = have > 0
		err = d.rest(ctx, file, have)
	}
	if err == nil && hex.EncodeToString(d.sum.Sum(nil)) != d.offer.SHA256 {
		err = refuse(WrongHash, nil, "The file %s is not the one that was signed: it came broken, or somebody changed it.", d.offer.Name)
	}
	if err == nil {
		if failed := file.Sync(); failed != nil {
			err = refuse(Unwritable, failed, "What is downloaded cannot be kept: %v.", failed)
		}
	}
	err = errors.Join(err, file.Close())
	if code := CodeOf(err); code == WrongHash || code == WrongLength {
		err = errors.Join(err, durable.Remove(d.name), durable.Remove(d.name+".tag"))
	}
	return resumed, err
}

// take reads what is there into the hash. What is longer than the whole is nothing.
func (d *download) take(file *os.File) (int64, error) {
	d.sum = sha256.New()
	have, err := io.Copy(d.sum, io.LimitReader(file, d.offer.Length+1))
	if err == nil && have > d.offer.Length {
		have, err = 0, file.Truncate(0)
		d.sum.Reset()
	}
	if err == nil {
		_, err = file.Seek(have, io.SeekStart)
	}
	if err != nil {
		return 0, refuse(Unwritable, err, "What was downloaded before cannot be read: %v.", err)
	}
	d.told(have)
	return have, nil
}

func (d *download) rest(ctx context.Context, file *os.File, have int64) error {
	if have == d.offer.Length {
		return nil
	}
	if err := d.room(have); err != nil {
		return err
	}
	tag, err := os.ReadFile(d.name + ".tag")
	if err != nil || len(tag) > 200 {
		tag = nil // the hash is in the file's name and is looked at in the end: a tag only saves the way of a wrong one
	}
	source, name := d.p.o.Source, targetPath(d.offer)
	from, err := source.Open(ctx, name, have, string(tag))
	if errors.Is(err, errRange) {
		from, err = source.Open(ctx, name, 0, "")
	}
	if err != nil {
		return absent(err, name)
	}
	return errors.Join(d.copy(ctx, file, from, have, string(tag)), from.Close())
}

// copy adds what comes to the file.
func (d *download) copy(ctx context.Context, file *os.File, from *File, have int64, tag string) error {
	if from.Size >= 0 && from.Size != d.offer.Length {
		return refuse(WrongLength, nil, "The file %s has %d bytes; signed are %d.", d.offer.Name, from.Size, d.offer.Length)
	}
	if from.From != have {
		if err := errors.Join(file.Truncate(0), seek(file)); err != nil {
			return refuse(Unwritable, err, "What is downloaded cannot be kept: %v.", err)
		}
		d.sum.Reset()
		have = 0
	}
	if from.Tag != "" && from.Tag != tag {
		if err := durable.Write(d.name+".tag", []byte(from.Tag), 0o600); err != nil {
			return refuse(Unwritable, err, "What is downloaded cannot be kept: %v.", err)
		}
	}
	writer := &counted{file: file, sum: d.sum, have: have, told: d.told}
	_, err := io.CopyBuffer(writer, io.LimitReader(from, d.offer.Length-have+1), make([]byte, 128<<10))
	switch {
	case writer.err != nil:
		return refuse(Unwritable, writer.err, "What is downloaded cannot be kept: %v.", reason(writer.err))
	case writer.have > d.offer.Length:
		return refuse(WrongLength, nil, "The file %s is longer than the %d bytes that were signed.", d.offer.Name, d.offer.Length)
	case err != nil:
		return unread(ctx, d.p.o.Source, d.offer.Name, err)
	case writer.have < d.offer.Length && from.Size < 0:
		return refuse(WrongLength, nil, "The file %s has %d bytes; signed are %d.", d.offer.Name, writer.have, d.offer.Length)
	case writer.have < d.offer.Length:
		return refuse(Unreachable, io.ErrUnexpectedEOF, "The file %s ended early, after %d of %d bytes.", d.offer.Name, writer.have, d.offer.Length)
	}
	return nil
}

func seek(file *os.File) error {
	_, err := file.Seek(0, io.SeekStart)
	return err
}

// room refuses what would fill the card.
func (d *download) room(have int64) error {
	return Room(filepath.Dir(d.name), d.offer.Length-have, d.p.o.Limits.Spare)
}

// Room refuses with NoSpace when a folder's file system has less room than needed and spare, in bytes.
func Room(folder string, needed, spare int64) error {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		return refuse(Unwritable, err, "How much room there is in %s cannot be told: %v.", folder, err)
	}
	if free := int64(s.Bavail) * int64(s.Bsize); free < needed+spare {
		return refuse(NoSpace, nil, "There is too little room: %s are needed, and %s are free.", megabytes(needed+spare), megabytes(free))
	}
	return nil
}

func megabytes(n int64) string { return fmt.Sprintf("%d MB", (n+999_999)/1_000_000) }

// targetPath is where a target lies in a repository of consistent snapshots.
func targetPath(o update.Offer) string {
	return path.Join("targets", path.Dir(o.Name), o.SHA256+"."+path.Base(o.Name))
}

// counted writes what is hashed, and tells how much there is.
type counted struct {
	file *os.File
	sum  hash.Hash
	have int64
	told func(int64)
	err  error
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.file.Write(b)
	if _, failed := c.sum.Write(b[:n]); err == nil {
		err = failed
	}
	c.have += int64(n)
	c.err = err
	c.told(c.have)
	return n, err
}
