package hwtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// Reasons that the program keeps with what is asked of it: for a change, and for what takes it back.
const (
	why     = "hardware test"
	whyBack = "end of the hardware test"
)

// Program is one that was in use: that of a slot, or for "" that of the system.
type Program struct {
	Slot    string `json:"slot"`
	Version string `json:"version,omitempty"`
}

// slotState is what is needed of /data/slots/KIND.json.
type slotState struct {
	Active, Former string
	Trial          *struct {
		Slot, Version string
		Started       int // starts that there were
	}
	Slots map[string]struct{ Version string }
	Last  *struct {
		Version, Why string
		Kept         bool
		At, Asked    time.Time // when it ended; of the wish to go back that it was, else zero
	}
	Denied []struct{ Version, Why string }
}

func (d *Device) slot(kind string) (slotState, error) {
	var s slotState
	data, err := os.ReadFile(d.at("/data/slots/" + kind + ".json"))
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(data, &s)
}

// mainPID is the program's process, by systemd.
func (d *Device) mainPID(ctx context.Context) (string, error) {
	values, err := d.show(ctx, unit, "MainPID")
	if err == nil && (values["MainPID"] == "" || values["MainPID"] == "0") {
		err = errors.New("the program does not run")
	}
	return values["MainPID"], err
}

// another tells whether another process than the one of before shows whole pages. Pages alone would not do: until its end the program of before
// shows them.
func (d *Device) another(ctx context.Context, before string) (bool, error) {
	now, err := d.mainPID(ctx)
	if err != nil {
		return false, err
	}
	if now == before {
		return false, fmt.Errorf("the program was not started anew: it is process %s, as before", now)
	}
	err = d.page(ctx)
	return err == nil, err
}

// use has the program of before in use again, whatever became of it, and takes back that a version is not tried again where this test is the reason.
func (d *Device) use(ctx context.Context, p Program) error {
	was, err := d.mainPID(ctx)
	if err != nil {
		was = "" // it does not run, and any is another one
	}
	anew := false
	_, err = d.until(ctx, level3Limit, func() (bool, error) {
		now, err := d.slot("agent")
		if os.IsNotExist(err) && p.Slot == "" {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		words := d.nextWords(now, p)
		if words == nil {
			return now.Trial == nil, nil // one that was not started yet can't be kept
		}
		if _, err = d.command(ctx, "calendarbot", append([]string{"slots", "agent"}, words...)...); err != nil {
			return false, errors.Join(err, d.pause(ctx, d.seconds(5))) // each order that is refused is written to the card
		}
		anew = anew || words[0] == "try" || words[0] == "back"
		return false, nil
	})
	if err != nil || !anew {
		return err
	}
	// What else is taken back is asked of the program, which is just being started.
	_, err = d.until(ctx, level3Limit, func() (bool, error) { return d.another(ctx, was) })
	return err
}

// nextWords are those of "calendarbot slots agent" that lead a step from a state towards the program of before; nil for none.
func (d *Device) nextWords(now slotState, p Program) []string {
	refused := map[string]bool{}
	for _, v := range now.Denied {
		refused[v.Version] = true
		if now.Trial == nil && now.Active == p.Slot && (v.Why == why || v.Why == whyBack) {
			return []string{"allow", v.Version}
		}
	}
	switch {
	case now.Trial != nil && now.Trial.Slot == p.Slot && now.Trial.Started == 0:
		return nil
	case now.Trial != nil && now.Trial.Slot == p.Slot:
		return []string{"keep"}
	case now.Trial == nil && now.Active == p.Slot:
		return nil
	case now.Trial == nil && refused[p.Version] && p.Slot != "":
		return []string{"allow", p.Version}
	case now.Trial != nil || now.Former == p.Slot || p.Slot == "":
		return []string{"back", "--why", whyBack}
	}
	return []string{"try", p.Version}
}
