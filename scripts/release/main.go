// Command release writes what a release has beside the program (notes, licences, a bill of material), and publishes it to devices.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

const usage = `Usage:
  release notes FILE                                            what changed, from git
  release licenses FILE                                         the licences of all that is linked into the program
  release sbom --version VERSION --created TIME PROGRAM FILE    its bill of material, as SPDX 2.3 in JSON

What devices read (each with --help):
  release keys          make the keys that releases are signed with
  release publish       publish an agent, a system, or both
  release refresh       sign anew what would expire; to be run every week
  release withdraw      take a release back
  release rotate        give a role new keys
  release renew         let the root be good for longer
  release sign          sign a root that waits for more signatures
  release land          publish a root that was signed elsewhere
  release show          tell what is published, who may sign, and what expires when
`

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// run does what the words say.
func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errors.New("nothing to do\n" + usage)
	}
	if w, found := findWord(args[0]); found {
		return w.run(args[1:], out)
	}
	switch word, args := args[0], args[1:]; {
	case (word == "notes" || word == "licenses") && len(args) != 1:
		return fmt.Errorf("%s wants a file\n%s", word, usage)
	case word == "notes":
		text, err := notes(ctx)
		if err != nil {
			return err
		}
		return write(args[0], text)
	case word == "licenses":
		text, err := licenses(ctx)
		if err != nil {
			return err
		}
		return write(args[0], text)
	case word == "sbom":
		fs := flag.NewFlagSet("sbom", flag.ContinueOnError)
		fs.SetOutput(io.Discard)
		version := fs.String("version", "", "")
		created := fs.String("created", "", "")
		if err := fs.Parse(args); err != nil || fs.NArg() != 2 || *version == "" || *created == "" {
			return errors.New("sbom wants --version, --created, a program and a file\n" + usage)
		}
		text, err := sbom(ctx, fs.Arg(0), *version, *created)
		if err != nil {
			return err
		}
		return write(fs.Arg(1), text)
	case word == "--help" || word == "help":
		_, err := io.WriteString(out, usage)
		return err
	default:
		return fmt.Errorf("there is no word %q\n%s", word, usage)
	}
}

// write writes a file and the folder that it is in.
func write(name string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := os.WriteFile(name, text, 0o644); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// output is what a program says.
func output(ctx context.Context, name string, args ...string) ([]byte, error) {
	out, err := exec.CommandContext(ctx, name, args...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil, fmt.Errorf("run %s %s: %w: %s", name, args[0], err, exit.Stderr)
	}
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", name, err)
	}
	return out, nil
}
