package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"calendarbot/agent/durable"
	"calendarbot/agent/slot"
	"calendarbot/agent/update"
)

// Upload is the Text of an order that is about the uploaded repository.
const upload = "upload"

// taken is an order that is being carried out: it survives a power cut, but not more than a few.
type taken struct {
	Order slot.Order `json:"order"`
	Begun int        `json:"begun"`
}

const mostBegun = 3

// orders carries out all that wait, the oldest first. What is wrong with one does not keep it from the next.
func (u *updater) orders(ctx context.Context) error {
	dir := filepath.Join(u.root, update.OrdersFolder)
	var wrong []error
	if t, ok := u.begun(); ok {
		wrong = append(wrong, u.carry(ctx, t))
	}
	for range 4 * slot.MostOrders {
		name, order, err := slot.Next(dir)
		if name == "" {
			return errors.Join(append(wrong, err)...)
		}
		t := taken{Order: order}
		if err == nil {
			err = u.keep(t)
		}
		// Taken away before it is carried out: what could not be carried out must not start this program again and again.
		if failed := slot.Done(dir, name); failed != nil {
			return errors.Join(append(wrong, err, failed, errStuck)...)
		}
		if err == nil {
			err = u.carry(ctx, t)
		}
		wrong = append(wrong, err)
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(wrong...)
}

func (u *updater) takenFile() string { return filepath.Join(u.root, update.Folder, "order.json") }

func (u *updater) keep(t taken) error {
	text, err := json.Marshal(t)
	if err != nil {
		return err
	}
	return durable.Write(u.takenFile(), text, 0o600)
}

// begun is the order that an earlier run was cut short in.
func (u *updater) begun() (taken, bool) {
	file, err := os.Open(u.takenFile())
	if err != nil {
		return taken{}, false
	}
	text, err := io.ReadAll(io.LimitReader(file, 2*slot.MostOrder))
	var t taken
	if err := errors.Join(err, file.Close()); err != nil || json.Unmarshal(text, &t) != nil {
		return taken{}, false
	}
	return t, true
}

// carry carries an order out.
func (u *updater) carry(ctx context.Context, t taken) error {
	if t.Begun++; t.Begun > mostBegun {
		return errors.Join(fmt.Errorf("%s: it was begun %d times, and never came to its end", t.Order.Do, mostBegun), durable.Remove(u.takenFile()))
	}
	if err := u.keep(t); err != nil {
		return err
	}
	from, err := u.place(t.Order)
	if err != nil {
		return errors.Join(err, durable.Remove(u.takenFile()))
	}
	u.carried = func() error {
		return errors.Join(from.remove(), durable.Remove(u.takenFile()))
	}
	err = u.obey(ctx, t.Order, from.name)
	if ctx.Err() != nil {
		return err // the device goes down: the next run does it, unless that is what was ordered
	}
	return errors.Join(err, u.carried())
}

// handed is a file that was handed over with an order, and goes when that was carried out; none has no name.
type handed struct {
	name string
	info fs.FileInfo
}

// place is where an order has its repository from.
func (u *updater) place(o slot.Order) (handed, error) {
	if o.Text != upload {
		return handed{}, nil
	}
	name := filepath.Join(u.root, update.UploadFolder, update.UploadName)
	info, err := os.Lstat(name)
	if err != nil {
		return handed{}, fmt.Errorf("what was uploaded is not there any more, as after an order before this one: %w", err)
	}
	return handed{name, info}, nil
}

// remove takes the file away, and leaves another one that took its place meanwhile: an order for that is on its way.
func (f handed) remove() error {
	if f.name == "" {
		return nil
	}
	info, err := os.Lstat(f.name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(info, f.info) {
		return nil
	}
	return errors.Join(err, os.Remove(f.name))
}

func (u *updater) obey(ctx context.Context, o slot.Order, from string) error {
	u.say("%s asks to %s %s %s", o.By, o.Do, o.Kind, o.Version)
	switch o.Do {
	case "check":
		return u.check(ctx, from)
	case "apply":
		return u.apply(ctx, from, update.Asked{Now: true, Kind: o.Kind, Version: o.Version}, true)
	case "back":
		return u.back(slot.Order{Kind: o.Kind, Version: o.Version, Why: o.Why, By: o.By})
	}
	return fmt.Errorf("there is no order %q; allowed are check, apply, back", o.Do)
}
