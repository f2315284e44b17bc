// Command subject is a program for the device with a fault that was put in on purpose: updates are tried with it. The fault shows
// when it is to serve; all other words go to the program that the device has, so that only what is tried is broken.
//
// It is built for the device, without C, and with -ldflags "-X main.fault=WORD -X main.version=X.Y.Z". With the name "init" it is a
// first program that sleeps for ever, with the word "hog" it holds as many MiB of memory as the next one says.
package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// What the linker sets: the fault, the version that is told, and the program that does what this one does not.
var (
	fault   = "crash"
	version = "0.0.0"
	healthy = "/usr/bin/calendarbot"
)

// The files that a subject of the faults "later" and "sometimes" looks for: a person's hand on the device makes it ill.
const switchFile = "/var/lib/calendarbot/subject-is-ill"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "subject:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	word := ""
	if len(args) > 0 {
		word = args[0]
	}
	switch {
	case filepath.Base(os.Args[0]) == "systemd" || os.Getpid() == 1:
		sleep()
	case word == "hog" && len(args) == 2:
		return hog(args[1])
	case word == "--version" || word == "version":
		_, err := fmt.Println("calendarbot " + version)
		return err
	case word != "serve":
		return syscall.Exec(healthy, append([]string{healthy}, args...), os.Environ())
	}
	switch fault {
	case "crash":
		return errors.New("crashes, as it was built to")
	case "later":
		// It is the healthy program until it is told to be ill: one that was kept may be broken by what comes later.
		if _, err := os.Stat(switchFile); err != nil {
			return syscall.Exec(healthy, append([]string{healthy}, args...), os.Environ())
		}
		return errors.New("crashes, as it was told to")
	case "silent": // it never says that it is ready
		sleep()
	case "stall": // it says that it is ready, and then nothing more
		if err := tell("READY=1"); err != nil {
			return err
		}
		sleep()
	case "unhealthy":
		return serve(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "It answers, and has nothing to show.", http.StatusServiceUnavailable)
		})
	case "greedy":
		go eat()
		return serve(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `<!DOCTYPE html><html><head><meta name="calendarbot-ready" content="yes"><title>Looks well</title></head><body>ok</body></html>`)
		})
	}
	return fmt.Errorf("the fault %q is not known", fault)
}

func sleep() {
	for {
		time.Sleep(time.Hour)
	}
}

// serve answers at the socket that systemd opened, and says that all is well.
func serve(answer http.HandlerFunc) error {
	file := os.NewFile(3, "socket")
	listener, err := net.FileListener(file)
	if err != nil {
		return fmt.Errorf("take the socket: %w", err)
	}
	if err := errors.Join(file.Close(), tell("READY=1")); err != nil {
		return err
	}
	go func() {
		for range time.Tick(2 * time.Second) {
			if err := tell("WATCHDOG=1"); err != nil {
				fmt.Fprintln(os.Stderr, "subject:", err)
			}
		}
	}()
	return http.Serve(listener, answer)
}

// tell says something to systemd.
func tell(state string) error {
	name := os.Getenv("NOTIFY_SOCKET")
	if after, abstract := strings.CutPrefix(name, "@"); abstract {
		name = "\x00" + after
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("tell systemd: %w", err)
	}
	_, err = conn.Write([]byte(state))
	return errors.Join(err, conn.Close())
}

const page = 4096

// eat takes 8 MiB more each second, and uses all of it again and again, so that none is packed away.
func eat() {
	var taken [][]byte
	for range time.Tick(time.Second) {
		taken = append(taken, make([]byte, 8<<20))
		for _, part := range taken {
			for i := 0; i < len(part); i += page {
				part[i]++
			}
		}
	}
}

// hog holds some MiB in memory, whoever else wants it, and says when it does.
func hog(mib string) error {
	n, err := strconv.Atoi(mib)
	if err != nil {
		return fmt.Errorf("hold memory: %w", err)
	}
	memory, err := syscall.Mmap(-1, 0, n<<20, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return fmt.Errorf("hold memory: %w", err)
	}
	if err := syscall.Mlock(memory); err != nil {
		return fmt.Errorf("hold memory: %w", err)
	}
	fmt.Println("held")
	sleep()
	return nil
}
