package slot

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"
)

// at is a moment some minutes into a day.
func at(minutes int) time.Time {
	return time.Date(2026, 3, 9, 8, minutes, 0, 0, time.UTC)
}

// asked is the request that stands.
func asked(t *testing.T, dir string) *Request {
	t.Helper()
	r, err := Asked(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func ask(t *testing.T, dir string, r Request) {
	t.Helper()
	if err := Ask(dir, r); err != nil {
		t.Fatal(err)
	}
}

func TestRequestsStandUntilTheyAreSettled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "rollback")
	if r := asked(t, dir); r != nil {
		t.Fatalf("nobody asked: %+v", r)
	}
	if err := Settle(dir); err != nil {
		t.Errorf("nothing to settle: %v", err)
	}
	errorsWere := Request{Level: 2, Why: "7 % of the requests failed.", By: "errors", At: at(0)}
	crashed := Request{Level: 3, Why: "It crashed five times.", By: "crash loop", At: at(2)}
	for _, step := range []struct {
		name string
		ask  Request
		want Request
	}{
		{"the first", errorsWere, Request{2, "7 % of the requests failed.", "errors", at(0), 1}},
		{"again, for another reason", Request{Level: 2, Why: "I wish it.", By: "person", At: at(1), Count: 99}, Request{2, "I wish it.", "person", at(1), 2}},
		{"a higher level", crashed, Request{3, "It crashed five times.", "crash loop", at(2), 3}},
		{"a lower level changes nothing", errorsWere, Request{3, "It crashed five times.", "crash loop", at(2), 3}},
		{"the same level", Request{Level: 3, Why: "It hung.", By: "watchdog", At: at(4)}, Request{3, "It hung.", "watchdog", at(4), 4}},
	} {
		ask(t, dir, step.ask)
		if got := asked(t, dir); got == nil || !reflect.DeepEqual(*got, step.want) {
			t.Errorf("%s: got %+v, want %+v", step.name, got, step.want)
		}
	}
	for range 2 {
		if err := Settle(dir); err != nil {
			t.Error(err)
		}
		if r := asked(t, dir); r != nil {
			t.Errorf("settled: %+v", r)
		}
	}
	ask(t, dir, errorsWere)
	if got := asked(t, dir); got.Count != 1 {
		t.Errorf("after it was settled it counts on: %+v", got)
	}
}

func TestRequestsAreRefused(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		r    Request
		want string
	}{
		{Request{Level: 1, At: at(0)}, "there is no level 1; allowed are 2 and 3"},
		{Request{Level: 4, At: at(0)}, "there is no level 4"},
		{Request{Level: 2}, "not said when"},
		{Request{Level: 2, At: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)}, "year outside of range"},
	} {
		if err := Ask(dir, c.r); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c.r, err)
		}
	}
	if r := asked(t, dir); r != nil {
		t.Errorf("kept: %+v", r)
	}
}

func TestRequestsAreBounded(t *testing.T) {
	dir := t.TempDir()
	for _, long := range []string{strings.Repeat("\u2028", 5000), strings.Repeat("\xff", 5000), strings.Repeat("\x01", 5000) + "x", strings.Repeat("😀<", 5000)} {
		ask(t, dir, Request{Level: 2, Why: long, By: long, At: at(0)})
		info, err := os.Stat(filepath.Join(dir, requestFile))
		if err != nil {
			t.Fatal(err)
		}
		got := asked(t, dir)
		if info.Size() > mostBytes || utf8.RuneCountInString(got.Why) > mostWhy || utf8.RuneCountInString(got.By) > mostBy {
			t.Errorf("%d bytes, %d and %d runes", info.Size(), utf8.RuneCountInString(got.Why), utf8.RuneCountInString(got.By))
		}
		if strings.ContainsFunc(got.Why, func(r rune) bool { return r < ' ' }) || !utf8.ValidString(got.Why) {
			t.Errorf("not one line of text: %q", got.Why)
		}
	}
	keep(t, dir, requestFile, `{"level":2,"why":"w","by":"b","at":"2026-03-09T08:00:00Z","count":1000000}`)
	ask(t, dir, Request{Level: 2, At: at(0)})
	if got := asked(t, dir); got.Count != mostCount {
		t.Errorf("counted to %d", got.Count)
	}
}

// keep puts a text into a file of the folder.
func keep(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestBrokenRequestsAreNamedAndGiveWay(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "not a request"},
		{"cut off", `{"level":2,"why":"w`, "not a request"},
		{"another thing", `[1]`, "not a request"},
		{"two of them", `{"level":2,"at":"2026-03-09T08:00:00Z","count":1}{}`, "not a request"},
		{"no level", `{"at":"2026-03-09T08:00:00Z","count":1}`, "level 0"},
		{"no count", `{"level":2,"at":"2026-03-09T08:00:00Z"}`, "0 times"},
		{"too many", `{"level":2,"at":"2026-03-09T08:00:00Z","count":1000001}`, "1000001 times"},
		{"no time", `{"level":2,"count":1}`, "when"},
		{"too long", `{"level":2,"count":1,"at":"2026-03-09T08:00:00Z","why":"` + strings.Repeat("x", mostBytes) + `"}`, "longer than allowed: 4096 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			keep(t, dir, requestFile, c.text)
			if r, err := Asked(dir); r != nil || err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), requestFile) {
				t.Errorf("%+v, %v", r, err)
			}
			ask(t, dir, Request{Level: 2, Why: "w", By: "b", At: at(0)})
			if got := asked(t, dir); got == nil || got.Count != 1 {
				t.Errorf("%+v", got)
			}
			keep(t, dir, requestFile, c.text)
			if err := Settle(dir); err != nil {
				t.Error(err)
			}
			if r := asked(t, dir); r != nil {
				t.Errorf("settled: %+v", r)
			}
		})
	}
}

// TestRequestsOfNewerProgramsAreUnderstood, as after going back to an older one.
func TestRequestsOfNewerProgramsAreUnderstood(t *testing.T) {
	dir := t.TempDir()
	keep(t, dir, requestFile, `{"level":3,"why":"w","by":"somebody new","at":"2026-03-09T08:00:00Z","count":2,"more":{"a":1}}`)
	if got := asked(t, dir); got == nil || got.Level != 3 || got.Count != 2 || got.By != "somebody new" {
		t.Errorf("%+v", got)
	}
}

// TestCrashWhileAskingLeavesTheOldRequest puts the folder into each state that a crash can leave: whatever was written beside, in part
// or whole, the old request stands until the rename, and the next one is asked for as if nothing had been.
func TestCrashWhileAskingLeavesTheOldRequest(t *testing.T) {
	whole := `{"level":3,"why":"newer","by":"watchdog","at":"2026-03-09T09:00:00Z","count":2}` + "\n"
	for cut := 0; cut <= len(whole); cut += 7 {
		dir := t.TempDir()
		ask(t, dir, Request{Level: 2, Why: "older", By: "errors", At: at(0)})
		keep(t, dir, newFile, whole[:cut])
		if got := asked(t, dir); got == nil || got.Why != "older" {
			t.Fatalf("%d bytes written: %+v", cut, got)
		}
		ask(t, dir, Request{Level: 2, Why: "next", By: "errors", At: at(1)})
		if got := asked(t, dir); got == nil || got.Why != "next" || got.Count != 2 {
			t.Fatalf("%d bytes written: %+v", cut, got)
		}
		if _, err := os.Stat(filepath.Join(dir, newFile)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%d bytes written: what was left is still there: %v", cut, err)
		}
	}
}

// TestRequestsAtTheSameTimeAreAllCounted, and a reader never sees half of one.
func TestRequestsAtTheSameTimeAreAllCounted(t *testing.T) {
	dir := t.TempDir()
	ask(t, dir, Request{Level: 2, Why: "first", By: "person", At: at(0)})
	const askers, each = 4, 10
	var group sync.WaitGroup
	for i := range askers {
		group.Go(func() {
			for range each {
				if err := Ask(dir, Request{Level: 2, Why: strings.Repeat(strconv.Itoa(i), 300), By: "person", At: at(i)}); err != nil {
					t.Error(err)
				}
			}
		})
		group.Go(func() {
			for range each {
				if r, err := Asked(dir); err != nil || r == nil {
					t.Errorf("%+v, %v", r, err)
				}
			}
		})
	}
	group.Wait()
	if got := asked(t, dir); got.Count != askers*each+1 {
		t.Errorf("%d of %d were counted", got.Count, askers*each+1)
	}
}

// TestFoldersThatCannotBeUsedAreNamed: something else stands where the folder, or the file, is to be.
func TestFoldersThatCannotBeUsedAreNamed(t *testing.T) {
	some := Request{Level: 2, Why: "w", By: "b", At: at(0)}
	for _, c := range []struct {
		name string
		lay  func(t *testing.T, dir string) string // returns the folder to use
	}{
		{"a file for the folder", func(t *testing.T, dir string) string {
			keep(t, dir, "rollback", "")
			return filepath.Join(dir, "rollback")
		}},
		{"a file above the folder", func(t *testing.T, dir string) string {
			keep(t, dir, "state", "")
			return filepath.Join(dir, "state", "rollback")
		}},
		{"a pipe for the folder", func(t *testing.T, dir string) string {
			if err := syscall.Mkfifo(filepath.Join(dir, "rollback"), 0o600); err != nil {
				t.Fatal(err)
			}
			return filepath.Join(dir, "rollback")
		}},
		{"a link to nothing for the folder", func(t *testing.T, dir string) string {
			if err := os.Symlink(filepath.Join(dir, "gone", "away"), filepath.Join(dir, "rollback")); err != nil {
				t.Fatal(err)
			}
			return filepath.Join(dir, "rollback")
		}},
		{"a folder for the file", func(t *testing.T, dir string) string {
			full(t, filepath.Join(dir, requestFile))
			return dir
		}},
		{"a folder for the new file", func(t *testing.T, dir string) string {
			full(t, filepath.Join(dir, newFile))
			return dir
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			top := t.TempDir()
			dir := c.lay(t, top)
			err := Ask(dir, some)
			if err == nil || !strings.Contains(err.Error(), top) || !strings.HasPrefix(err.Error(), "ask to go back: ") {
				t.Errorf("asked: %v", err)
			}
			if r, err := Asked(dir); r != nil {
				t.Errorf("%+v, %v", r, err)
			}
			err = Settle(dir)
			if stays := strings.Contains(c.name, "above"); stays != (err != nil) || err != nil && !strings.HasPrefix(err.Error(), "take the request to go back away: ") {
				t.Errorf("settled: %v", err)
			}
			if _, err := os.Lstat(filepath.Join(dir, requestFile)); err == nil {
				t.Error("what stood there is still there")
			}
		})
	}
}

// full makes a folder with something in it, which neither a rename nor a removal takes away.
func full(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, "more"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// FuzzRequest: whatever the file holds, it is refused, or is a request within the bounds that Ask would keep as it is.
func FuzzRequest(f *testing.F) {
	f.Add([]byte(`{"level":2,"why":"7 % failed.","by":"errors","at":"2026-03-09T08:00:00Z","count":1}`))
	f.Add([]byte(`{"level":3,"why":"\u0000\ud800\n","by":"` + strings.Repeat("x", 99) + `","at":"2026-03-09T08:00:00+01:30","count":1000000}`))
	f.Add([]byte(`{"level":1}`))
	f.Add([]byte("null"))
	f.Add(bytes.Repeat([]byte("["), 5000))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := parse(text)
		if err != nil {
			if r != nil {
				t.Error("refused, and returned")
			}
			return
		}
		if r.Level != 2 && r.Level != 3 || r.Count < 1 || r.Count > mostCount || r.At.IsZero() {
			t.Errorf("out of bounds: %+v", r)
		}
		if line(r.Why, mostWhy) != r.Why || line(r.By, mostBy) != r.By {
			t.Errorf("not as it is kept: %+v", r)
		}
	})
}

// TestNoFolderIsMadeForAState: a folder that is not there is a mistake in its name, and nobody would look there.
func TestNoFolderIsMadeForAState(t *testing.T) {
	state := filepath.Join(t.TempDir(), "nowhere")
	if err := Ask(filepath.Join(state, "rollback"), Request{Level: 2, Why: "I wish it.", At: at(0)}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the error is %v", err)
	}
	if _, err := os.Stat(state); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is there: %v", err)
	}
}

func TestRequestsSayWhereTo(t *testing.T) {
	for want, r := range map[string]Request{
		"To the other configuration (level 2). The page is wrong.":                {Level: 2, Why: "the page is wrong"},
		"To the other program, then the other system (level 3). Über 5 % failed.": {Level: 3, Why: "über 5 % failed."},
		"To the other configuration (level 2).":                                   {Level: 2},
	} {
		if got := r.Words(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestNobodyIsWaitedForForEver: the folders belong to a program that may hold their locks, and put what it likes in them.
func TestNobodyIsWaitedForForEver(t *testing.T) {
	dir := t.TempDir()
	folder, err := os.Open(dir)
	if err == nil {
		err = syscall.Flock(int(folder.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		t.Fatal(err)
	}
	keep(t, dir, newFile, "left by a crash")
	done := make(chan error, 2)
	go func() { done <- Ask(dir, Request{Level: 3, Why: "w", By: "b", At: at(0)}) }()
	go func() { done <- Send(dir, Order{Do: "back", Kind: Agent, At: at(0)}) }()
	for range cap(done) {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if asked(t, dir) == nil {
		t.Error("it is not asked for")
	}
	if name, o, err := Next(dir); name == "" || o.Do != "back" || err != nil {
		t.Errorf("%q, %+v, %v", name, o, err)
	}
	if err := Settle(dir); err != nil || asked(t, dir) != nil {
		t.Errorf("it is not settled: %v", err)
	}
	if err := folder.Close(); err != nil {
		t.Fatal(err)
	}

	if err := syscall.Mkfifo(filepath.Join(dir, requestFile), 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := Asked(dir); r != nil || err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a pipe: %+v, %v", r, err)
	}
}
