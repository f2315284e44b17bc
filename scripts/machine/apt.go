package machine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// download puts the machine's packages into a folder, with an apt that has nothing in common with the host's but the
// mirror. It returns the name of the kernel's package.
func download(ctx context.Context, folder string) (kernelPackage string, err error) {
	site, err := mirror(ctx)
	if err != nil {
		return "", err
	}
	apt, err := newApt(folder, site)
	if err != nil {
		return "", err
	}
	if err := apt.run(ctx, "update"); err != nil {
		return "", err
	}
	if err := apt.run(ctx, "install", append([]string{"--download-only"}, packages()...)...); err != nil {
		return "", err
	}
	// The kernel alone: what it needs is there to make an initramfs, which is made here.
	depends, err := output(ctx, "apt-cache", append(apt.options, "depends", "--important", kernel)...)
	if err != nil {
		return "", err
	}
	_, image, found := strings.Cut(depends, "Depends: ")
	if !found {
		return "", fmt.Errorf("find the kernel: %s depends on nothing: %q", kernel, depends)
	}
	image, _, _ = strings.Cut(image, "\n")
	cmd := exec.CommandContext(ctx, "apt-get", append(apt.options, "-qq", "download", image)...)
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("download the kernel: %w: %s", err, out)
	}
	return image, nil
}

// mirror is the site of Debian's archive: DEBIAN_MIRROR, or the one that this host's own apt asks.
func mirror(ctx context.Context) (string, error) {
	if site := os.Getenv("DEBIAN_MIRROR"); site != "" {
		return site, nil
	}
	targets, err := output(ctx, "apt-get", "indextargets", "--format", "$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(SITE)", "Created-By: Packages")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(targets) {
		if site, ok := strings.CutPrefix(strings.TrimSpace(line), "Debian|Debian|main|"); ok {
			return site, nil
		}
	}
	return "", errors.New("find Debian's mirror: this host's apt has none; set DEBIAN_MIRROR to the address of one")
}

// apt is one with its own folders.
type apt struct{ options []string }

func newApt(folder, site string) (apt, error) {
	state := filepath.Join(folder, "apt")
	for _, name := range []string{"lists/partial", "archives/partial"} {
		if err := os.MkdirAll(filepath.Join(state, name), 0o755); err != nil {
			return apt{}, fmt.Errorf("make apt's folders: %w", err)
		}
	}
	for name, text := range map[string]string{
		"sources.list": fmt.Sprintf("deb [signed-by=%s] %s %s main\n", keyring, site, suite),
		"status":       "",
	} {
		if err := os.WriteFile(filepath.Join(state, name), []byte(text), 0o644); err != nil {
			return apt{}, fmt.Errorf("make apt's folders: %w", err)
		}
	}
	var a apt
	for _, option := range []string{
		"Dir::Etc::sourcelist=" + filepath.Join(state, "sources.list"), "Dir::Etc::sourceparts=/dev/null",
		"Dir::State=" + state, "Dir::State::status=" + filepath.Join(state, "status"),
		"Dir::Cache=" + state, "Dir::Cache::archives=" + folder,
		"APT::Architecture=" + debArch, "APT::Architectures=" + debArch,
		"APT::Install-Recommends=0", "APT::Sandbox::User=root", "Acquire::Languages=none", "Debug::NoLocking=1",
	} {
		a.options = append(a.options, "-o", option)
	}
	return a, nil
}

func (a apt) run(ctx context.Context, command string, args ...string) error {
	return run(ctx, "apt-get", append(append(a.options[:len(a.options):len(a.options)], "-qq", "-y", command), args...)...)
}
