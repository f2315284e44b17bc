package hwtest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
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
	d.script("systemctl", `[[ $1 == stop ]] && echo "stopped $*" && exit 5; [[ $1 == start ]] || exit 3; "`+d.folder+`/calendarbot-hwtest" --resume >>"`+d.folder+`/data/log" 2>&1 || true`)
	if program != "" {
		d.script("calendarbot-hwtest", `cd `+d.folder+`/data; echo "ran with $*"; `+program)
	}
	return d
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
	d.script("built", "cd "+d.folder+"/data; echo of here; "+fails)
	if code, said := d.run("--copy", "--out", t.TempDir(), "board"); code != 1 || !strings.Contains(said, "of here") || strings.Contains(said, "of the image") {
		t.Errorf("status %d: %s", code, said)
	}
	if _, err := os.Stat(filepath.Join(d.folder, "data", "calendarbot-hwtest")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the copy is left on the device: %v", err)
	}
}

// TestScriptGoesOnWithItsCopy has a copy that restarts the device: the image does not go on with that.
func TestScriptGoesOnWithItsCopy(t *testing.T) {
	d := newDesk(t, "echo of the image")
	d.script("built", "cd "+d.folder+"/data; echo of here; "+restarts)
	if code, said := d.run("--copy", "--out", t.TempDir(), "board"); code != 0 || strings.Count(said, "of here") != 2 || strings.Contains(said, "of the image") {
		t.Errorf("status %d: %s", code, said)
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
