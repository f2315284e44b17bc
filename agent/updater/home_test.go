package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/slot"
	"calendarbot/agent/update"
	"calendarbot/agent/update/install"
	"calendarbot/agent/update/publish"
)

// home is a device below a folder, and a publisher whose repository a server on this machine has.
type home struct {
	t            *testing.T
	root         string
	keys, public string
	url          string
	now          time.Time
}

// newHome has a device on which 0.0.0-dev runs as it was baked, in a system 1.0.0, and an empty repository.
func newHome(t *testing.T) *home {
	t.Helper()
	h := &home{t: t, keys: filepath.Join(t.TempDir(), "keys"), public: filepath.Join(t.TempDir(), "public")}
	h.at("2026-11-22T12:00:00Z")
	share := publish.Share{Keys: 1, Threshold: 1}
	h.must(publish.NewKeys(h.keys, map[string]publish.Share{publish.Root: share, publish.Targets: share, publish.Snapshot: share, publish.Timestamp: share}, nil, h.now))
	h.must(h.publisher().Create(h.now))
	h.device()
	server := httptest.NewServer(http.FileServer(http.Dir(h.public)))
	t.Cleanup(server.Close)
	h.url = server.URL
	return h
}

// device makes the device anew, as it comes from the image.
func (h *home) device() {
	h.t.Helper()
	h.root = filepath.Join(h.t.TempDir(), "root")
	h.write(update.RootFile, h.read(filepath.Join(h.keys, "root.json")), 0o644)
	h.write(install.BakedProgram, programText("0.0.0-dev"), 0o755)
	h.write(releaseFile, "NAME=x\nIMAGE_VERSION=1.0.0\n", 0o644)
	h.write(machineFile, "0123456789abcdef0123456789abcdef\n", 0o444)
	h.write(filepath.Join(stateFolder, update.SettingsFile), `{"channel":"stable","automatic":"all","window":"02:00-05:00","zone":"UTC"}`, 0o640)
	h.write(install.SystemWriter, "#!/bin/sh\necho \"install-system $(sha256sum <\"$1\" | cut -c 1-8)\" >>'"+h.root+"/told'\necho '  0% Installing'\necho ' 99% Copying image to rootfs.1'\necho '100% Installing done.'\n", 0o755)
	h.write("bin/systemctl", "#!/bin/sh\necho \"systemctl $*\" >>'"+h.root+"/told'\n", 0o755)
	_, after, _ := strings.Cut(os.Getenv("PATH"), filepath.Join(filepath.Base(h.root), "bin")+":") // of the device before
	if after == "" {
		after = os.Getenv("PATH")
	}
	h.t.Setenv("PATH", filepath.Join(h.root, "bin")+":"+after)
}

// programText is a program that says its version, with enough text for a patch to be worth it.
func programText(version string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "#!/bin/sh\necho calendarbot %s linux/arm64\nexit 0\n", version)
	for n := range 2000 {
		fmt.Fprintf(&b, "line %d has %d\n", n, n*n*7919%10007)
	}
	return b.String()
}

func (h *home) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *home) at(text string) {
	h.t.Helper()
	var err error
	h.now, err = time.Parse(time.RFC3339, text)
	h.must(err)
	h.t.Setenv("CALENDARBOT_TEST_TIME", text)
}

func (h *home) read(name string) string {
	h.t.Helper()
	text, err := os.ReadFile(name)
	h.must(err)
	return string(text)
}

func (h *home) write(name, text string, mode os.FileMode) {
	h.t.Helper()
	file := filepath.Join(h.root, name)
	h.must(os.MkdirAll(filepath.Dir(file), 0o755))
	h.must(os.WriteFile(file, []byte(text), mode))
	h.must(os.Chmod(file, mode))
}

// told is what the programs of the system were told since the last call.
func (h *home) told() string {
	h.t.Helper()
	name := filepath.Join(h.root, "told")
	text, err := os.ReadFile(name)
	if os.IsNotExist(err) {
		return ""
	}
	h.must(err)
	h.must(os.Remove(name))
	return string(text)
}

func (h *home) publisher() *publish.Repository {
	h.t.Helper()
	keys, err := publish.LoadKeys(h.keys, nil)
	h.must(err)
	r, err := publish.Open(h.public, keys)
	h.must(err)
	return r
}

// release publishes a program, with a patch against the baked one; change may make it another release.
func (h *home) release(version string, change ...func(*publish.Release)) {
	h.t.Helper()
	r := publish.Release{Version: version, Channel: "stable", Percent: 100, Notes: "Notes of " + version, Agent: h.file(programText(version)), From: []string{filepath.Join(h.root, install.BakedProgram)}}
	for _, c := range change {
		c(&r)
	}
	_, err := h.publisher().Add(h.now, r)
	h.must(err)
}

func (h *home) file(text string) string {
	h.t.Helper()
	name := filepath.Join(h.t.TempDir(), "file")
	h.must(os.WriteFile(name, []byte(text), 0o755))
	return name
}

// bundle makes a release one of the system alone.
func (h *home) bundle(r *publish.Release) {
	// RAUC ends one with a signature that has the manifest in it, and with the length of that.
	manifest := "[update]\nversion=" + r.Version + "\n"
	text := binary.BigEndian.AppendUint64([]byte(strings.Repeat("bundle "+r.Version, 100)+manifest), uint64(len(manifest)))
	r.Agent, r.From, r.System = "", nil, h.file(string(text))
}

// says runs the program, which is to end so, and returns what it printed.
func (h *home) says(code int, args ...string) string {
	h.t.Helper()
	var out, said bytes.Buffer
	if got := command(h.t.Context(), append(args, "--root", h.root), &out, &said); got != code {
		h.t.Fatalf("%q ends with %d, not %d:\n%s%s", args, got, code, out.String(), said.String())
	}
	return out.String() + said.String()
}

func (h *home) slots(kind slot.Kind) slot.State {
	h.t.Helper()
	s, err := slot.Folder(filepath.Join(h.root, install.SlotsFolder)).Read(kind)
	h.must(err)
	return s
}

// change changes the slots as others would.
func (h *home) change(kind slot.Kind, do func(slot.State) (slot.State, error)) {
	h.t.Helper()
	_, err := slot.Folder(filepath.Join(h.root, install.SlotsFolder)).Change(kind, do)
	h.must(err)
}

func (h *home) status() stateJSON {
	h.t.Helper()
	var s stateJSON
	h.must(json.Unmarshal([]byte(h.says(0, "status", "--json")), &s))
	return s
}

// tries expects a program on trial that lies whole in its slot.
func (h *home) tries(version string) {
	h.t.Helper()
	s := h.slots(slot.Agent)
	if s.Trial == nil || s.Trial.Version != version || s.Runs() != s.Trial.Slot {
		h.t.Fatalf("%s is not on trial: %+v", version, s)
	}
	if got := h.read(install.Program(h.root, s.Trial.Slot)); got != programText(version) {
		h.t.Errorf("in slot %s lies %.60q", s.Trial.Slot, got)
	}
}

// order leaves an order of the page's.
func (h *home) order(o slot.Order) {
	h.t.Helper()
	o.At, o.By = h.now, "page"
	h.must(slot.Send(filepath.Join(h.root, update.OrdersFolder), o))
}

const startOfTrial = "systemctl reset-failed calendarbot.service calendarbot-trial.service\nsystemctl --no-block restart calendarbot.service calendarbot-trial.service\n"
