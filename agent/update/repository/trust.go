package repository

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"calendarbot/agent/durable"

	"github.com/theupdateframework/go-tuf/v2/metadata"
	"github.com/theupdateframework/go-tuf/v2/metadata/trustedmetadata"
)

// kept is the folder of the metadata that was verified last.
type kept string

func keptIn(folder string) kept { return kept(filepath.Join(folder, "metadata")) }

// read returns what is kept of a role; nil where that is nothing that could be of use: then it is fetched anew, as on a new device.
func (k kept) read(role string, most int64) []byte {
	file, err := os.Open(filepath.Join(string(k), role+".json"))
	if err != nil {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(file, most+1))
	if err := errors.Join(err, file.Close()); err != nil || int64(len(text)) > most {
		return nil
	}
	return text
}

// writeRoot keeps the newest keys.
func (k kept) writeRoot(text []byte) error {
	if err := durable.MakeFolder(string(k), 0o755); err != nil {
		return err
	}
	return durable.Write(filepath.Join(string(k), "root.json"), text, 0o644)
}

// write keeps what was verified together. A power cut between two leaves a newer timestamp with an older snapshot, or a newer snapshot
// with older targets: each is the newest that was seen of its role, so each guards against an older one, and what is missing is
// fetched by the next run.
func (k kept) write(timestamp, snapshot, targets []byte) error {
	if err := durable.MakeFolder(string(k), 0o755); err != nil {
		return err
	}
	for _, f := range []struct {
		role string
		text []byte
	}{{metadata.TIMESTAMP, timestamp}, {metadata.SNAPSHOT, snapshot}, {metadata.TARGETS, targets}} {
		if string(k.read(f.role, int64(len(f.text)))) == string(f.text) {
			continue // a card wears by what is written
		}
		if err := durable.Write(filepath.Join(string(k), f.role+".json"), f.text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// anchor begins with the newer of the baked keys and the kept ones; with the baked ones where the others are broken.
func (r *reading) anchor() error {
	baked, err := trust(r.o.Baked)
	if len(r.o.Baked) == 0 {
		return refuse(NoKeys, nil, "This device has no keys to know an update by: %s is missing.", "root.json")
	}
	if err != nil {
		return refuse(NoKeys, err, "The keys that came with this device cannot be read.")
	}
	if newer, err := trust(r.kept.read(metadata.ROOT, r.o.Limits.Root)); err == nil && newer.Root.Signed.Version > baked.Root.Signed.Version {
		baked = newer
	}
	baked.RefTime = r.o.Now.UTC()
	r.trusted = baked
	r.seen[metadata.ROOT] = baked.Root.Signed.Version
	return nil
}

// trust reads keys that are to be signed by themselves.
func trust(text []byte) (*trustedmetadata.TrustedMetadata, error) {
	if !whole(text, metadata.ROOT) {
		return nil, errors.New("it is no list of keys")
	}
	return trustedmetadata.New(text)
}

// signed is what every file of the metadata has.
type signed struct {
	Signatures []struct {
		KeyID string `json:"keyid"`
		Sig   string `json:"sig"`
	} `json:"signatures"`
	Signed struct {
		Type    string                     `json:"_type"`
		Version int64                      `json:"version"`
		Expires time.Time                  `json:"expires"`
		Meta    map[string]json.RawMessage `json:"meta"`
		Roles   map[string]json.RawMessage `json:"roles"`
		Keys    map[string]json.RawMessage `json:"keys"`
	} `json:"signed"`
}

// parse reads it. What go-tuf would trip over is an error: a null where something has to be.
func parse(text []byte, role string) (signed, error) {
	var s signed
	if err := json.Unmarshal(text, &s); err != nil {
		return s, err
	}
	null := func(m map[string]json.RawMessage) bool {
		for _, v := range m {
			if string(v) == "null" {
				return true
			}
		}
		return false
	}
	switch {
	case s.Signed.Type != role, s.Signed.Version < 1, s.Signed.Expires.IsZero():
		return s, errors.New("it is of another type, or has no version or no end")
	case null(s.Signed.Meta) || null(s.Signed.Roles) || null(s.Signed.Keys):
		return s, errors.New("it has a null where something has to be")
	case role == metadata.TIMESTAMP && s.Signed.Meta["snapshot.json"] == nil:
		return s, errors.New("it names no snapshot.json")
	}
	return s, nil
}

func whole(text []byte, role string) bool {
	_, err := parse(text, role)
	return err == nil
}

// signedAtAll refuses what is signed by nobody, or no metadata at all, before anything else is said of it.
func signedAtAll(text []byte, role string) error {
	s, err := parse(text, role)
	if err != nil {
		return refuse(Broken, err, "The repository's %s.json cannot be read as what it should be.", role)
	}
	if len(s.Signatures) == 0 {
		return refuse(Unsigned, nil, "The repository's %s.json is signed by nobody.", role)
	}
	return nil
}

func versionOf(text []byte) int64 {
	var s signed
	if json.Unmarshal(text, &s) != nil {
		return 0
	}
	return s.Signed.Version
}

func expiryOf(text []byte) time.Time {
	var s signed
	if json.Unmarshal(text, &s) != nil {
		return time.Time{}
	}
	return s.Signed.Expires
}

// verifiedByOne tells whether at least one key of a role signed a text, and how many signatures there are.
func (r *reading) verifiedByOne(role string, text []byte) (bool, int) {
	var s signed
	if json.Unmarshal(text, &s) != nil {
		return false, 0
	}
	roles := map[string]*metadata.Role{}
	for name, held := range r.trusted.Root.Signed.Roles {
		one := *held
		one.Threshold = 1
		roles[name] = &one
	}
	root := metadata.Metadata[metadata.RootType]{Signed: r.trusted.Root.Signed}
	root.Signed.Roles = roles
	var err error
	switch role {
	case metadata.ROOT:
		err = verify(&root, role, metadata.Root(), text)
	case metadata.TIMESTAMP:
		err = verify(&root, role, metadata.Timestamp(), text)
	case metadata.SNAPSHOT:
		err = verify(&root, role, metadata.Snapshot(), text)
	default:
		err = verify(&root, role, metadata.Targets(), text)
	}
	return err == nil, len(s.Signatures)
}

func verify[T metadata.Roles](root *metadata.Metadata[metadata.RootType], role string, empty *metadata.Metadata[T], text []byte) error {
	m, err := empty.FromBytes(text)
	if err != nil {
		return err
	}
	return root.VerifyDelegate(role, m)
}
