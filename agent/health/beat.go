package health

import "time"

// Beats knows when each of the program's loops last went round, by the monotonic clock. The watchdog is told only while none is late.
type Beats struct{}

// NewBeats returns one without loops.
func NewBeats() *Beats { panic("not yet") }

// Expect adds a loop that is to beat at least every so often, from now on. It returns what the loop calls each time it goes round.
func (b *Beats) Expect(name string, every time.Duration) (beat func()) { panic("not yet") }

// Ask adds a loop that keeps the time of its last round itself; zero means that it has not begun.
func (b *Beats) Ask(name string, every time.Duration, last func() time.Time) { panic("not yet") }

// Late names the loops that are late, in the order in which they were added.
func (b *Beats) Late() []string { panic("not yet") }
