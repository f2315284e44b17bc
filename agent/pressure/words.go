package pressure

import (
	"math"
	"strconv"
	"strings"
)

// Words says how a sign was found, as a part of a sentence for a person and with the figures: "the program used 87 % of the memory
// it may use". A step that lasts although the value is below its threshold again, as it rests, tells the threshold first, as that is
// the reason: "the processor was at least 80 % busy for a minute or longer, and 1 % at the last reading".
func (s Standing) Words() string {
	if s.Step == 0 || s.Value >= s.Limit || s.Sign == Heat {
		return s.words(s.figure(s.Value, math.Round))
	}
	words := s.words("at least " + s.figure(s.Limit, math.Round))
	if s.Value == 0 { // or it is not known any more
		return words
	}
	// Cut and not rounded: what is below 80 % is not to be told as 80 %.
	return words + ", and " + strings.TrimSpace(s.figure(s.Value, math.Floor)+" "+s.Unit) + " at the last reading"
}

// words is Words with a value, or with a threshold that it has reached.
func (s Standing) words(value string) string {
	reached := s.Step > 0 && s.Value < s.Limit
	switch s.Sign {
	case UnitMemory:
		return "the program used " + value + " % of the memory it may use"
	case DeviceMemory:
		if reached {
			return value + " MB of the device's memory were in use"
		}
		return value + " MB of the device's memory were in use, of " + s.figure(s.Limit, math.Round) + " MB that may be"
	case MemoryStalls:
		return "something waited for memory during " + value + " % of the time"
	case Processor:
		if reached {
			return "the processor was " + value + " % busy for a minute or longer"
		}
		return "the processor was " + value + " % busy, after a minute or more above " + s.figure(s.Limit, math.Round) + " %"
	case Heat:
		switch {
		case s.Value == 0:
			return "the processor was slowed down because of heat or voltage"
		case s.Top:
			return "the processor was slowed down because of heat or voltage, and had " + value + " °C"
		case reached:
			return "the processor was too hot, or slowed down because of heat or voltage, and had " + value + " °C"
		}
		return "the processor was " + value + " °C hot"
	case PoolUse:
		return value + " % of the places for connections were taken"
	case PoolFailures:
		return value + " connections failed in a row"
	case CacheFailures:
		return value + " % of the uses of kept pages failed"
	case CacheMemory:
		return "kept pages took " + value + " % of their memory"
	case SlowAnswers:
		if reached {
			return "the slowest hundredth of the answers took " + value + " s"
		}
		return "the slowest hundredth of the answers took " + value + " s or more"
	case Slower:
		return "in an hour the slowest hundredth of the answers took " + value + " times as long as when this version was new"
	case Regression:
		return "answers took " + value + " times as long as when this version was new, three hours in a row"
	case Outgrown:
		return "answers took " + value + " times as long as when this version was new, and no less without the optional parts"
	case PoolMemory:
		if reached {
			return "connections took " + value + " MB of memory"
		}
		return "connections took " + value + " MB of memory, of " + s.figure(s.Limit, math.Round) + " MB that they may take"
	case Errors:
		return value + " % of the requests of five minutes failed"
	}
	return string(s.Sign) + " was " + value
}

// figure writes a figure of a sign: whole percents, MB, °C and numbers; seconds and multiples with up to two digits behind the point.
func (s Standing) figure(v float64, whole func(float64) float64) string {
	digits := 0
	switch s.Sign {
	case SlowAnswers, Slower, Regression, Outgrown:
		if v < 10 {
			digits++
		}
		if v < 2 {
			digits++
		}
	}
	at := math.Pow10(digits)
	return strconv.FormatFloat(whole(v*at)/at, 'f', -1, 64)
}
