package main

import (
	"fmt"
	"strconv"
	"syscall"
	"time"
)

// hog takes some bytes of memory that no kernel can drop, says so in a line, and holds them until it is killed.
func hog(size string) error {
	bytes, err := strconv.Atoi(size)
	if err != nil {
		return fmt.Errorf("read how much to take: %w", err)
	}
	held, err := syscall.Mmap(-1, 0, bytes, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return fmt.Errorf("take %d bytes: %w", bytes, err)
	}
	for i := 0; i < len(held); i += syscall.Getpagesize() {
		held[i] = byte(i>>12) | 1 // a page of nothing would not be one
	}
	fmt.Println("held")
	for {
		time.Sleep(time.Hour) // nothing else runs here, which Go would take for a deadlock
	}
}
