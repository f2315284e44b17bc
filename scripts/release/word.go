package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"calendarbot/agent/update/publish"
)

// word is one that has to do with the repository that devices read.
type word struct {
	name, args string // args as the usage shows them
	help       string // what it does, and an example
	set        func(*flag.FlagSet) func(*desk) error
}

// words are all of them.
func words() []word {
	return []word{keysWord(), publishWord(), refreshWord(), withdrawWord(), rotateWord(), renewWord(), signWord(), landWord(), showWord()}
}

func findWord(name string) (word, bool) {
	for _, w := range words() {
		if w.name == name {
			return w, true
		}
	}
	return word{}, false
}

// about is what all words have in common, told in the help of each.
const about = `
The keys are in --keys (or the folder tuf of CALENDARBOT_KEYS, or tuf beside the key that this machine signs bundles with), a
folder for each role; move that of the root to media that lie in a drawer. A passphrase is read from the file named by
CALENDARBOT_PASSPHRASE_FILE, or from CALENDARBOT_PASSPHRASE.
`

// desk is what a word works with.
type desk struct {
	keysDir, repo string
	lifetimes     publish.Lifetimes
	args          []string
	now           time.Time
	out           io.Writer
}

// run reads the flags of a word and does it.
func (w word) run(args []string, out io.Writer) error {
	d := &desk{now: time.Now(), out: out, lifetimes: publish.UsualLifetimes()}
	flags := flag.NewFlagSet(w.name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	usual, err := usualKeys()
	if err != nil {
		return err
	}
	flags.StringVar(&d.keysDir, "keys", usual, "the `folder` of the keys")
	flags.StringVar(&d.repo, "repo", filepath.Join("dist", "update"), "the `folder` that is published")
	flags.Func("good-for", "for how many days what each role signs is good, as `role=days,...` (root 1095, targets 365, snapshot 14, timestamp 14)", d.setLifetimes)
	do := w.set(flags)
	d.args, err = parse(flags, args)
	if errors.Is(err, flag.ErrHelp) {
		flags.SetOutput(out)
		fmt.Fprintf(out, "Usage: release %s\n%s%s\nFlags:\n", strings.TrimSpace(w.name+" "+w.args), w.help, about)
		flags.PrintDefaults()
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w\nrelease %s --help tells more", w.name, err, w.name)
	}
	if want := strings.Count(w.args, "<"); len(d.args) != want {
		return fmt.Errorf("%s wants %s\nrelease %s --help tells more", w.name, strings.TrimSpace("release "+w.name+" "+w.args), w.name)
	}
	if err := do(d); err != nil {
		return fmt.Errorf("%s: %w", w.name, err)
	}
	return nil
}

// parse takes flags before, between and after the other words.
func parse(flags *flag.FlagSet, args []string) (rest []string, err error) {
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		if flags.NArg() == 0 {
			return rest, nil
		}
		rest = append(rest, flags.Arg(0))
		args = flags.Args()[1:]
	}
}

// usualKeys is the folder tuf in the one where image/steps/15-keys.sh looks for the key of bundles.
func usualKeys() (string, error) {
	if dir := os.Getenv("CALENDARBOT_KEYS"); dir != "" {
		return filepath.Join(dir, "tuf"), nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(cache, "calendarbot", "image", "keys", "tuf"), nil
}

// mostPassphrase is how many bytes a passphrase has at most.
const mostPassphrase = 4096

// passphrase is what the keys are encrypted with; empty for none.
func passphrase() ([]byte, error) {
	name := os.Getenv("CALENDARBOT_PASSPHRASE_FILE")
	if name == "" {
		return []byte(os.Getenv("CALENDARBOT_PASSPHRASE")), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read the passphrase: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, mostPassphrase+1))
	if err != nil {
		return nil, fmt.Errorf("read the passphrase: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	if line == "" || len(line) > mostPassphrase {
		return nil, fmt.Errorf("%s has no passphrase of 1 to %d bytes in its first line", name, mostPassphrase)
	}
	return []byte(line), nil
}

// loadKeys opens the keys.
func (d *desk) loadKeys() (*publish.Keys, error) {
	secret, err := passphrase()
	if err != nil {
		return nil, err
	}
	keys, err := publish.LoadKeys(d.keysDir, secret)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s has no keys; release keys makes them", d.keysDir)
	}
	return keys, err
}

// open opens the repository, which may not exist yet.
func (d *desk) open() (*publish.Repository, error) {
	keys, err := d.loadKeys()
	if err != nil {
		return nil, err
	}
	r, err := publish.Open(d.repo, keys)
	if err != nil {
		return nil, err
	}
	r.Lifetimes = d.lifetimes
	return r, nil
}

// mostDays is for how long anything may be good.
const mostDays = 20 * 365

// setLifetimes reads role=days, with commas between.
func (d *desk) setLifetimes(text string) error {
	for part := range strings.SplitSeq(text, ",") {
		role, count, _ := strings.Cut(part, "=")
		days, err := strconv.Atoi(count)
		if _, known := d.lifetimes[role]; !known || err != nil || days < 1 || days > mostDays {
			return fmt.Errorf("%q is not one of %s, =, and 1 to %d days", part, strings.Join(publish.Roles(), ", "), mostDays)
		}
		d.lifetimes[role] = time.Duration(days) * 24 * time.Hour
	}
	return nil
}

// share reads M/N: M of N keys have to sign.
func share(text string) (publish.Share, error) {
	need, have, _ := strings.Cut(text, "/")
	threshold, err := strconv.Atoi(need)
	keys, err2 := strconv.Atoi(have)
	if err := errors.Join(err, err2); err != nil {
		return publish.Share{}, fmt.Errorf("%q is not like 2/3: two of three keys have to sign", text)
	}
	return publish.Share{Keys: keys, Threshold: threshold}, nil
}

// say prints a line.
func (d *desk) say(format string, args ...any) { fmt.Fprintf(d.out, format+"\n", args...) }
