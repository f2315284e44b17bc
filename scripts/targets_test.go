package scripts

import (
	"os"
	"regexp"
	"testing"
)

// TestDocumentedTargetsExist looks up each "make target" of the documents in the Makefile.
func TestDocumentedTargetsExist(t *testing.T) {
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"../README.md", "../agent/ARCHITECTURE.md", "../image/README.md"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile("(?m)(?:`|^    |, )make ([a-z][a-z0-9-]*)").FindAllSubmatch(text, -1)
		if len(found) == 0 {
			t.Errorf("%s names no target", name)
		}
		for _, target := range found {
			if !regexp.MustCompile("(?m)^" + string(target[1]) + ":").Match(makefile) {
				t.Errorf("%s: there is no target %s", name, target[1])
			}
		}
	}
}
