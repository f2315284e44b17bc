package hwtest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// desk is a person's computer: hwtest/run with an ssh that leads to a folder.
type desk struct {
	t      *testing.T
	folder string
}

// newDesk has a device whose image has the program, as a script.
func newDesk(t *testing.T, program string) *desk {
	t.Helper()
	d := &desk{t, t.TempDir()}
	d.script("ssh", `shift; cmd="$*"
cmd=${cmd//\/data\/hwtest/`+d.folder+`\/data}; cmd=${cmd//\/usr\/bin\/calendarbot-hwtest/`+d.folder+`\/calendarbot-hwtest}
PATH=`+d.folder+`:$PATH exec sh -c "$cmd"`)
	d.script("systemd-run", `while [[ $1 == -* ]]; do [[ $1 == -p ]] && shift; shift; done
"$@" >>`+d.folder+`/data/log 2>&1 || true`)
	d.unit(start(t))
	if program != "" {
		d.program("calendarbot-hwtest", `echo "ran with $*"`, program)
	}
	return d
}

// start is the command of the unit that goes on with a run, as a shell reads it.
func start(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../systemd/calendarbot-hwtest-resume.service")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^ExecStart=(.*)$`).FindSubmatch(text)
	if found == nil || regexp.MustCompile(`(?m)^Condition\w+=!`).Match(text) {
		t.Fatal("the unit starts nothing, or not always")
	}
	return strings.ReplaceAll(string(found[1]), "$$", "$")
}

// unit gives the device a unit that goes on with a run by the command.
func (d *desk) unit(start string) {
	if err := os.WriteFile(filepath.Join(d.folder, "unit"), []byte("ExecStart="+start+"\n"), 0o644); err != nil {
		d.t.Fatal(err)
	}
	d.script("systemctl", `case $1 in stop) echo "stopped $*"; exit 5;; cat) sed s#/data/hwtest#`+d.folder+`/data#g `+d.folder+`/unit;; start) sh -c "$(`+
		`sed "s#^ExecStart=##; s#/data/hwtest#`+d.folder+`/data#g; s#/usr/bin#`+d.folder+`#g" `+d.folder+`/unit)" >>`+d.folder+`/data/log 2>&1 || true;; *) exit 3;; esac`)
}

// program is one that takes all flags, and does something unless it is asked to list.
func (d *desk) program(name, says, does string) {
	d.t.Helper()
	d.script(name, `cd `+d.folder+`/data; `+says+`; [[ $1 == --list ]] && exit; `+does)
}

// real is the program itself.
func (d *desk) real(name string) {
	d.t.Helper()
	program, err := os.Executable()
	if err != nil {
		d.t.Fatal(err)
	}
	d.script(name, `exec `+program+` "$@"`)
}

// keeps makes a file in the device's folder.
func (d *desk) keeps(name, text string) string {
	d.t.Helper()
	file := filepath.Join(d.folder, "data", name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
		d.t.Fatal(err)
	}
	return file
}

func (d *desk) script(name, text string) {
	d.t.Helper()
	if err := os.WriteFile(filepath.Join(d.folder, name), []byte("#!/bin/bash\n"+text+"\n"), 0o755); err != nil {
		d.t.Fatal(err)
	}
}

// run runs hwtest/run, and returns its exit status and what it printed.
func (d *desk) run(args ...string) (int, string) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "./run", args...)
	c.Env = append(os.Environ(), "CALENDARBOT_SSH="+d.folder+"/ssh", "CALENDARBOT_HWTEST_EVERY=0", "CALENDARBOT_HWTEST_PATIENCE=3",
		"CALENDARBOT_HWTEST="+d.folder+"/built", "PATH="+d.folder+":"+os.Getenv("PATH"))
	out, err := c.CombinedOutput()
	if exit := (&exec.ExitError{}); errors.As(err, &exit) {
		return exit.ExitCode(), string(out)
	} else if err != nil {
		d.t.Fatal(err)
	}
	return 0, string(out)
}

const (
	restarts = `if [[ $1 == --resume ]]; then rm run.json; echo '{"outcome": "PASS"}' >report.json; echo '<x/>' >report.xml; else echo {} >run.json; printf '\0\0'; fi` // as a power cut leaves a log
	fails    = `echo '"outcome": "FAIL"' >report.json; echo '<x/>' >report.xml`
)

func TestScript(t *testing.T) {
	out := filepath.Join(t.TempDir(), "reports")
	for name, c := range map[string]struct {
		program string
		args    []string
		code    int
		tells   []string
	}{
		"goes on after a restart":  {restarts, []string{"--out", out, "board", "--quick"}, 0, []string{"ran with --quick\n", "going on after a restart", "ran with --resume\n", out + "/report.xml"}},
		"tells of a failure":       {fails, []string{"--out", out, "someone@board"}, 1, []string{"ran with \n"}},
		"ends without a report":    {"echo wrong", []string{"board", "--nothing"}, 4, []string{"ran with --nothing\nwrong\n", "without a report"}},
		"never ends":               {"echo {} >run.json", []string{"board"}, 4, []string{"does not come to its end"}},
		"lists":                    {"true", []string{"board", "--list", "--quick"}, 0, []string{"ran with --list --quick"}},
		"ends a run":               {"true", []string{"board", "--restore"}, 0, []string{"stopped stop calendarbot-hwtest calendarbot-hwtest-resume\nran with --restore"}},
		"is on the device":         {"exit 1", []string{"--here", "--quick"}, 1, []string{"ran with --quick"}},
		"is on none":               {"", []string{"--here", "--quick"}, 4, []string{"this machine has no calendarbot-hwtest"}},
		"does not start":           {"", []string{"--copy", "board"}, 4, []string{"does not start on root@board"}},
		"no program anywhere":      {"", []string{"board"}, 4, []string{"make hwtest"}},
		"no host":                  {"true", nil, 2, []string{"HOST is missing"}},
		"a flag in front":          {"true", []string{"--quick", "board"}, 2, []string{"goes after HOST"}},
		"how it is used":           {"true", []string{"--help"}, 0, []string{"Usage: hwtest/run", "Examples:"}},
		"words with spaces, whole": {fails, []string{"--out", out, "board", "--only", "a b;c"}, 1, []string{"ran with --only a b;c\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, c.program)
			if err := os.MkdirAll(filepath.Join(d.folder, "data"), 0o755); err != nil {
				t.Fatal(err)
			}
			if name == "does not start" {
				d.script("built", "exit 126")
			}
			code, said := d.run(c.args...)
			if code != c.code {
				t.Errorf("status %d, not %d: %s", code, c.code, said)
			}
			for _, text := range c.tells {
				if strings.Count(said, text) != 1 {
					t.Errorf("%q is not there once: %s", text, said)
				}
			}
			if strings.Contains(said, "null byte") {
				t.Errorf("zeros of the log are not left out: %s", said)
			}
		})
	}
	for _, name := range []string{"report.json", "report.xml"} {
		if _, err := os.Stat(filepath.Join(out, name)); err != nil {
			t.Error(err)
		}
	}
}

// TestScriptCopies takes what was built here, also where the image has one.
func TestScriptCopies(t *testing.T) {
	d := newDesk(t, "echo of the image")
	d.program("built", "echo of here", fails)
	if code, said := d.run("--copy", "--out", t.TempDir(), "board"); code != 1 || !strings.Contains(said, "of here") || strings.Contains(said, "of the image") {
		t.Errorf("status %d: %s", code, said)
	}
	if _, err := os.Stat(filepath.Join(d.folder, "data", "calendarbot-hwtest")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the copy is left on the device: %v", err)
	}
}

// TestScriptGoesOnWithItsCopy has a copy that restarts the device, of an image whose unit knows of copies, and of one whose unit does not.
func TestScriptGoesOnWithItsCopy(t *testing.T) {
	for unit, by := range map[string]string{start(t): "its unit", "/usr/bin/calendarbot-hwtest --resume": "systemd-run"} {
		d := newDesk(t, "echo of the image")
		d.unit(unit)
		d.program("built", `echo "of here $(basename "$(ps -o comm= $PPID)")"`, restarts)
		if code, said := d.run("--copy", "--out", t.TempDir(), "board"); code != 0 || strings.Count(said, "of here") != 2 || strings.Contains(said, "of the image") ||
			strings.Count(said, "of here systemd-run") != map[string]int{"its unit": 1, "systemd-run": 2}[by] {
			t.Errorf("by %s: status %d: %s", by, code, said)
		}
	}
}

// TestUnitGoesOnWithTheCopy where there is one that can be started, and nobody at the desk.
func TestUnitGoesOnWithTheCopy(t *testing.T) {
	for name, c := range map[string]struct {
		have func(copied string) error
		runs string
	}{
		"a copy":                     {func(string) error { return nil }, "of here --resume\n"},
		"one that can't be started":  {func(copied string) error { return os.Chmod(copied, 0o644) }, "of the image --resume\n"},
		"none, as nearly everywhere": {os.Remove, "of the image --resume\n"},
	} {
		d := newDesk(t, "")
		d.script("calendarbot-hwtest", `echo "of the image $*"`)
		if err := c.have(d.keeps("calendarbot-hwtest", "#!/bin/sh\necho \"of here $*\"\n")); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), filepath.Join(d.folder, "systemctl"), "start").CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", name, err, out)
		}
		if text, err := os.ReadFile(filepath.Join(d.folder, "data", "log")); err != nil || string(text) != c.runs {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
}

// TestScriptTakesACopyAway that it finds when it ends a run, but not one that the next start needs.
func TestScriptTakesACopyAway(t *testing.T) {
	for does, left := range map[string]bool{"rm run.json undo.json": false, "rm run.json": true} {
		d := newDesk(t, "echo of the image")
		d.keeps("run.json", "{}")
		d.keeps("undo.json", "[]")
		copied := d.keeps("calendarbot-hwtest", "#!/bin/bash\ncd "+d.folder+"/data; echo \"of here $*\"; [[ $1 == --list ]] || "+does+"\n")
		if code, said := d.run("board", "--restore"); code != 0 || strings.Count(said, "of here --restore\n") != 1 || strings.Contains(said, "of the image") {
			t.Errorf("%s: status %d: %s", does, code, said)
		}
		if _, err := os.Stat(copied); (err == nil) != left {
			t.Errorf("%s: the copy: %v", does, err)
		}
	}
}

// TestScriptRefusesWhatTheProgramDoes before anything is done on the device.
func TestScriptRefusesWhatTheProgramDoes(t *testing.T) {
	for _, c := range []struct {
		args  []string
		tells string
	}{
		{[]string{"board", "--nothing"}, "flag provided but not defined"},
		{[]string{"board", "--soak", "NaN"}, "0.1 to 1000"},
		{[]string{"board", "--restore", "--nothing"}, "flag provided but not defined"},
		{[]string{"board", "--list", "--nothing"}, "flag provided but not defined"},
		{[]string{"--copy", "board", "--only", "a b"}, `there is no step "a b"`},
	} {
		d := newDesk(t, "")
		d.real("calendarbot-hwtest")
		d.real("built")
		report := d.keeps("report.json", "of before")
		d.keeps("log", "of before")
		code, said := d.run(c.args...)
		if code != exitUsage || strings.Count(said, c.tells) != 1 || strings.Contains(said, "stopped") {
			t.Errorf("%s: status %d: %s", c.args, code, said)
		}
		left, err := os.ReadDir(filepath.Dir(report))
		if text, wrong := os.ReadFile(report); err != nil || wrong != nil || string(text) != "of before" || len(left) != 2 {
			t.Errorf("%s: the report is %q, %v; left are %v, %v", c.args, text, wrong, left, err)
		}
	}
}

// TestScriptLeavesARunAlone is of a second one, while the first is under way.
func TestScriptLeavesARunAlone(t *testing.T) {
	d := newDesk(t, "true")
	if err := os.Mkdir(filepath.Join(d.folder, "data"), 0o755); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(d.folder, "data", "log")
	if err := os.WriteFile(log, []byte("of the first\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	d.script("systemctl", "exit 0")
	if code, said := d.run("board"); code != 4 || !strings.Contains(said, "one runs already") {
		t.Errorf("status %d: %s", code, said)
	}
	if text, err := os.ReadFile(log); err != nil || string(text) != "of the first\n" {
		t.Errorf("its log is %q, %v", text, err)
	}
}

// TestScriptGivesUp is of a device that does not answer any more, after it took the program.
func TestScriptGivesUp(t *testing.T) {
	d := newDesk(t, "true")
	d.script("systemd-run", "rm "+d.folder+"/ssh")
	if code, said := d.run("board"); code != 4 || strings.Count(said, "waiting for root@board") != 1 || !strings.Contains(said, "does not answer any more") {
		t.Errorf("status %d: %s", code, said)
	}
}
