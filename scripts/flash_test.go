package scripts

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The made-up image: how large it is, where its first partition begins and how large that is; and how large the card
// is. All in bytes.
const (
	flashImage     = 6 << 20
	flashPartition = 4 << 20
	flashCard      = 8 << 20
	endSize        = 256 << 10 // what is at its end
)

// card is a machine with a card in it, as far as scripts/flash sees: commands that tell of it, and a file that stands
// in for the card, filled with 0xff.
type card struct {
	t                 *testing.T
	bin, data, device string
	image             string // the plain one; .img.xz is beside it
}

// newCard returns one with an image and its download.
func newCard(t *testing.T) card {
	t.Helper()
	c := emptyCard(t)
	c.makeImage()
	return c
}

// again is another one with the same image.
func (c card) again() card {
	c.t.Helper()
	next := emptyCard(c.t)
	must(c.t, os.Link(c.image, next.image))
	for _, name := range []string{"bot-1.img.xz", "bot-1.img.xz.sha256"} {
		next.tell(name, string(c.read(name)))
	}
	return next
}

// emptyCard returns one without an image.
func emptyCard(t *testing.T) card {
	t.Helper()
	c := card{t: t, bin: t.TempDir(), data: t.TempDir()}
	c.device = filepath.Join(c.data, "sdz")
	c.image = filepath.Join(c.data, "bot-1.img")
	for _, name := range []string{"bash", "env", "sed", "awk", "basename", "dirname", "readlink", "stat", "sha256sum", "xz", "cat", "dd", "cmp", "sync", "od", "grep", "sort", "mv"} {
		c.link(name)
	}
	machine{t: t, bin: c.bin}.stub("lsblk", `while (($# > 0)); do
    case $1 in --output) columns=$2; shift ;; --inverse) inverse=yes ;; --pairs) pairs=yes ;; --nodeps) alone=yes ;; --*) ;; *) device=$1 ;; esac
    shift
done
cd '`+c.data+`'
if [[ ${inverse-} ]]; then cat "above-${device##*/}"
elif [[ ${pairs-} ]]; then cat tree
elif [[ ${alone-} && $columns == NAME,TYPE ]]; then cat disks
elif [[ ${alone-} ]]; then cat "$columns"
else
    cat shown
    [[ ! -e later ]] || mv later tree
fi`)
	for name, text := range map[string]string{
		"findmnt": `cat '` + c.data + `/mounts'`, "swapon": `cat '` + c.data + `/swaps'`,
		"blockdev": `echo "blockdev $*" >>'` + c.data + `/log'`,
	} {
		machine{t: t, bin: c.bin}.stub(name, text)
	}
	for name, text := range map[string]string{
		"TYPE": "disk\n", "SIZE": fmt.Sprintf("  %d\n", flashCard), "RO": "    0\n", "RM": "1\n", "HOTPLUG": "1\n", "TRAN": "usb\n", "MODEL": "Card Reader  \n",
		"PKNAME": "\n", "shown": "NAME SIZE LABEL\nsdz    8M\n", "mounts": "/dev/sda1\n/dev/sda2[/@home]\ntmpfs\n", "swaps": "/dev/sda3\n",
		"above-sda1": "/dev/sda1\n/dev/sda\n", "above-sda2": "/dev/sda2\n/dev/sda\n", "above-sda3": "/dev/sda3\n/dev/sda\n",
		"tree":  c.node("sdz", "disk", "", "") + c.node("sdz1", "part", "vfat", ""),
		"disks": "/dev/sda disk\n" + c.device + " disk\n/dev/sr0 rom\n", "log": "",
	} {
		c.tell(name, text)
	}
	if err := os.WriteFile(c.device, bytes.Repeat([]byte{0xff}, flashCard), 0o644); err != nil {
		t.Fatal(err)
	}
	return c
}

// link makes a real command one of the machine's.
func (c card) link(name string) {
	c.t.Helper()
	real, err := exec.LookPath(name)
	if err != nil {
		c.t.Skipf("%s is not installed", name)
	}
	if err := os.Symlink(real, filepath.Join(c.bin, name)); err != nil {
		c.t.Fatal(err)
	}
}

// node is a line of lsblk's tree.
func (c card) node(name, kind, content, mounts string) string {
	return fmt.Sprintf("NAME=%q TYPE=%q FSTYPE=%q MOUNTPOINTS=\"%s\"\n", filepath.Join(c.data, name), kind, content, mounts)
}

// tell changes what the machine says.
func (c card) tell(name, text string) {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.data, name), []byte(text), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

// makeImage makes one with a first partition, something at its end, and nothing between; and its download.
func (c card) makeImage() {
	c.t.Helper()
	image, err := os.Create(c.image)
	if err != nil {
		c.t.Fatal(err)
	}
	defer image.Close()
	boot := make([]byte, 4096)
	binary.LittleEndian.PutUint32(boot[454:], flashPartition/512)
	boot[510], boot[511] = 0x55, 0xaa
	end := make([]byte, endSize)
	if _, err := rand.Read(end); err != nil {
		c.t.Fatal(err)
	}
	for offset, part := range map[int64][]byte{0: boot, flashImage - int64(len(end)): end} {
		if _, err := image.WriteAt(part, offset); err != nil {
			c.t.Fatal(err)
		}
	}
	if mkfs, err := exec.LookPath("mkfs.vfat"); err == nil {
		fat := filepath.Join(c.data, "fat")
		if out, err := exec.CommandContext(c.t.Context(), mkfs, "-C", fat, "1024").CombinedOutput(); err != nil {
			c.t.Fatalf("%v: %s", err, out)
		}
		part, err := os.ReadFile(fat)
		if err != nil {
			c.t.Fatal(err)
		}
		if _, err := image.WriteAt(bytes.TrimRight(part, "\x00"), flashPartition); err != nil {
			c.t.Fatal(err)
		}
	}
	if out, err := exec.CommandContext(c.t.Context(), "xz", "-0", "--keep", c.image).CombinedOutput(); err != nil {
		c.t.Fatalf("%v: %s", err, out)
	}
	c.sign()
}

// sign puts the right checksum beside the download.
func (c card) sign() {
	c.t.Helper()
	c.tell("bot-1.img.xz.sha256", fmt.Sprintf("%x  bot-1.img.xz\n", sha256.Sum256(c.read("bot-1.img.xz"))))
}

// withBmaptool gives the machine bmaptool, and the image its map.
func (c card) withBmaptool() {
	c.t.Helper()
	c.link("bmaptool")
	if out, err := exec.CommandContext(c.t.Context(), "bmaptool", "create", "-o", filepath.Join(c.data, "bot-1.bmap"), c.image).CombinedOutput(); err != nil {
		c.t.Fatalf("%v: %s", err, out)
	}
}

func (c card) read(name string) []byte {
	c.t.Helper()
	data, err := os.ReadFile(filepath.Join(c.data, name))
	if err != nil {
		c.t.Fatal(err)
	}
	return data
}

// untouched tells whether nothing was written to the card.
func (c card) untouched() bool {
	return bytes.Equal(c.read("sdz"), bytes.Repeat([]byte{0xff}, flashCard))
}

// flash runs the script, whose question gets an answer. It returns what it said, and whether it succeeded.
func (c card) flash(answer string, args ...string) (said string, ok bool) {
	c.t.Helper()
	cmd := exec.CommandContext(c.t.Context(), "./flash", args...)
	cmd.Env = []string{"PATH=" + c.bin, "FLASH_STAND_IN=" + c.device, "LC_ALL=C"}
	cmd.Stdin = strings.NewReader(answer)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		c.t.Fatal(err)
	}
	return string(out), err == nil
}

// download runs it with the download and the card.
func (c card) download(answer string, args ...string) (said string, ok bool) {
	c.t.Helper()
	return c.flash(answer, append(args, "--image", c.image+".xz", c.device)...)
}

func TestFlashWritesTheImageAndReadsItBack(t *testing.T) {
	for _, ending := range []string{".xz", ""} {
		c := newCard(t)
		said, ok := c.flash("sdz\n", "--image", c.image+ending, c.device)
		if !ok || !strings.Contains(said, "writing with dd") || !strings.Contains(said, "done: ") {
			t.Fatalf("%q: said %s", ending, said)
		}
		written := c.read("sdz")
		if !bytes.Equal(written[:flashImage], c.read("bot-1.img")) || !bytes.Equal(written[flashImage:], bytes.Repeat([]byte{0xff}, flashCard-flashImage)) {
			t.Errorf("%q: the card has something else", ending)
		}
		for _, want := range []string{"Card Reader, 8 MB, removable", "NAME SIZE LABEL", "Type sdz to go on", c.image + ending + " (6 MB)"} {
			if !strings.Contains(said, want) {
				t.Errorf("%q: there is no %q in %s", ending, want, said)
			}
		}
		if log := string(c.read("log")); log != "blockdev --flushbufs "+c.device+"\n" {
			t.Errorf("%q: called %q", ending, log)
		}
	}
}

func TestFlashTakesBmaptool(t *testing.T) {
	c := newCard(t)
	c.withBmaptool()
	said, ok := c.download("", "--yes")
	if !ok || !strings.Contains(said, "writing with bmaptool") || strings.Contains(said, "Type ") {
		t.Fatalf("said %s", said)
	}
	written, image := c.read("sdz"), c.read("bot-1.img")
	if !bytes.Equal(written[:4096], image[:4096]) || !bytes.Equal(written[flashImage-endSize:flashImage], image[flashImage-endSize:]) {
		t.Error("the card has something else")
	}
	if want := "blockdev --flushbufs " + c.device + "\n"; string(c.read("log")) != want {
		t.Errorf("called %q", c.read("log"))
	}
}

func TestFlashWithoutMapTakesDD(t *testing.T) {
	c := newCard(t)
	c.link("bmaptool")
	if said, ok := c.download("", "--yes"); !ok || !strings.Contains(said, "writing with dd") {
		t.Errorf("said %s", said)
	}
}

func TestFlashRefuses(t *testing.T) {
	first := newCard(t)
	for name, s := range map[string]struct {
		change func(c card)
		want   string
	}{
		"no device":       {func(c card) { c.t.Helper(); must(c.t, os.Remove(c.device)) }, "is no disk"},
		"a partition":     {func(c card) { c.tell("TYPE", "part\n"); c.tell("PKNAME", "sdz\n") }, "is a partition; the image goes to the whole disk, /dev/sdz"},
		"a mapped device": {func(c card) { c.tell("TYPE", "crypt\n") }, "is no plain disk but 'crypt'"},
		"a RAID":          {func(c card) { c.tell("TYPE", "raid1\n") }, "is no plain disk but 'raid1'"},
		"mounted":         {func(c card) { c.tell("tree", c.node("sdz1", "part", "vfat", `/media/my\x20card\x0a/mnt`)) }, "sdz1 is in use at /media/my card, /mnt (umount "},
		"the system":      {func(c card) { c.tell("tree", c.node("sdz2", "part", "ext4", "/")) }, "is a disk of this machine: "},
		"/boot":           {func(c card) { c.tell("tree", c.node("sdz1", "part", "vfat", "/boot/efi")) }, "is a disk of this machine: "},
		"/home":           {func(c card) { c.tell("tree", c.node("sdz1", "part", "ext4", `/mnt\x0a/`)) }, "is a disk of this machine: "},
		"swap":            {func(c card) { c.tell("tree", c.node("sdz1", "part", "swap", "[SWAP]")) }, "is in use as swap space (swapoff "},
		"opened": {func(c card) {
			c.tell("tree", c.node("sdz1", "part", "crypto_LUKS", "")+c.node("home", "crypt", "", ""))
		}, "is in use by "},
		"of several disks":  {func(c card) { c.tell("tree", c.node("sdz1", "part", "linux_raid_member", "")) }, "belongs to several disks together (linux_raid_member)"},
		"of LVM":            {func(c card) { c.tell("tree", c.node("sdz", "disk", "LVM2_member", "")) }, "belongs to several disks together (LVM2_member)"},
		"the system, below": {func(c card) { c.tell("above-sda2", "/dev/sda2\n"+c.device+"\n") }, "is in use by this machine, through /dev/sda2"},
		"swap, below":       {func(c card) { c.tell("above-sda3", "/dev/sda3\n"+c.device+"\n") }, "is in use by this machine, through /dev/sda3"},
		"nobody knows": {func(c card) {
			c.tell("above-sdz", c.device+"\n")
			machine{t: c.t, bin: c.bin}.stub("findmnt", "exit 1")
		}, ""},
		"an odd answer": {func(c card) { c.tell("tree", "sdz disk\n") }, "is not understood here"},
		"no answer":     {func(c card) { must(c.t, os.Remove(filepath.Join(c.data, "tree"))) }, ""},
		"read-only":     {func(c card) { c.tell("RO", "1\n") }, "is read-only"},
		"no card":       {func(c card) { c.tell("SIZE", "0\n") }, "there is no card in "},
		"too small":     {func(c card) { c.tell("SIZE", fmt.Sprint(flashImage-512)) }, "is too small: it has 6 MB, and the image needs 6 MB"},
		"large":         {func(c card) { c.tell("SIZE", "2000000000512\n") }, "is larger than 2 TB"},
		"fixed":         {fixed, "is no removable disk"},
		"taken out":     {func(c card) { c.tell("later", c.node("sdz1", "part", "vfat", "/media")) }, "sdz1 is in use at /media"},
	} {
		c := first.again()
		s.change(c)
		if name == "no device" {
			if said, ok := c.download("", "--yes"); ok || !strings.Contains(said, s.want) {
				t.Errorf("%s: said %s", name, said)
			}
			continue
		}
		if said, ok := c.download("sdz\n"); ok || !strings.Contains(said, s.want) || !c.untouched() {
			t.Errorf("%s: said %s", name, said)
		}
	}
}

// fixed makes the card a disk that is built in.
func fixed(c card) {
	c.tell("RM", "0\n")
	c.tell("HOTPLUG", "0\n")
	c.tell("TRAN", "sata\n")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestFlashTakesAFixedDiskWhenTold(t *testing.T) {
	c := newCard(t)
	fixed(c)
	if said, ok := c.download("", "--yes", "--force-fixed"); !ok || !strings.Contains(said, "8 MB, fixed") {
		t.Errorf("said %s", said)
	}
	c.tell("tree", c.node("sdz1", "part", "ext4", "/mnt"))
	if said, ok := c.download("", "--yes", "--force-fixed"); ok || !strings.Contains(said, "in use at /mnt") {
		t.Errorf("one in use: said %s", said)
	}
}

// TestFlashNeedsADisk shows that a file is taken only where somebody says so.
func TestFlashNeedsADisk(t *testing.T) {
	c := newCard(t)
	other := filepath.Join(c.data, "other")
	must(t, os.WriteFile(other, make([]byte, flashCard), 0o644))
	if said, ok := c.flash("", "--yes", "--image", c.image, other); ok || !strings.Contains(said, "is no disk") {
		t.Errorf("said %s", said)
	}
}

func TestFlashAsks(t *testing.T) {
	first := newCard(t)
	for _, answer := range []string{"", "\n", "yes\n", "sda\n", "sdz1\n"} {
		c := first.again()
		if said, ok := c.download(answer); ok || !strings.Contains(said, "that was not sdz; nothing was written") || !c.untouched() {
			t.Errorf("%q: said %s", answer, said)
		}
	}
}

func TestFlashLooksAtTheDownload(t *testing.T) {
	first := newCard(t)
	broken := func(c card) {
		data := c.read("bot-1.img.xz")
		data[len(data)/2] ^= 1
		c.tell("bot-1.img.xz", string(data))
	}
	unsigned := func(c card) { must(c.t, os.Remove(filepath.Join(c.data, "bot-1.img.xz.sha256"))) }
	for name, s := range map[string]struct {
		change func(c card)
		want   string
	}{
		"another checksum":     {broken, "is not what "},
		"no checksum of it":    {func(c card) { c.tell("bot-1.img.xz.sha256", "0123  other.img.xz\n") }, "has no checksum of bot-1.img.xz"},
		"broken":               {func(c card) { broken(c); unsigned(c) }, "is broken; download it again"},
		"cut off":              {func(c card) { c.tell("bot-1.img.xz", string(c.read("bot-1.img.xz")[:endSize/2])); unsigned(c) }, "is broken; download it again"},
		"cut off, as intended": {func(c card) { c.tell("bot-1.img.xz", string(c.read("bot-1.img.xz")[:endSize/2])); c.sign() }, "is broken; download it again"},
		"nothing":              {func(c card) { must(c.t, os.Remove(c.image+".xz")) }, "there is no image "},
	} {
		c := first.again()
		s.change(c)
		if said, ok := c.download("", "--yes"); ok || !strings.Contains(said, s.want) || !c.untouched() {
			t.Errorf("%s: said %s", name, said)
		}
	}
	c := newCard(t)
	unsigned(c)
	if said, ok := c.download("", "--yes"); !ok || !strings.Contains(said, "there is no checksum beside ") {
		t.Errorf("unsigned: said %s", said)
	}
	if said, ok := c.flash("", "--yes", "--image", c.device, c.device); ok || !strings.Contains(said, "is no image") {
		t.Errorf("something else: said %s", said)
	}
}

const notWhole = "what is on %s now is not whole; write it again before you use it"

func TestFlashThatIsInterruptedSaysSo(t *testing.T) {
	for name, tool := range map[string]string{"dd": "xz", "bmaptool": "bmaptool"} {
		c := newCard(t)
		if tool == "bmaptool" {
			c.withBmaptool()
		}
		real, err := exec.LookPath(tool)
		must(t, err)
		must(t, os.Remove(filepath.Join(c.bin, tool)))
		machine{t: t, bin: c.bin}.stub(tool, `case $1 in -dc | copy) printf half; [[ $1 == -dc ]] || printf half >>'`+c.device+`'; exit 1 ;; esac; exec `+real+` "$@"`)
		if said, ok := c.download("", "--yes"); ok || !strings.Contains(said, "the image could not be written") || !strings.Contains(said, fmt.Sprintf(notWhole, c.device)) {
			t.Errorf("%s: said %s", name, said)
		}
	}
}

// TestFlashFindsACardThatForgets changes the card between writing and reading.
func TestFlashFindsACardThatForgets(t *testing.T) {
	for _, name := range []string{"dd", "bmaptool"} {
		c := newCard(t)
		if name == "bmaptool" {
			c.withBmaptool()
		}
		machine{t: t, bin: c.bin}.stub("blockdev", fmt.Sprintf("printf forgotten | dd of='%s' bs=1 seek=%d conv=notrunc status=none", c.device, flashImage-4096))
		said, ok := c.download("", "--yes")
		if ok || !strings.Contains(said, "does not keep what is written to it") || !strings.Contains(said, fmt.Sprintf(notWhole, c.device)) || !strings.Contains(said, "writing with "+name) {
			t.Errorf("%s: said %s", name, said)
		}
	}
}

func TestFlashPutsSettingsOnTheCard(t *testing.T) {
	c := newCard(t)
	if _, err := exec.LookPath("mkfs.vfat"); err != nil {
		t.Skip("dosfstools is not installed")
	}
	config := filepath.Join(c.data, "mine.yaml")
	c.tell("mine.yaml", "timezone: Europe/Berlin\n")
	if said, ok := c.download("", "--yes", "--config", config); ok || !strings.Contains(said, "--config needs mtools") || !c.untouched() {
		t.Errorf("without mtools: said %s", said)
	}
	c.link("mcopy")
	c.link("mtype")
	c.link("mdir")
	if said, ok := c.download("", "--yes", "--config", config); !ok {
		t.Fatalf("said %s", said)
	}
	got, err := exec.CommandContext(t.Context(), "mtype", "-i", fmt.Sprintf("%s@@%d", c.device, flashPartition), "::calendarbot.yaml").Output()
	if err != nil || string(got) != "timezone: Europe/Berlin\n" {
		t.Errorf("the card has %q, %v", got, err)
	}
	for name, text := range map[string]string{"empty.yaml": "", "large.yaml": strings.Repeat("#", 65537)} {
		c := newCard(t)
		c.tell(name, text)
		if said, ok := c.download("", "--yes", "--config", filepath.Join(c.data, name)); ok || !c.untouched() {
			t.Errorf("%s: said %s", name, said)
		}
	}
}

func TestFlashListsCards(t *testing.T) {
	c := newCard(t)
	if said, ok := c.flash("", "--list"); !ok || said != c.device+"  8 MB  Card Reader\n" {
		t.Errorf("said %s", said)
	}
	fixed(c)
	if said, ok := c.flash("", "--list"); !ok || !strings.Contains(said, "there is no disk that could be written to") {
		t.Errorf("said %s", said)
	}
}

func TestFlashTakesTheNewestImage(t *testing.T) {
	c := newCard(t)
	root := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(root, "scripts"), 0o755))
	must(t, os.MkdirAll(filepath.Join(root, "dist", "image"), 0o755))
	script, err := os.ReadFile("flash")
	must(t, err)
	must(t, os.WriteFile(filepath.Join(root, "scripts", "flash"), script, 0o755))
	run := func() string {
		cmd := exec.CommandContext(t.Context(), filepath.Join(root, "scripts", "flash"), c.device)
		cmd.Env = []string{"PATH=" + c.bin, "FLASH_STAND_IN=" + c.device, "LC_ALL=C"}
		out, err := cmd.CombinedOutput()
		if err == nil {
			t.Errorf("went on without an answer: %s", out)
		}
		return string(out)
	}
	if said := run(); !strings.Contains(said, "there is no image in dist/image") {
		t.Errorf("said %s", said)
	}
	info, err := os.Stat(c.image + ".xz")
	must(t, err)
	for i, name := range []string{"a-old", "b-new", "c-old"} {
		file := filepath.Join(root, "dist", "image", name+".img.xz")
		must(t, os.WriteFile(file, c.read("bot-1.img.xz"), 0o644))
		when := info.ModTime().AddDate(0, 0, -i)
		if name == "b-new" {
			when = info.ModTime().AddDate(0, 0, 1)
		}
		must(t, os.Chtimes(file, when, when))
	}
	if said := run(); !strings.Contains(said, "b-new.img.xz (6 MB)") {
		t.Errorf("said %s", said)
	}
}

func TestFlashSaysHowItIsCalled(t *testing.T) {
	c := newCard(t)
	if said, ok := c.flash("", "--help"); !ok || !strings.Contains(said, "Usage: scripts/flash") || !strings.Contains(said, "Examples:") || strings.Contains(said, "set -euo") {
		t.Errorf("said %s", said)
	}
	for want, args := range map[string][]string{
		"which device?":           {"--yes"},
		"only one device":         {"/dev/a", "/dev/b"},
		"unknown option '--what'": {"--what", "/dev/a"},
		"--image wants a file":    {"--image"},
	} {
		if said, ok := c.flash("", args...); ok || !strings.Contains(said, want) {
			t.Errorf("%v: said %s", args, said)
		}
	}
}
