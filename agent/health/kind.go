package health

// Severity is how bad a problem is.
type Severity string

// The severities, from the lowest.
const (
	Notice  Severity = "notice"   // worth knowing; nothing is to be done
	Warning Severity = "warning"  // something works less well, or will fail
	Severe  Severity = "critical" // what people see is wrong, old, missing or about to be
)

// rank orders severities, the worst first.
func (s Severity) rank() int {
	switch s {
	case Severe:
		return 0
	case Warning:
		return 1
	}
	return 2
}

// Code names a declared problem for programs. Codes are never renamed.
type Code string

// The problems. What each is stands in Kinds.
const (
	NoNetwork           Code = "no_network"
	ClockUnset          Code = "clock_unset"
	ClockUnconfirmed    Code = "clock_unconfirmed"
	DiskFull            Code = "disk_full"
	DiskLow             Code = "disk_low"
	DiskSoon            Code = "disk_soon"
	ReadOnly            Code = "read_only"
	DatabaseRecovered   Code = "database_recovered"
	ConfigFile          Code = "config_file"
	CalendarOld         Code = "calendar_old"
	CalendarCertificate Code = "calendar_certificate"
	CalendarFailing     Code = "calendar_failing"
	ShowsLastGood       Code = "shows_last_good"
	ShowsClockOnly      Code = "shows_clock_only"
	ShowsPlain          Code = "shows_plain"
	Overheat            Code = "overheat"
	Heat                Code = "heat"
	HeatSoon            Code = "heat_soon"
	UnderVoltage        Code = "under_voltage"
	SlowedDown          Code = "slowed_down"
	DeviceMemory        Code = "device_memory"
	DeviceMemorySoon    Code = "device_memory_soon"
	MemoryExhausted     Code = "memory_exhausted"
	MemoryHigh          Code = "memory_high"
	MemoryTight         Code = "memory_tight"
	MemorySoon          Code = "memory_soon"
	MemoryStall         Code = "memory_stall"
	MemoryKill          Code = "memory_kill"
	CPUOverload         Code = "cpu_overload"
	CPUBusy             Code = "cpu_busy"
	Errors              Code = "errors"
	SlowAnswers         Code = "slow_answers"
	SlowSoon            Code = "slow_soon"
	SlowerThanNew       Code = "slower_than_new"
	Regression          Code = "regression"
	PoolFull            Code = "pool_full"
	PoolFailing         Code = "pool_failing"
	PoolMemory          Code = "pool_memory"
	PoolLeak            Code = "pool_leak"
	CacheFailing        Code = "cache_failing"
	CacheFull           Code = "cache_full"
	PoolResting         Code = "pool_resting"
	PartResting         Code = "part_resting"
	LoopLate            Code = "loop_late"
	DataLost            Code = "data_lost"
	DataMended          Code = "data_mended"
	RadioFirmware       Code = "radio_firmware"
	RollbackAsked       Code = "rollback_asked"
	RollbackFault       Code = "rollback_fault"
	TrialWentBack       Code = "trial_went_back"
	TrialRuns           Code = "trial_runs"
	UpdateRefused       Code = "update_refused"
	UpdateUnchecked     Code = "update_unchecked"
	UploadRefused       Code = "upload_refused"
	ConfigConflict      Code = "config_conflict"
	Restarted           Code = "restarted"
	RestartedOften      Code = "restarted_often"
	EmergencyOff        Code = "emergency_off"
	NotMeasured         Code = "not_measured"
)

// Kind is what is declared of a problem.
type Kind struct {
	Code     Code
	Severity Severity
	Title    string // a few words: "A calendar cannot be read"
	Do       string // what a person can do, as a sentence; "" when the device sees to it
	Under    []Code // problems that explain this one: while one of them stands, this is its consequence and told under it
	Seeds    string // the critical metric of the design records that it covers; "" for none
}

// Kinds is every problem that can be told. Among those of a severity an earlier one is told first. What covers a critical metric of
// the design records is no less severe than they say.
func Kinds() []Kind {
	const (
		cooler  = "Give it air: take it out of the sun, or off the back of the screen, or give it a heat sink."
		further = "If this lasts, look at the plots of the status page for when it began, and at what has changed since then."
	)
	return []Kind{
		{Code: ShowsClockOnly, Severity: Severe, Title: "Only the time can be shown", Do: "Restart the device; if this lasts, the log tells why.", Under: []Code{DiskFull, ReadOnly}},
		{Code: ShowsLastGood, Severity: Severe, Title: "An earlier page is shown", Do: "Restart the device if this lasts.", Under: []Code{DiskFull, ReadOnly, MemoryExhausted}},
		{Code: NoNetwork, Severity: Severe, Title: "No calendar can be reached", Do: "Check the wireless network and the router."},
		{Code: DiskFull, Severity: Severe, Title: "The disk is full", Do: "Make room on it, or use a larger card."},
		{Code: DataLost, Severity: Severe, Title: "The data on the card cannot be read", Do: "Save what is on the card with another computer if you can, and replace it."},
		{Code: ReadOnly, Severity: Severe, Title: "Nothing can be saved", Do: "Restart the device; if this comes again, replace its SD card.", Under: []Code{DiskFull}},
		{Code: CalendarOld, Severity: Severe, Title: "A calendar is old", Do: "Check its address and whether it is still shared, on the page of calendars.", Under: []Code{NoNetwork, ClockUnset, DiskFull, ReadOnly}},
		{Code: LoopLate, Severity: Severe, Title: "A part of the program stands still", Under: []Code{ReadOnly, MemoryExhausted, DeviceMemory, CPUOverload}},
		{Code: Errors, Severity: Severe, Title: "Requests fail", Do: "Undo the last change of the configuration if it came before this.", Under: []Code{DiskFull, ReadOnly, MemoryExhausted}, Seeds: "error_rate_percent"},
		{Code: Overheat, Severity: Severe, Title: "The device is too hot", Do: cooler},
		{Code: DeviceMemory, Severity: Severe, Title: "The device has too little memory left", Do: "End other programs that run on it; restart it if this lasts.", Seeds: "memory_usage_mb"},
		{Code: MemoryExhausted, Severity: Severe, Title: "The program has no memory left", Do: "Show fewer or smaller calendars, or let the program have more memory."},
		{Code: CPUOverload, Severity: Severe, Title: "The processor has been busy for minutes", Do: further, Under: []Code{SlowedDown, UnderVoltage, Overheat}, Seeds: "cpu_usage_percent"},
		{Code: PoolFull, Severity: Severe, Title: "All connections are in use", Do: further, Under: []Code{CPUOverload, NoNetwork}, Seeds: "connection_pool_exhaustion"},

		{Code: ClockUnset, Severity: Warning, Title: "The clock is not set", Do: "Connect the device to the network, so that it can ask for the time.", Under: []Code{NoNetwork}},
		{Code: DiskLow, Severity: Warning, Title: "The disk is nearly full", Do: "Make room on it, or use a larger card."},
		{Code: DatabaseRecovered, Severity: Warning, Title: "The database is not as it was", Do: "Look whether hidden events and added calendars are still there.", Under: []Code{DiskFull}},
		{Code: ConfigFile, Severity: Warning, Title: "The configuration file is not what holds", Do: "Correct the file; \"calendarbot check-config\" names each mistake with its line."},
		{Code: DataMended, Severity: Warning, Title: "The data on the card was damaged", Do: "Look whether everything is there; replace the card if this comes again."},
		{Code: RadioFirmware, Severity: Warning, Title: "Wi-Fi does not work", Do: "Use an image that was made with internet access, or a network cable."},
		{Code: RollbackAsked, Severity: Warning, Title: "Going back was asked for", Do: "\"calendarbot rollback show\" prints who asked and why; \"calendarbot rollback settle\" takes it back, or says that it was done.", Under: []Code{Errors}},
		{Code: RollbackFault, Severity: Warning, Title: "Going back does not work", Do: "\"calendarbot rollback settle\" removes a wish that cannot be read; if that fails too, replace the SD card.", Under: []Code{DiskFull, ReadOnly}},
		{Code: RestartedOften, Severity: Warning, Title: "The program was restarted again and again", Do: "The log tells why; go back to the last version if this began with a new one."},
		{Code: TrialWentBack, Severity: Warning, Title: "A new version did not run well", Do: "Nothing need be done: the one of before runs. The page of updates has a button to say that you know."},
		{Code: UpdateRefused, Severity: Warning, Title: "Updates are refused", Do: "Look whether update.url is the address that you mean. Nothing was changed.", Under: []Code{ClockUnset}},
		{Code: UploadRefused, Severity: Warning, Title: "The file or stick with updates is refused", Do: "Download them anew from where updates are offered, and send them or bring them again. Nothing was changed."},
		{Code: UpdateUnchecked, Severity: Warning, Title: "Nobody looks for newer versions", Do: "Connect the device to the internet, or bring updates on a USB stick.", Under: []Code{NoNetwork, ClockUnset, DiskFull, ReadOnly}},
		{Code: ConfigConflict, Severity: Warning, Title: "The configuration differs from the new system's", Do: "The page of updates shows both, and has a button to say that you know."},
		{Code: CalendarCertificate, Severity: Warning, Title: "A calendar's certificate is not accepted", Under: []Code{NoNetwork, ClockUnset}},
		{Code: CalendarFailing, Severity: Warning, Title: "A calendar cannot be read", Under: []Code{NoNetwork, ClockUnset, DiskFull, ReadOnly}},
		{Code: UnderVoltage, Severity: Warning, Title: "The power supply is too weak", Do: "Use the power supply that was made for the device (5 V, 2.5 A), and a short cable."},
		{Code: SlowedDown, Severity: Warning, Title: "The processor is slowed down", Do: "Check the power supply and the cooling.", Under: []Code{UnderVoltage, Overheat}},
		{Code: Heat, Severity: Warning, Title: "The device is hot", Do: cooler},
		{Code: MemoryKill, Severity: Warning, Title: "The system ended something for want of memory", Do: "Show fewer or smaller calendars, or let the program have more memory.", Under: []Code{DeviceMemory, MemoryExhausted}},
		{Code: MemoryHigh, Severity: Warning, Title: "The program has little memory left", Under: []Code{DeviceMemory}},
		{Code: MemoryStall, Severity: Warning, Title: "The device waits for memory", Under: []Code{DeviceMemory, MemoryExhausted, MemoryHigh}},
		{Code: CPUBusy, Severity: Warning, Title: "The processor is busy", Under: []Code{SlowedDown, UnderVoltage}},
		{Code: SlowAnswers, Severity: Warning, Title: "Some answers are slow", Do: further, Under: []Code{Overheat, SlowedDown, CPUOverload, CPUBusy, DeviceMemory, MemoryExhausted, MemoryStall}, Seeds: "request_latency_ms"},
		{Code: SlowerThanNew, Severity: Warning, Title: "Some answers are slower than they were", Do: further, Under: []Code{SlowAnswers, Overheat, SlowedDown, CPUOverload, CPUBusy, DeviceMemory, MemoryExhausted, MemoryStall}},
		{Code: Regression, Severity: Warning, Title: "Answers are slower than when this version was new", Do: further, Under: []Code{SlowAnswers, SlowerThanNew}},
		{Code: PoolFailing, Severity: Warning, Title: "Connections fail", Under: []Code{NoNetwork, DiskFull, ReadOnly}},
		{Code: PoolMemory, Severity: Warning, Title: "Connections take too much memory"},
		{Code: PoolLeak, Severity: Warning, Title: "A connection was not given back", Do: "Restart the program if this comes again; the log tells where it was taken."},
		{Code: CacheFailing, Severity: Warning, Title: "Kept pages fail"},
		{Code: CacheFull, Severity: Warning, Title: "There is no room for more kept pages", Do: "Nothing need be done; cache.max_bytes may be raised.", Seeds: "cache_memory_pressure"},
		{Code: PoolResting, Severity: Warning, Title: "Common connections rest", Under: []Code{PoolFull, PoolFailing, NoNetwork, DiskFull, ReadOnly}},
		{Code: PartResting, Severity: Warning, Title: "An optional part rests", Under: []Code{CacheFailing, DiskFull, ReadOnly}},
		{Code: DiskSoon, Severity: Warning, Title: "The disk fills up", Do: "Make room on it, or use a larger card."},
		{Code: DeviceMemorySoon, Severity: Warning, Title: "The device's memory runs short", Do: "Look which program takes more and more."},
		{Code: MemorySoon, Severity: Warning, Title: "The program takes more and more memory", Do: "Restart the program at a time of your choice."},
		{Code: HeatSoon, Severity: Warning, Title: "The device grows hot", Do: cooler},
		{Code: SlowSoon, Severity: Warning, Title: "Answers grow slower", Do: further},

		{Code: ClockUnconfirmed, Severity: Notice, Title: "The clock is not confirmed", Under: []Code{NoNetwork}},
		{Code: MemoryTight, Severity: Notice, Title: "The program's memory is getting scarce"},
		{Code: ShowsPlain, Severity: Notice, Title: "Pages are drawn without the optional parts", Under: []Code{
			EmergencyOff, Overheat, SlowedDown, DeviceMemory, CPUOverload, SlowAnswers, SlowerThanNew, Regression, PoolMemory, CacheFailing, PartResting}},
		{Code: EmergencyOff, Severity: Notice, Title: "Every optional part is switched off"},
		{Code: TrialRuns, Severity: Notice, Title: "A new version is on trial"},
		{Code: Restarted, Severity: Notice, Title: "The program was restarted"},
		{Code: NotMeasured, Severity: Notice, Title: "Not everything can be measured here"},
	}
}
