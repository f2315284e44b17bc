package scripts

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// machine is a folder of commands that scripts/setup finds instead of the real ones.
type machine struct {
	t   *testing.T
	bin string
	log string // what was called of apt-get and sudo
}

// debian returns a machine that has some packages, a user and a Go.
func debian(t *testing.T, uid, packages, goVersion string) machine {
	t.Helper()
	m := machine{t: t, bin: t.TempDir(), log: filepath.Join(t.TempDir(), "log")}
	for _, name := range []string{"bash", "env", "sed"} {
		real, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(real, filepath.Join(m.bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	m.stub("id", `echo `+uid)
	m.stub("dpkg-query", `for p in `+packages+`; do echo "installed $p"; done; echo "config-files wrk"; exit 1`)
	m.stub("apt-get", `echo "apt-get $* ($DEBIAN_FRONTEND)" >>'`+m.log+`'`)
	if goVersion != "" {
		m.stub("go", `case $2 in GOVERSION) echo `+goVersion+` ;; GOTOOLCHAIN) echo auto ;; esac`)
	}
	return m
}

// stub puts a command of the given text in the machine.
func (m machine) stub(name, text string) {
	m.t.Helper()
	if err := os.WriteFile(filepath.Join(m.bin, name), []byte("#!/usr/bin/env bash\n"+text+"\n"), 0o755); err != nil {
		m.t.Fatal(err)
	}
}

// remove takes a command away.
func (m machine) remove(name string) {
	m.t.Helper()
	if err := os.Remove(filepath.Join(m.bin, name)); err != nil {
		m.t.Fatal(err)
	}
}

// setup runs the script there. It returns what it said, what was called, and whether it succeeded.
func (m machine) setup(args ...string) (said, called string, ok bool) {
	m.t.Helper()
	cmd := exec.CommandContext(m.t.Context(), "./setup", args...)
	cmd.Env = []string{"PATH=" + m.bin, "HOME=" + m.bin}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		m.t.Fatal(err)
	}
	log, logErr := os.ReadFile(m.log)
	if logErr != nil && !errors.Is(logErr, fs.ErrNotExist) {
		m.t.Fatal(logErr)
	}
	return string(out), string(log), err == nil
}

const buildPackages = "gcc libc6-dev make git ca-certificates"

func TestSetupDoesNothingWhereAllIsThere(t *testing.T) {
	said, called, ok := debian(t, "1000", buildPackages, "go1.26.8").setup("build")
	if said != "" || called != "" || !ok {
		t.Errorf("said %q, called %q, %v", said, called, ok)
	}
}

func TestSetupInstallsWhatIsMissing(t *testing.T) {
	said, called, ok := debian(t, "0", "gcc make git ca-certificates", "go1.27").setup("bench", "build")
	const want = "apt-get update -q (noninteractive)\napt-get install -q -y --no-install-recommends libc6-dev wrk nginx-light (noninteractive)\n"
	if said != "setup: installing with apt: libc6-dev wrk nginx-light\n" || called != want || !ok {
		t.Errorf("said %q, called %q, %v", said, called, ok)
	}
}

func TestSetupGroupsBringWhatTheyStandOn(t *testing.T) {
	for group, want := range map[string][]string{
		"build":   strings.Fields(buildPackages),
		"arm64":   {"gcc", "gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross", "qemu-user-static"},
		"test":    {"gcc", "qemu-user-static", "chromium", "shellcheck", "shfmt", "sqlite3", "python3-dateutil", "python3-icalendar", "python3-recurring-ical-events"},
		"machine": {"gcc", "gcc-aarch64-linux-gnu", "qemu-system-arm", "e2fsprogs", "xz-utils"},
		"release": {"gcc", "gcc-aarch64-linux-gnu", "systemd", "init-system-helpers"},
		"bench":   {"gcc", "wrk", "nginx-light"},
	} {
		m := debian(t, "0", "", "go1.26.0")
		m.stub("promtool", "")
		_, called, ok := m.setup(group)
		for _, name := range want {
			if !ok || !strings.Contains(called, " "+name+" ") {
				t.Errorf("%s: no %s in %q", group, name, called)
			}
		}
	}
}

func TestSetupKeepsNginxFromStarting(t *testing.T) {
	const masked = "systemctl mask nginx.service\n"
	for name, c := range map[string]struct {
		packages, systemctl string
		want                bool
	}{
		"missing":              {buildPackages + " wrk", `test "$1" != cat || exit 1`, true},
		"there":                {buildPackages + " wrk nginx-light", `test "$1" != cat || exit 1`, false},
		"set up by the person": {buildPackages + " wrk", `:`, false},
		"without systemd":      {buildPackages + " wrk", "", false},
	} {
		m := debian(t, "0", c.packages, "go1.26.0")
		if c.systemctl != "" {
			m.stub("systemctl", c.systemctl+`; echo "systemctl $*" >>'`+m.log+`'`)
		}
		_, called, ok := m.setup("bench")
		if !ok || strings.Contains(called, masked) != c.want {
			t.Errorf("%s: called %q, %v", name, called, ok)
		}
		if before, _, found := strings.Cut(called, masked); found && strings.Contains(before, "apt-get install") {
			t.Errorf("%s: masked only after it was installed: %q", name, called)
		}
	}
}

func TestSetupUsesSudo(t *testing.T) {
	m := debian(t, "1000", "", "go1.26.0")
	m.stub("sudo", `echo "sudo $*" >>'`+m.log+`'`)
	_, called, ok := m.setup("build")
	const want = "sudo DEBIAN_FRONTEND=noninteractive apt-get update -q\nsudo DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends " + buildPackages + "\n"
	if called != want || !ok {
		t.Errorf("called %q, %v", called, ok)
	}
}

func TestSetupWithoutRootSaysWhatToRun(t *testing.T) {
	said, called, ok := debian(t, "1000", "", "go1.26.0").setup("build")
	if !strings.Contains(said, "needs root, and there is no sudo; as root, run: apt-get update") || called != "" || ok {
		t.Errorf("said %q, called %q, %v", said, called, ok)
	}
}

func TestSetupStopsWhenAptDoes(t *testing.T) {
	m := debian(t, "0", "", "go1.26.0")
	m.stub("apt-get", "exit 100")
	if said, _, ok := m.setup("build"); ok {
		t.Errorf("went on, saying %q", said)
	}
}

func TestSetupElsewhereThanDebian(t *testing.T) {
	m := debian(t, "0", "", "go1.26.0")
	m.remove("dpkg-query")
	said, called, ok := m.setup("build")
	if said != "setup: this is not a Debian machine; make sure that it has: "+buildPackages+"\n" || called != "" || !ok {
		t.Errorf("said %q, called %q, %v", said, called, ok)
	}
}

func TestSetupLooksAtGo(t *testing.T) {
	for _, c := range []struct {
		version, toolchain, want string
		ok                       bool
	}{
		{"go1.26.0", "auto", "", true},
		{"go1.26rc1", "auto", "", true},
		{"go1.30", "local", "", true},
		{"go1.24.4", "auto", "setup: Go here is 1.24 and fetches 1.26 by itself (GOTOOLCHAIN=auto)\n", true},
		{"go1.24.4", "local", "setup: Go here is 1.24, 1.26 or newer is needed; let it fetch one by itself: go env -w GOTOOLCHAIN=auto\n", false},
		{"mine", "", "setup: cannot tell which Go 'mine' is; 1.26 or newer is needed\n", true},
	} {
		m := debian(t, "0", buildPackages, c.version)
		m.stub("go", `case $2 in GOVERSION) echo `+c.version+` ;; GOTOOLCHAIN) echo `+c.toolchain+` ;; esac`)
		said, _, ok := m.setup("build")
		if !strings.HasPrefix(said, c.want) || (c.want == "" && said != "") || ok != c.ok {
			t.Errorf("%s: said %q, %v", c.version, said, ok)
		}
	}
}

func TestSetupLetsAnOldGoFetchANewOne(t *testing.T) {
	m := debian(t, "0", buildPackages, "go1.19.8")
	for _, tool := range []string{"chmod", "ln", "rm"} {
		m.stub(tool, `exec /bin/`+tool+` "$@"`)
	}
	const old = `case "$*" in "env GOVERSION") echo go1.19.8 ;; "env GOARCH") echo arm64 ;; "mod download "*) `
	m.stub("go", old+`/bin/mkdir -p "$GOMODCACHE/$3/bin" "$GOMODCACHE/$3/pkg/tool/linux_arm64"
echo "#!/bin/sh" >"$GOMODCACHE/$3/bin/go"; : >"$GOMODCACHE/$3/pkg/tool/linux_arm64/compile" ;; esac`)
	said, _, ok := m.setup("build")
	fetched, err := os.Stat(filepath.Join(m.bin, ".cache/calendarbot/go/bin/go"))
	if !ok || err != nil || fetched.Mode()&0o111 == 0 || !strings.HasPrefix(said, "setup: Go here is 1.19; fetching Go 1.26.") {
		t.Errorf("said %q, %v, %v", said, ok, err)
	}

	m = debian(t, "0", buildPackages, "go1.19.8")
	m.stub("go", old+`echo "no network" >&2; exit 1 ;; esac`)
	if said, _, ok := m.setup("build"); ok || !strings.Contains(said, "could not be fetched; install it from https://go.dev/dl/") {
		t.Errorf("without network: said %q, %v", said, ok)
	}
}

// packed gives a machine what fetching promtool takes: apt-get's download as told, and a package with the program in it.
func packed(t *testing.T, download string) machine {
	t.Helper()
	m := debian(t, "0", "$@", "go1.26.0")
	for _, tool := range []string{"mktemp", "mkdir", "mv", "rm", "tar"} {
		m.stub(tool, `exec $(PATH=/usr/bin:/bin command -v `+tool+`) "$@"`)
	}
	m.stub("apt-get", `echo "apt-get $*" >>'`+m.log+`'; case $1 in download) `+download+` ;; esac`)
	m.stub("dpkg-deb", `dir=$(mktemp -d); mkdir -p $dir/usr/bin; echo promtool >$dir/usr/bin/promtool; echo server >$dir/usr/bin/prometheus
tar -C $dir -c ./usr; rm -r $dir`)
	return m
}

func TestSetupTakesPromtoolWithoutItsServer(t *testing.T) {
	m := packed(t, ": >prometheus_2.deb")
	tools := filepath.Join(m.bin, ".cache/calendarbot/bin")
	said, called, ok := m.setup("test")
	if said != "setup: taking promtool out of Debian's package prometheus into "+tools+"\n" || called != "apt-get download -q prometheus\n" || !ok {
		t.Errorf("said %q, called %q, %v", said, called, ok)
	}
	files, err := os.ReadDir(tools)
	if err != nil || len(files) != 1 || files[0].Name() != "promtool" {
		t.Fatalf("%v, %v", files, err)
	}
	if err := os.Chmod(filepath.Join(tools, "promtool"), 0o755); err != nil {
		t.Fatal(err)
	}
	if said, again, ok := m.setup("test"); said != "" || again != called || !ok {
		t.Errorf("a second time: said %q, called %q, %v", said, again, ok)
	}
	if _, called, ok := packed(t, "").setup("build"); called != "" || !ok {
		t.Errorf("to build: called %q, %v", called, ok)
	}
}

func TestSetupAsksAptForItsListsBeforePromtool(t *testing.T) {
	m := packed(t, `[[ -e "$HOME/listed" ]] && : >prometheus_2.deb ;; update) : >"$HOME/listed"`)
	_, called, ok := m.setup("test")
	if called != "apt-get download -q prometheus\napt-get update -q\napt-get download -q prometheus\n" || !ok {
		t.Errorf("called %q, %v", called, ok)
	}
	if said, _, ok := packed(t, "exit 100").setup("test"); ok || !strings.Contains(said, "promtool could not be fetched; install Debian's package prometheus") {
		t.Errorf("without network: said %q, %v", said, ok)
	}
}

func TestSetupElsewhereNeedsPromtoolToo(t *testing.T) {
	m := debian(t, "0", "", "go1.26.0")
	m.remove("dpkg-query")
	if said, _, ok := m.setup("test"); !strings.Contains(said, "make sure that it has promtool, which comes with Prometheus") || !ok {
		t.Errorf("said %q, %v", said, ok)
	}
}

func TestSetupWithoutGo(t *testing.T) {
	said, called, ok := debian(t, "0", buildPackages, "").setup("build")
	if !strings.Contains(called, "install -q -y --no-install-recommends golang-go") || !strings.Contains(said, "Go is missing; install Go 1.26 or newer") || ok {
		t.Errorf("said %q, called %q, %v", said, called, ok)
	}
}

func TestSetupSaysHowItIsCalled(t *testing.T) {
	m := debian(t, "0", "", "go1.26.0")
	for _, args := range [][]string{nil, {"--help"}, {"-h"}} {
		said, called, ok := m.setup(args...)
		if !strings.Contains(said, "Usage: scripts/setup GROUP...") || strings.Contains(said, "set -euo") || called != "" || !ok {
			t.Errorf("%v: said %q, called %q, %v", args, said, called, ok)
		}
	}
	if said, called, ok := m.setup("build", "nonsense"); said != "setup: unknown group 'nonsense'; allowed are build, arm64, test, machine, image, release and bench\n" || called != "" || ok {
		t.Errorf("said %q, called %q, %v", said, called, ok)
	}
}

func TestSetupAsksForTheGoOfTheModule(t *testing.T) {
	script, err := os.ReadFile("setup")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(mod), "\ngo 1.")
	minor, _, _ := strings.Cut(strings.Fields(after)[0], ".")
	if !strings.Contains(string(script), "GO_NEEDED="+minor+" ") {
		t.Errorf("go.mod asks for Go 1.%s, scripts/setup for another", minor)
	}
}
