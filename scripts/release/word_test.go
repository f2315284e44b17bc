package main

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/update/publish"
)

// shop is a folder with programs, keys and a repository, and what is said in it.
type shop struct {
	t   *testing.T
	dir string
}

func newShop(t *testing.T) shop {
	t.Helper()
	t.Setenv("CALENDARBOT_PASSPHRASE", "")
	t.Setenv("CALENDARBOT_PASSPHRASE_FILE", "")
	s := shop{t: t, dir: t.TempDir()}
	t.Setenv("CALENDARBOT_KEYS", s.path("keys"))
	program := armProgram(t, "1.0.0", "1.1.0", "0.9.0", "0.9.0-beta.1", "2.0.0")
	const manifest = "[update]\nversion=1.1.0\n" // as a bundle ends: text in a signature, and its length
	for name, text := range map[string]string{
		"one": string(program), "two": string(program) + "that is newer", "bundle": "a system" + manifest + "\x00\x00\x00\x00\x00\x00\x00" + string(rune(len(manifest))),
		"notes": "What changed:\n- much\n", "long": strings.Repeat("x", 8<<10+1), "secret": "open sesame\n", "nothing": "",
		"script": "#!/bin/sh\necho 1.0.0\n", "intel": otherMachine(program, elf.EM_X86_64), "old": string(armProgram(t, "0.8.0")),
	} {
		if err := os.WriteFile(s.path(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// armProgram is the beginning of an ELF file for AArch64, variables with the versions that it was built as, the text of another one, and what is as
// long as a program.
func armProgram(t *testing.T, versions ...string) []byte {
	t.Helper()
	const size, place, headers = 20_000, 0x10000, 64 + 56
	rest := make([]byte, 0, size)
	for _, version := range versions {
		rest = binary.LittleEndian.AppendUint64(rest, uint64(place+headers+len(rest)+16))
		rest = binary.LittleEndian.AppendUint64(rest, uint64(len(version)))
		rest = append(rest, version...)
	}
	rest = append(rest, "such as 1.2.0"...)
	noise := make([]byte, size-headers-len(rest))
	random := rand.NewChaCha8([32]byte{1})
	if _, err := random.Read(noise); err != nil {
		t.Fatal(err)
	}
	program, err := binary.Append(nil, binary.LittleEndian, elf.Header64{
		Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_EXEC), Machine: uint16(elf.EM_AARCH64), Version: uint32(elf.EV_CURRENT), Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 1,
	})
	if err == nil {
		program, err = binary.Append(program, binary.LittleEndian, elf.Prog64{Type: uint32(elf.PT_LOAD), Vaddr: place, Filesz: size, Memsz: size})
	}
	if err != nil {
		t.Fatal(err)
	}
	return append(append(program, rest...), noise...)
}

// otherMachine is a program for another machine.
func otherMachine(program []byte, machine elf.Machine) string {
	const at = 18 // where an ELF file says that
	other := slices.Clone(program)
	binary.LittleEndian.PutUint16(other[at:], uint16(machine))
	return string(other)
}

func (s shop) path(name string) string { return filepath.Join(s.dir, name) }

// say runs release; a word that begins with @ is a file of the shop.
func (s shop) say(line string) (string, error) {
	args := strings.Fields(line)
	for i, arg := range args {
		if name, ok := strings.CutPrefix(arg, "@"); ok {
			args[i] = s.path(name)
		}
	}
	var out bytes.Buffer
	err := run(s.t.Context(), append(args, "--repo", s.path("repo")), &out)
	return out.String(), err
}

// must runs release, and wants that it works and what it says.
func (s shop) must(line, want string) string {
	s.t.Helper()
	out, err := s.say(line)
	if err != nil || !strings.Contains(out, want) {
		s.t.Fatalf("release %s: %v\n%s", line, err, out)
	}
	return out
}

// refused wants that it does not work, and why.
func (s shop) refused(line, want string) {
	s.t.Helper()
	if out, err := s.say(line); err == nil || !strings.Contains(err.Error(), want) {
		s.t.Errorf("release %s: got %v, not %q\n%s", line, err, want, out)
	}
}

func TestWordsFromKeysToWithdrawal(t *testing.T) {
	s := newShop(t)
	s.refused("show", "release keys makes them")
	s.must("keys --root 1/1", "root.json")
	s.must("show", "no repository yet")
	s.must("keys --if-missing", "")
	s.refused("keys", "never written over")
	s.must("publish --version 1.0.0 --agent @one --notes @notes", "agent/calendarbot-1.0.0-arm64.zst")
	s.must("publish --version 1.1.0 --agent @two --system @bundle --percent 10", ".from-")
	if out := s.must("show", "10 % of stable"); strings.Count(out, "good until") != 4 || strings.Contains(out, "EXPIRED") {
		t.Error(out)
	}
	s.must("publish --version 1.1.0 --agent @two --system @bundle", "calendarbot-1.1.0-pizero2w.raucb")
	if out := s.must("show", "100 % of stable"); strings.Contains(out, "10 % of stable") {
		t.Errorf("the roll-out was not widened:\n%s", out)
	}
	s.must("refresh --good-for snapshot=7,timestamp=7", "again by")
	s.must("publish --version 1.1.0 --agent @two --good-for targets=3", "")
	if out := s.must("refresh --good-for timestamp=7", "WARNING: targets ends on "); strings.Contains(out, "WARNING: root") {
		t.Errorf("root is good for years: %s", out)
	}
	for _, role := range []string{"root", "targets", "snapshot", "timestamp"} {
		s.must("rotate "+role, "has new keys")
	}
	if out := s.must("refresh", "again by"); strings.Contains(out, "WARNING") {
		t.Errorf("all is good for months: %s", out)
	}
	s.must("renew --good-for root=5", "renewed")
	s.must("refresh", "WARNING: root ends on ")
	s.must("renew", "renewed")
	s.must("withdraw agent 1.1.0 broken", "withdrew")
	if out := s.must("show", "withdrawn: agent 1.1.0: broken"); strings.Contains(out, "calendarbot-1.1.0-arm64") {
		t.Errorf("it is still there:\n%s", out)
	}
	for line, want := range map[string]string{
		"publish --version 1.1.0 --agent @two":                       "was withdrawn",
		"publish --version 1.0.0 --agent @two":                       "other content",
		"publish --version 0.9.0 --agent @two":                       "newer; no device would take it",
		"publish --version 1.1 --agent @two":                         "no semantic version",
		"publish --version 1.1.1+abc --agent @two":                   "no semantic version",
		"publish --version newest --agent @two":                      "no semantic version",
		"publish --agent @two":                                       "--version is missing",
		"publish --version 2.0.0":                                    "neither",
		"publish --version 2.0.0 --agent @missing":                   "no such file",
		"publish --version 2.0.0 --agent @nothing":                   "has 0 bytes",
		"publish --version 1.2.0 --agent @two":                       "was not built as version 1.2.0",
		"publish --version 2.0.0 --agent @script":                    "is no program for devices, which run ELF files for AArch64",
		"publish --version 2.0.0 --agent @intel":                     "is a program for EM_X86_64 (ELFCLASS64); devices run those for EM_AARCH64",
		"publish --version 2.0.0 --system @nothing":                  "is empty",
		"publish --version 2.0.0 --system @bundle":                   `says that it is version "1.1.0"`,
		"publish --version 2.0.0 --system @one":                      "no bundle",
		"publish --version 2.0.0 --agent @two --notes @long":         "more than 8192 bytes",
		"publish --version 2.0.0 --agent @two --percent 101":         "allowed is 0 to 100",
		"publish --version 2.0.0 --agent @two --channel Beta!":       "lower-case",
		"publish --version 2.0.0 --agent @two --patches 100":         "allowed is 0 to 20",
		"publish --version 2.0.0 --agent @two --config-formats x":    "no number",
		"publish --version 2.0.0 --agent @two --min-agent old":       "no version",
		"publish --version 2.0.0 --agent @two --patch-from @missing": "no such file",
		"publish --frobnicate":                                       "--help tells more",
		"publish now --version 2.0.0":                                "release publish --help",
		"withdraw agent 1.0.0":                                       "wants release withdraw",
		"withdraw agent 3.0.0 broken":                                "has no agent 3.0.0",
		"withdraw agent 1.1.0 broken":                                "withdrawn already",
		"withdraw config 1.1.0 broken":                               "neither agent nor system",
		"rotate everything":                                          `there is no role "everything"; allowed are root, targets, snapshot, timestamp`,
		"bogus":                                                      `there is no word "bogus"`,
		"notes":                                                      "notes wants a file",
		"licenses one two":                                           "licenses wants a file",
		"rotate root --share 3/2":                                    "cannot be asked to sign",
		"rotate root --share two":                                    "not like 2/3",
		"refresh --good-for root":                                    "1 to 7300 days",
		"refresh --good-for stamp=3":                                 "1 to 7300 days",
		"sign @notes":                                                "no root",
		"land @notes":                                                "no root",
		"keys --keys @other --root 0/1":                              "at least one of them",
	} {
		s.refused(line, want)
	}
	// An older version may go to another channel.
	s.must("publish --version 0.9.0-beta.1 --agent @two --channel beta", "0.9.0-beta.1")
}

// TestNothingIsMadeOfWhatIsRefused: not even the repository.
func TestNothingIsMadeOfWhatIsRefused(t *testing.T) {
	s := newShop(t)
	s.must("keys --root 1/1", "root.json")
	for line, want := range map[string]string{
		"publish --version 1.0.0":                                             "this has neither",
		"publish --version 1.0.0 --agent @one --percent 500":                  "percent is 500; allowed is 0 to 100",
		"publish --version 1.0.0 --agent @old":                                "was not built as version 1.0.0",
		"publish --version 1.0.0 --agent @intel":                              "EM_X86_64",
		"publish --version 1.0.0 --agent @one --system @bundle":               `says that it is version "1.1.0"`,
		"publish --version 1.0.0 --agent @one --min-agent old":                "no version",
		"publish --version 1.0.0 --agent @one --patch-from @missing":          "no such file",
		"publish --version 1.0.0 --agent @one --system @one --channel Stable": "lower-case",
	} {
		s.refused(line, want)
	}
	if _, err := os.Stat(s.path("repo")); !os.IsNotExist(err) {
		t.Errorf("the folder is there: %v", err)
	}
}

// TestBuildsOfOneVersionAreTriedAnew as the error says: in a folder that is removed, or under another number.
func TestBuildsOfOneVersionAreTriedAnew(t *testing.T) {
	s := newShop(t)
	s.must("keys --root 1/1", "root.json")
	s.must("publish --version 1.1.0 --agent @one", "made the repository")
	s.refused("publish --version 1.1.0 --agent @two", "where nobody but you reads "+s.path("repo")+", remove it and publish again")
	s.refused("publish --version 1.0.0 --agent @two", "publish it in another --channel")
	s.must("publish --version 1.0.0 --agent @two --channel old", "1.0.0")
	if err := os.RemoveAll(s.path("repo")); err != nil {
		t.Fatal(err)
	}
	s.must("publish --version 1.0.0 --agent @two", "made the repository")
	s.must("publish --version 1.1.0 --agent @two", "1.1.0")
}

// TestOldRootIsNotSignedButRefused: no signature brings back one that another has followed.
func TestOldRootIsNotSignedButRefused(t *testing.T) {
	s := newShop(t)
	s.must("keys --root 1/1", "root.json")
	s.must("publish --version 1.0.0 --agent @one", "")
	s.must("renew", "renewed")
	_, err := s.say("land @repo/metadata/1.root.json")
	if err == nil || !strings.Contains(err.Error(), "cannot be published: root 1 cannot follow root 2, only root 3 can") || strings.Contains(err.Error(), "sign") {
		t.Errorf("it says: %v", err)
	}
}

// TestRootIsSignedInTwoPlaces has one key of the root here and the other elsewhere.
func TestRootIsSignedInTwoPlaces(t *testing.T) {
	s := newShop(t)
	s.must("keys --root 2/2", "root.json")
	s.must("publish --version 1.0.0 --agent @one", "made the repository")
	here := s.path("keys/tuf")
	rootKeys, err := filepath.Glob(filepath.Join(here, "root", "*.key"))
	if err != nil || len(rootKeys) != 2 {
		t.Fatal(rootKeys, err)
	}
	if err := os.MkdirAll(s.path("drawer/root"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(rootKeys[1], filepath.Join(s.path("drawer/root"), filepath.Base(rootKeys[1]))); err != nil {
		t.Fatal(err)
	}
	root, err := os.ReadFile(filepath.Join(here, "root.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.path("drawer/root.json"), root, 0o600); err != nil {
		t.Fatal(err)
	}
	s.refused("rotate targets", "2 of its keys have to sign, and 1 did")
	s.must("show", "root       version 1")
	s.refused("rotate targets", "waits to be signed; publish it or remove it first")
	s.refused("land @keys/tuf/staged/2.root.json", "release sign FILE")
	s.refused("sign @keys/tuf/staged/2.root.json", "no key of the root is here that has not signed")
	s.must("sign @keys/tuf/staged/2.root.json --keys @drawer", "added 1 signatures")
	s.must("land @keys/tuf/staged/2.root.json", "is published")
	s.must("show", "root       version 2")
	s.must("publish --version 1.1.0 --agent @two", "1.1.0")
	if _, err := os.Stat(s.path("keys/tuf/staged/2.root.json")); !os.IsNotExist(err) {
		t.Errorf("what was published still waits: %v", err)
	}
}

func TestKeysUnderAPassphrase(t *testing.T) {
	s := newShop(t)
	t.Setenv("CALENDARBOT_PASSPHRASE_FILE", s.path("secret"))
	s.must("keys --root 1/1", "")
	s.must("publish --version 1.0.0 --agent @one", "")
	t.Setenv("CALENDARBOT_PASSPHRASE_FILE", "")
	s.refused("refresh", "there is no passphrase")
	t.Setenv("CALENDARBOT_PASSPHRASE", "open sesam")
	s.refused("refresh", "the passphrase does not open the key")
	t.Setenv("CALENDARBOT_PASSPHRASE", "open sesame")
	s.must("refresh", "refreshed")
	t.Setenv("CALENDARBOT_PASSPHRASE_FILE", s.path("nothing"))
	s.refused("refresh", "no passphrase")
	t.Setenv("CALENDARBOT_PASSPHRASE_FILE", s.path("missing"))
	s.refused("refresh", "read the passphrase")
}

// TestRefreshOfWhatHasEndedIsAnError, as no device takes what is refreshed.
func TestRefreshOfWhatHasEndedIsAnError(t *testing.T) {
	s := newShop(t)
	s.must("keys --root 1/1", "")
	s.must("publish --version 1.0.0 --agent @one", "")
	for years, want := range map[int]string{2: "targets ended on ", 0: ""} {
		d := &desk{keysDir: s.path("keys/tuf"), repo: s.path("repo"), now: time.Now().AddDate(years, 0, 0), lifetimes: publish.UsualLifetimes(), out: &bytes.Buffer{}}
		err := refreshWord().set(nil)(d)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("after %d years: %v", years, err)
		}
	}
}

// TestEveryWordHasHelpWithAnExample that begins as the word does, and names every flag.
func TestEveryWordHasHelpWithAnExample(t *testing.T) {
	s := newShop(t)
	all := s.must("--help", "release show")
	for _, w := range words() {
		if !strings.Contains(all, "release "+w.name+" ") {
			t.Errorf("the usage does not name %s", w.name)
		}
		out := s.must(w.name+" --help", "Usage: release "+w.name)
		if !regexp.MustCompile(`(?m)^  release ` + w.name + `\b`).MatchString(out) {
			t.Errorf("%s has no example:\n%s", w.name, out)
		}
		if !strings.Contains(out, "-keys folder") {
			t.Errorf("%s does not name its flags:\n%s", w.name, out)
		}
	}
}
