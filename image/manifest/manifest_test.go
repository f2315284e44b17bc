package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"calendarbot/scripts/spdx"
)

const epoch = "1763800000" // 2025-11-22

var hash = strings.Repeat("0123456789abcdef", 4)

// bake makes a small image and what a bake leaves with it, and returns the folder and the words for them.
func bake(t *testing.T) (folder string, args []string) {
	t.Helper()
	folder = t.TempDir()
	image := make([]byte, 12<<20)
	copy(image[1<<20:], bytes.Repeat([]byte("calendar"), 4096))
	partition := func(number int, from, length uint32) { // in MiB
		binary.LittleEndian.PutUint32(image[446+16*number+8:], from*2048)
		binary.LittleEndian.PutUint32(image[446+16*number+12:], length*2048)
	}
	partition(0, 1, 3) // with something at its begin
	partition(1, 4, 4) // empty
	partition(2, 8, 3) // with something at its end
	image[11<<20-1] = 1
	image[510], image[511] = 0x55, 0xaa
	write(t, filepath.Join(folder, "bot-1.2.img"), string(image))
	if out, err := exec.CommandContext(t.Context(), "xz", "--keep", filepath.Join(folder, "bot-1.2.img")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	write(t, filepath.Join(folder, "bot-1.2.raucb"), "bundle")
	write(t, filepath.Join(folder, "all.tsv"), "zlib1g\t1:1.3.1-1\tarm64\tzlib (1:1.3)\t"+hash+"\nlibstdc++6\t14\tarm64\tgcc-14\t"+hash+"\ntzdata\t2025b\tall\ttzdata\t"+hash+"\n")
	write(t, filepath.Join(folder, "blobs.tsv"), "/usr/lib/firmware/b.bin\t"+hash+"\thttps://example.org/b.bin\n/usr/lib/firmware/a.bin\t"+hash+"\thttps://example.org/a.bin\n")
	write(t, filepath.Join(folder, "second/usr/share/doc/zlib1g/copyright"), "Format: https://www.debian.org/doc/\n\nFiles: *\nLicense: Zlib\n text\n\nFiles: x\nLicense: GPL-2+\nFiles: y\nLicense: Zlib\n")
	write(t, filepath.Join(folder, "first/usr/share/doc/tzdata/copyright"), "This is in the public domain.\nLicense: none\n")
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(folder, name) }
	return folder, []string{
		"--version", "1.2", "--image", in("bot-1.2.img"), "--xz", in("bot-1.2.img.xz"), "--packages", in("all.tsv"), "--out", folder,
		"--agent", own, "--blobs", in("blobs.tsv"), "--docs", in("first"), "--docs", in("second"), "--also", in("bot-1.2.raucb"),
		"--base", "https://example.org/files/", "--icon", "../../agent/page/assets/icon.svg",
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestImagerListSaysWhatTheFilesAre(t *testing.T) {
	folder, args := bake(t)
	if err := run(t.Context(), args, epoch, io.Discard); err != nil {
		t.Fatal(err)
	}
	system := checkList(t, filepath.Join(folder, "bot-1.2.rpi-imager-manifest"), filepath.Join(folder, "bot-1.2.img"))
	if system["url"] != "https://example.org/files/bot-1.2.img.xz" || system["release_date"] != "2025-11-22" || !strings.Contains(system["description"].(string), "1.2") {
		t.Errorf("got %v", system)
	}
}

// TestImagerListOfTheBake checks the list beside the image that the variable names.
func TestImagerListOfTheBake(t *testing.T) {
	image := os.Getenv("CALENDARBOT_IMAGE")
	if image == "" {
		t.Skip("CALENDARBOT_IMAGE names no image")
	}
	checkList(t, strings.TrimSuffix(image, ".img")+".rpi-imager-manifest", image)
}

// checkList checks the list for Imager against the files, and against what Imager's schema asks for.
func checkList(t *testing.T, manifest, image string) map[string]any {
	t.Helper()
	var repository struct {
		Imager map[string]any   `json:"imager"`
		OSList []map[string]any `json:"os_list"`
	}
	decoder := json.NewDecoder(bytes.NewReader(readFile(t, manifest)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&repository); err != nil || len(repository.OSList) != 1 {
		t.Fatalf("%v, %d systems", err, len(repository.OSList))
	}
	system := repository.OSList[0]
	download := readFile(t, image+".xz")
	plain := readFile(t, image)
	for field, want := range map[string]any{
		"extract_size": float64(len(plain)), "extract_sha256": fmt.Sprintf("%x", sha256.Sum256(plain)),
		"image_download_size": float64(len(download)), "image_download_sha256": fmt.Sprintf("%x", sha256.Sum256(download)),
		"init_format": "rpi-preseed", "architecture": "armv8", "name": "CalendarBot",
	} {
		if system[field] != want {
			t.Errorf("%s: got %v, want %v", field, system[field], want)
		}
	}
	for _, field := range []string{"name", "description", "icon", "url", "release_date"} {
		if text, ok := system[field].(string); !ok || text == "" {
			t.Errorf("%s: got %v", field, system[field])
		}
	}
	if url := system["url"].(string); !regexp.MustCompile(`^(https?://[^/]+|file://)/.*\.img\.xz$`).MatchString(url) || filepath.Base(url) != filepath.Base(image)+".xz" {
		t.Errorf("url: got %s", url)
	}
	if _, err := time.Parse(time.DateOnly, system["release_date"].(string)); err != nil {
		t.Error(err)
	}
	if tags := fmt.Sprint(system["devices"]); tags != "[pi3-64bit]" || fmt.Sprint(system["capabilities"]) != "[]" {
		t.Errorf("devices %s, capabilities %v", tags, system["capabilities"])
	}
	icon, found := strings.CutPrefix(system["icon"].(string), "data:image/svg+xml;base64,")
	if drawing, err := base64.StdEncoding.DecodeString(icon); !found || err != nil || !bytes.Contains(drawing, []byte("<svg")) {
		t.Errorf("icon: got %v, %v", system["icon"], err)
	}
	boards := repository.Imager["devices"].([]any)
	board := boards[0].(map[string]any)
	if len(repository.Imager) != 1 || len(boards) != 1 || fmt.Sprint(board["tags"]) != "[pi3-64bit]" || board["matching_type"] != "exclusive" || board["default"] != true {
		t.Errorf("imager: got %v", repository.Imager)
	}
	return system
}

func TestPackagesAreListedWithTheirLicences(t *testing.T) {
	folder, args := bake(t)
	if err := run(t.Context(), args, epoch, io.Discard); err != nil {
		t.Fatal(err)
	}
	want := "package\tversion\tarchitecture\tsource\tsha256\tlicences\n" +
		"libstdc++6\t14\tarm64\tgcc-14\t" + hash + "\t\n" +
		"tzdata\t2025b\tall\ttzdata\t" + hash + "\t\n" +
		"zlib1g\t1:1.3.1-1\tarm64\tzlib (1:1.3)\t" + hash + "\tGPL-2+, Zlib\n"
	if got := string(readFile(t, filepath.Join(folder, "bot-1.2.packages.tsv"))); got != want {
		t.Errorf("got %q", got)
	}
}

func TestBillOfMaterialHasAllThatIsInTheImage(t *testing.T) {
	folder, args := bake(t)
	if err := run(t.Context(), args, epoch, io.Discard); err != nil {
		t.Fatal(err)
	}
	var doc spdx.Document
	if err := json.Unmarshal(readFile(t, filepath.Join(folder, "bot-1.2.spdx.json")), &doc); err != nil {
		t.Fatal(err)
	}
	if err := doc.Check(); err != nil {
		t.Error(err)
	}
	image := fmt.Sprintf("%x", sha256.Sum256(readFile(t, filepath.Join(folder, "bot-1.2.img"))))
	if doc.Version != "SPDX-2.3" || doc.Creation.Created != "2025-11-22T08:26:40Z" || !strings.HasSuffix(doc.Namespace, "/bot-1.2-"+image) || doc.Packages[0].Checksums[0].Value != image {
		t.Errorf("got %+v", doc)
	}
	locators := map[string]spdx.Part{}
	contained := map[string]bool{}
	for _, r := range doc.Relationships {
		if r.From == "SPDXRef-image" && r.Type == "CONTAINS" {
			contained[r.To] = true
		}
	}
	for _, p := range doc.Packages {
		name := p.File
		if len(p.References) > 0 {
			name = p.References[0].Locator
		}
		locators[name] = p
	}
	for _, want := range []string{
		"pkg:deb/debian/libstdc%2B%2B6@14?arch=arm64&distro=trixie", "pkg:deb/debian/tzdata@2025b?arch=all&distro=trixie",
		"pkg:deb/debian/zlib1g@1:1.3.1-1?arch=arm64&distro=trixie", "/usr/lib/firmware/a.bin", "/usr/lib/firmware/b.bin",
	} {
		if p := locators[want]; !contained[p.SPDXID] {
			t.Errorf("there is no %s", want)
		}
	}
	if p := locators["pkg:deb/debian/zlib1g@1:1.3.1-1?arch=arm64&distro=trixie"]; p.Comments != "Debian names: GPL-2+, Zlib" || p.Declared != spdx.NoAssertion || !strings.Contains(p.Source, "zlib (1:1.3)") {
		t.Errorf("got %+v", p)
	}
	if !contained["SPDXRef-program"] || !slices.ContainsFunc(doc.Packages, func(p spdx.Part) bool { return p.Name == "go-standard-library" }) {
		t.Error("the program or its parts are missing")
	}
}

func TestWhatTheImageLacksIsSaid(t *testing.T) {
	folder, args := bake(t)
	list := filepath.Join(folder, "missing")
	args = append(args, "--missing", list)
	texts := func() (packages, bill, imager string) {
		t.Helper()
		if err := run(t.Context(), args, epoch, io.Discard); err != nil {
			t.Fatal(err)
		}
		in := func(ending string) string { return string(readFile(t, filepath.Join(folder, "bot-1.2."+ending))) }
		return in("packages.tsv"), in("spdx.json"), in("rpi-imager-manifest")
	}
	packages, bill, imager := texts()
	if strings.Contains(packages, "missing") || strings.Contains(bill, "could not be fetched") || strings.Contains(imager, "Wi-Fi") {
		t.Error("something is missing though there is no such file")
	}
	write(t, list, "usr/lib/firmware/b.txt\nusr/lib/firmware/a.bin\n")
	packages, bill, imager = texts()
	if !strings.HasSuffix(packages, "Zlib\n# missing: usr/lib/firmware/a.bin\n# missing: usr/lib/firmware/b.txt\n") {
		t.Errorf("the packages are %s", packages)
	}
	if !strings.Contains(bill, "could not be fetched: usr/lib/firmware/a.bin, usr/lib/firmware/b.txt\"") {
		t.Errorf("the bill is %s", bill)
	}
	if !strings.Contains(imager, "version 1.2; no Wi-Fi on second-revision boards\"") {
		t.Errorf("the list is %s", imager)
	}
}

func TestHelpIsNoProblem(t *testing.T) {
	for _, word := range []string{"--help", "-h"} {
		var out strings.Builder
		if err := run(t.Context(), []string{word}, "", &out); !errors.Is(err, flag.ErrHelp) || out.String() != usage {
			t.Errorf("%s: printed %q, %v", word, out.String(), err)
		}
	}
}

func TestEachProductHasItsChecksum(t *testing.T) {
	folder, args := bake(t)
	if err := run(t.Context(), args, epoch, io.Discard); err != nil {
		t.Fatal(err)
	}
	sums, err := filepath.Glob(filepath.Join(folder, "*.sha256"))
	if err != nil || len(sums) != 6 {
		t.Fatalf("got %q, %v", sums, err)
	}
	for _, name := range sums {
		cmd := exec.CommandContext(t.Context(), "sha256sum", "--check", "--strict", filepath.Base(name))
		cmd.Dir = folder
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
}

func TestSameImageSameFiles(t *testing.T) {
	files := func() string {
		folder, args := bake(t)
		if err := run(t.Context(), args, epoch, io.Discard); err != nil {
			t.Fatal(err)
		}
		var all strings.Builder
		for _, ending := range []string{"rpi-imager-manifest", "packages.tsv", "spdx.json", "img.xz.sha256", "bmap"} {
			all.Write(readFile(t, filepath.Join(folder, "bot-1.2."+ending)))
		}
		return all.String()
	}
	if files() != files() {
		t.Error("two runs in two folders differ")
	}
}

func TestWrongFilesAreRefused(t *testing.T) {
	for want, change := range map[string]func(folder string){
		"it unpacks to 12582912 bytes":     func(folder string) { write(t, filepath.Join(folder, "bot-1.2.img"), strings.Repeat("x", 512)) },
		"no whole blocks of 512":           func(folder string) { write(t, filepath.Join(folder, "bot-1.2.img"), "x") },
		"unpack the download":              func(folder string) { write(t, filepath.Join(folder, "bot-1.2.img.xz"), "x") },
		"read the packages: line 1":        func(folder string) { write(t, filepath.Join(folder, "all.tsv"), "zlib1g\n") },
		"read the packages: there is none": func(folder string) { write(t, filepath.Join(folder, "all.tsv"), "") },
		"read the firmware: line 1":        func(folder string) { write(t, filepath.Join(folder, "blobs.tsv"), "a\tb\tc\n") },
		"read what is missing: want":       func(folder string) { write(t, filepath.Join(folder, "missing"), "/etc\n") },
		`"SPDXRef-deb-zlib1g-1" is there twice`: func(folder string) {
			write(t, filepath.Join(folder, "all.tsv"), strings.Repeat("zlib1g\t1\tall\tz\t"+hash+"\n", 2))
		},
	} {
		folder, args := bake(t)
		change(folder)
		if err := run(t.Context(), append(args, "--missing", filepath.Join(folder, "missing")), epoch, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v", want, err)
		}
		if _, err := os.Stat(filepath.Join(folder, "bot-1.2.rpi-imager-manifest")); err == nil {
			t.Errorf("%q: there is a list all the same", want)
		}
	}
}

func TestCommandLine(t *testing.T) {
	_, args := bake(t)
	for _, wrong := range [][]string{nil, {"--what"}, args[2:], append(slices.Clone(args), "more")} {
		if err := run(t.Context(), wrong, epoch, io.Discard); err == nil || !strings.Contains(err.Error(), "Usage:") {
			t.Errorf("%q: got %v", wrong, err)
		}
	}
	if err := run(t.Context(), args, "", io.Discard); err == nil || !strings.Contains(err.Error(), "SOURCE_DATE_EPOCH") {
		t.Errorf("without a time: got %v", err)
	}
	if err := run(t.Context(), append(slices.Clone(args), "--base", "somewhere"), epoch, io.Discard); err == nil || !strings.Contains(err.Error(), "https://") {
		t.Errorf("with another base: got %v", err)
	}
	if got, err := address("", "/a b/c.img.xz"); err != nil || got != "file:///a%20b/c.img.xz" {
		t.Errorf("without a base: got %s, %v", got, err)
	}
}

// TestMapLeavesOutWhatIsEmpty has bmaptool write the image; it empties a file first, so what it leaves out is told by
// the map alone.
func TestMapLeavesOutWhatIsEmpty(t *testing.T) {
	folder, args := bake(t)
	if err := run(t.Context(), args, epoch, io.Discard); err != nil {
		t.Fatal(err)
	}
	text := string(readFile(t, filepath.Join(folder, "bot-1.2.bmap")))
	for _, want := range []string{"<ImageSize> 12582912 </ImageSize>", "<BlocksCount> 3072 </BlocksCount>", "<MappedBlocksCount> 2304 </MappedBlocksCount>", "> 0-1279 </Range>", "> 2048-3071 </Range>"} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in %s", want, text)
		}
	}
	if _, err := exec.LookPath("bmaptool"); err != nil {
		t.Skip("bmaptool is not installed")
	}
	card := filepath.Join(folder, "card")
	write(t, card, "")
	if out, err := exec.CommandContext(t.Context(), "bmaptool", "copy", "--bmap", filepath.Join(folder, "bot-1.2.bmap"), filepath.Join(folder, "bot-1.2.img.xz"), card).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	got, want := readFile(t, card), readFile(t, filepath.Join(folder, "bot-1.2.img"))
	if !bytes.Equal(got[:5<<20], want[:5<<20]) || !bytes.Equal(got[8<<20:], want[8<<20:]) {
		t.Error("the card has something else")
	}
}

func TestMapIsInPieces(t *testing.T) {
	const piece = mapPiece / mapBlock
	got := written(3*piece, []span{{10, 20}, {20, 30}, {2 * piece, 3 * piece}})
	want := []span{{0, 10}, {30, 30 + piece}, {30 + piece, 2 * piece}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestImagesWithoutPartitionsAreNotMapped(t *testing.T) {
	folder, _ := bake(t)
	image := readFile(t, filepath.Join(folder, "bot-1.2.img"))
	for want, change := range map[string]func([]byte) []byte{
		"no table of partitions":       func(data []byte) []byte { data[511] = 0; return data },
		"a partition ends at 11534336": func(data []byte) []byte { return data[:9<<20] },
		"are no whole blocks of 4096":  func(data []byte) []byte { return data[:512] },
		"map the image: ":              func([]byte) []byte { return nil },
	} {
		name := filepath.Join(folder, "other.img")
		write(t, name, string(change(bytes.Clone(image))))
		if _, err := blockMap(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v", want, err)
		}
	}
}
