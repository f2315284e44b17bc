package main

import (
	"errors"
	"math/rand/v2"
	"os"
	"testing"
)

// TestPowerCuts is the part of "make test-powercut" that every change has to pass.
func TestPowerCuts(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds two programs")
	}
	folder, done, err := workFolder(memory())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := done(); err != nil {
			t.Error(err)
		}
	})
	tools, err := newTools(t.Context(), "../..", folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tools.close)
	t.Run("what is lost is found", func(t *testing.T) { findsWhatIsLost(t, tools) })
	t.Run("each durable step of an agent update", func(t *testing.T) {
		f, err := everyStep(t.Context(), tools, works()[0], folder)
		if err != nil {
			t.Fatal(err)
		}
		if f.Cuts < 40 || f.Former == 0 || f.New == 0 || f.Resumed == 0 {
			t.Errorf("too little was cut: %+v", f)
		}
		t.Logf("%+v", f)
	})
	t.Run("random moments on a file system", func(t *testing.T) {
		b, err := newBench(t.Context(), tools, folder)
		if errors.Is(err, errNoDisk) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		var sum figures
		seed := rand.Uint64() >> 16
		for i := range uint64(20) {
			f, what, err := b.cut(t.Context(), seed+i)
			if err != nil {
				t.Errorf("seed %d, %s: %v", seed+i, what, err)
			}
			sum.add(f)
		}
		t.Logf("from seed %d on: %+v", seed, sum)
	})
}

// findsWhatIsLost has what looks for what is lost find it.
func findsWhatIsLost(t *testing.T, tools *tools) {
	for name, spoil := range map[string]func(d device) error{
		"the program of the system": func(d device) error { return os.Truncate(d.root+"/usr/bin/calendarbot", 1000) },
		"the network":               func(d device) error { return os.Remove(d.root + "/" + personsWiFi) },
		"the settings":              func(d device) error { return os.WriteFile(d.root+"/"+personsFile, nil, 0o644) },
		"the state of the slots":    func(d device) error { return os.WriteFile(d.root+"/data/slots/agent.json", []byte("{"), 0o644) },
		"the state of updates": func(d device) error {
			return errors.Join(os.MkdirAll(d.root+"/data/update", 0o755), os.WriteFile(d.root+"/data/update/status.json", []byte("half"), 0o644))
		},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := newDevice(t.Context(), tools, t.TempDir()+"/device")
			if err != nil {
				t.Fatal(err)
			}
			if version, err := d.check(t.Context()); err != nil || version != baked {
				t.Fatalf("the device as it comes: %s, %v", version, err)
			}
			if err := spoil(d); err != nil {
				t.Fatal(err)
			}
			if _, err := d.check(t.Context()); err == nil {
				t.Error("it is not missed")
			}
		})
	}
}
