package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// The port for commands, and the most that one of them may print; the rest is thrown away.
const (
	commandPort = 2
	maxOutput   = 4 << 20
)

// serve runs what is posted to it as shell scripts. The systemd that started it knows when it is ready to, which
// the test reads off the console.
func serve() error {
	l, err := net.Listen("tcp", net.JoinHostPort("", strconv.Itoa(commandPort)))
	if err != nil {
		return fmt.Errorf("listen for commands: %w", err)
	}
	fmt.Println("machine: ready")
	return http.Serve(l, http.HandlerFunc(run))
}

// run answers with what a script printed; its status is in a header field. A script whose asker leaves is killed with
// all that it started.
func run(w http.ResponseWriter, r *http.Request) {
	script, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	cmd := exec.CommandContext(r.Context(), "/bin/bash", "-c", string(script))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second // for what a script left running, and which holds its output
	var out limited
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Status", strconv.Itoa(cmd.ProcessState.ExitCode()))
	// An asker who has left needs no answer.
	_, _ = w.Write(out.Bytes())
}

// limited keeps the first maxOutput bytes written to it.
type limited struct{ bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	l.Buffer.Write(p[:min(len(p), maxOutput-l.Len())])
	return len(p), nil
}
