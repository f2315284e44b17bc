// Command manifest writes what an image has beside it: a list for Raspberry Pi Imager, a map for bmaptool, the
// Debian packages in it, a bill of material, and checksums. It writes the same for the same image, wherever and whenever that is.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"calendarbot/scripts/spdx"
)

const usage = `Usage:
  manifest --version VERSION --image NAME.img --xz NAME.img.xz --packages FILE --out FOLDER
           [--agent PROGRAM] [--blobs FILE] [--missing FILE] [--docs FOLDER]... [--also FILE]... [--base URL]
           [--icon FILE]

  --packages  packages.tsv, as image/packages writes it
  --agent     the program in the image, whose modules are listed too
  --blobs     firmware of no package, a line each: path, SHA-256 and address, with tabs between
  --missing   firmware that the image is to have and has not, a path a line; without such a file nothing is missing
  --docs      a tree with usr/share/doc, for the packages' licences; may be given again
  --also      another product that gets a checksum; may be given again
  --base      the address of the folder that the download will be in; this machine's own without
  --icon      a drawing (SVG) for Imager (default agent/page/assets/icon.svg)

It writes NAME.rpi-imager-manifest, NAME.bmap, NAME.packages.tsv, NAME.spdx.json, and a .sha256 of each and of the
download.
SOURCE_DATE_EPOCH is the time of the release, in seconds.
`

// words is the command line.
type words struct {
	version, image, xz, packages, out, agent, blobs, missing, base, icon string
	docs, also                                                           []string
}

func main() {
	err := run(context.Background(), os.Args[1:], os.Getenv("SOURCE_DATE_EPOCH"), os.Stdout)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "manifest:", err)
		os.Exit(1)
	}
}

func read(args []string) (words, error) {
	var w words
	flags := flag.NewFlagSet("manifest", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	for name, target := range map[string]*string{
		"version": &w.version, "image": &w.image, "xz": &w.xz, "packages": &w.packages, "out": &w.out,
		"agent": &w.agent, "blobs": &w.blobs, "missing": &w.missing, "base": &w.base,
	} {
		flags.StringVar(target, name, "", "")
	}
	flags.StringVar(&w.icon, "icon", "agent/page/assets/icon.svg", "")
	for name, target := range map[string]*[]string{"docs": &w.docs, "also": &w.also} {
		flags.Func(name, "", func(value string) error {
			*target = append(*target, value)
			return nil
		})
	}
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return words{}, err
	} else if err != nil {
		return words{}, fmt.Errorf("read the command line: %w\n%s", err, usage)
	}
	if slices.Contains([]string{w.version, w.image, w.xz, w.packages, w.out}, "") || flags.NArg() > 0 {
		return words{}, errors.New("read the command line: a flag is missing, or a word is too much\n" + usage)
	}
	return w, nil
}

// run does what the words say, for a release at some second since 1970. Asked for help it prints that, and returns flag.ErrHelp.
func run(ctx context.Context, args []string, epoch string, out io.Writer) error {
	w, err := read(args)
	if errors.Is(err, flag.ErrHelp) {
		if _, err := io.WriteString(out, usage); err != nil {
			return fmt.Errorf("print the help: %w", err)
		}
	}
	if err != nil {
		return err
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return fmt.Errorf("read SOURCE_DATE_EPOCH: want seconds since 1970, got %q", epoch)
	}
	p, err := look(ctx, w.image, w.xz)
	if err != nil {
		return err
	}
	p.version, p.date = w.version, time.Unix(seconds, 0).UTC()
	if p.url, err = address(w.base, w.xz); err != nil {
		return err
	}
	if p.missing, err = readMissing(w.missing); err != nil {
		return err
	}
	icon, err := os.ReadFile(w.icon)
	if err != nil {
		return fmt.Errorf("read the icon: %w", err)
	}
	imager, err := list(p, icon).encode()
	if err != nil {
		return err
	}
	debs, err := w.debs()
	if err != nil {
		return err
	}
	bill, err := w.bill(ctx, p, debs)
	if err != nil {
		return err
	}
	blocks, err := blockMap(w.image)
	if err != nil {
		return err
	}
	products := append([]string{w.xz}, w.also...)
	for ending, text := range map[string][]byte{".bmap": blocks, ".rpi-imager-manifest": imager, ".packages.tsv": []byte(table(debs, p.missing)), ".spdx.json": bill} {
		name := filepath.Join(w.out, p.name+ending)
		if err := os.WriteFile(name, text, 0o644); err != nil {
			return fmt.Errorf("write what belongs to the image: %w", err)
		}
		products = append(products, name)
	}
	for _, name := range products {
		if err := writeSum(name); err != nil {
			return err
		}
	}
	return nil
}

func (w words) debs() ([]deb, error) {
	text, err := os.ReadFile(w.packages)
	if err != nil {
		return nil, fmt.Errorf("read the packages: %w", err)
	}
	return readDebs(string(text), w.docs)
}

// bill is the bill of material.
func (w words) bill(ctx context.Context, p product, debs []deb) ([]byte, error) {
	var blobs []blob
	if w.blobs != "" {
		text, err := os.ReadFile(w.blobs)
		if err != nil {
			return nil, fmt.Errorf("read the firmware: %w", err)
		}
		if blobs, err = readBlobs(string(text)); err != nil {
			return nil, err
		}
	}
	var program []spdx.Part
	var linked []spdx.Relationship
	if w.agent != "" {
		var err error
		if program, linked, _, err = spdx.Program(ctx, w.agent, strings.TrimPrefix(p.version, "v")); err != nil {
			return nil, err
		}
	}
	parts, relationships := describe(p, debs, blobs, program, linked)
	return spdx.New(p.name, p.image.sha256, p.date.Format("2006-01-02T15:04:05Z"), "calendarbot-image", parts, relationships).Encode()
}
