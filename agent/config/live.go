package config

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Live is the configuration that holds now, and its only way to change. Its methods may be called from any goroutine;
// changes are made one after the other.
type Live struct {
	archive Archive
	now     func() time.Time
	start   Config // what the program started with
	state   atomic.Pointer[State]

	mu          sync.Mutex // held by whoever changes something
	keeper      keeper
	in          Input  // with the runtime layer that holds
	accepted    []byte // the file in the archive; nil: none
	disk        string // why the file on the disk is not what holds
	environment string // what was wrong with the environment at the start
}

// Start loads the configuration. When what is on the disk is not usable, it is the last accepted one, without those of
// its values that are allowed no more; when the environment or the runtime layer has a value that is not allowed, it
// is left out. State.Problem says so. That features.emergency_off was set to false while the program ran is forgotten. The error is for when no file was accepted before, and for the program's own
// flags. in.Runtime and in.Text are not looked at: they come from the archive.
func Start(ctx context.Context, in Input, kept Archive, now func() time.Time) (*Live, error) {
	l := &Live{archive: kept, keeper: keeper{archive: kept}, now: now, in: in}
	var err error
	if l.in.Runtime, err = kept.Runtime(ctx); err != nil {
		return nil, fmt.Errorf("read the settings that were changed while the program ran: %w", err)
	}
	if l.accepted, err = kept.Accepted(ctx); err != nil {
		return nil, fmt.Errorf("read the last accepted configuration: %w", err)
	}
	l.in.Text = nil
	// Who ends an emergency speaks of the one that there is, not of one that file or environment declare later: what says "not off"
	// ends with the program, or it would silence them for good.
	if off, ok := yes(l.in.Runtime[emergencyOff]); ok && !off {
		delete(l.in.Runtime, emergencyOff)
	}

	d, text := l.in.load()
	if l.accepted == nil {
		err = d.err(File, Environment, Flag)
	} else {
		err = d.err(Flag)
	}
	if err != nil {
		return nil, err
	}
	if err := d.err(File); err != nil {
		text = l.accepted
		d = l.in.lay(text)
		l.disk = notUsable(err, d.err(File))
	} else if err := l.record(ctx, text, By{Who: "the program", Why: "the file was read at the start"}); err != nil {
		l.disk = err.Error()
	}
	l.start = d.config
	l.environment = words(d.err(Environment))
	first := l.outcome(d, text)
	first.Revision = 1
	l.state.Store(&first)
	return l, nil
}

// State returns what holds.
func (l *Live) State() *State { return l.state.Load() }

// Reload reads file and environment again: whole or not at all. On an error (one sentence for each problem) what holds
// stays, and State.Problem says so until a later one succeeds. Without any difference nothing changes and nothing is recorded.
// What was wrong with the environment at the start, and was left out, is no error again. The state that holds
// is returned in any case.
func (l *Live) Reload(ctx context.Context, by By) (*State, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d, text := l.in.load()
	err := d.err(File)
	if words(d.err(Environment)) != l.environment {
		err = d.err(File, Environment)
	}
	if err == nil {
		err = l.record(ctx, text, by)
	}
	if err != nil {
		l.disk = notUsable(err, nil)
		holds := *l.State()
		holds.Problem = l.problem(l.in.lay(holds.Text))
		return l.replace(holds), err
	}
	l.disk, l.environment = "", words(d.err(Environment))
	return l.replace(l.outcome(d, text)), nil
}

// Set changes settings of the runtime layer, all or none; a nil text takes the layer's word on a key back. The error has a sentence for
// each that is not allowed. When what is allowed cannot be written down nothing changes, and the error is ErrNotKept; but a change of
// features.emergency_off alone takes effect even so, within a few seconds, and State.Problem says that it was not kept. The
// state that holds is returned in any case.
func (l *Live) Set(ctx context.Context, settings map[string]*string, by By) (*State, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	changes, err := changesOf(l.in.Runtime, settings)
	if err != nil {
		return l.State(), err
	}
	return l.change(ctx, changes, by)
}

// Changes returns the newest changes first, at most limit, secrets in full.
func (l *Live) Changes(ctx context.Context, limit int) ([]Change, error) {
	changes, err := l.archive.Changes(ctx, limit)
	if err != nil {
		return nil, fmt.Errorf("read the changes of the configuration: %w", err)
	}
	return changes, nil
}

// change makes changes of the runtime layer, when they are recorded or urgent.
func (l *Live) change(ctx context.Context, changes []Change, by By) (*State, error) {
	if len(changes) == 0 {
		return l.State(), nil
	}
	runtime := maps.Clone(l.in.Runtime)
	if runtime == nil {
		runtime = map[string]string{}
	}
	now := l.now()
	for i := range changes {
		c := &changes[i]
		c.At, c.By = now, by
		if c.Has {
			runtime[c.Key] = c.To
		} else {
			delete(runtime, c.Key)
		}
	}
	if err := l.keepChanges(ctx, runtime, changes); err != nil {
		return l.State(), fmt.Errorf("record the change of the configuration: %w", err)
	}
	l.in.Runtime = runtime
	text := l.State().Text
	return l.replace(l.outcome(l.in.lay(text), text)), nil
}

// keepChanges records changes of the runtime layer. That urgent ones could not be recorded is a problem, not an error.
func (l *Live) keepChanges(ctx context.Context, runtime map[string]string, changes []Change) error {
	if !urgent(changes) {
		return l.keeper.keep(ctx, keepTime, runtime, changes, nil)
	}
	// Whoever asked may be gone before the database answers; what was asked for counts.
	if err := l.keeper.keep(context.WithoutCancel(ctx), urgentTime, runtime, changes, nil); err != nil {
		l.keeper.owe(changes)
		l.keeper.problem = emergencyOff + " was changed, and that was not kept; without another change it is forgotten when the program ends: " + err.Error()
	}
	return nil
}

// record keeps a text as the accepted file, with its differences from the one before. No file counts as an empty one.
func (l *Live) record(ctx context.Context, text []byte, by By) error {
	if l.accepted != nil && bytes.Equal(text, l.accepted) && len(l.keeper.owed) == 0 {
		return nil
	}
	if text == nil {
		text = []byte{}
	}
	var changes []Change
	if l.accepted != nil {
		changes = differences(l.accepted, text)
	}
	now := l.now()
	for i, c := range changes {
		changes[i] = c.Shown() // only the runtime layer's are taken back from the log, and need their secrets there
		changes[i].At, changes[i].By = now, by
	}
	if err := l.keeper.keep(ctx, keepTime, l.in.Runtime, changes, text); err != nil {
		return fmt.Errorf("record the configuration file: %w", err)
	}
	l.accepted = text
	return nil
}

// outcome is the state that a draft makes.
func (l *Live) outcome(d *draft, text []byte) State {
	return State{Config: d.config, Values: d.values(), Problem: l.problem(d), Pending: pending(l.start, d.config), Text: text}
}

// replace makes a state the one that holds.
func (l *Live) replace(s State) *State {
	next := l.State().next(s)
	l.state.Store(next)
	return next
}

// problem is what is wrong, a sentence a line.
func (l *Live) problem(d *draft) string {
	var lines []string
	if l.disk != "" {
		lines = append(lines, l.disk)
	}
	if l.keeper.problem != "" {
		lines = append(lines, l.keeper.problem)
	}
	for _, layer := range []Layer{Environment, Runtime} {
		for _, err := range d.problems[layer].all() {
			lines = append(lines, err.Error()+"; it is left out")
		}
	}
	return strings.Join(lines, "\n")
}

// notUsable says that the accepted configuration holds, why, and what of it is allowed no more.
func notUsable(disk, accepted error) string {
	lines := []string{"the last accepted configuration holds, not what is on the disk:", words(disk)}
	if accepted != nil {
		lines = append(lines, "of the accepted one is left out:", words(accepted))
	}
	return strings.Join(lines, "\n")
}

// words are the sentences of an error; "" without one.
func words(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
