package preseed

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"calendarbot/agent/durable"
)

// recordFile is what is remembered of the card, on the partition that outlives both systems. Only root reads it.
const recordFile = "data/config/firstboot.json"

// record is what was taken over.
type record struct {
	Files map[string]taken `json:"files"`
	PIN   string           `json:"pin,omitempty"` // that the device made itself
}

// taken is a file that was taken over: as it was read, as it is left on the card, which of its sections count, and what is told of it for as
// long as it is there.
type taken struct {
	Read     string    `json:"read"` // SHA-256 of its bytes
	Left     string    `json:"left"`
	Sections []string  `json:"sections"`
	Mistakes []Mistake `json:"mistakes,omitempty"` // for calendarbot-errors.txt
	Notes    []string  `json:"notes,omitempty"`    // for calendarbot-device.txt
}

// changed tells whether a file is neither as it was read nor as it was left.
func (r record) changed(f cardFile) bool {
	seen, now := r.Files[f.name], sum(f.data)
	return now != seen.Left && now != seen.Read
}

func sum(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}

// readRecord returns the record; one that is not there or cannot be understood is empty, and everything is read again, which does no harm.
func readRecord(root string) (record, error) {
	r := record{Files: map[string]taken{}}
	data, err := durable.Read(filepath.Join(root, recordFile), maxOwn)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil {
		return record{Files: map[string]taken{}}, fmt.Errorf("read what was taken over before: %w", err)
	}
	if r.Files == nil {
		r.Files = map[string]taken{}
	}
	return r, nil
}

func (r record) text() ([]byte, error) {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write down what was taken over: %w", err)
	}
	return append(data, '\n'), nil
}
