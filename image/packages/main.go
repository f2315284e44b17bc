// Command packages gets the Debian packages that an image is made of: those that the lock names, where the mirror has
// them, and the newest ones else.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
)

const usage = `Usage:
  packages fetch --list FILE --into FOLDER [--lock FILE] [--locked] [--cache FOLDER] [--tsv FILE]
  packages lock --list FILE --lock FILE [--cache FOLDER]

fetch puts the packages of a list into a folder, with what they need, packages.tsv (package, version, architecture,
source, SHA-256) and differences.txt (how they differ from the lock, a line each). With --locked any difference is an
error. lock writes the lock anew, with the newest versions.

The mirror is that of this host's apt, or DEBIAN_MIRROR and DEBIAN_SECURITY_MIRROR.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "packages:", err)
		os.Exit(1)
	}
}

// run does what the words say.
func run(ctx context.Context, args []string, out, problems io.Writer) error {
	if len(args) == 0 {
		return errors.New("nothing to do\n" + usage)
	}
	if slices.ContainsFunc(args, func(word string) bool { return word == "--help" || word == "-help" || word == "-h" }) {
		if _, err := io.WriteString(out, usage); err != nil {
			return fmt.Errorf("print the help: %w", err)
		}
		return nil
	}
	t := task{find: archive, out: out, errors: problems}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&t.list, "list", "", "")
	flags.StringVar(&t.lock, "lock", "", "")
	flags.StringVar(&t.cache, "cache", "", "")
	if args[0] == "fetch" {
		flags.StringVar(&t.into, "into", "", "")
		flags.StringVar(&t.tsv, "tsv", "", "")
		flags.BoolVar(&t.strict, "locked", false, "")
	}
	if err := flags.Parse(args[1:]); err != nil {
		return fmt.Errorf("read the command line: %w\n%s", err, usage)
	}
	noLock := t.lock == "" && (args[0] != "fetch" || t.strict) // without a lock the newest are fetched
	if t.list == "" || noLock || flags.NArg() > 0 || (args[0] == "fetch" && t.into == "") {
		return errors.New("read the command line: a flag is missing, or a word is too much\n" + usage)
	}
	if t.cache == "" {
		folder, err := os.UserCacheDir()
		if err != nil {
			return fmt.Errorf("find the cache: %w", err)
		}
		t.cache = filepath.Join(folder, "calendarbot", "packages")
	}
	var err error
	if t.cache, err = filepath.Abs(t.cache); err != nil { // apt takes no other
		return fmt.Errorf("find the cache: %w", err)
	}
	switch args[0] {
	case "fetch":
		return fetch(ctx, t)
	case "lock":
		return refresh(ctx, t)
	default:
		return fmt.Errorf("what is %q?\n%s", args[0], usage)
	}
}
