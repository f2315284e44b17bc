package pressure

import (
	"math"
	"strconv"
)

// Words says how a sign was found, as a part of a sentence for a person and with the figures: "the program used 87 % of the memory
// it may use". A step that lasts although the value is below its threshold again, as it rests, says that there was more before.
func (s Standing) Words() string {
	words := s.words(figure(s.Value))
	if s.Step > 0 && s.Value < s.Limit && s.Sign != Heat {
		words += ", and more before"
	}
	return words
}

// words is Words without a look at whether the value is still above the threshold.
func (s Standing) words(value string) string {
	switch s.Sign {
	case UnitMemory:
		return "the program used " + value + " % of the memory it may use"
	case DeviceMemory:
		return value + " MB of the device's memory were in use, of " + figure(s.Limit) + " MB that may be"
	case MemoryStalls:
		return "something waited for memory during " + value + " % of the time"
	case Processor:
		return "the processor was " + value + " % busy, after a minute or more above " + figure(s.Limit) + " %"
	case Heat:
		switch {
		case s.Value == 0:
			return "the processor was slowed down because of heat or voltage"
		case s.Value < s.Limit:
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
		return "the slowest hundredth of the answers took " + value + " s or more"
	case Slower:
		return "the slowest hundredth of the answers took " + value + " times as long as when this version was new"
	case Regression:
		return "answers took " + value + " times as long as when this version was new, three hours in a row"
	case PoolMemory:
		return "connections took " + value + " MB of memory, of " + figure(s.Limit) + " MB that they may take"
	case Errors:
		return value + " % of the requests of five minutes failed"
	}
	return string(s.Sign) + " was " + value
}

// figure writes a figure with about three digits.
func figure(v float64) string {
	digits := 0
	switch size := math.Abs(v); {
	case size < 2:
		digits = 2
	case size < 10:
		digits = 1
	}
	at := math.Pow10(digits)
	return strconv.FormatFloat(math.Round(v*at)/at, 'f', -1, 64)
}
