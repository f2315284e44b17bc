package main

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
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
		return fmt.Errorf("%s is no program for devices, which run ELF files for AArch64; this is none: %w", name, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if f.Class != elf.ELFCLASS64 || f.Machine != elf.EM_AARCH64 {
		return fmt.Errorf("%s is a program for %s (%s); devices run those for %s (%s)", name, f.Machine, f.Class, elf.EM_AARCH64, elf.ELFCLASS64)
	}
	if !says(f, text, version) {
		return fmt.Errorf("%s was not built as version %s, and devices would take back what says another one of itself; publish it as what it was built as, or build it anew with VERSION=%s", name, version, version)
	}
	return nil
}

// says tells whether a program has a variable that is the version: its text, and the place and length of that somewhere else. The text alone proves
// nothing: that of a short version is in many programs.
func says(f *elf.File, text []byte, version string) bool {
	for _, p := range f.Progs {
		if p.Type != elf.PT_LOAD || p.Off+p.Filesz > uint64(len(text)) {
			continue
		}
		part := text[p.Off : p.Off+p.Filesz]
		for at := 0; ; at++ {
			next := bytes.Index(part[at:], []byte(version))
			if next < 0 {
				break
			}
			at += next
			variable := binary.LittleEndian.AppendUint64(nil, p.Vaddr+uint64(at))
			variable = binary.LittleEndian.AppendUint64(variable, uint64(len(version)))
			if bytes.Contains(text, variable) {
				return true
			}
		}
	}
	return false
}
