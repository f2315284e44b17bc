package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Where systemd finds that a unit is enabled.
const (
	serviceEnabled = "etc/systemd/system/multi-user.target.wants/calendarbot.service"
	socketEnabled  = "etc/systemd/system/sockets.target.wants/calendarbot.socket"
)

// each runs a test for the package of each processor.
func each(t *testing.T, test func(t *testing.T, r root, deb string)) {
	all := packages(t)
	for _, arch := range slices.Sorted(maps.Keys(all)) {
		t.Run(arch, func(t *testing.T) { test(t, newRoot(t, arch), all[arch]) })
	}
}

// TestPackageInstallsItsFiles wants exactly these files, each from its place in the repository, all of them root's.
func TestPackageInstallsItsFiles(t *testing.T) {
	each(t, func(t *testing.T, r root, deb string) {
		before := r.tree()
		r.dpkg("-i", deb)
		if got, want := r.status(), "install ok installed "+field(t, deb, "Version"); got != want {
			t.Errorf("dpkg says %q, not %q", got, want)
		}
		want := map[string]string{
			"etc/calendarbot":                                "drwxr-xr-x 0:0",
			"usr/bin/calendarbot":                            "-rwxr-xr-x 0:0",
			"usr/lib/sysusers.d/calendarbot.conf":            "-rw-r--r-- 0:0",
			"usr/share/calendarbot":                          "drwxr-xr-x 0:0",
			"usr/share/calendarbot/calendarbot.example.yaml": "-rw-r--r-- 0:0",
			"usr/share/doc/calendarbot":                      "drwxr-xr-x 0:0",
			"usr/share/doc/calendarbot/CHANGELOG.md":         "-rw-r--r-- 0:0",
			"usr/share/doc/calendarbot/LICENSES.txt":         "-rw-r--r-- 0:0",
			"usr/share/doc/calendarbot/README.md":            "-rw-r--r-- 0:0",
			"usr/share/doc/calendarbot/copyright":            "-rw-r--r-- 0:0",
			"etc/systemd/system/multi-user.target.wants":     "drwxr-xr-x 0:0",
			"etc/systemd/system/sockets.target.wants":        "drwxr-xr-x 0:0",
			serviceEnabled:                                   "Lrwxrwxrwx 0:0",
			socketEnabled:                                    "Lrwxrwxrwx 0:0",
			"var/lib/systemd":                                "drwxr-xr-x 0:0",
			"var/lib/systemd/deb-systemd-helper-enabled":     "",
		}
		// The others look after a card of our own, not after a system that somebody has.
		for _, name := range []string{
			"calendarbot.service", "calendarbot.socket", "calendarbot.slice", "calendarbot-rollback.service", "calendarbot-retry.service", "calendarbot-retry.timer",
		} {
			want["usr/lib/systemd/system/"+name] = "-rw-r--r-- 0:0"
			r.same("usr/lib/systemd/system/"+name, "systemd/"+name)
		}
		r.same("usr/lib/sysusers.d/calendarbot.conf", "systemd/sysusers.d/calendarbot.conf")
		r.same("usr/share/calendarbot/calendarbot.example.yaml", "overlay/common/usr/share/calendarbot/calendarbot.example.yaml")
		r.same("usr/share/doc/calendarbot/README.md", "README.md")
		r.same("usr/share/doc/calendarbot/copyright", "LICENSE")
		after := r.tree()
		for name, what := range after {
			if before[name] == "" && want[name] == "" && !strings.HasPrefix(name, "var/lib/systemd/deb-systemd-helper-enabled") {
				t.Errorf("nobody asked for %s (%s)", name, what)
			}
		}
		for name, what := range want {
			if !strings.HasPrefix(after[name], what) || after[name] == "" {
				t.Errorf("%s is %q, not %q", name, after[name], what)
			}
		}
		if said := r.dpkg("--verify", "calendarbot:"+r.arch); said != "" {
			t.Errorf("dpkg finds changed files: %s", said)
		}
	})
}

func TestPackageMakesTheAgentsUser(t *testing.T) {
	service, err := os.ReadFile("../../systemd/calendarbot.service")
	if err != nil {
		t.Fatal(err)
	}
	user := regexp.MustCompile(`(?m)^User=(.*)$`).FindSubmatch(service)
	if user == nil {
		t.Fatal("the service has no user")
	}
	each(t, func(t *testing.T, r root, deb string) {
		r.dpkg("-i", deb)
		if want := regexp.MustCompile(`(?m)^` + string(user[1]) + `:x:870:870:CalendarBot:/var/lib/calendarbot:/usr/s?bin/nologin$`); !want.MatchString(r.read("etc/passwd")) {
			t.Errorf("the users are %s", r.read("etc/passwd"))
		}
		if shadow := r.read("etc/shadow"); !regexp.MustCompile(`(?m)^calendarbot:!`).MatchString(shadow) {
			t.Errorf("one can log in: %s", shadow)
		}
	})
}

// TestPackageHasTheProgram runs it, as the other processor's code where this machine has an emulator.
func TestPackageHasTheProgram(t *testing.T) {
	each(t, func(t *testing.T, r root, deb string) {
		r.dpkg("-i", deb)
		run := []string{filepath.Join(r.dir, "usr/bin/calendarbot")}
		if machine := strings.TrimSpace(command(t, "dpkg", "--print-architecture")); machine != r.arch {
			emulator := map[string]string{"arm64": "qemu-aarch64-static", "amd64": "qemu-x86_64-static"}[r.arch]
			if _, err := exec.LookPath(emulator); err != nil {
				t.Skipf("this machine has no %s", emulator)
			}
			run = append([]string{emulator}, run...)
		}
		version := strings.ReplaceAll(field(t, deb, "Version"), "~", "-")
		if said := command(t, run[0], append(run[1:], "--version")...); !strings.HasPrefix(said, "calendarbot "+version+" linux/"+r.arch+" ") {
			t.Errorf("it says %q, the package is %s", said, version)
		}
		command(t, run[0], append(run[1:], "check-config", filepath.Join(r.dir, "usr/share/calendarbot/calendarbot.example.yaml"))...)
	})
}

// TestPackageLeavesWhatIsThePersons goes through a package's life: what a person wrote, and what the agent keeps, is neither touched
// by an upgrade nor by a removal; a purge leaves nothing.
func TestPackageLeavesWhatIsThePersons(t *testing.T) {
	const config, state = "etc/calendarbot/calendarbot.yaml", "var/lib/calendarbot/calendarbot.db"
	each(t, func(t *testing.T, r root, deb string) {
		before := r.tree()
		r.dpkg("-i", deb)
		r.write(config, "device: {name: Kitchen}\n", 0o640)
		r.write(state, "events", 0o600)
		kept := r.tree()
		unchanged := func(when string) {
			t.Helper()
			for _, name := range []string{"etc/calendarbot", config, "var/lib/calendarbot", state} {
				if got := r.tree()[name]; got != kept[name] {
					t.Errorf("%s %s is %q, was %q", when, name, got, kept[name])
				}
			}
		}

		later, version := newer(t, deb)
		r.dpkg("-i", later)
		unchanged("after the upgrade")
		if got := r.status(); got != "install ok installed "+version {
			t.Errorf("dpkg says %q, not %s", got, version)
		}
		for _, name := range []string{"usr/share/calendarbot/calendarbot.example.yaml", "usr/lib/systemd/system/calendarbot.service"} {
			if !strings.HasSuffix(r.read(name), "# later\n") {
				t.Errorf("%s is still the old one", name)
			}
		}
		r.dpkg("-i", deb)
		unchanged("after going back")

		r.dpkg("-r", "calendarbot:"+r.arch)
		unchanged("after the removal")
		if r.has("usr/bin/calendarbot") || r.has("usr/lib/systemd/system/calendarbot.service") {
			t.Error("the program is still there after the removal")
		}
		r.dpkg("-i", deb)
		unchanged("installed again")

		r.dpkg("-P", "calendarbot:"+r.arch)
		emptied(r, before)
	})
}

// TestPackageIsPurgedAtOnce purges one that nobody used.
func TestPackageIsPurgedAtOnce(t *testing.T) {
	each(t, func(t *testing.T, r root, deb string) {
		before := r.tree()
		r.dpkg("-i", deb)
		r.dpkg("-P", "calendarbot:"+r.arch)
		emptied(r, before)
	})
}

// emptied wants the root to be as it was before the package came; the folders that are systemd's may stay, and so may the
// agent's user, which nobody can be.
func emptied(r root, before map[string]string) {
	r.t.Helper()
	for name, what := range r.tree() {
		systemds := name == "var/lib/systemd" || (strings.HasPrefix(what, "d") && strings.HasPrefix(name, "etc/systemd/system/"))
		if before[name] != what && !systemds {
			r.t.Errorf("after the purge %s is %q, was %q", name, what, before[name])
		}
	}
	for name := range before {
		if !r.has(name) {
			r.t.Errorf("the purge took %s along", name)
		}
	}
	if lists := r.read("var/lib/dpkg/status"); strings.Contains(lists, "Package: calendarbot\n") && !strings.Contains(lists, "not-installed") {
		r.t.Errorf("dpkg still knows of it: %s", lists)
	}
}

// TestPackageLeavesUnitsAsThePersonHasThem switches the service off by hand.
func TestPackageLeavesUnitsAsThePersonHasThem(t *testing.T) {
	each(t, func(t *testing.T, r root, deb string) {
		r.dpkg("-i", deb)
		command(t, "systemctl", "--root="+r.dir, "disable", "calendarbot.service")
		if r.has(serviceEnabled) || !r.has(socketEnabled) {
			t.Fatal("the service could not be switched off alone")
		}
		later, _ := newer(t, deb)
		r.dpkg("-i", later)
		if r.has(serviceEnabled) || !r.has(socketEnabled) {
			t.Error("the upgrade changed which units are on")
		}
	})
}
