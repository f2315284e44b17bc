package scripts

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// units returns the systemd units by their name.
func units(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../systemd/*.*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no units: %v", err)
	}
	texts := map[string]string{}
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if info.IsDir() {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[filepath.Base(file)] = string(text)
	}
	return texts
}

// analyzer writes the units to a folder, with a program in them that is there, for systemd-analyze, and returns the folder and
// the version of systemd.
func analyzer(t *testing.T) (dir string, version int) {
	t.Helper()
	out, err := exec.Command("systemd-analyze", "--version").Output()
	if err != nil {
		t.Skip("this machine has no systemd-analyze (Debian: systemd)")
	}
	parts := regexp.MustCompile(`^systemd (\d+)`).FindSubmatch(out)
	if parts == nil {
		t.Fatalf("systemd-analyze --version says %s", out)
	}
	if version, err = strconv.Atoi(string(parts[1])); err != nil {
		t.Fatal(err)
	}
	program, err := exec.LookPath("true")
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for name, text := range units(t) {
		text = regexp.MustCompile(`/usr/(bin/(calendarbot(-update|-hwtest)?|systemctl)|sbin/wpa_supplicant|lib/calendarbot/[a-z-]+)\b`).ReplaceAllLiteralString(text, program)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir, version
}

// TestUnitsAreValid has systemd read them all.
func TestUnitsAreValid(t *testing.T) {
	dir, version := analyzer(t)
	args := []string{"verify"}
	for name := range units(t) {
		args = append(args, filepath.Join(dir, name))
	}
	cmd := exec.Command("systemd-analyze", args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "SYSTEMD_LOG_LEVEL=warning")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("systemd-analyze verify: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		switch {
		case version < 254 && strings.Contains(line, "'RestartMode'"): // it does by itself what that asks for
		case strings.Contains(line, dir), strings.Contains(line, "calendarbot"):
			t.Error(line)
		}
	}
}

// TestUnitsAreHardened has systemd judge what the services could do to a device, from 0 (nothing) to 10.
func TestUnitsAreHardened(t *testing.T) {
	const usual = 1.5
	more := map[string]float64{
		"calendarbot-ap.service":     1.9, // it sets up a radio and sends frames: CAP_NET_ADMIN, CAP_NET_RAW and the sockets for that
		"calendarbot-slots.service":  1.7, // it copies a configuration with its owners and modes: CAP_CHOWN, CAP_FOWNER, CAP_DAC_OVERRIDE
		"calendarbot-trial.service":  1.8, // it asks the agent's page, and takes the agent's files away: CAP_DAC_OVERRIDE
		"calendarbot-update.service": 2.1, // it asks a server anywhere
		// It makes the kernel panic, stops the program as if it hung (CAP_KILL), looks into it (CAP_SYS_PTRACE), and puts a configuration back.
		"calendarbot-hwtest-resume.service": 2.8,
		"calendarbot-stick@.service":        1.9, // it mounts a stick: CAP_SYS_ADMIN, which it gives away (CAP_SETPCAP)
	}
	dir, _ := analyzer(t)
	for name := range units(t) {
		if filepath.Ext(name) != ".service" {
			continue
		}
		most := max(usual, more[name])
		out, err := exec.Command("systemd-analyze", "security", "--offline=true", "--no-pager", filepath.Join(dir, name)).Output()
		if err != nil {
			t.Errorf("systemd-analyze security %s: %v\n%s", name, err, out)
			continue
		}
		parts := regexp.MustCompile(`Overall exposure level for \S+: ([0-9.]+)`).FindSubmatch(out)
		if parts == nil {
			t.Errorf("systemd-analyze security %s says:\n%s", name, out)
			continue
		}
		if exposure, err := strconv.ParseFloat(string(parts[1]), 64); err != nil || exposure > most {
			t.Errorf("%s has an exposure of %s; allowed is %v\n%s", name, parts[1], most, bytes.TrimSpace(out))
		} else {
			t.Logf("%s: %s", name, parts[1])
		}
	}
}

// dropIns returns what the image adds to units, its own and Debian's, by file.
func dropIns(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../overlay/common/usr/lib/systemd/system/*.d/*.conf")
	if err != nil || len(files) == 0 {
		t.Fatalf("no drop-ins: %v", err)
	}
	texts := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[strings.TrimPrefix(file, "../overlay/common/usr/lib/systemd/system/")] = string(text)
	}
	return texts
}

// TestDropInsAreValid has systemd read them with the units that they belong to; of Debian's a short one stands for what the mirror has.
func TestDropInsAreValid(t *testing.T) {
	dir, _ := analyzer(t)
	var names []string
	for name, text := range dropIns(t) {
		unit, _, _ := strings.Cut(name, ".d/")
		for file, text := range map[string]string{
			unit: "[Service]\nExecStart=/bin/true\n[Socket]\nListenStream=22\n",
			name: regexp.MustCompile(`/(usr|run)/(bin/calendarbot|lib/calendarbot/[a-z-]+|calendarbot-agent/calendarbot)\b`).ReplaceAllLiteralString(text, "/bin/true"),
		} {
			path := filepath.Join(dir, file)
			if _, err := os.Stat(path); err == nil && file == unit {
				continue
			}
			if strings.HasSuffix(file, ".socket") {
				text = strings.Replace(text, "[Service]\nExecStart=/bin/true\n", "", 1)
			} else {
				text = strings.Replace(text, "[Socket]\nListenStream=22\n", "", 1)
			}
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		names = append(names, filepath.Join(dir, unit))
	}
	if err := os.WriteFile(filepath.Join(dir, "ssh.service"), []byte("[Service]\nExecStart=/bin/true\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("systemd-analyze", append([]string{"verify"}, names...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "SYSTEMD_LOG_LEVEL=warning")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Logf("systemd-analyze verify: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, ".conf:") {
			t.Error(line)
		}
	}
}

// TestWhatStartsIsThere holds the units and the list of what starts on the device together: each of ours that can be started at boot is, and no
// other name is in it than one of ours or of Debian's.
func TestWhatStartsIsThere(t *testing.T) {
	list, err := os.ReadFile("../overlay/common/usr/lib/systemd/system-preset/00-calendarbot.preset")
	if err != nil {
		t.Fatal(err)
	}
	all := units(t)
	for name, text := range all {
		if strings.Contains(text, "\n[Install]\n") != slices.Contains(strings.Split(string(list), "\n"), "enable "+name) {
			t.Errorf("%s: its [Install] and the list of what starts say different things", name)
		}
	}
	for _, match := range regexp.MustCompile(`(?m)^enable (calendarbot\S*)$`).FindAllStringSubmatch(string(list), -1) {
		if all[match[1]] == "" {
			t.Errorf("there is no %s", match[1])
		}
	}
	for name, text := range all {
		for _, other := range append(settings(text, "OnSuccess"), settings(text, "OnFailure")...) {
			if all[other] == "" {
				t.Errorf("%s: there is no %s", name, other)
			}
		}
	}
}

// TestEveryGroupOfSettingsIsExplained wants each run of settings to begin with a comment.
func TestEveryGroupOfSettingsIsExplained(t *testing.T) {
	all := units(t)
	maps.Copy(all, dropIns(t))
	for name, text := range all {
		if !strings.HasPrefix(text, "# ") {
			t.Errorf("%s does not begin with what it is for", name)
		}
		for _, section := range strings.Split(text, "\n[")[1:] {
			title, body, _ := strings.Cut(section, "]\n")
			if title == "Install" {
				continue
			}
			for i, group := range strings.Split(strings.TrimSpace(body), "\n\n") {
				plain := title == "Unit" && i == 0 // names and papers
				if !plain && !strings.HasPrefix(group, "# ") {
					t.Errorf("%s: no comment says what this is for:\n%s", name, group)
				}
			}
		}
	}
}

// settings returns the values of a key in a unit.
func settings(text, key string) (values []string) {
	for _, match := range regexp.MustCompile(`(?m)^`+key+`=(.*)$`).FindAllStringSubmatch(text, -1) {
		values = append(values, match[1])
	}
	return values
}

// TestUnitsFitTogether checks what one file says of another, and the times of one of each other.
func TestUnitsFitTogether(t *testing.T) {
	all := units(t)
	service := all["calendarbot.service"]
	for _, other := range append(settings(service, "OnFailure"), append(settings(service, "Slice"), settings(all["calendarbot-rollback.service"], "Wants")...)...) {
		if all[other] == "" {
			t.Errorf("there is no %s", other)
		}
	}
	if users, err := os.ReadFile("../systemd/sysusers.d/calendarbot.conf"); err != nil || !regexp.MustCompile(`(?m)^u\s+`+settings(service, "User")[0]+`\s`).Match(users) {
		t.Errorf("nobody makes the user of the service: %v", err)
	}
	for _, name := range []string{"calendarbot.service", "calendarbot-rollback.service"} {
		if !slices.Equal(settings(all[name], "StateDirectory"), []string{"calendarbot"}) || !slices.Equal(settings(all[name], "User"), []string{"calendarbot"}) {
			t.Errorf("%s writes elsewhere, or as somebody else", name)
		}
	}
	seconds := func(key string) int {
		t.Helper()
		n, err := strconv.Atoi(strings.TrimSuffix(settings(service, key)[0], "s"))
		if err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		return n
	}
	const loop, start = 12, 5 // how late a loop may be, and how long a start takes on the board, in seconds
	if all := loop + seconds("WatchdogSec") + seconds("TimeoutAbortSec") + seconds("RestartSec") + start; all > 30 {
		t.Errorf("a hang lasts %d s; it is to end within 30", all)
	}
	burst, err := strconv.Atoi(settings(service, "StartLimitBurst")[0])
	if err != nil {
		t.Fatal(err)
	}
	if all := burst * (seconds("TimeoutStartSec") + seconds("TimeoutAbortSec") + seconds("RestartSec")); all > 5*60 {
		t.Errorf("starts without READY=1 are given up after %d s; going back is to begin within 5 min", all)
	}
	if window := settings(service, "StartLimitIntervalSec")[0]; window != "10min" {
		t.Errorf("starts are counted over %s; four without READY=1, and more, must fit in", window)
	}
}
