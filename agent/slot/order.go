package slot

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"calendarbot/agent/durable"
)

// Order is a wish of a program without rights to one that has them: the slots' keeper, or the updater. Who reads it decides what of
// it is allowed.
type Order struct {
	Do      string            `json:"do"`                // to the keeper stage, try, keep, back, allow; to the updater check, apply, back
	Kind    Kind              `json:"kind,omitempty"`    // of the slots
	Level   int               `json:"level,omitempty"`   // of a rollback
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
				last = number(waiting[len(waiting)-1])
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
	if err != nil || len(waiting) == 0 {
		return "", Order{}, err
	}
	name = waiting[0]
	text, err := durable.Read(filepath.Join(dir, name), MostOrder)
	if err == nil {
		o, err = parseOrder(text)
	}
	if err != nil {
		return name, Order{}, fmt.Errorf("read the order %s: %w", filepath.Join(dir, name), err)
	}
	return name, o, nil
}

// Done takes an order away, as it was carried out, or refused. What stands in the place of one goes with all that is in it.
func Done(dir, name string) error {
	if number(name) == 0 {
		return fmt.Errorf("take an order away: %q is the name of none", name)
	}
	if err := durable.RemoveAll(filepath.Join(dir, name)); err != nil {
		return fmt.Errorf("take an order away: %w", err)
	}
	return nil
}

// orders are the names of those that wait, the oldest first. A folder that is not there has none.
func orders(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if number(e.Name()) > 0 {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// number is the place of an order in its name, from 1; 0 when it is the name of none.
func number(name string) int {
	digits, ok := strings.CutSuffix(name, orderEnd)
	n, err := strconv.Atoi(digits)
	if !ok || err != nil || n < 1 || fmt.Sprintf("%09d", n) != digits {
		return 0
	}
	return n
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
