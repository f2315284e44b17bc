package calendar

import "math/bits"

// clocks is a set of times of day: every combination of its hours, minutes and seconds.
type clocks struct {
	hours            uint32 // bit h
	minutes, seconds uint64
}

// from returns the first time of the set at or after t, in seconds of the day, or -1. t may be
// a whole day or more.
func (c clocks) from(t int) int {
	if t >= int(Day) {
		return -1
	}
	hour, minute, second := t/3600, t/60%60, t%60
	if c.hours>>hour&1 != 0 {
		if c.minutes>>minute&1 != 0 {
			if rest := c.seconds >> second; rest != 0 {
				return t + bits.TrailingZeros64(rest)
			}
		}
		if rest := c.minutes >> (minute + 1); rest != 0 {
			minute += 1 + bits.TrailingZeros64(rest)
			return hour*3600 + minute*60 + bits.TrailingZeros64(c.seconds)
		}
	}
	rest := c.hours >> (hour + 1)
	if rest == 0 {
		return -1
	}
	hour += 1 + bits.TrailingZeros32(rest)
	return hour*3600 + bits.TrailingZeros64(c.minutes)*60 + bits.TrailingZeros64(c.seconds)
}

// count is the size of the set.
func (c clocks) count() int {
	return bits.OnesCount32(c.hours) * bits.OnesCount64(c.minutes) * bits.OnesCount64(c.seconds)
}

// nth returns the time at index i of the set in order; i is less than count.
func (c clocks) nth(i int) int {
	minutes, seconds := bits.OnesCount64(c.minutes), bits.OnesCount64(c.seconds)
	hour := nthBit(uint64(c.hours), i/seconds/minutes)
	minute := nthBit(c.minutes, i/seconds%minutes)
	return hour*3600 + minute*60 + nthBit(c.seconds, i%seconds)
}

// nthBit is the place of the set bit with n set bits below it.
func nthBit(set uint64, n int) int {
	for ; n > 0; n-- {
		set &= set - 1
	}
	return bits.TrailingZeros64(set)
}

// outer is the set of periods of a day that a rule finer than a day may use; inner are the times
// in one such period, counted from its start.
func (r *Rule) outer() clocks {
	c := clocks{hours: r.clocks.hours, minutes: 1, seconds: 1}
	if r.freq >= minutely {
		c.minutes = r.clocks.minutes
	}
	if r.freq >= secondly {
		c.seconds = r.clocks.seconds
	}
	return c
}

func (r *Rule) inner() clocks {
	c := clocks{hours: 1, minutes: 1, seconds: 1}
	if r.freq < minutely {
		c.minutes = r.clocks.minutes
	}
	if r.freq < secondly {
		c.seconds = r.clocks.seconds
	}
	return c
}
