package repository_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/slot"
	"calendarbot/agent/update"
	"calendarbot/agent/update/install"
	"calendarbot/agent/update/patch"
	"calendarbot/agent/update/publish"
	"calendarbot/agent/update/repository"

	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// sent answers with a text, as the part of a whole that begins with a byte.
func sent(status int, ranges, text string) http.HandlerFunc {
	return func(out http.ResponseWriter, _ *http.Request) {
		if ranges != "" {
			out.Header().Set("Content-Range", ranges)
		}
		out.WriteHeader(status)
		if _, err := out.Write([]byte(text)); err != nil {
			return
		}
	}
}

// A file that was begun before is resumed, and whoever answers then can do no more than whoever answers at once.
func TestTargetsThatAreNotWhatWasSignedAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		begun  bool
		answer func(size int64) http.HandlerFunc
		code   repository.Code
		words  string
	}{
		"endless":             {false, func(int64) http.HandlerFunc { return endless }, repository.WrongLength, "longer than the"},
		"endless, resumed":    {true, func(int64) http.HandlerFunc { return endless }, repository.WrongLength, "longer than the"},
		"longer":              {false, func(n int64) http.HandlerFunc { return sent(200, "", strings.Repeat("x", int(n)+1)) }, repository.WrongLength, "signed are"},
		"shorter":             {false, func(n int64) http.HandlerFunc { return sent(200, "", strings.Repeat("x", int(n)-1)) }, repository.WrongLength, "signed are"},
		"wrong":               {false, func(n int64) http.HandlerFunc { return sent(200, "", strings.Repeat("x", int(n))) }, repository.WrongHash, "not the one that was signed"},
		"wrong, resumed":      {true, func(n int64) http.HandlerFunc { return sent(200, "", strings.Repeat("x", int(n))) }, repository.WrongHash, "not the one that was signed"},
		"nothing":             {false, func(int64) http.HandlerFunc { return sent(200, "", "") }, repository.WrongLength, "signed are"},
		"gone":                {false, func(int64) http.HandlerFunc { return http.NotFound }, repository.Missing, "lacks the file"},
		"a page that says no": {false, func(int64) http.HandlerFunc { return sent(503, "", "no") }, repository.Unreachable, "answers 503"},
		"a part unasked for":  {false, func(n int64) http.HandlerFunc { return sent(206, fmt.Sprintf("bytes 0-%d/%d", n-1, n), "x") }, repository.Broken, "another part"},
		"another part": {true, func(n int64) http.HandlerFunc {
			return sent(206, fmt.Sprintf("bytes 3-%d/%d", n-1, n), strings.Repeat("x", int(n)-3))
		}, repository.Broken, "another part"},
		"a part in the middle": {true, func(n int64) http.HandlerFunc {
			return sent(206, fmt.Sprintf("bytes 20-30/%d", n), strings.Repeat("x", 11))
		}, repository.Broken, "another part"},
		"a part of a larger file": {true, func(int64) http.HandlerFunc { return sent(206, "bytes 20-9999999999/10000000000", "x") }, repository.WrongLength, "signed are"},
		"a part of nonsense":      {true, func(int64) http.HandlerFunc { return sent(206, "bytes -5--1/-9", "x") }, repository.Broken, "another part"},
		"a part without words":    {true, func(int64) http.HandlerFunc { return sent(206, "", "x") }, repository.Broken, "another part"},
		"a wrong rest": {true, func(n int64) http.HandlerFunc {
			return func(out http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Range") == "" {
					sent(200, "", strings.Repeat("x", int(n)))(out, r)
					return
				}
				sent(206, fmt.Sprintf("bytes 20-%d/%d", n-1, n), strings.Repeat("x", int(n)-20))(out, r)
			}
		}, repository.WrongHash, "not the one that was signed"},
		"more than the part": {true, func(n int64) http.HandlerFunc {
			return func(out http.ResponseWriter, r *http.Request) {
				out.Header().Set("Content-Range", fmt.Sprintf("bytes 20-%d/%d", n-1, n))
				out.WriteHeader(206)
				endless(out, r)
			}
		}, repository.WrongLength, "longer than the"},
		"packed": {false, func(int64) http.HandlerFunc {
			return func(out http.ResponseWriter, r *http.Request) {
				out.Header().Set("Content-Encoding", "zstd")
				endless(out, r)
			}
		}, repository.Broken, "nobody asked for"},
		"in circles": {true, func(int64) http.HandlerFunc {
			return func(out http.ResponseWriter, r *http.Request) { http.Redirect(out, r, r.URL.Path, http.StatusFound) }
		}, repository.TooMany, "from one address to the next"},
		"slow": {true, func(int64) http.HandlerFunc { return silent }, repository.TooSlow, "too slow"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			o := offer(t, w.reads("1.1.0"), "1.1.0")
			whole := w.read(filepath.Join(w.public, "targets", "agent", o.SHA256+"."+filepath.Base(o.Name)))
			if name == "slow" {
				w.limits.Patience, w.limits.Slowest = time.Second, 1<<20
			}
			part := filepath.Join(w.folder, "part", o.SHA256)
			if c.begun {
				w.must(os.MkdirAll(filepath.Dir(part), 0o700))
				w.must(os.WriteFile(part, whole[:20], 0o600))
			}
			before := tree(t, filepath.Join(w.folder, "metadata"))
			w.answer("/targets/agent/", c.answer(o.Length))
			r, err := w.device()
			w.must(err)
			_, err = r.Fetch(t.Context(), o, nil)
			refusedWith(t, err, c.code, c.words)
			if tree(t, filepath.Join(w.folder, "metadata")) != before {
				t.Error("what is trusted was changed")
			}
			if text, err := os.ReadFile(part); err == nil && int64(len(text)) > o.Length+1 {
				t.Errorf("%d bytes were kept of %d", len(text), o.Length)
			}
			// The attacker is gone.
			w.between, w.limits.Patience = nil, time.Minute
			path, err := w.reads("1.1.0").Fetch(t.Context(), o, nil)
			w.must(err)
			if string(w.read(path)) != string(whole) {
				t.Error("the file is not the one that was published")
			}
		})
	}
}

// target changes what is said of the whole program of 1.1.0 (or its patch), by the keys of the publisher.
func (w *world) target(part string, change func(m *metadata.TargetFiles, c *update.Custom)) {
	w.t.Helper()
	w.forge(forgery{from: publish.Targets, targets: func(m *metadata.TargetsType) {
		for name, target := range m.Targets {
			if !strings.Contains(name, part) {
				continue
			}
			var c update.Custom
			w.must(json.Unmarshal(*target.Custom, &c))
			change(target, &c)
			text, err := json.Marshal(c)
			w.must(err)
			raw := json.RawMessage(text)
			target.Custom = &raw
		}
	}})
}

// put replaces the file of a target, and says so in the list.
func (w *world) put(part string, text []byte, change func(c *update.Custom)) {
	w.t.Helper()
	w.forge(forgery{from: publish.Targets, targets: func(m *metadata.TargetsType) {
		for name, target := range m.Targets {
			if !strings.Contains(name, part) {
				continue
			}
			info := described(1, text)
			target.Length, target.Hashes = info.Length, info.Hashes
			file := filepath.Join(w.public, "targets", filepath.Dir(name), target.Hashes["sha256"].String()+"."+filepath.Base(name))
			w.must(os.WriteFile(file, text, 0o644))
			var c update.Custom
			w.must(json.Unmarshal(*target.Custom, &c))
			change(&c)
			custom, err := json.Marshal(c)
			w.must(err)
			raw := json.RawMessage(custom)
			target.Custom = &raw
		}
	}})
}

// installs has the device install 1.1.0 over 1.0.0, and returns its root.
func (w *world) installs(patched bool) (string, error) {
	w.t.Helper()
	root := w.t.TempDir()
	baked := install.Program(root, slot.Baked)
	w.must(os.MkdirAll(filepath.Dir(baked), 0o755))
	w.must(os.WriteFile(baked, w.program("1.0.0"), 0o755))
	tools := w.t.TempDir()
	w.must(os.WriteFile(filepath.Join(tools, "systemctl"), []byte("#!/bin/sh\n"), 0o755))
	w.t.Setenv("PATH", tools+":"+os.Getenv("PATH"))
	r, err := w.device()
	w.must(err)
	var fromOld *update.Offer
	for _, o := range r.Offers {
		if patched && o.Patch() && o.Version == "1.1.0" {
			fromOld = &o
		}
	}
	if patched && fromOld == nil {
		w.t.Fatalf("there is no patch in %v, %v", r.Offers, r.Skipped)
	}
	d := install.Device{Root: root, Repository: r, Limits: w.limits, By: "test", Now: func() time.Time { return w.now }, Told: func(update.Progress) {}}
	return root, d.Agent(w.t.Context(), offer(w.t, r, "1.1.0"), fromOld)
}

func (w *world) program(version string) []byte {
	return []byte("#!/bin/sh\necho calendarbot " + version + "\n# " + strings.Repeat(version, 1000) + "\n")
}

// Even what is signed does no more than what is said of it.
func TestSignedProgramsThatAreNotWhatIsSaidOfThemAreNotRun(t *testing.T) {
	pack := func(w *world, text []byte) []byte {
		packed, err := patch.Pack(text)
		w.must(err)
		return packed
	}
	const whole, fromOld = "calendarbot-1.1.0-arm64.zst", "calendarbot-1.1.0-arm64.from-"
	for name, c := range map[string]struct {
		attack  func(w *world)
		patched bool
		wanted  bool // the whole program is right, and is installed
	}{
		"a bomb": {attack: func(w *world) { w.put(whole, pack(w, make([]byte, 100<<20)), func(*update.Custom) {}) }},
		"a bomb of the length that was said": {attack: func(w *world) {
			w.put(whole, pack(w, make([]byte, 8<<20)), func(c *update.Custom) { c.Content.Size = 8 << 20 })
		}},
		"no zstd":       {attack: func(w *world) { w.put(whole, []byte("no zstd"), func(*update.Custom) {}) }},
		"half":          {attack: func(w *world) { w.put(whole, pack(w, w.program("1.1.0"))[:40], func(*update.Custom) {}) }},
		"a shorter one": {attack: func(w *world) { w.put(whole, pack(w, w.program("1.1.0")[:50]), func(*update.Custom) {}) }},
		"another one":   {attack: func(w *world) { w.put(whole, pack(w, w.program("6.6.6")), func(*update.Custom) {}) }},
		"a size of none": {attack: func(w *world) {
			w.target(whole, func(_ *metadata.TargetFiles, c *update.Custom) { c.Content.Size = 1 })
		}},
		"no patch":         {patched: true, wanted: true, attack: func(w *world) { w.put(fromOld, pack(w, []byte("no patch")), func(*update.Custom) {}) }},
		"a patch of bombs": {patched: true, wanted: true, attack: func(w *world) { w.put(fromOld, pack(w, make([]byte, 100<<20)), func(*update.Custom) {}) }},
		"a patch that makes another program": {patched: true, wanted: true, attack: func(w *world) {
			made, err := patch.Make(w.program("1.0.0"), w.program("6.6.6"))
			w.must(err)
			w.put(fromOld, made, func(*update.Custom) {})
		}},
		"a patch of another program": {patched: true, wanted: true, attack: func(w *world) {
			made, err := patch.Make(w.program("0.9.0"), w.program("1.1.0"))
			w.must(err)
			w.put(fromOld, made, func(*update.Custom) {})
		}},
		"both wrong": {patched: true, attack: func(w *world) {
			w.put(fromOld, []byte("no patch"), func(*update.Custom) {})
			w.put(whole, pack(w, w.program("6.6.6")), func(*update.Custom) {})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1)
			c.attack(w)
			root, err := w.installs(c.patched)
			state, failed := slot.Folder(filepath.Join(root, install.SlotsFolder)).Read(slot.Agent)
			w.must(failed)
			sum, _, _ := install.Digest(install.Program(root, state.Runs()))
			if c.wanted {
				w.must(err)
				if right, _, _ := install.Digest(w.file("1.1.0")); sum != right {
					t.Error("what runs is not what was published")
				}
				return
			}
			if err == nil || !strings.HasSuffix(err.Error(), ".") && !strings.Contains(err.Error(), "unpack") {
				t.Errorf("refused: %v", err)
			}
			if right, _, _ := install.Digest(install.Program(root, slot.Baked)); sum != right || state.Trial != nil || state.Active != slot.Baked {
				t.Errorf("something else runs: %+v", state)
			}
			left, err := filepath.Glob(filepath.Join(root, install.AgentFolder, "*", "*"))
			w.must(err)
			for _, name := range left {
				info, err := os.Stat(name)
				w.must(err)
				t.Errorf("%s with %d bytes is left", name, info.Size())
			}
		})
	}
}

// file is a program of a version.
func (w *world) file(version string) string {
	name := filepath.Join(w.t.TempDir(), "calendarbot")
	w.must(os.WriteFile(name, w.program(version), 0o755))
	return name
}
