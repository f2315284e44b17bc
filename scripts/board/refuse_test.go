package board

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// refusesSystems has the device's installer offered what it is not to install: nothing is written, and why is said.
func (r *running) refusesSystems(t *testing.T) {
	folder := t.TempDir()
	tiny := System{filepath.Join(folder, "system.ext4")}
	content := make([]byte, 64<<10) // that cannot be packed
	if _, err := rand.NewChaCha8([32]byte{}).Read(content); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(tiny.File, content, 0o600); err != nil {
		t.Fatal(err)
	}
	own, foreign := updateKeys(t), filepath.Join(folder, "foreign")
	if err := os.Mkdir(foreign, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := output(t.Context(), "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=Somebody else",
		"-keyout", filepath.Join(foreign, "system.key.pem"), "-out", filepath.Join(foreign, "system.cert.pem")); err != nil {
		t.Fatal(err, out)
	}
	const all = "for n in BOOT_ORDER BOOT_A_LEFT BOOT_B_LEFT; do " + bootState + " get $n; done; for n in 2 3; do head -c 8M /dev/disk/by-partuuid/43414c42-0$n | sha256sum; done"
	before := r.run(t, all)
	for _, c := range []struct{ name, compatible, version, keys, harm, why string }{
		{"older than what runs", compatible, "0.0.0", own, "", "version"},
		{"for another board", "calendarbot-other", versionOf(1), own, "", "compatible"},
		{"signed by somebody else", compatible, versionOf(1), foreign, "", "signature"},
		{"damaged", compatible, versionOf(1), own, "yes", ""},
	} {
		file := filepath.Join(folder, "bundle")
		if err := tiny.bundle(t.Context(), c.compatible, c.version, c.keys, file); err != nil {
			t.Fatal(err)
		}
		if c.harm != "" {
			harm(t, file)
		}
		r.put(t, file, "/run/offered.raucb")
		ctx, cancel := context.WithTimeout(t.Context(), waitTime)
		out, err := r.Run(ctx, "/usr/lib/calendarbot/install-system /run/offered.raucb 2>&1")
		cancel()
		if err == nil || !strings.Contains(strings.ToLower(out), c.why) {
			t.Errorf("a bundle that is %s: %v, %s", c.name, err, out)
		}
		t.Logf("a bundle that is %s: %s", c.name, out)
	}
	if after := r.run(t, all); after != before {
		t.Errorf("what was refused changed something: %s; before: %s", after, before)
	}
}

// harm changes a byte of what a small bundle holds, in its first block.
func harm(t *testing.T, name string) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	data[2000] ^= 0xff
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
