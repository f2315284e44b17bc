package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// run is one QEMU.
type run struct {
	process *os.Process
	monitor *monitor
	ended   <-chan struct{}
}

// startRun starts a QEMU whose machine speaks on a console.
func startRun(program string, options []string, console *Console) (*run, error) {
	cmd := exec.Command(program, append(options[:len(options):len(options)], "-serial", "file:/dev/fd/3", "-qmp", "stdio")...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer write.Close() // the emulator has its own
	cmd.ExtraFiles = []*os.File{write}
	m := newMonitor()
	r := &run{ended: m.ended, monitor: m}
	cmd.Stderr = &r.monitor.complaints
	var out io.Reader
	r.monitor.in, err = cmd.StdinPipe()
	if err == nil {
		out, err = cmd.StdoutPipe()
	}
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, errors.Join(err, read.Close())
	}
	r.process = cmd.Process
	go r.monitor.listen(json.NewDecoder(out))
	go func() {
		defer close(m.ended)
		console.read(read)
		<-r.monitor.silent // all is read of what it said before Wait closes that
		_ = cmd.Wait()     // killed, as a rule; else its console and its complaints tell more
	}()
	return r, nil
}

// kill ends it, if it has not ended yet.
func (r *run) kill() error {
	if err := r.process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill it: %w", err)
	}
	return nil
}
