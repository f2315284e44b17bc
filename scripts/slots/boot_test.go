package slots

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// uboot lets a shell understand what boot.cmd uses of U-Boot: its variables are the shell's, the state is in files, a slot boots when
// there is a file with its number. The emulated board shows that U-Boot understands it too.
const uboot = `
cd "$1"
setenv() { name=$1; shift; eval "$name=\$*"; }
setexpr() { [ "$3" = - ] || return 0; eval "$1=$(printf %x $((0x$2 - $4)))"; }
test() {
    if [ "$1" = -e ]; then [ -e "args" ]; return; fi
    [ "$@" ] 2>/dev/null
}
mmc() { case $1 in read) [ -e state ] ;; write) mv new state ;; esac; }
env() {
    case "$1 $2" in
        "import -c") . ./state ;;
        "import -t") . ./args ;;
        "export -c") printf "BOOT_ORDER='%s'\nBOOT_A_LEFT=%s\nBOOT_B_LEFT=%s\n" "$BOOT_ORDER" "$BOOT_A_LEFT" "$BOOT_B_LEFT" >new ;;
    esac
}
load() {
    case "$2 $4" in
        *" boot-args.txt") ;;
        "0:2 /boot/vmlinuz.gz" | "0:3 /boot/vmlinuz.gz") [ -e "kernel${2#0:}" ] ;;
        "0:2 /boot/initramfs" | "0:3 /boot/initramfs") [ -e "initramfs${2#0:}" ] ;;
        *) echo "load $*" >>fault ;;
    esac
}
mw_l() { echo "armed" >>log; }
booti() { echo "boot $bootargs" >>log; grep -q "^good" "kernel$part" && exit; }
sleep() { :; }
reset() { echo "reset" >>log; exit; }
ramdisk_addr_r=0x05400000 kernel_addr_r=0x00200000 fdt_addr=0x1 filesize=10 devtype= devnum= board_revision=$2
`

// starts runs the boot script once in a folder and returns what it did: A or B for each kernel that was begun, "reset" when none is there.
func starts(t *testing.T, dir, revision string) string {
	t.Helper()
	script, err := os.ReadFile("../../image/boot/boot.cmd")
	if err != nil {
		t.Fatal(err)
	}
	// A function of that name is not possible.
	text := uboot + strings.ReplaceAll(string(script), "mw.l", "mw_l")
	if err := os.RemoveAll(filepath.Join(dir, "log")); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "dash", "-c", text, "boot.cmd", dir, revision).CombinedOutput(); err != nil {
		t.Fatalf("boot.cmd: %v\n%s", err, out)
	}
	if fault, err := os.ReadFile(filepath.Join(dir, "fault")); err == nil {
		t.Fatalf("boot.cmd: %s", fault)
	}
	log, err := os.ReadFile(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(log))
}

func TestBootScriptChooses(t *testing.T) {
	for name, c := range map[string]struct {
		state string // order, tries of A, of B; "" is a sector with a wrong checksum
		files string // which of kernel2, kernel3, initramfs2, initramfs3 are missing, or no kernels
		want  []string
		after string
	}{
		"new device":                    {"A B,3,0", "", []string{"A", "A", "A"}, "A B,0,0"},
		"new device that never is well": {"A B,1,0", "", []string{"A", "A"}, "A B,2,3"},
		"confirmed":                     {"A B,9,3", "", []string{"A", "A", "A", "A", "A", "A", "A", "A", "A", "A", "A"}, "A B,9,3"},
		"installed":                     {"B A,9,3", "", []string{"B", "B", "B", "A", "A"}, "B A,9,0"},
		"installed and confirmed":       {"B A,9,9", "", []string{"B", "B", "B", "B"}, "B A,9,9"},
		"being installed":               {"A,9,0", "", []string{"A", "A"}, "A,9,0"},
		"marked bad":                    {"B,0,9", "", []string{"B"}, "B,0,9"},
		"both bad":                      {"A B,0,0", "", []string{"A", "A", "A", "B", "B", "B", "A"}, "A B,2,3"},
		"no order":                      {",9,9", "", []string{"A"}, "A B,2,3"},
		"wrong checksum":                {"", "", []string{"A", "A"}, "A B,1,3"},
		"nonsense":                      {"C D,x,y", "", []string{"A"}, "A B,2,3"},
		"nonsense beside sense":         {"C B,x,9", "", []string{"B"}, "C B,x,9"},
		"update without a kernel":       {"B A,9,3", "kernel3 is missing", []string{"A", "A", "A", "A"}, "B A,9,0"},
		"update without an initramfs":   {"B A,9,3", "initramfs3 is missing", []string{"A"}, "B A,9,2"},
		"update that is no kernel":      {"B A,9,3", "kernel3 is none", []string{"BA"}, "B A,9,2"},
		"confirmed without a kernel":    {"A B,9,3", "kernel2 is missing", []string{"B", "B"}, "A B,9,1"},
		"confirmed, other was bad":      {"A B,9,0", "kernel2 is missing", []string{"B"}, "A B,2,2"},
		"neither":                       {"A B,9,9", "kernel2 kernel3 is missing", []string{"reset", "reset"}, "A B,2,2"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write := func(file, text string) {
				t.Helper()
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			files, what, _ := strings.Cut(c.files, " is ")
			for _, file := range []string{"kernel2", "kernel3", "initramfs2", "initramfs3"} {
				switch {
				case !strings.Contains(files, file):
					write(file, "good")
				case what == "none":
					write(file, "bad")
				}
			}
			state := strings.Split(c.state, ",")
			if c.state == "" {
				write("state", "return\n")
			} else {
				write("state", "BOOT_ORDER='"+state[0]+"'\nBOOT_A_LEFT="+state[1]+"\nBOOT_B_LEFT="+state[2]+"\n")
			}
			for i, want := range c.want {
				log := starts(t, dir, "0x9020e0")
				got := regexp.MustCompile(`boot .*calendarbot\.slot=([AB]) .*\n?`).ReplaceAllString(log, "$1")
				if got != want {
					t.Fatalf("start %d: it boots %q, want %q\n%s", i+1, got, want, log)
				}
			}
			after, err := os.ReadFile(filepath.Join(dir, "state"))
			if err != nil {
				t.Fatal(err)
			}
			fields := regexp.MustCompile(`BOOT_ORDER='(.*)'\nBOOT_A_LEFT=(.*)\nBOOT_B_LEFT=(.*)\n`).ReplaceAllString(string(after), "$1,$2,$3")
			if fields != c.after {
				t.Errorf("afterwards the state is %s, want %s", fields, c.after)
			}
		})
	}
}

func TestBootScriptTellsTheKernel(t *testing.T) {
	dir := t.TempDir()
	for file, text := range map[string]string{
		"state": "BOOT_ORDER='B A'\nBOOT_A_LEFT=9\nBOOT_B_LEFT=9\n", "kernel3": "good", "initramfs3": "", "args": "extra_args='a=b c'\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := "boot console=tty1 console=ttyS1,115200 root=PARTUUID=43414c42-03 ro rootwait calendarbot.slot=B panic=10 oops=panic quiet loglevel=3 a=b c"
	if got := starts(t, dir, "0x9020e0"); got != want {
		t.Errorf("it says\n%s\nwant\n%s", got, want)
	}
	// The real board alone has a watchdog that may be armed before Linux runs.
	if got := starts(t, dir, "0x902120"); got != "armed\narmed\n"+want {
		t.Errorf("on the board it says\n%s", got)
	}
}
