package machine

import (
	"context"
	"fmt"
	"path/filepath"

	"calendarbot/scripts/debian"
)

// download puts the machine's packages into a folder, and returns the name of the kernel's package.
func download(ctx context.Context, folder string) (kernelPackage string, err error) {
	mirror, err := debian.FindMirror(ctx)
	if err != nil {
		return "", err
	}
	apt, err := debian.New(filepath.Join(folder, "apt"), debian.Archive{
		Suites: []debian.Suite{{Name: suite, Site: mirror.Main}}, Components: []string{"main"}, Architecture: debArch, Keyring: debian.Keyring,
	})
	if err != nil {
		return "", err
	}
	if err := apt.Update(ctx); err != nil {
		return "", err
	}
	debs, err := apt.Resolve(ctx, packages()...)
	if err != nil {
		return "", err
	}
	// The kernel alone: what it needs is there to make an initramfs, which is made here.
	meta, err := apt.Lone(ctx, kernel)
	if err != nil {
		return "", err
	}
	file := filepath.Join(folder, "apt", meta.File())
	if err := apt.Fetch(ctx, meta, file); err != nil {
		return "", err
	}
	control, err := debian.ReadControl(ctx, file)
	if err != nil {
		return "", err
	}
	image, err := control.First()
	if err != nil {
		return "", fmt.Errorf("find the kernel: %s: %w", kernel, err)
	}
	deb, err := apt.Lone(ctx, image)
	if err != nil {
		return "", fmt.Errorf("find the kernel: %w", err)
	}
	for _, d := range append(debs, deb) {
		if err := apt.Fetch(ctx, d, filepath.Join(folder, d.File())); err != nil {
			return "", err
		}
	}
	return deb.Name, nil
}
