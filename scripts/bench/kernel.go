package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// memory returns a field of /proc/PID/status in MiB: VmRSS (now) or VmHWM (the peak).
func (pr *process) memory(name string) (float64, error) {
	text, err := pr.field("status", name)
	if err != nil {
		return 0, err
	}
	kib, err := strconv.ParseFloat(strings.Fields(text)[0], 64)
	return kib / 1024, err
}

// written returns the bytes that the process caused to be sent to a disk so far (proc(5), io).
func (pr *process) written() (int64, error) {
	text, err := pr.field("io", "write_bytes")
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}

// field is a line of a file under /proc/PID.
func (pr *process) field(file, name string) (string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pr.cmd.Process.Pid, file))
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value), nil
		}
	}
	return "", fmt.Errorf("read /proc/PID/%s: there is no %s", file, name)
}

// cpu returns the time that the threads of the process and of its children have run so far (proc(5), schedstat).
func (pr *process) cpu() (time.Duration, error) { return cpuOf(strconv.Itoa(pr.cmd.Process.Pid)) }

func cpuOf(pid string) (time.Duration, error) {
	files, err := filepath.Glob("/proc/" + pid + "/task/*/schedstat")
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			continue // the thread has ended meanwhile
		}
		ns, err := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(ns)
	}
	children, err := os.ReadFile("/proc/" + pid + "/task/" + pid + "/children")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	for _, child := range strings.Fields(string(children)) {
		more, err := cpuOf(child)
		if err != nil {
			return 0, err
		}
		sum += more
	}
	return sum, nil
}

// median returns the middle value.
func median[T float64 | time.Duration](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d)/1e6) }
func mib(m float64) string      { return fmt.Sprintf("%.1f MiB", m) }
