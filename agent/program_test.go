package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// asProgram makes the test binary the program itself, so that tests drive the real thing.
const asProgram = "RUN_AS_CALENDARBOT"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	testscript.Main(m, map[string]func(){"calendarbot": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script", Cmds: scriptCommands()})
}

// patience is how long a test waits for a fact; it is reached only when something is wrong.
const patience = 2 * time.Minute

// program is the running agent.
type program struct {
	t       *testing.T
	cmd     *exec.Cmd
	address string // http://127.0.0.1:PORT
	stopped sync.Once

	mu  sync.Mutex
	log []byte // what it wrote to standard error
}

var addressInLog = regexp.MustCompile(`msg=serving.* address=(\S+)`)

// startProgram starts the agent on a free loopback port and waits until it names its address. env
// are VARIABLE=value settings beside a clean environment.
func startProgram(t *testing.T, env []string, args ...string) *program {
	t.Helper()
	p := &program{t: t, cmd: exec.Command(os.Args[0], append([]string{"--host", "127.0.0.1", "--port", "0"}, args...)...)}
	p.cmd.Env = append([]string{asProgram + "=1", "CALENDARBOT_CONFIG=" + os.DevNull, "PATH=" + os.Getenv("PATH"), "TZ=Europe/Berlin",
		"CALENDARBOT_WEB_SOCKET=" + socketFile(t), "CALENDARBOT_FEATURES_EMERGENCY_FILE=" + filepath.Join(t.TempDir(), "off")}, env...)
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.stop)
	found := make(chan string, 1)
	go func() {
		defer close(found)
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			p.mu.Lock()
			p.log = append(append(p.log, lines.Bytes()...), '\n')
			p.mu.Unlock()
			if m := addressInLog.FindStringSubmatch(lines.Text()); m != nil && p.address == "" {
				p.address = m[1]
				found <- m[1]
			}
		}
	}()
	select {
	case address, ok := <-found:
		if !ok {
			t.Fatalf("the program ended before it served:\n%s", p.stderr())
		}
		p.address = address
	case <-time.After(patience):
		t.Fatalf("the program did not serve:\n%s", p.stderr())
	}
	return p
}

// socketFile names a local socket for a program; a test's own folder may have too long a name for one.
func socketFile(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "calendarbot-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return filepath.Join(dir, "control.sock")
}

// stderr returns what the program has written to standard error so far.
func (p *program) stderr() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return string(p.log)
}

// stop asks the program to end and checks that it ends well.
func (p *program) stop() {
	p.stopped.Do(func() {
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			p.t.Errorf("stop the program: %v", err)
		}
		if err := p.cmd.Wait(); err != nil {
			p.t.Errorf("the program ended with %v:\n%s", err, p.stderr())
		}
	})
}

// kill ends the program as a power cut would.
func (p *program) kill() {
	p.stopped.Do(func() {
		if err := p.cmd.Process.Kill(); err != nil {
			p.t.Errorf("kill the program: %v", err)
		}
		_ = p.cmd.Wait() // it reports the signal, which is what was asked for
	})
}

// get returns the answer to a GET.
func (p *program) get(path string) (status int, body []byte) {
	p.t.Helper()
	resp, err := http.Get(p.address + path)
	if err != nil {
		p.t.Fatalf("get %s: %v\n%s", path, err, p.stderr())
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatalf("get %s: %v", path, err)
	}
	return resp.StatusCode, body
}

// getJSON decodes the answer to a GET into v and returns the status.
func (p *program) getJSON(path string, v any) int {
	p.t.Helper()
	status, body := p.get(path)
	if err := json.Unmarshal(body, v); err != nil {
		p.t.Fatalf("get %s: %v in %s", path, err, body)
	}
	return status
}

// await asks again until the fact holds.
func (p *program) await(fact string, holds func() bool) {
	p.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline.C:
			p.t.Fatalf("it did not come true that %s\n%s", fact, p.stderr())
		case <-tick.C:
		}
	}
}
