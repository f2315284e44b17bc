package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
)

// console is where a command reads and writes.
type console struct {
	in       io.Reader
	out, err io.Writer
}

// subcommand is one word of the command line.
type subcommand struct {
	name  string
	args  string // after the flags, for the usage line
	short string
	long  string // what it does and examples, for --help
	run   func(ctx context.Context, c console, fs *flag.FlagSet, args []string) error
	words []subcommand // instead of run: the words that may follow, named whole ("config show")
}

// errUsage marks an error in the command's own words and flags.
var errUsage = errors.New("see --help")

// subcommands lists every word, in the order of the help text.
func subcommands() []subcommand {
	return []subcommand{
		serveCommand(), statusCommand(), configCommand(), featuresCommand(), emergencyOffCommand(), emergencyOnCommand(),
		rollbackCommand(), slotsCommand(), networkCommand(), expandCommand(), checkFeedCommand(), checkConfigCommand(), hashCommand(),
		firstbootCommand(), updateCommand(),
	}
}

// command runs the command line and returns the exit status: 0 when it did what was asked,
// 1 when it could not, 2 when it was not understood, 3 when it could and tells of something that is wrong.
func command(ctx context.Context, args []string, c console) int {
	err := dispatch(ctx, args, c)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errNotFine):
		return 3
	case errors.Is(err, errUsage):
		fmt.Fprintf(c.err, "calendarbot: %v\n", err)
		return 2
	default:
		fmt.Fprintf(c.err, "calendarbot: %v\n", err)
		return 1
	}
}

func dispatch(ctx context.Context, args []string, c console) error {
	name := "serve"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
	} else if len(args) > 0 {
		switch args[0] {
		case "-h", "-help", "--help":
			help(c.out)
			return nil
		case "-version", "--version":
			name, args = "version", nil
		}
	}
	switch name {
	case "help":
		if len(args) == 0 {
			help(c.out)
			return nil
		}
		name, args = args[0], append(args[1:len(args):len(args)], "--help")
	case "version":
		_, err := fmt.Fprintf(c.out, "calendarbot %s %s/%s %s\n", version, runtime.GOOS, runtime.GOARCH, runtime.Version())
		return err
	}
	for _, s := range subcommands() {
		if s.name == name {
			return s.start(ctx, c, args)
		}
	}
	return fmt.Errorf("there is no command %q; the commands are %s: %w", name, names(), errUsage)
}

// start runs s, or the one of its words that args begin with.
func (s subcommand) start(ctx context.Context, c console, args []string) error {
	if len(s.words) == 0 {
		fs := flag.NewFlagSet(s.name, flag.ContinueOnError)
		fs.SetOutput(io.Discard)
		return s.run(ctx, c, fs, args)
	}
	var known []string
	for _, w := range s.words {
		word := strings.TrimPrefix(w.name, s.name+" ")
		if len(args) > 0 && args[0] == word {
			return w.start(ctx, c, args[1:])
		}
		known = append(known, word)
	}
	if len(args) > 0 && slices.Contains([]string{"-h", "-help", "--help", "help"}, args[0]) {
		s.helpWords(c.out)
		return nil
	}
	if len(args) == 0 {
		return fmt.Errorf("%s takes one of the words %s: %w", s.name, strings.Join(known, ", "), errUsage)
	}
	return fmt.Errorf("there is no command %q; the words after %s are %s: %w", s.name+" "+args[0], s.name, strings.Join(known, ", "), errUsage)
}

func names() string {
	var list []string
	for _, s := range subcommands() {
		list = append(list, s.name)
	}
	return strings.Join(append(list, "version"), ", ")
}

func help(w io.Writer) {
	fmt.Fprint(w, "CalendarBot shows what is next from your calendars.\n\nUsage:\n  calendarbot [COMMAND] [FLAGS] [ARGUMENTS]\n\nCommands:\n")
	for _, s := range subcommands() {
		fmt.Fprintf(w, "  %-13s %s\n", s.name, s.short)
	}
	fmt.Fprintf(w, "  %-13s %s\n", "version", "print the version (also --version)")
	fmt.Fprint(w, `
Without a command it serves.

Examples:
  calendarbot --port 8080
  CALENDARBOT_ICS_URL=https://example.org/me.ics calendarbot
  calendarbot check-feed https://example.org/me.ics
  calendarbot help expand
`)
}

// parse reads flags, which may stand before, between and after the arguments, and checks
// how many arguments there are. For --help it prints the help of s.
func (s subcommand) parse(c console, fs *flag.FlagSet, args []string, min, max int) ([]string, error) {
	var rest []string
	for {
		if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
			s.help(c.out, fs)
			return nil, err
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w: %w", s.name, err, errUsage)
		}
		ended := len(args) > fs.NArg() && args[len(args)-fs.NArg()-1] == "--"
		args = fs.Args()
		if len(args) == 0 || ended {
			break
		}
		rest, args = append(rest, args[0]), args[1:]
	}
	rest = append(rest, args...)
	if len(rest) < min || len(rest) > max {
		return nil, fmt.Errorf("%s takes %s, not %d arguments: %w", s.name, orNothing(s.args), len(rest), errUsage)
	}
	return rest, nil
}

func orNothing(args string) string {
	if args == "" {
		return "no arguments"
	}
	return args
}

// helpWords prints what words may follow.
func (s subcommand) helpWords(w io.Writer) {
	fmt.Fprintf(w, "Usage:\n  calendarbot %s WORD [FLAGS] [ARGUMENTS]\n\n%s\n\nWords:\n", s.name, strings.TrimSpace(s.long))
	for _, word := range s.words {
		fmt.Fprintf(w, "  %-28s %s\n", strings.TrimPrefix(word.name, s.name+" ")+" "+word.args, word.short)
	}
	fmt.Fprintf(w, "\nEach word has its own help: calendarbot %s --help\n", s.words[0].name)
}

func (s subcommand) help(w io.Writer, fs *flag.FlagSet) {
	fmt.Fprintf(w, "Usage:\n  calendarbot %s", s.name)
	flags := 0
	fs.VisitAll(func(*flag.Flag) { flags++ })
	if flags > 0 {
		fmt.Fprint(w, " [FLAGS]")
	}
	if s.args != "" {
		fmt.Fprintf(w, " %s", s.args)
	}
	fmt.Fprintf(w, "\n\n%s\n", strings.TrimSpace(s.long))
	if flags > 0 {
		fmt.Fprint(w, "\nFlags:\n")
		fs.VisitAll(func(f *flag.Flag) {
			arg, usage := flag.UnquoteUsage(f)
			fmt.Fprintf(w, "  %-18s %s\n", strings.TrimSpace("--"+f.Name+" "+arg), usage)
		})
	}
}
