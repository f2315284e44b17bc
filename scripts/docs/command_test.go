package docs

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// command is a command of a document.
type command struct {
	where string
	line  string   // as it stands there
	words []string // without sudo and variables in front; the program by its name
}

func (c command) String() string { return c.where + ": " + c.line }

// flags are the names of its flags: "--why" of "--why=TEXT", too.
func (c command) flags() []string {
	var list []string
	for _, w := range c.words[1:] {
		if strings.HasPrefix(w, "--") && len(w) > 2 {
			name, _, _ := strings.Cut(w, "=")
			list = append(list, name)
		}
	}
	return list
}

// begins tells whether the command has these words in front.
func (c command) begins(words []string) bool {
	return len(words) <= len(c.words) && slices.Equal(c.words[:len(words)], words)
}

// programs are the first words by which a piece of code in running text is known for a command.
func programs() []string {
	return []string{
		"calendarbot", "calendarbot-hwtest", "calendarbot-update", "make", "go", "git", "release", "boot-state", "apt", "apt-get", "cd", "dpkg", "curl", "findmnt", "fw_printenv", "fw_setenv", "gofmt",
		"install", "ip", "journalctl", "mount", "openssl", "promtool", "rauc", "reboot", "scp", "ss", "ssh", "sudoedit", "systemctl", "systemd-analyze", "top", "touch", "umount",
	}
}

// commandsOf returns the commands of a line, several where they are joined; none where it is none.
func commandsOf(line string) [][]string {
	var list [][]string
	for _, words := range split(line) {
		for len(words) > 0 && (words[0] == "sudo" || regexp.MustCompile(`^[A-Z][A-Z0-9_]*=`).MatchString(words[0])) {
			words = words[1:]
		}
		if len(words) == 0 {
			continue
		}
		if run := "./scripts/"; len(words) > 2 && words[0] == "go" && words[1] == "run" && strings.HasPrefix(words[2], run) {
			words = append([]string{strings.TrimPrefix(words[2], run)}, words[3:]...)
		}
		name := words[0]
		for _, folder := range []string{"./", "bin/", "/usr/bin/", "/usr/lib/calendarbot/"} {
			name = strings.TrimPrefix(name, folder)
		}
		if regexp.MustCompile(`^(scripts|image|hwtest)/[\w/-]+$`).MatchString(name) || slices.Contains(programs(), name) {
			list = append(list, append([]string{name}, words[1:]...))
		}
	}
	return list
}

// split cuts a line into commands and these into words, as a shell does: quotes hold words together, # begins a comment.
func split(line string) [][]string {
	var list [][]string
	var words []string
	for _, w := range regexp.MustCompile(`(?:'[^']*'|"[^"]*"|[^\s'"])+`).FindAllString(line, -1) {
		if strings.HasPrefix(w, "#") {
			break
		}
		if slices.Contains([]string{"&&", "||", "|", ";"}, w) {
			list, words = append(list, words), nil
			continue
		}
		words = append(words, strings.NewReplacer("'", "", `"`, "").Replace(w))
	}
	return append(list, words)
}

// collect returns every command of the documents. A line in a block of commands that is none is an error: so is a flag in a block that
// is taken for something else.
func collect(t *testing.T) []command {
	t.Helper()
	withFlag := regexp.MustCompile(`^[a-z][\w./-]* (.* )?--?[a-z]`)
	var list []command
	for _, d := range documents(t) {
		add := func(line string) int {
			found := commandsOf(line)
			for _, words := range found {
				list = append(list, command{d.name, strings.TrimSpace(line), words})
			}
			return len(found)
		}
		blocks, prose := d.parts()
		for _, b := range blocks {
			for _, line := range b.lines {
				whole := split(line)
				whole = slices.DeleteFunc(whole, func(words []string) bool { return len(words) == 0 })
				flag := b.language == "" && regexp.MustCompile(`^[\w./-]+( \S+)* --[a-z]`).MatchString(line)
				if (b.commands() || flag) && add(line) < len(whole) {
					t.Errorf("%s: nobody knows the command %q", d.name, line)
				}
			}
		}
		code, open := spans(prose)
		for _, paragraph := range open {
			t.Errorf("%s: a ` is not closed: %.100q", d.name, paragraph)
		}
		for _, span := range code {
			if strings.Contains(span, " ") && add(span) == 0 && withFlag.MatchString(span) { // a word alone is the name of something
				t.Errorf("%s: nobody knows the command %q", d.name, span)
			}
		}
	}
	if len(list) < 50 {
		t.Fatalf("only %d commands found", len(list))
	}
	return list
}

func TestCommandsOfALine(t *testing.T) {
	for line, want := range map[string]string{
		"make run      # a comment":                              "make run",
		"sudo scripts/flash /dev/sdX":                            "scripts/flash /dev/sdX",
		"bin/calendarbot check-feed 'https://a.example/b c.ics'": "calendarbot check-feed https://a.example/b c.ics",
		"CALENDARBOT_ICS_URL='https://a' bin/calendarbot":        "calendarbot",
		"calendarbot --version && systemctl status calendarbot":  "calendarbot --version; systemctl status calendarbot",
		"/usr/lib/calendarbot/boot-state show | top":             "boot-state show; top",
		"go run ./scripts/release keys":                          "release keys",
		"ss -tulpn":                                              "ss -tulpn",
		"CALENDARBOT_EMERGENCY_OFF=1":                            "",
		"web             text -> page.Query":                     "",
		"feeds:":                                                 "",
	} {
		var got []string
		for _, words := range commandsOf(line) {
			got = append(got, strings.Join(words, " "))
		}
		if strings.Join(got, "; ") != want {
			t.Errorf("%q has the commands %q, want %q", line, got, want)
		}
	}
	c := command{words: []string{"calendarbot", "config", "set", "--why=x", "a", "--json"}}
	if got := c.flags(); !slices.Equal(got, []string{"--why", "--json"}) {
		t.Errorf("the flags are %q", got)
	}
}
