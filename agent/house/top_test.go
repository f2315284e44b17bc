package house

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestTopLevelIsTheHouse allows at the top what belongs there: the rooms, what builds and describes them, and what
// git ignores.
func TestTopLevelIsTheHouse(t *testing.T) {
	allowed := strings.Fields("agent image overlay systemd scripts hwtest .goreleaser.yaml go.mod go.sum Makefile README.md .ci LICENSE .git .gitignore bin dist build")
	entries, err := os.ReadDir("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.Contains(allowed, e.Name()) {
			t.Errorf("%s does not belong at the top; allowed are %s", e.Name(), strings.Join(allowed, ", "))
		}
	}
}
