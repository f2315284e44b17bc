package docs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"calendarbot/hwtest"
)

// patience is how long a program may take to print its help, the time to build it included.
const patience = 5 * time.Minute

// TestEveryCommandIsProved: whatever a document tells to type is run by a test, or is said to be of a board alone, with the reason; and its
// words, flags, variables and files are there. A command that nobody thought of fails here.
func TestEveryCommandIsProved(t *testing.T) {
	used := map[string]bool{}
	bin := built(t)
	for _, c := range collect(t) {
		switch program := c.words[0]; {
		case program == "calendarbot" && !theirs(c):
			if spoken(t, c, filepath.Join(bin, program)) {
				continue
			}
		case program == "go" && len(c.words) > 1 && c.words[1] == "test":
			tested(t, c)
			continue
		case program == "cd":
			continue
		case program == "make":
			made(t, c)
		case program == "release":
			flagged(t, c, helpOf(t, filepath.Join(bin, program), c.words[1]))
		case program == "calendarbot-update", program == "calendarbot":
			flagged(t, c, helpOf(t, filepath.Join(bin, "calendarbot-update")))
		case program == "scripts/flash":
			flagged(t, c, output(t, filepath.Join(top, program), "--help"))
		case program == "hwtest/run", program == "calendarbot-hwtest":
			var help strings.Builder
			if code := hwtest.Main(t.Context(), []string{"--help"}, &help, &help, nil); code != 0 {
				t.Errorf("the help of %s: status %d", program, code)
			}
			flagged(t, c, help.String()+output(t, filepath.Join(top, "hwtest/run"), "--help"))
		case strings.Contains(program, "/"):
			if _, err := os.Stat(filepath.Join(top, program)); err != nil {
				t.Errorf("%s: there is no %s", c, program)
			}
		}
		if p, found := proofOf(c); found {
			used[p.command] = true
		} else {
			t.Errorf("%s: no test runs it; name one in proofs, or say there why only a board can", c)
		}
	}
	for _, p := range proofs() {
		if !used[p.command] {
			t.Errorf("no document has the command %q any more: take it out of proofs", p.command)
		}
	}
}

// theirs tells whether the words are those of the updater, which "calendarbot update" becomes.
func theirs(c command) bool { return c.begins([]string{"calendarbot", "update"}) }

// proofOf is the row whose words the command begins with, the one with most words.
func proofOf(c command) (best proof, found bool) {
	for _, p := range proofs() {
		if c.begins(strings.Fields(p.command)) && (!found || len(strings.Fields(p.command)) > len(strings.Fields(best.command))) {
			best, found = p, true
		}
	}
	return best, found
}

// TestProofsAreThere: the tests that the table names are, with the words that are to be in them; and each row says one thing.
func TestProofsAreThere(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range proofs() {
		if seen[p.command] || p.command == "" {
			t.Errorf("%q stands twice, or is nothing", p.command)
		}
		seen[p.command] = true
		if (len(p.tests) == 0) == (p.board == "") {
			t.Errorf("%q is to have either tests or a reason why only a board can prove it", p.command)
		}
		if (p.dry != "") != slices.Contains(p.tests, dryRun) {
			t.Errorf("%q is to say why its target is only read, and have %s among its tests, or neither", p.command, dryRun)
		}
		for _, test := range p.tests {
			if err := there(test); err != nil {
				t.Errorf("%q: %v", p.command, err)
			}
		}
	}
}

// TestWhatIsNotProvedIsSeen: the tests above can fail.
func TestWhatIsNotProvedIsSeen(t *testing.T) {
	if p, found := proofOf(command{words: []string{"make", "fly"}}); found {
		t.Errorf("make fly is proved by %v", p)
	}
	if p, found := proofOf(command{words: []string{"scripts/flash", "--list"}}); !found || p.command != "scripts/flash --list" {
		t.Errorf("the row of most words is %v", p)
	}
	for test, want := range map[string]string{
		"scripts/docs.TestProofsAreThere":               "",
		"scripts/docs.TestProofsAreThere: no reason":    "does not have the words",
		"scripts/docs.TestNobodyWrote":                  "there is no test",
		"nowhere.TestProofsAreThere":                    "there is no test",
		"TestProofsAreThere":                            "is no test of a folder",
		"scripts/docs.TestProofsAreThere: only a board": "",
	} {
		switch err := there(test); {
		case err == nil && want != "", err != nil && (want == "" || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, want %q", test, err, want)
		}
	}
	if !scripted(t, "config show") || scripted(t, "config fly") || scripted(t, "slots system back") {
		t.Error("what scripts run is not seen")
	}
}

// there looks up "folder.Test" or "folder.Test: words".
func there(test string) error {
	name, words, _ := strings.Cut(test, ": ")
	dot := strings.LastIndex(name, ".")
	if dot < 0 {
		return fmt.Errorf("%s is no test of a folder", name)
	}
	files, err := filepath.Glob(filepath.Join(top, name[:dot], "*_test.go"))
	if err != nil {
		return err
	}
	function := regexp.MustCompile(`(?ms)^func ` + regexp.QuoteMeta(name[dot+1:]) + `\(.*?^}`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		switch body := function.Find(text); {
		case body == nil:
		case !strings.Contains(string(body), words):
			return fmt.Errorf("%s does not have the words %q", name, words)
		default:
			return nil
		}
	}
	return fmt.Errorf("there is no test %s", name)
}

// spoken checks that the program knows the words and each flag; it returns whether a script of agent/testdata runs them.
func spoken(t *testing.T, c command, program string) bool {
	t.Helper()
	if len(c.words) == 2 && c.words[1] == "--version" {
		c.words = []string{"calendarbot", "version"}
	}
	var words []string
	for _, w := range c.words[1:] {
		if !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(w) {
			break
		}
		words = append(words, w)
	}
	if len(words) > 0 && slices.Contains([]string{"version", "help"}, words[0]) {
		return scripted(t, "--"+words[0])
	}
	if len(words) == 0 {
		words = []string{"serve"}
	}
	text := helpOf(t, program, append([]string{"help"}, words...)...)
	usage := regexp.MustCompile(`(?m)^  calendarbot ((?:[a-z-]+ ?)+)`).FindStringSubmatch(text)
	if usage == nil {
		t.Errorf("%s: the program does not know it:\n%s", c, text)
		return true
	}
	flagged(t, c, text)
	if canonical := strings.TrimSpace(usage[1]); canonical != "serve" {
		return scripted(t, canonical)
	}
	return scripted(t, "--store") // what serves has no word in front
}

// scripted tells whether a script runs the words, and not for their help alone.
func scripted(t *testing.T, words string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(top, "agent/testdata/script/*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	run := regexp.MustCompile(`(?m)^(?:! )?(?:exec|until .*) calendarbot(?: --\S+ \S+)* ` + regexp.QuoteMeta(words) + `(?: .*)?$`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range run.FindAllString(string(text), -1) {
			if !strings.HasSuffix(line, " --help") || words == "--help" {
				return true
			}
		}
	}
	return false
}

// flagged checks that a help text has each flag of the command.
func flagged(t *testing.T, c command, help string) {
	t.Helper()
	for _, name := range c.flags() {
		if name != "--help" && !regexp.MustCompile(`(^|[^\w-])-?`+regexp.QuoteMeta(name[1:])+`([^\w-]|$)`).MatchString(help) {
			t.Errorf("%s: there is no flag %s:\n%s", c, name, help)
		}
	}
}

// made checks that the Makefile has the target, and asks for the variables.
func made(t *testing.T, c command) {
	t.Helper()
	makefile := read(t, "Makefile")
	for _, w := range c.words[1:] {
		if name, _, is := strings.Cut(w, "="); is {
			if !regexp.MustCompile(`\$[({]+` + name + `\b`).MatchString(makefile) {
				t.Errorf("%s: nothing in the Makefile asks for %s", c, name)
			}
		} else if !strings.Contains(makefile, "\n"+w+":") {
			t.Errorf("%s: there is no target %s", c, w)
		}
	}
}

// tested checks "go test": its folders are there, and each pattern fits a function in them.
func tested(t *testing.T, c command) {
	t.Helper()
	var code strings.Builder
	for _, w := range c.words[2:] {
		if !strings.HasPrefix(w, "./") || strings.HasSuffix(w, "...") || strings.HasSuffix(w, "/PACKAGE") {
			continue
		}
		files, err := filepath.Glob(filepath.Join(top, w, "*_test.go"))
		if err != nil || len(files) == 0 {
			t.Errorf("%s: there are no tests in %s", c, w)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			code.Write(text)
		}
	}
	for i, w := range c.words {
		kind, known := map[string]string{"-run": "Test", "-bench": "Benchmark", "-fuzz": "Fuzz"}[w]
		if !known || i+1 == len(c.words) || c.words[i+1] == "^$" || c.words[i+1] == "." || code.Len() == 0 {
			continue
		}
		first, _, _ := strings.Cut(c.words[i+1], "/")
		pattern, err := regexp.Compile(first)
		if err != nil {
			t.Errorf("%s: %v", c, err)
			continue
		}
		names := regexp.MustCompile(`(?m)^func (`+kind+`\w+)\(`).FindAllStringSubmatch(code.String(), -1)
		if !slices.ContainsFunc(names, func(m []string) bool { return pattern.MatchString(m[1]) }) {
			t.Errorf("%s: nothing fits %s %s", c, w, c.words[i+1])
		}
	}
}

// built builds the programs of the repository that documents speak of, and returns the folder that they are in.
func built(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for name, from := range map[string]string{"calendarbot": "agent", "calendarbot-update": "agent/updater", "release": "scripts/release"} {
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(folder, name), "calendarbot/"+from).CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v\n%s", name, err, out)
		}
	}
	return folder
}

// helpOf is what a program of ours prints when it is asked for help.
func helpOf(t *testing.T, program string, words ...string) string {
	t.Helper()
	if filepath.Base(program) != "calendarbot" {
		words = append(words, "--help")
	}
	return output(t, program, words...)
}

// output is what a program prints, whatever it thinks of it.
func output(t *testing.T, program string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
	var status *exec.ExitError
	if err != nil && !errors.As(err, &status) {
		t.Fatalf("%s: %v", program, err)
	}
	return string(out)
}
