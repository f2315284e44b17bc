package hwtest

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// fixture is a device of files, scripts and a server, on which everything is well.
type fixture struct {
	*Device
	t    *testing.T
	mu   sync.Mutex
	on   map[string]bool
	off  bool // by the emergency switch
	cpu  int  // microseconds that the program has had
	seen map[string]int
	// What a test breaks in the program.
	stuck, broken, cold bool // it does not switch; its page is cut; nothing is reused or kept
	level, problem      string
	later               string // the problem that is told from the second answer on
	reason              string // why a part does not switch
	trusted             string
	updates             string // what was set at run time of them; "" for nothing
	rollback            func(level int)
}

const fixtureGroup = "/sys/fs/cgroup/calendarbot.slice/calendarbot.service"

func newFixture(t *testing.T) *fixture {
	t.Helper()
	root, err := os.MkdirTemp("", "hw") // short: a socket's path may not be long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(root); err != nil {
			t.Error(err)
		}
	})
	f := &fixture{t: t, on: map[string]bool{pooling: true, piping: true, warming: true}, seen: map[string]int{}, level: "normal", reason: "breaker", trusted: "1"}
	f.Device = &Device{Options: Options{Mode: Quick, Soak: 5 * time.Second}, Root: root, Path: filepath.Join(root, "bin"), Second: 2 * time.Millisecond, Waits: 1, Now: time.Now}
	f.Signal = func(int, syscall.Signal) error { f.put("/fake/show.calendarbot.service", f.unit("200")); return nil }
	f.rollback = func(level int) {
		if level == 3 {
			f.put("/data/slots/agent.json", `{"active":""}`)
			f.put("/fake/show.calendarbot.service", f.unit("200"))
		}
	}
	for name, text := range goodFiles() {
		f.put(name, text)
	}
	f.put("/fake/show.calendarbot.service", f.unit("100"))
	f.put("/proc/device-tree/system/linux,revision", "\x00\x90\x21\x20")
	f.script("systemctl", `if [ "$1" = show ]; then cat "`+root+`/fake/show.${4:-manager}"; exit; fi
echo "systemctl $*" >>`+root+`/fake/log; if [ -d `+root+`/sys/class/net/wlan0 ]; then echo 4 >`+root+`/sys/class/net/wlan0/carrier_changes; fi`)
	f.put(baked+"/a/etc/calendarbot/calendarbot.yaml", "features:\n")
	f.script("df", "echo Used; echo 200000000")
	f.script("sh", `echo "$2" >>`+root+`/fake/log; PATH=`+root+`/bin:$PATH exec /bin/sh "$@"`)
	state, anew := root+"/data/slots/agent.json", `sed -i "s/MainPID=.*/MainPID=$$/" `+root+"/fake/show.calendarbot.service"
	f.script("calendarbot", `echo "calendarbot $*" >>`+root+`/fake/log; case "$*" in
"slots agent back"*) echo '{"active":"b","slots":{"b":{"version":"1.0.0"}}}' >`+state+`; `+anew+`;;
"slots agent try"*) echo '{"active":"","trial":{"slot":"b","version":"1.0.0","started":1}}' >`+state+`; `+anew+`;;
"slots agent keep"*) echo '{"active":"b","slots":{"b":{"version":"1.0.0"}}}' >`+state+`;;
esac`)
	f.script("calendarbot-update", `if [ "$1" = apply ]; then echo '{"active":"a","former":"b","slots":{"a":{"version":"2.0.0"}}}' >`+state+`; `+anew+`; fi`)
	f.serve()
	return f
}

// goodFiles is a board on which everything is well, in a network, with an update that was kept.
func goodFiles() map[string]string {
	files := map[string]string{
		"/proc/sys/kernel/arch":                                 "aarch64\n",
		"/proc/sys/kernel/hostname":                             "calendarbot\n",
		"/proc/sys/kernel/panic":                                "10\n",
		"/proc/sys/kernel/panic_on_oops":                        "1\n",
		"/proc/sys/kernel/random/boot_id":                       "second\n",
		"/proc/sysrq-trigger":                                   "",
		"/proc/uptime":                                          "600.00 2000.00\n",
		"/proc/device-tree/model":                               "Raspberry Pi Zero 2 W Rev 1.0\x00",
		"/proc/meminfo":                                         "MemTotal: 430000 kB\nMemFree: 200000 kB\nMemAvailable: 330000 kB\n",
		"/proc/1/mounts":                                        "/dev/mmcblk0p2 / ext4 ro,noatime 0 0\n/dev/mmcblk0p4 /data ext4 rw,noatime,nosuid 0 0\n",
		"/proc/swaps":                                           "Filename Type Size Used Priority\n/dev/zram0 partition 215000 0 100\n",
		"/proc/net/tcp":                                         "  sl  local_address rem_address st\n 0: 0100007F:1F90 00000000:0000 0A\n 1: 00000000:0016 00000000:0000 0A\n",
		"/proc/net/tcp6":                                        "  sl  local_address rem_address st\n 0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A\n",
		"/proc/net/udp":                                         "  sl  local_address rem_address st\n 0: 00000000:14E9 00000000:0000 07\n",
		"/proc/net/udp6":                                        "  sl  local_address rem_address st\n",
		"/proc/net/route":                                       "Iface Destination Gateway\nwlan0\t00000000\t0102A8C0\n",
		"/proc/100/fd/1":                                        "",
		"/run/calendarbot-boot/data":                            "good\n",
		"/run/calendarbot-boot/config":                          "a\n",
		"/run/systemd/timesync/synchronized":                    "",
		"/data/slots/agent.json":                                `{"active":"b","former":"","slots":{"b":{"version":"1.0.0"}}}`,
		"/sys/fs/cgroup/cgroup.controllers":                     "cpu io memory pids\n",
		fixtureGroup + "/memory.current":                        "30000000\n",
		fixtureGroup + "/memory.stat":                           "anon 20000000\nkernel 1000000\ninactive_file 5000000\n",
		fixtureGroup + "/memory.events":                         "low 0\noom_kill 0\n",
		fixtureGroup + "/memory.high":                           "209715200\n",
		fixtureGroup + "/memory.max":                            "251658240\n",
		fixtureGroup + "/memory.min":                            "33554432\n",
		fixtureGroup + "/cpu.stat":                              "usage_usec 0\n",
		"/sys/class/thermal/thermal_zone0/temp":                 "48000\n",
		"/sys/class/watchdog/watchdog0/identity":                "Broadcom BCM2835 Watchdog timer\n",
		"/sys/class/watchdog/watchdog0/state":                   "active\n",
		"/sys/class/watchdog/watchdog0/timeout":                 "14\n",
		"/sys/class/net/wlan0/carrier_changes":                  "2\n",
		"/sys/class/net/wlan0/operstate":                        "up\n",
		"/sys/class/net/wlan0/phy80211/name":                    "phy0\n",
		"/sys/class/drm/card0-HDMI-A-1/status":                  "connected\n",
		"/sys/class/drm/card0-HDMI-A-1/enabled":                 "enabled\n",
		"/sys/class/drm/card0-HDMI-A-1/modes":                   "1920x1080\n1280x720\n",
		"/sys/class/hwmon/hwmon1/in0_lcrit_alarm":               "0\n",
		"/sys/block/mmcblk0/device/name":                        "SC32G\n",
		"/sys/fs/ext4/mmcblk0p4/errors_count":                   "0\n",
		"/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "1000000\n",
		"/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq": "1000000\n",
		"/fake/show.manager":                                    "RuntimeWatchdogUSec=14s\nRebootWatchdogUSec=14s\nUserspaceTimestampMonotonic=6000000\nFinishTimestampMonotonic=30000000\nFirmwareTimestampMonotonic=9000000\nLoaderTimestampMonotonic=3000000\n",
		"/fake/show.calendarbot-ap.service":                     "LoadState=loaded\nActiveState=active\n",
		"/fake/show.calendarbot-trial.service":                  "ActiveState=inactive\n",
		"/fake/show.calendarbot-update.service":                 "ActiveState=inactive\n",
	}
	for _, of := range []string{"cpu", "memory", "io"} {
		files["/proc/pressure/"+of] = "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
	}
	for _, core := range []string{"1", "2", "3"} {
		files["/sys/devices/system/cpu/cpu"+core+"/online"] = "1\n"
	}
	for _, name := range []string{"brcmfmac43430-sdio.bin", "brcmfmac43430b0-sdio.bin", "brcmfmac43430b0-sdio.clm_blob", "brcmfmac43430b0-sdio.txt"} {
		files["/usr/lib/firmware/brcm/"+name] = "firmware"
	}
	return files
}

func (f *fixture) unit(pid string) string {
	return "MainPID=" + pid + "\nActiveState=active\nWatchdogUSec=10s\nNRestarts=0\nControlGroup=/calendarbot.slice/calendarbot.service\nActiveEnterTimestampMonotonic=25000000\n"
}

// put writes a file of the device, whole at once.
func (f *fixture) put(name, text string) {
	f.t.Helper()
	file := f.at(name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		f.t.Error(err)
	}
	if err := os.WriteFile(file+".beside", []byte(text), 0o644); err != nil {
		f.t.Error(err)
	}
	if err := os.Rename(file+".beside", file); err != nil {
		f.t.Error(err)
	}
}

// drop takes a file or folder away.
func (f *fixture) drop(name string) {
	f.t.Helper()
	if err := os.RemoveAll(f.at(name)); err != nil {
		f.t.Error(err)
	}
}

func (f *fixture) script(name, text string) {
	f.t.Helper()
	f.put("/bin/"+name, "#!/bin/sh\n"+text+"\n")
	if err := os.Chmod(f.at("/bin/"+name), 0o755); err != nil {
		f.t.Fatal(err)
	}
}

// serve answers as the program does, over the network and over its socket.
func (f *fixture) serve() {
	f.t.Helper()
	mux := http.NewServeMux()
	f.put("/run/calendarbot/none", "")
	for _, path := range []string{"/{$}", "/agenda", "/setup"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			f.answer(w, `<meta name="calendarbot-ready" content="1">`)
		})
	}
	for _, path := range []string{"/api/whats-next", "/api/v1/whats-next", "/api/v1/pressure/history"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { f.answer(w, `{}`) })
	}
	mux.HandleFunc("/api/v1/config", f.settings)
	mux.HandleFunc("GET /api/v1/features", func(w http.ResponseWriter, _ *http.Request) { f.text(w, f.featureList()) })
	mux.HandleFunc("PUT /api/v1/features/{name}", f.feature)
	mux.HandleFunc("/api/v1/emergency-off", func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		f.off = r.Method == http.MethodPost && !f.stuck
		f.seen[r.Method+" emergency-off"]++
		f.mu.Unlock()
		f.text(w, `{}`)
	})
	mux.HandleFunc("POST /api/v1/rollback", func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Level int }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			f.t.Error(err)
		}
		f.rollback(in.Level)
		f.text(w, `{}`)
	})
	mux.HandleFunc("/api/v1/pressure", func(w http.ResponseWriter, _ *http.Request) { f.text(w, fmt.Sprintf(`{"level":%q}`, f.level)) })
	mux.HandleFunc("/api/v1/status", func(w http.ResponseWriter, _ *http.Request) {
		f.mu.Lock()
		problem := f.problem
		if f.later != "" {
			f.problem, f.later = f.later, ""
		}
		f.mu.Unlock()
		f.text(w, `{"version":"1.0.0","headline":"Everything is fine","problems":[`+problem+`]}`)
	})
	mux.HandleFunc("/metrics", func(w http.ResponseWriter, _ *http.Request) { f.text(w, f.figures()) })
	server := httptest.NewServer(mux)
	f.t.Cleanup(server.Close)
	f.Page = server.URL
	listener, err := net.Listen("unix", f.at(socketPath))
	if err != nil {
		f.t.Fatal(err)
	}
	local := &httptest.Server{Listener: listener, Config: &http.Server{Handler: mux}}
	local.Start()
	f.t.Cleanup(local.Close)
}

func (f *fixture) text(w http.ResponseWriter, text string) {
	if _, err := w.Write([]byte(text)); err != nil {
		f.t.Log(err)
	}
}

// answer is a page: it takes more of the processor without the pipeline.
func (f *fixture) answer(w http.ResponseWriter, text string) {
	f.mu.Lock()
	f.cpu += 1000
	if !f.on[piping] {
		f.cpu += 4000
	}
	f.seen["pages"]++
	f.put(fixtureGroup+"/cpu.stat", fmt.Sprintf("usage_usec %d\n", f.cpu))
	broken := f.broken
	f.mu.Unlock()
	if broken {
		text = "half a pa"
	}
	f.text(w, text)
}

// figures are the metrics: nine of ten are found, unless the program is cold.
func (f *fixture) figures() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	found := f.seen["pages"] * 9
	if f.cold {
		found = f.seen["pages"]
	}
	all := f.seen["pages"] * 10
	return fmt.Sprintf("# TYPE x counter\ncalendarbot_clock_trusted %s\ncalendarbot_cache_size_bytes 2000000\ncalendarbot_cache_hits_total %d\ncalendarbot_cache_misses_total %d\n"+
		"calendarbot_pool_takes_total{pool=\"database\"} %d\ncalendarbot_pool_reused_total{pool=\"database\"} %d\n", f.trusted, found, all-found, all, found)
}

func (f *fixture) featureList() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []string
	for _, name := range []string{pooling, piping, warming} {
		list = append(list, fmt.Sprintf(`{"name":%q,"setting":"100%%","layer":"default","on":%t}`, name, f.on[name] && !f.off))
	}
	return fmt.Sprintf(`{"emergency_off":{"on":%t},"features":[%s]}`, f.off, strings.Join(list, ","))
}

// settings tells of the one setting that is changed, and changes it.
func (f *fixture) settings(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.Method == http.MethodPatch {
		var in struct {
			Set   map[string]string
			Unset []string
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			f.t.Error(err)
		}
		if f.updates = in.Set["update.automatic"]; len(in.Unset) > 0 {
			f.updates = ""
		}
		f.seen["updates "+f.updates]++
	}
	value, layer := f.updates, "runtime"
	if value == "" {
		value, layer = "all", "default"
	}
	f.text(w, fmt.Sprintf(`{"values":[{"key":"web.port","value":"80","layer":"file"},{"key":"update.automatic","value":%q,"layer":%q}]}`, value, layer))
}

func (f *fixture) feature(w http.ResponseWriter, r *http.Request) {
	var in struct{ Setting string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		f.t.Error(err)
	}
	name := r.PathValue("name")
	f.mu.Lock()
	if !f.stuck {
		f.on[name] = in.Setting != "off"
	}
	f.seen[name+" "+in.Setting]++
	on := f.on[name]
	f.mu.Unlock()
	f.text(w, fmt.Sprintf(`{"name":%q,"on":%t,"reason":%q}`, name, on, f.reason))
}
