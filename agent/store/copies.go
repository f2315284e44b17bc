package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"calendarbot/agent/durable"
)

const (
	schemaSuffix = ".schema-"
	keptCopies   = 3
	// roomBeside is what has to be free besides the files that are written, in bytes: the log and its index.
	roomBeside = 4 << 20
)

// copies is the database at a path as programs of other schemas have left it: PATH.schema-3 is how the one that knew schema 3 did.
// Of each schema there is one, and of all there are three at most, the newest: what a program of then can go on with.
type copies string

// of is the name of the copy of a schema.
func (c copies) of(schema int64) string {
	return string(c) + schemaSuffix + strconv.FormatInt(schema, 10)
}

// copied is a copy that there is.
type copied struct {
	name   string
	schema int64
	at     time.Time // when it was written last
	size   int64     // bytes
}

// list returns the copies that there are, those of later schemas first.
func (c copies) list() ([]copied, error) {
	entries, err := os.ReadDir(filepath.Dir(string(c)))
	if err != nil {
		return nil, err
	}
	var all []copied
	for _, e := range entries {
		number, ours := strings.CutPrefix(e.Name(), filepath.Base(string(c))+schemaSuffix)
		schema, err := strconv.ParseInt(number, 10, 64)
		if !ours || err != nil {
			continue
		}
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue // gone meanwhile, or not ours
		}
		all = append(all, copied{c.of(schema), schema, info.ModTime(), info.Size()})
	}
	slices.SortFunc(all, func(a, b copied) int { return cmp.Compare(b.schema, a.schema) })
	return all, nil
}

// newest returns the copy of the latest schema that a program knows.
func (c copies) newest(knows int64) (copied, bool) {
	all, err := c.list()
	if err != nil {
		return copied{}, false // there is nothing to go on with then
	}
	i := slices.IndexFunc(all, func(one copied) bool { return one.schema <= knows })
	if i < 0 {
		return copied{}, false
	}
	return all[i], true
}

// add writes a copy of the database, which has the schema, in place of an older one.
func (c copies) add(ctx context.Context, db *sql.DB, schema int64) error {
	size, err := c.size()
	if err != nil {
		return err
	}
	// The migration may write all of it once more.
	if err := c.room(2 * size); err != nil {
		return err
	}
	unfinished := c.of(schema) + ".new"
	if err := empty(unfinished); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", unfinished)
	if err == nil {
		err = durable.Sync(unfinished)
	}
	if err != nil {
		return errors.Join(err, os.Remove(unfinished))
	}
	if err := durable.Rename(unfinished, c.of(schema)); err != nil {
		return err
	}
	c.prune(schema)
	return nil
}

// keep makes what lies at the path the copy of a schema too, without writing it again: nothing is lost when the path then gets
// another file.
func (c copies) keep(schema int64) error {
	unfinished := c.of(schema) + ".new"
	if err := remove(unfinished); err != nil {
		return err
	}
	err := os.Link(string(c), unfinished)
	if err == nil {
		err = durable.Rename(unfinished, c.of(schema))
	}
	// Where the copy is that very file already, because the power was cut here once, a rename does nothing.
	return errors.Join(err, remove(unfinished))
}

// prune removes the copies that were written first until three are left, the one of a schema among them. It tells of no error: what
// cannot be removed takes room until the next time, which is no reason to go without the database.
func (c copies) prune(schema int64) {
	all, err := c.list()
	if err != nil {
		return
	}
	all = slices.DeleteFunc(all, func(one copied) bool { return one.schema == schema })
	slices.SortFunc(all, func(a, b copied) int { return b.at.Compare(a.at) })
	for i := keptCopies - 1; i < len(all); i++ {
		discard(all[i].name)
	}
}

// size is what the database takes, its log included, in bytes.
func (c copies) size() (int64, error) {
	var sum int64
	for _, suffix := range companions() {
		info, err := os.Stat(string(c) + suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, err
		}
		sum += info.Size()
	}
	return sum, nil
}

// room is an error that says that the disk is full when it has less left than so many bytes.
func (c copies) room(bytes int64) error {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(string(c)), &disk); err != nil {
		return fmt.Errorf("ask for the free space: %w", err)
	}
	if free := disk.Bavail * uint64(disk.Bsize); free < uint64(bytes)+roomBeside {
		return fmt.Errorf("%d bytes are needed and %d are free: %w", bytes+roomBeside, free, syscall.ENOSPC)
	}
	return nil
}

// empty makes an empty file for its owner alone, in place of another: databases hold passwords, and SQLite keeps the mode.
func empty(name string) error {
	for _, suffix := range companions() {
		if err := remove(name + suffix); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// discard removes a database that lies beside. What cannot be removed stays, with the file itself, which is found again the next time.
func discard(name string) {
	for _, suffix := range slices.Backward(companions()) {
		if remove(name+suffix) != nil {
			return
		}
	}
}

// remove is os.Remove; that there is nothing is no error.
func remove(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
