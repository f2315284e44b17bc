package hwtest

import "time"

// Steps is the table. What looks only comes first, then what switches parts, then what loads, last what restarts the device.
func Steps() []Step {
	every := []Mode{Quick, Whole, Soak}
	long := []Mode{Whole, Soak}
	const s, m = time.Second, time.Minute
	const switches = "switches optional parts; they are set back to what they were"
	return []Step{
		{Name: "10-board", Purpose: "the board, its processor and its memory", Judges: "design records: ARM64, 512 MB, four cores", Modes: every, Quick: s, Takes: s, run: board},
		{Name: "11-kernel", Purpose: "what the kernel has switched on", Judges: "PSI, memory cgroup; a panic restarts the board", Modes: every, Quick: s, Takes: s, run: kernel},
		{Name: "12-limits", Purpose: "the limits of the program hold in the kernel", Judges: "design records: 200 MB in all", Modes: every, Quick: s, Takes: s, run: limits},
		{Name: "13-boot-time", Purpose: "how long starting took, by its parts", Judges: "a device that is there two minutes after it is switched on", Modes: every, Quick: s, Takes: s, run: bootTime},
		{Name: "14-firmware-time", Purpose: "how long the firmware and U-Boot took", Judges: "boot chain, the part before the kernel", Modes: every, Quick: s, Takes: s, run: firmwareTime},
		{Name: "15-watchdog", Purpose: "the board's watchdog is armed, and early enough", Judges: "RuntimeWatchdogSec=14s; arming in boot.scr on revision 902120", Modes: every, Quick: s, Takes: s, run: watchdog},
		{Name: "16-memory", Purpose: "memory that the system takes without the program", Judges: "at most 90 MB in use after boot without the agent", Modes: every, Quick: s, Takes: s, run: memoryInUse},
		{Name: "17-card-layout", Purpose: "the system is read-only, small, and never swaps to the card", Judges: "root slot at most 400 MB; zram, no swap on the card; /data found well", Modes: every, Quick: s, Takes: s, run: cardLayout},
		{Name: "18-ports", Purpose: "what listens to the network", Judges: "pages, SSH, mDNS, DHCP, and nothing else", Modes: every, Quick: s, Takes: s, run: ports},
		{Name: "19-health", Purpose: "the program finds itself well, and its pages are whole", Judges: "design records: basic functionality; health gate", Modes: every, Quick: s, Takes: s, run: wellness},
		{Name: "20-radio-firmware", Purpose: "the firmware of this board's radio is there", Judges: "both revisions of the board have their firmware", Modes: every, Quick: s, Takes: s, run: radioFirmware},
		{Name: "21-radio-reconnect", Purpose: "the radio finds back to its network", Judges: "design records: extended operation; Wi-Fi", Modes: every, Flag: "--wireless", Quick: 20 * s, Takes: 30 * s, Changes: "the radio's connection is cut for a moment", run: reconnect},
		{Name: "22-access-point", Purpose: "the device's own access point", Judges: "first boot without Wi-Fi", Modes: every, Quick: s, Takes: s, run: accessPoint},
		{Name: "23-name", Purpose: "somebody answers for the name in the house", Judges: "calendarbot.local by mDNS", Modes: every, Quick: s, Takes: s, run: houseName},
		{Name: "24-picture", Purpose: "a screen is connected and driven", Judges: "the picture on the board", Modes: every, Quick: s, Takes: s, run: picture},
		{Name: "25-clock", Purpose: "a clock without battery and network is not believed", Judges: "clock without network", Modes: every, Quick: s, Takes: s, run: clock},
		{Name: "26-under-voltage", Purpose: "the supply is strong enough", Judges: "under-voltage can't be read there: skipped", Modes: every, Quick: s, Takes: s, run: underVoltage},
		{Name: "27-card-wear", Purpose: "what the card tells of its wear, and what was written to it", Judges: "card wear counters where readable", Modes: every, Quick: s, Takes: s, run: cardWear},
		{Name: "30-pools", Purpose: "connection pooling off and on, by turns", Judges: "design records: reuse above 80 %, no regression beyond 5 %, 40 MB and 100 ms where there is so much to save", Modes: every, Quick: 22 * s, Takes: 5 * m, Changes: switches, run: pools},
		{Name: "31-pipeline", Purpose: "request pipeline off and on, by turns", Judges: "design records: hit rate above 70 %, cache below 50 MB, CPU at least 15 % less", Modes: every, Quick: 22 * s, Takes: 5 * m, Changes: switches, run: pipeline},
		{Name: "32-together", Purpose: "everything off, and both on, by turns", Judges: "design records: CPU at least 20 % less, 60 MB and 180 ms where there is so much to save", Modes: every, Quick: 22 * s, Takes: 5 * m, Changes: switches, run: together},
		{Name: "33-budgets", Purpose: "what each part adds to the memory in use", Judges: "design records: pools 100 MB, pipeline 75 MB, configuration and monitoring 25 MB, 200 MB in all", Modes: every, Quick: 15 * s, Takes: 3 * m, Changes: switches, run: budgets},
		{Name: "40-level-1", Purpose: "everything optional off, and on again", Judges: "rollback level 1 in less than 30 s", Modes: every, Quick: 5 * s, Takes: 5 * s, Changes: "emergency-off, which is ended", run: level1},
		{Name: "50-hang", Purpose: "a program that stands still is started anew", Judges: "watchdog: pages are back within 30 s", Modes: every, Quick: 20 * s, Takes: 20 * s, Changes: "the program is stopped by a signal; systemd starts it", run: hang},
		{Name: "60-load", Purpose: "as many requests as there can be: memory, CPU, heat, right answers", Judges: "design records: 400 MB on the device, 200 MB the program; throttling", Modes: every, Quick: 20 * s, Takes: 10 * m, Changes: "load; the program may give up optional parts for some minutes", run: heavyLoad},
		{Name: "61-thermal", Purpose: "heat under a household's load, over time", Judges: "design records: thermal behaviour", Modes: long, Takes: 18 * m, run: thermal},
		{Name: "62-soak", Purpose: "memory and open files stay flat for hours", Judges: "design records: stability during extended operation", Modes: []Mode{Soak}, Takes: 0, run: soak},
		{Name: "70-update", Purpose: "an update, kept after its trial, and back again", Judges: "update channel; agent slots", Modes: long, Flag: "--update-url", Takes: 12 * m, Changes: "the program; it goes back, and the version may be tried again; the release stays in the idle slot", run: updateAndBack},
		{Name: "80-level-3", Purpose: "the former program comes back", Judges: "rollback level 3 in less than 5 minutes", Modes: long, Flag: "--rollback", Takes: 3 * m, Changes: "the program; the one of before is tried and kept again", run: level3},
		{Name: "81-level-2", Purpose: "the stable configuration comes back", Judges: "rollback level 2 in less than 2 minutes", Modes: long, Flag: "--rollback", Takes: 8 * m, Changes: "the other configuration slot, which is saved before; two restarts of the device", Boots: true, run: level2, resume: level2Resumed},
		{Name: "90-panic", Purpose: "the device is back after a panic of the kernel", Judges: "panic=10 oops=panic; system crash, level 3, in less than 5 minutes", Modes: every, Flag: "--panic", Quick: 2 * m, Takes: 2 * m, Changes: "a restart of the device", Boots: true, run: kernelPanic, resume: panicResumed},
		{Name: "91-hardware-watchdog", Purpose: "the board's watchdog restarts a kernel that does nothing more", Judges: "the hardware holds 15.999 s at most", Modes: every, Flag: "--panic", Quick: 2 * m, Takes: 2 * m, Changes: "a restart of the device", Boots: true, run: deadKernel, resume: deadKernelResumed},
	}
}
