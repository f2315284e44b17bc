package publish

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// Share is how many keys a role has, and how many of them have to sign.
type Share struct{ Keys, Threshold int }

// mostKeys is how many keys a role may have.
const mostKeys = 16

// UsualShares are three keys of the root, two of which have to sign, so that one may be lost and one may be stolen; of the others one each.
func UsualShares() map[string]Share {
	return map[string]Share{Root: {3, 2}, Targets: {1, 1}, Snapshot: {1, 1}, Timestamp: {1, 1}}
}

// Keys is a folder of keys:
//
//	root.json                 the newest root: what an image is baked with
//	ROLE/KEYID.key            a private key, mode 0600, encrypted where a passphrase was given
//	last.json                 the versions of what was signed last, for each repository
//	staged/N.root.json        a root that has not been signed by enough keys yet
type Keys struct {
	dir     string
	private map[string]ed25519.PrivateKey // by key ID
	locked  map[string]error              // key IDs of files that are there and could not be opened
}

// key is the file of a private key. Just one of Seed and Sealed is there.
type key struct {
	Role   string  `json:"role"`
	Public string  `json:"public"`         // hex
	Seed   string  `json:"seed,omitempty"` // hex
	Sealed *sealed `json:"sealed,omitempty"`
}

// NewKeys makes the keys of all roles in a folder that has none yet, and root.json, signed by all keys of the root. With a
// passphrase of at least one byte the private ones are encrypted (PBKDF2, AES-GCM).
func NewKeys(dir string, shares map[string]Share, passphrase []byte, now time.Time) error {
	if _, err := os.Stat(filepath.Join(dir, "root.json")); err == nil {
		return fmt.Errorf("%s has keys already; they are never written over", dir)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, role := range Roles() {
		s := shares[role]
		if s.Threshold < 1 || s.Keys < s.Threshold || s.Keys > mostKeys {
			return fmt.Errorf("%s: %d of %d keys have to sign; allowed are 1 to %d keys, and at least one of them has to", role, s.Threshold, s.Keys, mostKeys)
		}
	}
	keys := &Keys{dir: dir, private: map[string]ed25519.PrivateKey{}}
	root := metadata.Root(now.UTC().Truncate(time.Second).Add(UsualLifetimes()[Root]))
	for _, role := range Roles() {
		for range shares[role].Keys {
			public, err := keys.add(role, passphrase)
			if err != nil {
				return err
			}
			if err := root.Signed.AddKey(public, role); err != nil {
				return err
			}
		}
		root.Signed.Roles[role].Threshold = shares[role].Threshold
	}
	if err := keys.sign(root, root.Signed.Roles[Root].KeyIDs); err != nil {
		return err
	}
	if err := verify(root, Root, root); err != nil {
		return err
	}
	return keys.keep(root)
}

// LoadKeys opens the keys of a folder. Roles whose keys are elsewhere are no error until they are needed, and neither are keys
// that the passphrase does not open.
func LoadKeys(dir string, passphrase []byte) (*Keys, error) {
	k := &Keys{dir: dir, private: map[string]ed25519.PrivateKey{}, locked: map[string]error{}}
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("open the keys: %w", err)
	}
	for _, role := range Roles() {
		files, err := filepath.Glob(filepath.Join(dir, role, "*.key"))
		if err != nil {
			return nil, err
		}
		for _, name := range files {
			if err := k.load(name, passphrase); err != nil {
				return nil, fmt.Errorf("open the key %s: %w", name, err)
			}
		}
	}
	return k, nil
}

// load opens a file with a key. That others may read it is an error.
func (k *Keys) load(name string, passphrase []byte) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("others may read it (mode %04o); it is to be 0600", info.Mode().Perm())
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var f key
	if err := json.Unmarshal(text, &f); err != nil {
		return errors.New("that is no key") // what the parser says could hold a piece of it
	}
	public, err := hex.DecodeString(f.Public)
	if err != nil || len(public) != ed25519.PublicKeySize {
		return errors.New("that is no key")
	}
	id, err := keyID(public)
	if err != nil {
		return err
	}
	seed, err := f.seed(passphrase)
	if err != nil {
		k.locked[id] = fmt.Errorf("%s: %w", name, err)
		return nil
	}
	private := ed25519.NewKeyFromSeed(seed)
	if !slices.Equal(private.Public().(ed25519.PublicKey), public) {
		return errors.New("its two halves do not belong together")
	}
	k.private[id] = private
	return nil
}

// seed is the secret half of a key.
func (f key) seed(passphrase []byte) ([]byte, error) {
	seed, err := hex.DecodeString(f.Seed)
	if f.Sealed != nil {
		seed, err = f.Sealed.open(passphrase)
		if err != nil {
			return nil, err
		}
	}
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, errors.New("that is no key")
	}
	return seed, nil
}

// add makes a key of a role and writes its file.
func (k *Keys) add(role string, passphrase []byte) (*metadata.Key, error) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	id, err := keyID(public)
	if err != nil {
		return nil, err
	}
	f := key{Role: role, Public: hex.EncodeToString(public)}
	if len(passphrase) == 0 {
		f.Seed = hex.EncodeToString(private.Seed())
	} else if f.Sealed, err = conceal(private.Seed(), passphrase); err != nil {
		return nil, fmt.Errorf("encrypt a key: %w", err)
	}
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return nil, err
	}
	folder := filepath.Join(k.dir, role)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	if err := writeSecret(filepath.Join(folder, id+".key"), append(text, '\n')); err != nil {
		return nil, err
	}
	k.private[id] = private
	return metadata.KeyFromPublicKey(public)
}

// root is the newest root that this folder knows; what is published has to follow from it.
func (k *Keys) root() (*metadata.Metadata[metadata.RootType], error) {
	name := filepath.Join(k.dir, "root.json")
	root, err := readRoot(name)
	if err != nil {
		return nil, fmt.Errorf("read the root beside the keys: %w", err)
	}
	return root, nil
}

// keep makes a root the newest one that this folder knows.
func (k *Keys) keep(root *metadata.Metadata[metadata.RootType]) error {
	data, err := root.ToBytes(true)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(k.dir, "root.json"), data)
}

// keyID names a public key as the standard does.
func keyID(public ed25519.PublicKey) (string, error) {
	key, err := metadata.KeyFromPublicKey(public)
	if err != nil {
		return "", err
	}
	return key.ID()
}
