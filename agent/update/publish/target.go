package publish

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"

	"calendarbot/agent/durable"
	"calendarbot/agent/update"
	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// put writes and lists a target.
func (d *draft) put(name string, data []byte, custom update.Custom) error {
	sum := digest(data)
	if err := d.store(name, sum, bytes.NewReader(data)); err != nil {
		return err
	}
	return d.list(name, int64(len(data)), sum, custom)
}

// store writes the file of a target.
func (r *Repository) store(name, sum string, from io.Reader) error {
	to := r.target(name, sum)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	f, err := durable.Create(to, 0o644)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, from); err != nil {
		return errors.Join(err, f.Abandon())
	}
	return f.Commit()
}

// list says of a target what is to be said. What a device would refuse is an error.
func (d *draft) list(name string, size int64, sum string, custom update.Custom) error {
	text, err := json.Marshal(custom)
	if err != nil {
		return err
	}
	if _, err := update.ParseOffer(name, size, sum, text); err != nil {
		return err
	}
	if err := enter(d.targets, name, size, sum, text); err != nil {
		return err
	}
	d.done = append(d.done, Published{Name: name, Size: size})
	return nil
}

// enter writes a target into the list.
func enter(targets *metadata.Metadata[metadata.TargetsType], name string, size int64, sum string, custom json.RawMessage) error {
	raw, err := hex.DecodeString(sum)
	if err != nil {
		return err
	}
	file := &metadata.TargetFiles{Length: size, Hashes: metadata.Hashes{"sha256": raw}, Path: name}
	if custom != nil {
		file.Custom = &custom
	}
	targets.Signed.Targets[name] = file
	return nil
}

// target is the path of a target's file.
func (r *Repository) target(name, sum string) string {
	folder, base := filepath.Split(filepath.FromSlash(name))
	return filepath.Join(r.dir, "targets", folder, sum+"."+base)
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
