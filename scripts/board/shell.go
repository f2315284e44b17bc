package board

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Key is a pair that logs in to a board: the person's own way in, for tests as well.
type Key struct{ File string }

// NewKey returns the pair of a folder, and makes one where there is none. It is named so that ssh finds it from everywhere.
func NewKey(ctx context.Context, folder string) (Key, error) {
	file, err := filepath.Abs(filepath.Join(folder, "id_ed25519"))
	if err != nil {
		return Key{}, fmt.Errorf("find the key: %w", err)
	}
	if _, err := os.Stat(file); err == nil {
		return Key{file}, nil
	}
	if _, err := output(ctx, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "board", "-f", file); err != nil {
		return Key{}, fmt.Errorf("make a key: %w", err)
	}
	return Key{file}, nil
}

// Public is the half that the board gets, one line.
func (k Key) Public() (string, error) {
	text, err := os.ReadFile(k.File + ".pub")
	if err != nil {
		return "", fmt.Errorf("read the key: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// Login is the command that a person logs in with.
func (b *Board) Login() []string {
	return append(append([]string{"ssh"}, b.options()...), "root@127.0.0.1")
}

// options are ssh's. Every card has host keys of its own, which nobody has seen before.
func (b *Board) options() []string {
	return []string{
		"-F", "none", "-i", b.key.File, "-p", strconv.Itoa(b.port), "-o", "IdentitiesOnly=yes", "-o", "LogLevel=ERROR",
		"-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
	}
}

// Run runs a script of the shell on the board, as root, and returns what it printed on both of its outputs. A script that
// fails is an error that holds what it printed.
func (b *Board) Run(ctx context.Context, script string) (string, error) {
	options := append(b.options(), "-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=60", "-o", "ServerAliveInterval=30", "-o", "ServerAliveCountMax=10")
	cmd := exec.CommandContext(ctx, "ssh", append(options, "root@127.0.0.1", "exec sh -s 2>&1")...)
	cmd.Stdin = strings.NewReader(script + "\n")
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("run %q: %w: %s", script, err, out)
	}
	return string(out), nil
}

// Until runs a script again and again until it succeeds, and returns how long that took.
func (b *Board) Until(ctx context.Context, script string) (time.Duration, error) {
	begin := time.Now()
	_, err := b.Run(ctx, "until { "+script+"\n} >/dev/null 2>&1; do sleep 1; done")
	return time.Since(begin), err
}

// HearTime has the board believe that a time server told it the time, which it may have none of: it has the right one already.
func (b *Board) HearTime(ctx context.Context) error {
	_, err := b.Run(ctx, "touch /run/systemd/timesync/synchronized")
	return err
}
