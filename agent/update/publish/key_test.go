package publish_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"calendarbot/agent/update/publish"
)

// TestNoNewKeysWithoutThePassphraseOfTheOthers: they would lie there in clear, or under something that was mistyped.
func TestNoNewKeysWithoutThePassphraseOfTheOthers(t *testing.T) {
	s := newStage(t, one(), "open sesame")
	right, err := publish.LoadKeys(s.keys, []byte("open sesame"))
	s.must(err)
	r, err := publish.Open(s.repo, right)
	s.must(err)
	s.must(r.Create(now()))
	before := files(t, s.keys)
	for _, passphrase := range []string{"", "open sesam"} {
		keys, err := publish.LoadKeys(s.keys, []byte(passphrase))
		s.must(err)
		r, err := publish.Open(s.repo, keys)
		s.must(err)
		if err := r.Rotate(now(), publish.Timestamp, publish.Share{}, []byte(passphrase)); err == nil || !strings.Contains(err.Error(), "no new keys are made") {
			t.Errorf("with %q: %v", passphrase, err)
		}
	}
	if !equalFiles(before, files(t, s.keys)) {
		t.Error("what was refused left something beside the keys")
	}
	s.must(r.Rotate(now(), publish.Timestamp, publish.Share{}, []byte("open sesame")))
}

// TestOnlyTheNextRootIsSigned: who signs has the one before it in front of them, and nothing in between.
func TestOnlyTheNextRootIsSigned(t *testing.T) {
	s := newStage(t, one(), "")
	r := s.create()
	s.must(r.RenewRoot(now()))
	s.must(r.RenewRoot(now()))
	third := filepath.Join(s.repo, "metadata", "3.root.json")
	s.must(os.WriteFile(filepath.Join(s.keys, "root.json"), s.baked, 0o600))
	keys, err := publish.LoadKeys(s.keys, nil)
	s.must(err)
	for _, name := range []string{third, filepath.Join(s.repo, "metadata", "1.root.json")} {
		if n, err := keys.Sign(name); err == nil || !strings.Contains(err.Error(), "only the one after that is signed here") {
			t.Errorf("%s: %d signatures, %v", filepath.Base(name), n, err)
		}
	}
	if n, err := keys.Sign(filepath.Join(s.repo, "metadata", "2.root.json")); n != 0 || err != nil {
		t.Errorf("the next one, which is signed already: %d, %v", n, err)
	}
}
