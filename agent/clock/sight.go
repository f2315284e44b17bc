package clock

import (
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// timesyncFolder is there while systemd-timesyncd runs, and the file in it since the time was heard (systemd-timesyncd.service(8)).
const (
	timesyncFolder = "/run/systemd/timesync"
	timesyncHeard  = "synchronized"
)

// sight looks.
func (c *Clock) sight() sight {
	elapsed := c.o.Elapsed()
	return sight{now: c.o.Now(), elapsed: elapsed, up: c.uptime + elapsed, keeper: c.keeper(), given: c.o.Given}
}

// keeper asks who keeps the clock right. timesyncd sets it at the system's start to when it ran last, so that it looks right and is
// not; of others only the kernel knows, if this program may ask it.
func (c *Clock) keeper() keeper {
	folder := filepath.Join(c.o.Root, timesyncFolder)
	_, err := os.Lstat(filepath.Join(folder, timesyncHeard))
	if err == nil {
		return heard
	}
	if yes, err := c.o.Synchronised(); err == nil && yes {
		return heard
	}
	if info, err := os.Lstat(folder); err == nil && info.IsDir() {
		return waiting
	}
	return nobody
}

// kernelSynchronised asks the kernel, and changes nothing. It is an error where the sandbox forbids the question.
func kernelSynchronised() (bool, error) {
	const unsynchronised = 0x40 // STA_UNSYNC of linux/timex.h
	var t syscall.Timex
	if _, err := syscall.Adjtimex(&t); err != nil {
		return false, os.NewSyscallError("adjtimex", err)
	}
	return t.Status&unsynchronised == 0, nil
}

// asleep is for how long the system has slept since New, to the second or two: what runs on meanwhile is told in whole ones
// (sysinfo(2)). 0 where it cannot be asked.
func (c *Clock) asleep() time.Duration {
	var info syscall.Sysinfo_t
	if syscall.Sysinfo(&info) != nil {
		return 0
	}
	gap := time.Duration(info.Uptime)*time.Second - c.uptime - c.o.Elapsed()
	if gap < 2*time.Second {
		return 0
	}
	return gap
}

// uptime is how long the system runs; where that is not told it has just started.
func uptime(root string) time.Duration {
	text, err := os.ReadFile(filepath.Join(root, "/proc/uptime"))
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), " ")
	seconds, err := strconv.ParseFloat(first, 64)
	if most := math.MaxInt64 / float64(time.Second) / 2; err != nil || !(seconds >= 0 && seconds < most) {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}
