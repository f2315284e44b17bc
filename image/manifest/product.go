package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// file is what is known of one.
type file struct {
	size   int64 // in bytes
	sha256 string
}

// product is an image and its download.
type product struct {
	name, version, url string
	date               time.Time
	image, download    file
	missing            []string // firmware that the image is to have and has not
}

// blockSize is that of a card, in bytes; Imager writes whole ones.
const blockSize = 512

// look reads image and download, and makes sure that one is the other.
func look(ctx context.Context, image, download string) (p product, err error) {
	name, found := strings.CutSuffix(filepath.Base(download), ".img.xz")
	if !found || filepath.Base(image) != name+".img" {
		return product{}, fmt.Errorf("look at the image: want NAME.img and NAME.img.xz, got %s and %s", filepath.Base(image), filepath.Base(download))
	}
	p.name = name
	if p.image, err = measure(image); err != nil {
		return product{}, err
	}
	if p.download, err = measure(download); err != nil {
		return product{}, err
	}
	if p.image.size == 0 || p.image.size%blockSize != 0 {
		return product{}, fmt.Errorf("look at the image: its %d bytes are no whole blocks of %d", p.image.size, blockSize)
	}
	unpacked, err := unpack(ctx, download)
	if err != nil {
		return product{}, err
	}
	if unpacked != p.image {
		return product{}, fmt.Errorf("look at the download: it unpacks to %d bytes with the SHA-256 %s, and the image has %d with %s", unpacked.size, unpacked.sha256, p.image.size, p.image.sha256)
	}
	return p, nil
}

// measure reads a file.
func measure(name string) (file, error) {
	f, err := os.Open(name)
	if err != nil {
		return file{}, fmt.Errorf("read a product: %w", err)
	}
	defer f.Close()
	return weigh(f)
}

func weigh(r io.Reader) (file, error) {
	hash := sha256.New()
	size, err := io.Copy(hash, r)
	if err != nil {
		return file{}, fmt.Errorf("read a product: %w", err)
	}
	return file{size, fmt.Sprintf("%x", hash.Sum(nil))}, nil
}

// unpack reads what is in a download.
func unpack(ctx context.Context, name string) (file, error) {
	cmd := exec.CommandContext(ctx, "xz", "-dc", "-T0", "--", name)
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.StdoutPipe()
	if err != nil {
		return file{}, fmt.Errorf("unpack the download: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return file{}, fmt.Errorf("unpack the download: %w", err)
	}
	f, err := weigh(out)
	if err := errors.Join(err, cmd.Wait()); err != nil {
		return file{}, fmt.Errorf("unpack the download: %w: %s", err, strings.TrimSpace(problems.String()))
	}
	return f, nil
}

// writeSum writes a product's checksum beside it, as sha256sum does and checks.
func writeSum(name string) error {
	f, err := measure(name)
	if err != nil {
		return err
	}
	if err := os.WriteFile(name+".sha256", fmt.Appendf(nil, "%s  %s\n", f.sha256, filepath.Base(name)), 0o644); err != nil {
		return fmt.Errorf("write a checksum: %w", err)
	}
	return nil
}
