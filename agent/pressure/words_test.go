package pressure

import (
	"strings"
	"testing"
	"time"
)

func TestStandingsAreToldInWords(t *testing.T) {
	for _, c := range []struct {
		s    Standing
		want string
	}{
		{Standing{Sign: UnitMemory, Value: 87.4, Step: 2, Limit: 85}, "the program used 87 % of the memory it may use"},
		{Standing{Sign: UnitMemory, Value: 84.9, Step: 2, Limit: 85, Unit: "%"}, "the program used at least 85 % of the memory it may use, and 84 % at the last reading"},
		{Standing{Sign: UnitMemory, Value: 12, Limit: 70}, "the program used 12 % of the memory it may use"},
		{Standing{Sign: DeviceMemory, Value: 390.6, Step: 1, Limit: 400, Unit: "MB"}, "at least 400 MB of the device's memory were in use, and 390 MB at the last reading"},
		{Standing{Sign: DeviceMemory, Value: 411.7, Step: 1, Limit: 400}, "412 MB of the device's memory were in use, of 400 MB that may be"},
		{Standing{Sign: MemoryStalls, Value: 12, Step: 1, Limit: 10}, "something waited for memory during 12 % of the time"},
		{Standing{Sign: Processor, Value: 93, Step: 1, Limit: 80}, "the processor was 93 % busy, after a minute or more above 80 %"},
		{Standing{Sign: Processor, Value: 1.01, Step: 1, Limit: 80, Unit: "%"}, "the processor was at least 80 % busy for a minute or longer, and 1 % at the last reading"},
		{Standing{Sign: Processor, Step: 1, Limit: 80, Unit: "%"}, "the processor was at least 80 % busy for a minute or longer"},
		{Standing{Sign: Heat, Value: 81.26, Step: 2, Limit: 80}, "the processor was 81 °C hot"},
		{Standing{Sign: Heat, Value: 61, Step: 2, Limit: 80}, "the processor was too hot, or slowed down because of heat or voltage, and had 61 °C"},
		{Standing{Sign: Heat, Value: 48, Step: 2, Limit: 80, Top: true}, "the processor was slowed down because of heat or voltage, and had 48 °C"},
		{Standing{Sign: Heat, Step: 2, Limit: 80}, "the processor was slowed down because of heat or voltage"},
		{Standing{Sign: PoolUse, Value: 100, Step: 1, Limit: 95}, "100 % of the places for connections were taken"},
		{Standing{Sign: PoolFailures, Value: 5, Step: 1, Limit: 5}, "5 connections failed in a row"},
		{Standing{Sign: PoolFailures, Value: 4, Step: 1, Limit: 5, Unit: "in a row"}, "at least 5 connections failed in a row, and 4 in a row at the last reading"},
		{Standing{Sign: CacheFailures, Value: 33.333, Step: 1, Limit: 10}, "33 % of the uses of kept pages failed"},
		{Standing{Sign: CacheMemory, Value: 92, Step: 1, Limit: 90}, "kept pages took 92 % of their memory"},
		{Standing{Sign: SlowAnswers, Value: 1.417, Step: 1, Limit: 1}, "the slowest hundredth of the answers took 1.42 s or more"},
		{Standing{Sign: SlowAnswers, Value: 0.8175, Step: 2, Limit: 1, Unit: "s"}, "the slowest hundredth of the answers took at least 1 s, and 0.81 s at the last reading"},
		{Standing{Sign: SlowAnswers, Value: 12.3, Step: 2, Limit: 1, Unit: "s"}, "the slowest hundredth of the answers took 12 s or more"},
		{Standing{Sign: Slower, Value: 1.999, Step: 1, Limit: 2, Unit: "times"}, "in an hour the slowest hundredth of the answers took at least 2 times as long as when this version was new, and 1.99 times at the last reading"},
		{Standing{Sign: Slower, Value: 2.345, Step: 1, Limit: 2}, "in an hour the slowest hundredth of the answers took 2.3 times as long as when this version was new"},
		{Standing{Sign: Regression, Value: 1.129, Step: 1, Limit: 1.1}, "answers took 1.13 times as long as when this version was new, three hours in a row"},
		{Standing{Sign: PoolMemory, Value: 130, Step: 1, Limit: 120}, "connections took 130 MB of memory, of 120 MB that they may take"},
		{Standing{Sign: PoolMemory, Value: 110, Step: 1, Limit: 120, Unit: "MB"}, "connections took at least 120 MB of memory, and 110 MB at the last reading"},
		{Standing{Sign: Errors, Value: 4.2, Step: 1, Limit: 5, Unit: "%"}, "at least 5 % of the requests of five minutes failed, and 4 % at the last reading"},
		{Standing{Sign: Errors, Value: 7, Step: 1, Limit: 5}, "7 % of the requests of five minutes failed"},
		{Standing{Sign: "rust", Value: 5}, "rust was 5"},
	} {
		if got := c.s.Words(); got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
	for _, r := range Rules(Limits{UnitMemory: 1, Recovery: time.Minute}) {
		if words := (Standing{Sign: r.Sign, Value: 1}).Words(); strings.HasPrefix(words, string(r.Sign)) {
			t.Errorf("there are no words for %s", r.Sign)
		}
	}
}
