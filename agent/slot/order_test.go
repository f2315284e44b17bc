package slot

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// next takes the order that waits longest; "" for none.
func next(t *testing.T, dir string) string {
	t.Helper()
	name, o, err := Next(dir)
	if err != nil {
		t.Fatal(err)
	}
	if name == "" {
		return ""
	}
	if err := Done(dir, name); err != nil {
		t.Fatal(err)
	}
	return o.Version
}

func TestOrdersAreCarriedOutInTheirOrder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "orders")
	if got := next(t, dir); got != "" {
		t.Errorf("nobody asked: %s", got)
	}
	for i := range 12 {
		if err := Send(dir, Order{Do: "try", Kind: Agent, Version: strconv.Itoa(i), At: at(12 - i)}); err != nil {
			t.Fatal(err)
		}
		if i == 2 && next(t, dir) != "0" {
			t.Error("the first is to be first")
		}
	}
	for i := 1; i < 12; i++ {
		if got := next(t, dir); got != strconv.Itoa(i) {
			t.Errorf("%s, want %d", got, i)
		}
	}
	if got := next(t, dir); got != "" {
		t.Errorf("too many: %s", got)
	}
	want := Order{Do: "stage", Kind: Config, Version: "1.0", Set: map[string]string{"a": "1", "b.c": "2\n"}, Why: "one line", By: "person", At: at(1)}
	sent := want
	sent.Why = "one\nline"
	if err := Send(dir, sent); err != nil {
		t.Fatal(err)
	}
	if _, o, err := Next(dir); err != nil || !reflect.DeepEqual(o, want) {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestOrdersAreBounded(t *testing.T) {
	dir := t.TempDir()
	one, many := map[string]string{"web.port": "80"}, map[string]string{}
	for i := range MostSettings + 1 {
		many["key"+strconv.Itoa(i)] = ""
	}
	for _, c := range []struct {
		o    Order
		want string
	}{
		{Order{At: at(0)}, "what is to be done"},
		{Order{Do: "try"}, "when that was wished"},
		{Order{Do: "stage", Text: strings.Repeat("x", MostOrder), At: at(0)}, "allowed are 262144"},
		{Order{Do: "stage", Kind: Config, Set: many, At: at(0)}, "129 settings; allowed are 128"},
		{Order{Do: "try", Kind: Config, Set: one, At: at(0)}, "where a configuration is staged"},
		{Order{Do: "stage", Kind: Agent, Set: one, At: at(0)}, "where a configuration is staged"},
		{Order{Do: "stage", Kind: Config, Text: "web: {}\n", Set: one, At: at(0)}, "not beside a whole file"},
	} {
		if err := Send(dir, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	for range MostOrders {
		if err := Send(dir, Order{Do: "back", At: at(0)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := Send(dir, Order{Do: "back", At: at(0)}); err == nil || !strings.Contains(err.Error(), "16 orders wait already") {
		t.Errorf("%v", err)
	}
}

// TestFilesThatAreNoOrders are passed over or named, whoever put them there, and nothing can keep the reader waiting.
func TestFilesThatAreNoOrders(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"000000001.json.new", "1.json", "x.json", "-00000001.json", "000000001", "+00000001.json", "1000000000.json", "-000000000.json"} {
		keep(t, dir, name, `{"do":"back"}`)
	}
	if got := next(t, dir); got != "" {
		t.Errorf("%s", got)
	}
	for name, lay := range map[string]func(at string) error{
		"another text": func(at string) error { return os.WriteFile(at, []byte("{"), 0o644) },
		"no word":      func(at string) error { return os.WriteFile(at, []byte(`{"do":""}`), 0o644) },
		"a long word":  func(at string) error { return os.WriteFile(at, []byte(`{"do":"`+strings.Repeat("x", 21)+`"}`), 0o644) },
		"too long":     func(at string) error { return os.WriteFile(at, make([]byte, MostOrder+1), 0o644) },
		"a link":       func(at string) error { return os.Symlink("/etc/passwd", at) },
		"a pipe":       func(at string) error { return syscall.Mkfifo(at, 0o644) },
		"a folder":     func(at string) error { return os.Mkdir(at, 0o755) },
		"a full one":   func(at string) error { return os.MkdirAll(filepath.Join(at, "more"), 0o755) },
	} {
		at := filepath.Join(dir, "000000007.json")
		if err := lay(at); err != nil {
			t.Fatal(err)
		}
		got, _, err := Next(dir)
		if got != "000000007.json" || err == nil || !strings.Contains(err.Error(), at) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if err := Done(dir, got); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := Done(dir, "../000000001.json"); err == nil || !strings.Contains(err.Error(), "is the name of none") {
		t.Errorf("%v", err)
	}
	keep(t, dir, "file", "")
	if err := Send(filepath.Join(dir, "file"), Order{Do: "back", At: at(0)}); err == nil || !strings.Contains(err.Error(), "send an order: ") {
		t.Errorf("%v", err)
	}
	if _, _, err := Next(filepath.Join(dir, "file")); err == nil {
		t.Error("a file has no orders")
	}
}

// TestEveryNameThatTheUnitsWaitFor is taken: one that was not would have them start again and again.
func TestEveryNameThatTheUnitsWaitFor(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"000000000.json", "999999999.json"} {
		keep(t, dir, name, `{"do":"back","version":"1"}`)
		if name == "999999999.json" {
			if err := Send(dir, Order{Do: "back", At: at(0)}); err == nil || !strings.Contains(err.Error(), "the last number is taken") {
				t.Errorf("%v", err)
			}
		}
		if got := next(t, dir); got != "1" {
			t.Errorf("%s: %q", name, got)
		}
	}
	if err := Send(dir, Order{Do: "back", At: at(0)}); err != nil {
		t.Error(err)
	}
	if name, _, err := Next(dir); name != "000000001.json" || err != nil {
		t.Errorf("%s, %v", name, err)
	}
}

// TestFullFoldersAreReadInPart, whoever filled them.
func TestFullFoldersAreReadInPart(t *testing.T) {
	dir := t.TempDir()
	for i := range mostNames + 1 {
		keep(t, dir, "file"+strconv.Itoa(i), "")
	}
	const want = "holds more than 1000 files"
	if name, _, err := Next(dir); name != "" || err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%q, %v", name, err)
	}
	if err := Send(dir, Order{Do: "back", At: at(0)}); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v", err)
	}
	dir = t.TempDir()
	for i := range mostNames + 1 {
		keep(t, dir, fmt.Sprintf("%09d.json", i), `{"do":"back","version":"1"}`)
	}
	if got := next(t, dir); got != "1" {
		t.Errorf("%q", got)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(t.TempDir(), dir); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Next(dir); err == nil {
		t.Error("it is led elsewhere")
	}
}

// TestFoldersThatStay are in the way of no order: this one is too deep for who may open few files.
func TestFoldersThatStay(t *testing.T) {
	dir := t.TempDir()
	if err := Send(dir, Order{Do: "back", Version: "1", At: at(0)}); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "000000000.json", strings.Repeat("d/", 300)), 0o755); err != nil {
		t.Fatal(err)
	}
	var all syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &all); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 100, Max: all.Max}); err != nil {
		t.Fatal(err)
	}
	err := Done(dir, "000000000.json")
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &all); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(err, syscall.EMFILE) {
		t.Errorf("it is no test: %v", err)
	}
	if got := next(t, dir); got != "1" {
		t.Errorf("%q", got)
	}
	if err := Done(dir, "000000001.json"); err != nil {
		t.Errorf("what is gone already: %v", err)
	}
}

func TestOrdersAtTheSameTimeAreAllKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "orders")
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			for j := range MostOrders / 4 {
				if err := Send(dir, Order{Do: "try", Version: strconv.Itoa(4*i + j), At: at(0)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	seen := map[string]bool{}
	for v := next(t, dir); v != ""; v = next(t, dir) {
		seen[v] = true
	}
	if len(seen) != MostOrders {
		t.Errorf("%d of %d", len(seen), MostOrders)
	}
}
