package pressure

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// board is a copy of a fixture that may be changed.
func board(t *testing.T, fixture string) string {
	t.Helper()
	root := t.TempDir()
	if err := os.CopyFS(root, os.DirFS(filepath.Join("testdata", fixture))); err != nil {
		t.Fatal(err)
	}
	return root
}

// put writes a file under a root.
func put(t *testing.T, root, path, text string) {
	t.Helper()
	path = filepath.Join(root, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// drop removes a file or a folder under a root.
func drop(t *testing.T, root, path string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(root, path)); err != nil {
		t.Fatal(err)
	}
}

// readFixture is what a new sensor reads under a root.
func readFixture(root string) Reading {
	var r Reading
	NewSensor(root).Read(&r)
	return r
}

const ownUnit = "sys/fs/cgroup/system.slice/calendarbot.service/"

func TestSensorReadsTheBoard(t *testing.T) {
	r := readFixture("testdata/tight")
	want := Reading{
		Device:      Memory{Total: 437000 << 10, Available: 100000 << 10, SwapTotal: 102396 << 10, SwapFree: 60000 << 10},
		Unit:        Unit{Current: 176160768, High: 188743680, Max: 209715200, Cache: 8388608},
		Self:        Self{Resident: 148000 << 10, Anonymous: 136000 << 10, Threads: 11, Files: 3},
		MemoryStall: Stall{14.2, 6.1, 3.4, 1.2}, CPUStall: Stall{2.5, 1.5, 0, 0}, IOStall: Stall{0.8, 0.4, 0.3, 0.1},
		Temperature: 76.4,
	}
	if r.Device != want.Device || r.Unit != want.Unit || r.MemoryStall != want.MemoryStall || r.CPUStall != want.CPUStall ||
		r.IOStall != want.IOStall || r.Temperature != want.Temperature || r.Throttled || r.Undervolted {
		t.Errorf("got %+v, want %+v", r, want)
	}
	if r.Self.Goroutines == 0 {
		t.Error("a test runs in a goroutine, but none was counted")
	}
	if r.Self.Goroutines = 0; r.Self != want.Self {
		t.Errorf("self is %+v, want %+v", r.Self, want.Self)
	}
	if len(r.Missing) != 0 {
		t.Errorf("missing: %q", r.Missing)
	}
	if used, want := r.Unit.Used(), uint64(176160768-8388608); used != want {
		t.Errorf("the unit uses %d, want %d", used, want)
	}
	if events := readFixture("testdata/critical").Unit.HighEvents; events != 412 {
		t.Errorf("memory.high was reached %d times, want 412", events)
	}
}

func TestFixturesAreJudgedAsTheyAreNamed(t *testing.T) {
	for _, test := range []struct {
		name    string
		level   Level
		missing []string
		unit    bool // its memory is known
	}{
		{"calm", Normal, nil, true},
		{"tight", Tight, nil, true},
		{"critical", Critical, nil, true},
		{"no-psi", Normal, []string{noStalls}, true},
		{"no-memory-cgroup", Normal, []string{noMemory}, false},
		{"cgroup-v1-host", Normal, []string{firstVersion}, false},
	} {
		r := readFixture(filepath.Join("testdata", test.name))
		a := NewPolicy(Limits{UnitMemory: 200e6, Recovery: time.Minute}).Judge(r)
		if a.Level != test.level {
			t.Errorf("%s: the level is %s, want %s: %+v", test.name, a.Level, test.level, a.Signs)
		}
		if !slices.Equal(r.Missing, test.missing) {
			t.Errorf("%s: missing are %q, want %q", test.name, r.Missing, test.missing)
		}
		if known := r.Unit.Current != 0; known != test.unit {
			t.Errorf("%s: the unit's memory is known: %t, want %t", test.name, known, test.unit)
		}
		if known := a.Of(MemoryStalls).Known; known != (test.name != "no-psi") {
			t.Errorf("%s: stalls are known: %t", test.name, known)
		}
		if !a.Of(UnitMemory).Known {
			t.Errorf("%s: without a memory cgroup the program's own memory counts", test.name)
		}
	}
}

func TestNothingThereIsNamedAndNoError(t *testing.T) {
	s := NewSensor(t.TempDir())
	var r Reading
	s.Read(&r)
	want := []string{noMemoryFigures, noProcessor, noSelf, noGroup, noStalls, noHeat}
	if !slices.Equal(r.Missing, want) {
		t.Errorf("missing are %q, want %q", r.Missing, want)
	}
	first := &r.Missing[0]
	s.Read(&r)
	if &r.Missing[0] != first {
		t.Error("the same words are put together anew for each reading")
	}
	for _, words := range r.Missing {
		if strings.TrimSpace(words) == "" || strings.HasSuffix(words, ".") {
			t.Errorf("%q is no part of a sentence", words)
		}
	}
}

// TestFirmwareTellsThrottling proves that the firmware's word comes before the kernel's, and that only what is now counts.
func TestFirmwareTellsThrottling(t *testing.T) {
	for _, test := range []struct {
		word                   string
		throttled, undervolted bool
	}{
		{"0\n", false, false},
		{"50000\n", false, false}, // it was
		{"50005\n", true, true},
		{"0x4\n", true, false},
		{"2\n", true, false},
		{"1\n", false, true},
		{"8\n", false, false}, // a soft limit only
		{"nonsense\n", true, false},
	} {
		root := board(t, "critical") // whose kernel slows the processor down
		put(t, root, "sys/devices/platform/soc/soc:firmware/get_throttled", test.word)
		r := readFixture(root)
		if r.Throttled != test.throttled || r.Undervolted != test.undervolted {
			t.Errorf("%q: throttled %t, undervolted %t", test.word, r.Throttled, r.Undervolted)
		}
	}
}

func TestCoolersAndAlarmsTellThrottlingWithoutFirmware(t *testing.T) {
	root := board(t, "calm")
	put(t, root, "sys/class/thermal/cooling_device0/type", "pwm-fan\n")
	put(t, root, "sys/class/thermal/cooling_device0/cur_state", "3\n")
	put(t, root, "sys/class/thermal/cooling_device1/type", "Processor\n")
	put(t, root, "sys/class/thermal/cooling_device1/cur_state", "0\n")
	put(t, root, "sys/class/hwmon/hwmon0/name", "cpu_thermal\n")
	put(t, root, "sys/class/hwmon/hwmon1/name", "rpi_volt\n")
	put(t, root, "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "0\n")
	s := NewSensor(root)
	var r Reading
	if s.Read(&r); r.Throttled || r.Undervolted {
		t.Errorf("a fan slows nothing down, and nothing is alarmed: %+v", r)
	}
	put(t, root, "sys/class/thermal/cooling_device1/cur_state", "1\n")
	put(t, root, "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n")
	if s.Read(&r); !r.Throttled || !r.Undervolted {
		t.Errorf("throttled %t, undervolted %t; want both", r.Throttled, r.Undervolted)
	}
}

func TestHottestZoneCounts(t *testing.T) {
	root := board(t, "calm")
	put(t, root, "sys/class/thermal/thermal_zone1/temp", "61000\n")
	put(t, root, "sys/class/thermal/thermal_zone2/temp", "-274000\n") // a sensor that does not work
	put(t, root, "sys/class/thermal/thermal_zone3/type", "without a file\n")
	if r := readFixture(root); r.Temperature != 61 {
		t.Errorf("the temperature is %g, want 61", r.Temperature)
	}
}

func TestProcessorIsTheShareBetweenTwoReadings(t *testing.T) {
	root := board(t, "calm")
	s := NewSensor(root)
	var r Reading
	tell := func(line string) {
		put(t, root, "proc/stat", line+"\n")
		s.Read(&r)
	}
	tell("cpu 1000 0 0 9000 0 0 0 0 0 0")
	if r.unknown&noCPU == 0 {
		t.Error("one reading tells no share")
	}
	tell("cpu 1005 0 0 9005 0 0 0 0 0 0")
	if r.unknown&noCPU == 0 {
		t.Error("ten ticks tell no share")
	}
	for _, test := range []struct {
		line string
		want float64
	}{
		{"cpu 1100 50 50 9200 100 0 0 0 7 0", 0.4}, // of 500 ticks 200 busy; waiting for a disk is no work, guests are in user
		{"cpu 1105 50 50 9205 100 0 0 0", 0.4},     // too few ticks
		{"cpu 1200 50 50 9200 100 0 0 0", 1},       // of 100, 100
		{"cpu 1100 50 50 9200 100 0 0 0", 1},       // back in time: what was known stays
		{"cpu 1100 50 50 9300 100 0 0 0", 0},
	} {
		if tell(test.line); r.CPU != test.want || r.unknown&noCPU != 0 {
			t.Errorf("%s: %g (unknown %d), want %g", test.line, r.CPU, r.unknown, test.want)
		}
	}
	tell("cpux")
	if r.unknown&noCPU == 0 || !slices.Contains(r.Missing, noProcessor) {
		t.Errorf("unknown %d, missing %q", r.unknown, r.Missing)
	}
}

func TestUnitProcessorIsMeasuredByRealTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		root := board(t, "calm")
		s := NewSensor(root)
		var r Reading
		put(t, root, ownUnit+"cpu.stat", "usage_usec 1000000\nthrottled_usec 0\n")
		if s.Read(&r); r.UnitCPU != 0 || r.UnitHeld != 0 {
			t.Errorf("one reading tells nothing, but %g and %g", r.UnitCPU, r.UnitHeld)
		}
		time.Sleep(10 * time.Second)
		put(t, root, ownUnit+"cpu.stat", "usage_usec 6000000\nthrottled_usec 2500000\n")
		if s.Read(&r); r.UnitCPU != 0.5 || r.UnitHeld != 0.25 {
			t.Errorf("used %g, held %g; want 0.5 and 0.25", r.UnitCPU, r.UnitHeld)
		}
		time.Sleep(time.Second)
		put(t, root, ownUnit+"cpu.stat", "usage_usec 100\nthrottled_usec 100\n")
		if s.Read(&r); r.UnitCPU != 0 || r.UnitHeld != 0 {
			t.Errorf("a unit that began anew tells nothing, but %g and %g", r.UnitCPU, r.UnitHeld)
		}
	})
}

func TestUnitWithoutLimits(t *testing.T) {
	root := board(t, "calm")
	put(t, root, ownUnit+"memory.high", "max\n")
	put(t, root, ownUnit+"memory.max", "max\n")
	put(t, root, ownUnit+"memory.events", "low 0\nhigh 3\nmax 1\noom 2\noom_kill 1\n")
	u := readFixture(root).Unit
	if want := (Unit{Current: 62914560, Cache: 8388608, HighEvents: 3, OOM: 2, OOMKilled: 1}); u != want {
		t.Errorf("the unit is %+v, want %+v", u, want)
	}
}

// TestUnitIsLookedForAgain proves that a unit that was taken down and set up elsewhere is found.
func TestUnitIsLookedForAgain(t *testing.T) {
	root := board(t, "calm")
	s := NewSensor(root)
	var r Reading
	s.Read(&r)
	for _, text := range []string{"", "nonsense\n"} {
		put(t, root, ownUnit+"memory.current", text)
		for range 2 {
			if s.Read(&r); r.Unit.Current != 0 || !slices.Equal(r.Missing, []string{noUnitMemory}) {
				t.Errorf("%q: the unit is %+v, missing are %q", text, r.Unit, r.Missing)
			}
		}
	}
	put(t, root, ownUnit+"memory.current", "8192\n")
	if s.Read(&r); r.Unit.Current != 8192 || len(r.Missing) != 0 {
		t.Errorf("the unit is %+v after it can be read again, missing are %q", r.Unit, r.Missing)
	}
	drop(t, root, ownUnit)
	if s.Read(&r); r.Unit.Current != 0 || !slices.Equal(r.Missing, []string{noUnitMemory}) {
		t.Errorf("the unit is %+v after it has gone, missing are %q", r.Unit, r.Missing)
	}
	put(t, root, "proc/self/cgroup", "0::/other.service\n")
	put(t, root, "sys/fs/cgroup/other.service/memory.current", "4096\n")
	if s.Read(&r); r.Unit.Current != 4096 {
		t.Errorf("the unit is %+v, missing are %q", r.Unit, r.Missing)
	}
}

func TestGroupIsFoundWhereverItIsMounted(t *testing.T) {
	const path = "0::/docker/abc/unit\n"
	mount := func(root, point string) string {
		return "30 23 0:26 " + root + " " + point + " ro,relatime shared:4 - cgroup2 cgroup2 rw\n"
	}
	for _, test := range []struct {
		name, own, mounts, file, missing string
	}{
		{"below a container's root", path, mount("/docker/abc", "/sys/fs/cgroup"), "sys/fs/cgroup/unit/memory.current", ""},
		{"the container itself", "0::/docker/abc\n", mount("/docker/abc", "/sys/fs/cgroup"), "sys/fs/cgroup/memory.current", ""},
		{"the second mount", path, mount("/docker/ab", "/one") + mount("/", "/two"), "two/docker/abc/unit/memory.current", ""},
		{"beside version 1", "4:memory:/x\n" + path, mount("/", "/sys/fs/cgroup/unified"), "none", firstVersion},
		{"mounts of version 1 only", "4:memory:/x\n", "31 23 0:28 / /c rw,relatime - cgroup cgroup rw,memory\n", "none", firstVersion},
		{"no mount", path, "31 23 0:28 / /c rw,relatime - tmpfs tmpfs rw\n", "none", noGroup},
		{"mounts that cannot be understood", path, "nonsense\n", "none", noGroup},
		{"at the root", "0::/\n", mount("/", "/sys/fs/cgroup"), "none", noUnit},
		{"no memory", path, mount("/", "/c"), "c/docker/abc/unit/cgroup.controllers", noMemory},
	} {
		root := t.TempDir()
		put(t, root, "proc/self/cgroup", test.own)
		put(t, root, "proc/self/mountinfo", test.mounts)
		put(t, root, test.file, "1\n")
		if g := findGroup(root); g.missing != test.missing || g.memory != (test.missing == "") || (g.dir != "") != g.memory {
			t.Errorf("%s: %+v, want %q", test.name, g, test.missing)
		}
	}
	root := t.TempDir()
	if g := findGroup(root); g.missing != noGroup {
		t.Errorf("nothing there: %+v", g)
	}
}

// TestFiguresOfTheRootAreNotTheUnits: where version 1 has the memory, the program may be in the root of version 2, whose processor time
// is that of the whole machine.
func TestFiguresOfTheRootAreNotTheUnits(t *testing.T) {
	for _, test := range []struct {
		name, own, dir string
		kind           string // the file that every group but the root has
		want           float64
	}{
		{"the root", "4:memory:/x\n0::/\n", "", "", 0},
		{"a unit beside version 1", "4:memory:/x\n0::/system.slice/calendarbot.service\n", "system.slice/calendarbot.service/", "cgroup.type", 1.97},
		{"a container that sees itself as the root", "0::/\n", "", "cgroup.type", 1.97},
	} {
		synctest.Test(t, func(t *testing.T) {
			root := board(t, "cgroup-v1-host")
			at := "sys/fs/cgroup/unified/" + test.dir
			put(t, root, "proc/self/cgroup", test.own)
			if test.kind != "" {
				put(t, root, at+test.kind, "domain\n")
			}
			s := NewSensor(root)
			var r Reading
			put(t, root, at+"cpu.stat", "usage_usec 1000000\n")
			s.Read(&r)
			time.Sleep(10 * time.Second)
			put(t, root, at+"cpu.stat", "usage_usec 20700000\n")
			if s.Read(&r); r.UnitCPU != test.want {
				t.Errorf("%s: the unit used %g processors, want %g", test.name, r.UnitCPU, test.want)
			}
		})
	}
}

// TestSensorReadsThisMachine proves that the real files are read: whatever the kernel, it has memory and runs this program.
func TestSensorReadsThisMachine(t *testing.T) {
	s := NewSensor("")
	var r Reading
	s.Read(&r)
	if r.Device.Total == 0 || r.Device.Used() == 0 || r.Self.Resident == 0 || r.Self.Threads == 0 || r.Self.Files == 0 {
		t.Errorf("%+v", r)
	}
	t.Logf("missing here: %q", r.Missing)
}

// TestReadingIsCheap bounds what a reading takes of the heap: the collector is not to run for it.
func TestReadingIsCheap(t *testing.T) {
	s := NewSensor("testdata/calm")
	var r Reading
	allocations := testing.AllocsPerRun(20, func() { s.Read(&r) })
	t.Logf("%.0f allocations", allocations)
	if allocations > 80 {
		t.Errorf("a reading takes %.0f allocations, allowed are 80", allocations)
	}
}

func BenchmarkRead(b *testing.B) {
	s := NewSensor("")
	var r Reading
	b.ReportAllocs()
	for b.Loop() {
		s.Read(&r)
	}
}
