package pressure

import (
	"os"
	"path/filepath"
	"strings"
)

// thermometer is where heat and voltage are told: files of this device, found once.
type thermometer struct {
	zones   []string // temperatures
	coolers []string // how far the kernel slows a processor down, 0 for not at all
	alarms  []string // of the supply's voltage
}

// read reads the hottest zone, and whether the processor is slowed down: by the firmware's own word, else by the kernel's coolers
// and by the alarm of the supply. False: there is no zone that works.
func (t *thermometer) read(s *Sensor, into *Reading) (known bool) {
	if len(t.zones) == 0 { // their drivers may come later than the program
		t.find(s)
	}
	for _, zone := range t.zones {
		if c, ok := degrees(s.text(zone)); ok && (!known || c > into.Temperature) {
			into.Temperature, known = c, true
		}
	}
	var told bool
	into.Throttled, into.Undervolted, told = firmware(s.text("/sys/devices/platform/soc/soc:firmware/get_throttled"))
	if !told {
		into.Throttled, into.Undervolted = s.raised(t.coolers), s.raised(t.alarms)
	}
	return known
}

// raised tells whether one of some files holds more than 0.
func (s *Sensor) raised(paths []string) bool {
	for _, path := range paths {
		if n, ok := single(s.text(path)); ok && n > 0 {
			return true
		}
	}
	return false
}

// find looks for the files.
func (t *thermometer) find(s *Sensor) {
	*t = thermometer{}
	const thermal, hardware = "/sys/class/thermal", "/sys/class/hwmon"
	for _, name := range names(s.root + thermal) {
		path := filepath.Join(thermal, name)
		switch {
		case strings.HasPrefix(name, "thermal_zone"):
			t.zones = append(t.zones, path+"/temp")
		case strings.HasPrefix(name, "cooling_device"):
			if kind := s.word(path + "/type"); strings.Contains(kind, "cpufreq") || kind == "Processor" {
				t.coolers = append(t.coolers, path+"/cur_state")
			}
		}
	}
	for _, name := range names(s.root + hardware) {
		if path := filepath.Join(hardware, name); s.word(path+"/name") == "rpi_volt" {
			t.alarms = append(t.alarms, path+"/in0_lcrit_alarm")
		}
	}
}

// word is what a file holds, without its end of line; "" when it cannot be read.
func (s *Sensor) word(path string) string { return strings.TrimSpace(string(s.text(path))) }

// names is what a folder holds; none when it cannot be read.
func names(path string) (list []string) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}
