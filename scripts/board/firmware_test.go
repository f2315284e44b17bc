package board

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// whole are files of a first partition as they have to be.
func whole(t *testing.T) map[string][]byte {
	t.Helper()
	config, err := os.ReadFile("../../image/boot/config.txt")
	if err != nil {
		t.Fatal(err)
	}
	environment := make([]byte, envSize)
	copy(environment[4:], "bootdelay=-2\x00\x00")
	binary.LittleEndian.PutUint32(environment, crc32.ChecksumIEEE(environment[4:]))
	script := append(make([]byte, 64), "echo\n"...)
	binary.BigEndian.PutUint32(script, 0x27051956)
	binary.BigEndian.PutUint32(script[12:], 5)
	binary.BigEndian.PutUint32(script[24:], crc32.ChecksumIEEE(script[64:]))
	binary.BigEndian.PutUint32(script[4:], crc32.ChecksumIEEE(script[:64]))
	return map[string][]byte{
		"bootcode.bin": []byte("x"), "start.elf": []byte("\x7fELF"), "fixup.dat": []byte("x"), "u-boot.bin": []byte("x"),
		"config.txt": config, "bcm2837-rpi-zero-2-w.dtb": {0xd0, 0x0d, 0xfe, 0xed, 0, 0, 0, 8}, "uboot.env": environment, "boot.scr": script,
	}
}

func TestFirmware(t *testing.T) {
	if mistakes := firmware(whole(t)); len(mistakes) > 0 {
		t.Errorf("the repository's config.txt has mistakes: %q", mistakes)
	}
	for name, c := range map[string]struct {
		change func(map[string][]byte)
		want   string
	}{
		"lost":           {func(f map[string][]byte) { delete(f, "start.elf") }, "start.elf is not there: the firmware"},
		"empty":          {func(f map[string][]byte) { f["u-boot.bin"] = nil }, "u-boot.bin is not U-Boot"},
		"broken script":  {func(f map[string][]byte) { f["boot.scr"][66]++ }, "boot.scr is not a script of U-Boot with its checksums"},
		"cut script":     {func(f map[string][]byte) { f["boot.scr"] = f["boot.scr"][:66] }, "boot.scr is not a script of U-Boot with its checksums"},
		"other script":   {func(f map[string][]byte) { f["boot.scr"] = []byte("echo\n") }, "boot.scr is not a script of U-Boot with its checksums"},
		"broken env":     {func(f map[string][]byte) { f["uboot.env"][9]++ }, "uboot.env is not U-Boot's variables with their checksum"},
		"cut tree":       {func(f map[string][]byte) { f["bcm2837-rpi-zero-2-w.dtb"][7]++ }, "bcm2837-rpi-zero-2-w.dtb is not a device tree"},
		"other loader":   {func(f map[string][]byte) { f["config.txt"] = []byte("kernel=kernel8.img\n") }, `config.txt: kernel is "kernel8.img"; it has to be "u-boot.bin"`},
		"kernel lost":    {func(f map[string][]byte) { f["config.txt"] = []byte("kernel=kernel8.img\n") }, `config.txt: kernel is "kernel8.img", which is not there`},
		"only 32 bits":   {func(f map[string][]byte) { f["config.txt"] = []byte("[pi4]\narm_64bit=1\n") }, `config.txt: arm_64bit is ""; it has to be "1"`},
		"mistake inside": {func(f map[string][]byte) { f["config.txt"] = []byte("arm_64=1\n") }, `config.txt:1: the firmware of a Zero 2 W knows no "arm_64"`},
	} {
		t.Run(name, func(t *testing.T) {
			files := whole(t)
			c.change(files)
			if mistakes := firmware(files); !strings.Contains(strings.Join(mistakes, "\n")+"\n", c.want+"\n") {
				t.Errorf("got %q, want %q among them", mistakes, c.want)
			}
		})
	}
}

// TestCard makes a card of a small image with the tools that make real ones.
func TestCard(t *testing.T) {
	for _, tool := range []string{"mformat", "mcopy", "cp"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%v (scripts/setup image)", err)
		}
	}
	image, start := filepath.Join(t.TempDir(), "small.img"), 2048*sector
	first := make([]byte, 3<<20)
	first[510], first[511] = 0x55, 0xaa
	first[446+4] = 0x0c
	binary.LittleEndian.PutUint32(first[446+8:], uint32(start/sector))
	binary.LittleEndian.PutUint32(first[446+12:], 2048)
	if err := os.WriteFile(image, first, 0o600); err != nil {
		t.Fatal(err)
	}
	card, err := Insert(t.Context(), image, filepath.Join(t.TempDir(), "card.img"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := card.mtools(t.Context(), nil, "mformat", "-T", "2048", "-h", "16", "-s", "32", "::"); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"extra_args=quiet\n", "extra_args=" + strings.Repeat("x", 10000) + "\n"} {
		if err := card.Write(t.Context(), "boot-args.txt", text); err != nil {
			t.Fatal(err)
		}
		if got, err := card.Read(t.Context(), "BOOT-args.txt"); err != nil || string(got) != text {
			t.Errorf("read %q, %v", got, err)
		}
	}
	if _, err := card.Read(t.Context(), "lost.txt"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if names, err := card.Names(t.Context()); err != nil || len(names) != 1 || names[0] != "boot-args.txt" {
		t.Errorf("got %q, %v", names, err)
	}
	if info, err := os.Stat(card.File); err != nil || info.Size() != 4<<20 {
		t.Errorf("the card is %v, %v", info, err)
	}
	if untouched, err := os.ReadFile(image); err != nil || string(untouched) != string(first) {
		t.Errorf("the image was changed, or %v", err)
	}
}

func TestSettingsAreWhatAPersonWrites(t *testing.T) {
	got := Settings{Hostname: "kitchen", Zone: "Europe/Berlin", PIN: "4711", PublicKey: "ssh-ed25519 AAAA board", Feeds: Household(80)[:1]}.String()
	want := `hostname: "kitchen"
timezone: "Europe/Berlin"
pin: "4711"
ssh_keys:
  - ssh-ed25519 AAAA board
feeds:
  - name: "Work"
    url: http://10.0.2.2:80/work.ics
    lan: true
`
	if got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestStage(t *testing.T) {
	for line, want := range map[string]string{
		"Core:  67 devices, 13 uclasses, devicetree: board":        "U-Boot",
		"calendarbot: slot A, 2 left":                              "slot A",
		"Starting kernel ...":                                      "kernel",
		"Welcome to Debian GNU/Linux 13 (trixie)!":                 "systemd",
		"[  OK  ] Reached target multi-user.target - Multi-User S": "all services",
		"13644804 bytes read in 9649 ms (1.3 MiB/s)":               "",
	} {
		if got := stage(line); got != want {
			t.Errorf("%q is %q, want %q", line, got, want)
		}
	}
}
