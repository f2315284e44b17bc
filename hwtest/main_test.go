package hwtest

import (
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestMain is the command where the program is started without flags of "go test", as on a device: that is how it is built.
func TestMain(m *testing.M) {
	if slices.ContainsFunc(os.Args[1:], func(arg string) bool { return strings.HasPrefix(arg, "-test.") }) {
		os.Exit(m.Run())
	}
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, os.Interrupt, syscall.SIGTERM)
	os.Exit(Main(stoppable(asked, func() { signal.Stop(asked) }), os.Args[1:], os.Stdout, os.Stderr, NewDevice))
}
