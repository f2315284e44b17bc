package slot

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// Order is a wish of a program without rights to one that has them: the slots' keeper, or the updater. Who reads it decides what of
// it is allowed.
type Order struct {
	Do      string            `json:"do"`                // to the keeper stage, try, keep, back, allow; to the updater check, apply, back
	Kind    Kind              `json:"kind,omitempty"`    // of the slots
	Version string            `json:"version,omitempty"` // which one, where that is to be said
	Text    string            `json:"text,omitempty"`    // a configuration file, or what the word needs
	Set     map[string]string `json:"set,omitempty"`     // settings of a configuration, dotted key -> text; at most MostSettings
	Why     string            `json:"why,omitempty"`     // for a person, one line
	By      string            `json:"by,omitempty"`      // who asks, one line
	At      time.Time         `json:"at"`
}

// Bounds of a folder of orders.
const (
	MostOrders   = 16        // waiting
	MostOrder    = 256 << 10 // bytes of one
	MostSettings = 128       // in one
	mostNames    = 1000      // of files in it that are read, whatever they are
	mostNumber   = 999_999_999
)

const orderEnd = ".json" // while one is being written its name ends otherwise

// Send puts an order into a folder, behind those that wait there. The folder is made if it is not there.
func Send(dir string, o Order) error {
	if o.At.IsZero() || o.Do == "" {
		return errors.New("send an order: it is to say what is to be done, and when that was wished")
	}
	if err := o.wrong(); err != nil {
		return fmt.Errorf("send an order: %w", err)
	}
	o.Why, o.By = line(o.Why, mostWhy), line(o.By, mostBy)
	text, err := json.Marshal(o)
	if err == nil && len(text)+1 > MostOrder {
		err = fmt.Errorf("it is %d bytes long; allowed are %d", len(text)+1, MostOrder)
	}
	if err == nil {
		err = durable.MakeFolder(dir, 0o750)
	}
	if err == nil {
		err = alone(dir, func() error {
			waiting, err := orders(dir)
			if err != nil {
				return err
			}
			if len(waiting) >= MostOrders {
				return fmt.Errorf("%d orders wait already to be carried out; ask again later", len(waiting))
			}
			last := 0
			if len(waiting) > 0 {
				last, _ = number(waiting[len(waiting)-1])
			}
			if last == mostNumber {
				return errors.New("the last number is taken; ask again later")
			}
			return durable.Write(filepath.Join(dir, fmt.Sprintf("%09d%s", last+1, orderEnd)), append(text, '\n'), 0o640)
		})
	}
	if err != nil {
		return fmt.Errorf("send an order: %w", err)
	}
	return nil
}

// Next returns the order that waits longest, and its name for Done; "" for none. One that is none comes with its name and an error
// that says what is wrong. It takes no lock, so nobody can keep it waiting.
func Next(dir string) (name string, o Order, err error) {
	waiting, err := orders(dir)
	if len(waiting) == 0 {
		return "", Order{}, err
	}
	name = waiting[0] // of a folder that is too full to be read whole as well
	text, err := durable.Read(filepath.Join(dir, name), MostOrder)
	if err == nil {
		o, err = parseOrder(text)
	}
	if err != nil {
		return name, Order{}, fmt.Errorf("read the order %s: %w", filepath.Join(dir, name), err)
	}
	return name, o, nil
}

// Done takes an order away, as it was carried out, or refused. A folder in the place of one goes with all that is in it; whatever keeps that there, it is in
// the way of no order any more.
func Done(dir, name string) error {
	if _, ok := number(name); !ok {
		return fmt.Errorf("take an order away: %q is the name of none", name)
	}
	at := filepath.Join(dir, name)
	info, err := os.Lstat(at)
	if err == nil && info.IsDir() {
		var aside string
		if aside, err = os.MkdirTemp(dir, "gone-"); err == nil {
			err, at = durable.Rename(at, filepath.Join(aside, name)), aside
		}
	}
	if err == nil {
		err = durable.RemoveAll(at)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("take an order away: %w", err)
	}
	return nil
}

// orders are the names of those that wait, the oldest first. A folder that is not there has none. One that holds more than is read is an error, beside those
// that were read.
func orders(dir string) ([]string, error) {
	folder, err := os.OpenFile(dir, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all, err := folder.Readdirnames(mostNames + 1)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if err == nil && len(all) > mostNames {
		err = fmt.Errorf("%s holds more than %d files; %d orders are all that may wait there", dir, mostNames, MostOrders)
	}
	names := slices.DeleteFunc(all, func(name string) bool { _, ok := number(name); return !ok })
	slices.Sort(names)
	return names, errors.Join(err, folder.Close())
}

// number is the place of an order in its name, which is what the units wait for: nine digits. Send begins with 1.
func number(name string) (n int, ok bool) {
	digits, ok := strings.CutSuffix(name, orderEnd)
	n, err := strconv.Atoi(digits)
	return n, ok && err == nil && n >= 0 && n <= mostNumber && fmt.Sprintf("%09d", n) == digits
}

// parseOrder reads what Send wrote, or what a newer program wrote, which may say more.
func parseOrder(text []byte) (Order, error) {
	var o Order
	if err := json.Unmarshal(text, &o); err != nil {
		return Order{}, fmt.Errorf("it is not an order: %w", err)
	}
	if o.Do == "" || len(o.Do) > 20 || len(o.Kind) > 20 || len(o.Version) > mostVersion {
		return Order{}, errors.New("it does not say what is to be done")
	}
	if err := o.wrong(); err != nil {
		return Order{}, err
	}
	o.Do, o.Kind, o.Version = line(o.Do, 20), Kind(line(string(o.Kind), 20)), line(o.Version, mostVersion)
	o.Why, o.By = line(o.Why, mostWhy), line(o.By, mostBy)
	return o, nil
}

// wrong says why the settings of an order are too many, or belong to another one; what they mean is for who carries it out.
func (o Order) wrong() error {
	switch {
	case len(o.Set) > MostSettings:
		return fmt.Errorf("it is to set %d settings; allowed are %d", len(o.Set), MostSettings)
	case len(o.Set) > 0 && (o.Do != "stage" || o.Kind != Config || o.Text != ""):
		return errors.New("settings are set alone where a configuration is staged, and not beside a whole file")
	}
	return nil
}
