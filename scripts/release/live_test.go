package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// layer mounts a copy of this machine's own root that forgets what is written to it, makes it look as if systemd ran
// there, and runs a script in it. What the script tells systemd is written down, in /calls, instead.
const layer = `set -eu
cd "$1"
mkdir -p upper work root
mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root || exit 77
mount --rbind /dev root/dev
mkdir -p root/proc root/run/systemd/system root/tmp
mount -t proc proc root/proc
rm -f root/usr/sbin/policy-rc.d # keeps services from starting in containers
cp package.deb newer.deb script root/
rm -f root/usr/bin/systemctl
cat >root/usr/bin/systemctl <<'END'
#!/bin/sh
echo "$*" >>/calls
case "$*" in
    *is-enabled*) echo enabled ;;
    *"start calendarbot.socket"*) [ ! -e /taken ] ;;
esac
END
chmod +x root/usr/bin/systemctl
exec chroot root sh /script
`

// live runs a script where systemd seems to run, with the package as /package.deb and a later one as /newer.deb.
func live(t *testing.T, script string) string {
	t.Helper()
	deb := packages(t)[runtime.GOARCH]
	if deb == "" {
		t.Skipf("there is no package for %s", runtime.GOARCH)
	}
	if _, err := exec.LookPath("calendarbot"); err == nil {
		t.Skip("this machine has a calendarbot of its own")
	}
	dir := t.TempDir()
	later, _ := newer(t, deb)
	command(t, "cp", deb, filepath.Join(dir, "package.deb"))
	command(t, "cp", later, filepath.Join(dir, "newer.deb"))
	const begin = "set -eu\nexport LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"
	if err := os.WriteFile(filepath.Join(dir, "script"), []byte(begin+script), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "unshare", "--mount", "sh", "-c", layer, "sh", dir).CombinedOutput()
	if exit, ok := err.(*exec.ExitError); ok && (exit.ExitCode() == 77 || strings.Contains(string(out), "unshare failed")) {
		t.Skipf("this machine lets nobody put a layer on its root: %s", out)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

// orders are what systemd was told, without the questions.
func orders(text string) []string {
	var list []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		words := strings.Fields(line)
		if slices.ContainsFunc(words, func(w string) bool {
			return slices.Contains([]string{"daemon-reload", "start", "stop", "restart", "reset-failed"}, w)
		}) {
			words = slices.DeleteFunc(words, func(w string) bool { return strings.HasPrefix(w, "--") })
			list = append(list, strings.Join(words, " "))
		}
	}
	return list
}

// TestPackageTellsSystemd goes through a package's life where systemd runs. The socket is not closed by an upgrade.
func TestPackageTellsSystemd(t *testing.T) {
	const next = "echo =====; cat /calls; rm /calls\n"
	out := live(t, "dpkg -i /package.deb >/said\n"+next+"dpkg -i /newer.deb >/said\n"+next+
		"dpkg -r calendarbot >/said\n"+next+"dpkg -P calendarbot >/said\n"+next)
	got := strings.Split(out, "=====\n")
	want := [][]string{
		nil,
		{"daemon-reload", "start calendarbot.socket", "reset-failed calendarbot.service", "restart calendarbot.service"},
		{"daemon-reload", "start calendarbot.socket", "reset-failed calendarbot.service", "restart calendarbot.service"},
		{"stop calendarbot.socket calendarbot-retry.timer calendarbot.service calendarbot.slice", "daemon-reload"},
		{"daemon-reload"},
	}
	if len(got) != len(want) {
		t.Fatalf("got %q", out)
	}
	for i, name := range []string{"before", "install", "upgrade", "remove", "purge"} {
		if told := orders(got[i]); !slices.Equal(told, want[i]) {
			t.Errorf("%s: told %q, not %q", name, told, want[i])
		}
	}
}

// TestPackageIsInstalledWherePort80IsTaken says what a person can do.
func TestPackageIsInstalledWherePort80IsTaken(t *testing.T) {
	out := live(t, "touch /taken\ndpkg -i /package.deb 2>&1\ndpkg-query -W -f '${Status}\\n' calendarbot\necho =====\ncat /calls\n")
	said, calls, _ := strings.Cut(out, "=====\n")
	if !strings.Contains(said, "port 80 could not be opened; to take another: systemctl edit calendarbot.socket") || !strings.Contains(said, "install ok installed") {
		t.Errorf("it says %s", said)
	}
	if told := orders(calls); slices.Contains(told, "restart calendarbot.service") {
		t.Errorf("the agent is started without its socket: %q", told)
	}
}
