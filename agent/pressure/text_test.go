package pressure

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/procfs"
)

func TestFigures(t *testing.T) {
	const text = "MemTotal:  12 kB\nno number\n\nhigh 7\n  indented\t8  kB \nTooBig: 99999999999999999999 kB\nAlmost: 18446744073709551615 kB\nlast 1"
	got := map[string]uint64{}
	figures([]byte(text), func(name []byte, n uint64) { got[string(name)] = n })
	want := map[string]uint64{"MemTotal": 12 << 10, "high": 7, "indented": 8 << 10, "last": 1}
	if len(got) != len(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for name, n := range want {
		if got[name] != n {
			t.Errorf("%s is %d, want %d", name, got[name], n)
		}
	}
}

func TestSingle(t *testing.T) {
	for text, want := range map[string]uint64{"max\n": 0, "0\n": 0, "12": 12, " 7 \n": 7} {
		if n, ok := single([]byte(text)); !ok || n != want {
			t.Errorf("%q: %d, %t", text, n, ok)
		}
	}
	for _, text := range []string{"", "\n", "-1", "x", "99999999999999999999"} {
		if n, ok := single([]byte(text)); ok {
			t.Errorf("%q is read as %d", text, n)
		}
	}
}

func TestStall(t *testing.T) {
	for _, test := range []struct {
		text string
		want Stall
		ok   bool
	}{
		{"some avg10=1.50 avg60=2.25 avg300=0.00 total=1\nfull avg10=0.50 avg60=0.25 avg300=0.00 total=1\n", Stall{1.5, 2.25, 0.5, 0.25}, true},
		{"some avg10=100.00 avg60=0.00 avg300=0.00 total=1\n", Stall{Some10: 100}, true}, // the processor's, of older kernels
		{"some avg10=NaN avg60=2.00\n", Stall{Some60: 2}, false},
		{"some avg10=-1 avg60=1e9\n", Stall{}, false},
		{"else avg10=1.00\n", Stall{}, false},
		{"", Stall{}, false},
		{"some", Stall{}, false},
	} {
		if s, ok := stall([]byte(test.text)); s != test.want || ok != test.ok {
			t.Errorf("%q: %+v, %t", test.text, s, ok)
		}
	}
}

func TestTicks(t *testing.T) {
	for _, test := range []struct {
		text        string
		busy, total uint64
		ok          bool
	}{
		{"cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1\n", 27, 36, true},
		{"cpu 5 0 5 90", 10, 100, true},
		{"cpu", 0, 0, false},
		{"cpu0 1 2 3 4", 0, 0, false},
		{"cpu 1 x 3 4", 0, 0, false},
		{"cpu 18446744073709551615 1 0 0", 0, 0, false},
		{"cpu 1 2 ", 3, 3, true},
		{"", 0, 0, false},
	} {
		busy, total, ok := ticks([]byte(test.text))
		if busy != test.busy || total != test.total || ok != test.ok {
			t.Errorf("%q: %d of %d, %t", test.text, busy, total, ok)
		}
	}
}

func TestDegrees(t *testing.T) {
	for text, want := range map[string]float64{"48312\n": 48.312, "-5000\n": -5, "0": 0} {
		if c, ok := degrees([]byte(text)); !ok || c != want {
			t.Errorf("%q: %g, %t", text, c, ok)
		}
	}
	for _, text := range []string{"", "warm\n", "-274000\n", "999999\n"} {
		if c, ok := degrees([]byte(text)); ok {
			t.Errorf("%q is read as %g", text, c)
		}
	}
}

func TestOwnGroup(t *testing.T) {
	for _, test := range []struct {
		text, path string
		first      bool
	}{
		{"0::/system.slice/calendarbot.service\n", "/system.slice/calendarbot.service", false},
		{"9:name=systemd:/a\n4:cpu,memory:/b\n0::/c:d\n", "/c:d", true},
		{"4:memory:/b\n", "", true},
		{"nonsense\n\n:\n", "", false},
		{"", "", false},
	} {
		if path, first := ownGroup([]byte(test.text)); path != test.path || first != test.first {
			t.Errorf("%q: %q, %t", test.text, path, first)
		}
	}
}

// TestParsersAgreeWithProcfs holds what is read at every reading against the library that is made for it, for every fixture.
func TestParsersAgreeWithProcfs(t *testing.T) {
	roots, err := filepath.Glob("testdata/*/proc")
	if err != nil || len(roots) < 6 {
		t.Fatal(roots, err)
	}
	for _, root := range append(roots, "/proc") {
		fs, err := procfs.NewFS(root)
		if err != nil {
			t.Fatal(err)
		}
		r := readFixture(filepath.Dir(root))
		memory, err := fs.Meminfo()
		if err != nil {
			t.Fatal(err)
		}
		if *memory.MemTotalBytes != r.Device.Total || *memory.SwapTotalBytes != r.Device.SwapTotal {
			t.Errorf("%s: memory %d and swap %d, procfs says %d and %d", root, r.Device.Total, r.Device.SwapTotal, *memory.MemTotalBytes, *memory.SwapTotalBytes)
		}
		if root == "/proc" {
			continue // the rest changes between two looks
		}
		stat, err := fs.Stat()
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(root, "stat"))
		if err != nil {
			t.Fatal(err)
		}
		busy, total, _ := ticks(text)
		c := stat.CPUTotal // in seconds, of a hundred ticks
		work := c.User + c.Nice + c.System + c.IRQ + c.SoftIRQ + c.Steal
		if all := work + c.Idle + c.Iowait; math.Round(100*work) != float64(busy) || math.Round(100*all) != float64(total) {
			t.Errorf("%s: busy %d of %d, procfs says %g of %g", root, busy, total, 100*work, 100*all)
		}
		stalls, err := fs.PSIStatsForResource("memory")
		if err != nil {
			continue // the fixture without
		}
		own := Stall{stalls.Some.Avg10, stalls.Some.Avg60, stalls.Full.Avg10, stalls.Full.Avg60}
		if own != r.MemoryStall {
			t.Errorf("%s: stalls %+v, procfs says %+v", root, r.MemoryStall, own)
		}
	}
}

// FuzzText proves that no text makes a parser break or tell what cannot be.
func FuzzText(f *testing.F) {
	for _, pattern := range []string{"testdata/*/proc/*", "testdata/*/proc/self/*", "testdata/*/proc/pressure/*", "testdata/*/" + ownUnit + "*", "testdata/*/sys/class/thermal/*/*"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			if text, err := os.ReadFile(file); err == nil {
				f.Add(text)
			}
		}
	}
	f.Add([]byte("50005\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		figures(text, func(name []byte, n uint64) {
			if len(name) > len(text) {
				t.Errorf("a name of %d bytes in %d", len(name), len(text))
			}
		})
		single(text)
		if c, ok := degrees(text); ok && (c < -60 || c > 200) {
			t.Errorf("%g degrees", c)
		}
		s, _ := stall(text)
		for _, v := range []float64{s.Some10, s.Some60, s.Full10, s.Full60} {
			if !(v >= 0 && v <= 100) {
				t.Errorf("%g %%", v)
			}
		}
		if busy, total, ok := ticks(text); ok && (busy > total || total == 0) {
			t.Errorf("busy %d of %d", busy, total)
		}
		if throttled, undervolted, ok := firmware(text); !ok && (throttled || undervolted) {
			t.Error("throttled by what cannot be read")
		}
		ownGroup(text)
	})
}
