package main

// record is one of the two design records.
type record struct {
	title    string
	sections []section
	rows     []row
}

// section is a heading of a record.
type section struct {
	from  int // line
	title string
}

// section is the title that a line stands under.
func (r record) section(line int) string {
	title := ""
	for _, s := range r.sections {
		if s.from <= line {
			title = s.title
		}
	}
	return title
}

func records() []record {
	return []record{
		{"Record 000: architectural decisions", decisionSections(), append(decisions(), resilience()...)},
		{"Record 004: implementation roadmap", roadmapSections(), append(phases(), operation()...)},
	}
}

// Names of figures.
const (
	calm    = "bench/load//api/whats-next at 1 connections, against everything off"
	busy    = "bench/load//api/whats-next at 16 connections, against everything off"
	quarter = "bench/quarter/a quarter of a CPU and 64 MiB, 64 connections, what a household asks for: "

	calmOn, calmOff           = calm + "/on/p50", calm + "/off/p50"
	busyCPUOn, busyCPUOff     = busy + "/on/CPU per 1000", busy + "/off/CPU per 1000"
	crowdedOn, crowdedOff     = quarter + "everything on, 500 events/on/p50", quarter + "everything off, 500 events/on/p50"
	latestOn, latestOff       = quarter + "everything on, 500 events/on/p99", quarter + "everything off, 500 events/on/p99"
	memoryOn, memoryOff       = quarter + "everything on, 500 events/off/peak", quarter + "everything off, 500 events/off/peak"
	peakLarge                 = "bench/memory/peak resident memory, 10000 events, under load/on"
	hitRate                   = "bench/household/hit rate, the busiest 6m0s of the trace/on"
	reuse                     = "bench/household/connections found open, of all uses/on"
	failed                    = "bench/household/requests without an answer, or with one of 500 and more/on"
	written                   = "bench/idle/bytes written to the disk per hour of idling, unchanged feed with a validator/on/with a refresh every 5m0s"
	firstAnswer               = "bench/refresh/500 events: exec to first right answer, database filled/on"
	drawn                     = "bench/features/connection_pooling: pages drawn from the database, 4 connections"
	drawnOn, drawnOff         = drawn + "/on/p50", drawn + "/off/p50"
	drawnCPUOn, drawnCPUOff   = drawn + "/on/CPU per 1000", drawn + "/off/CPU per 1000"
	piped                     = "bench/features/request_pipeline: /api/whats-next at 16 connections"
	pipedOn, pipedOff         = piped + "/on/p50", piped + "/off/p50"
	pipedCPUOn, pipedCPUOff   = piped + "/on/CPU per 1000", piped + "/off/CPU per 1000"
	batch                     = "bench/features/request_batching: 24 different questions at once, 10,000 events, "
	batchCPUOn, batchCPUOff   = batch + "CPU/on", batch + "CPU/off/off"
	batchTimeOn, batchTimeOff = batch + "median answer/on", batch + "median answer/off/off"
	queriesOn, queriesOff     = batch + "queries/on", batch + "queries/off/off"
	feedsOn, feedsOff         = "bench/features/connection_pooling: connections to the feed's server in 4 refreshes/on", "bench/features/connection_pooling: connections to the feed's server in 4 refreshes/off/off"
	steadyOn                  = "bench/load/spread of the requests/s at 16 connections, round by round/on"

	available    = "soak/right answers"
	wrongAnswers = "soak/wrong or no answers"
	soakMemory   = "soak/resident memory, highest"
	risksWatched = "risks/watched"

	recordsWatched = "risks/watched of the records"

	boardMemory   = "board/memory in use"
	systemMemory  = "board/memory in use without the program"
	restart       = "board/plain restart"
	programBack   = "board/level 3: a program that crashes on trial"
	stallBack     = "board/level 3: a program that hangs on trial"
	illBack       = "board/level 3: a program that is never well on trial"
	configBack    = "board/level 2: a configuration with which nothing answers"
	panicBack     = "board/level 3: a system whose kernel panics"
	levelOneAsked = "hwtest/40-level-1/everything optional was off after"
	poolsAdd      = "hwtest/33-budgets/pools add"
	pipelineAdds  = "hwtest/33-budgets/the pipeline adds"
	watchingAdds  = "hwtest/33-budgets/configuration and monitoring add"
	keptPages     = "hwtest/31-pipeline/memory of kept pages"
	rising        = "soak/quantities that rise"
	levelOneCard  = "board/level 1: a file on the card"

	failedPackages  = "cover/packages that failed"
	integrationTime = "cover/seconds of agent"

	levelOneMemory = "board/level 1: memory is scarce"
	levelTwo       = "board/level 2: requests fail"
	levelThree     = "board/level 3: the program crashes"
)

func tested(line int, k kind, text, how string, tests ...string) row {
	return row{line: line, kind: k, text: text, how: how, tests: tests}
}

func measured(line int, k kind, text, how, figure string, r rule) row {
	return row{line: line, kind: k, text: text, how: how, on: figure, rule: r}
}

func held(line int, k kind, text, how, on, off string, r rule) row {
	return row{line: line, kind: k, text: text, how: how, on: on, off: off, rule: r}
}

func onBoard(line int, k kind, text, how, step string, tests ...string) row {
	return row{line: line, kind: k, text: text, how: how, step: step, tests: tests}
}

func foreign(line int, k kind, text, why string) row {
	return row{line: line, kind: k, text: text, how: "not at all", why: why}
}

func (r row) remark(text string) row {
	r.why = text
	return r
}
