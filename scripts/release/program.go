package main

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"os"
)

// checkProgram tells in a sentence why devices would refuse a file as the program of a version: they run AArch64, and take back what does not say the
// version that it was published as.
func checkProgram(name, version string) (err error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	f, err := elf.NewFile(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("%s is no program for devices, which run ELF files for AArch64: %w", name, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if f.Class != elf.ELFCLASS64 || f.Machine != elf.EM_AARCH64 {
		return fmt.Errorf("%s is a program for %s (%s); devices run those for %s (%s)", name, f.Machine, f.Class, elf.EM_AARCH64, elf.ELFCLASS64)
	}
	if !bytes.Contains(text, []byte(version)) {
		return fmt.Errorf("%s has the version %s nowhere in it, so it says another one of itself, and devices would take it back; publish it as what it was built as, or build it anew with VERSION=%s", name, version, version)
	}
	return nil
}
