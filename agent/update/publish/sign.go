package publish

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// sign adds to a root the signatures of those keys of a list that are here and have not signed yet.
func (k *Keys) sign(root *metadata.Metadata[metadata.RootType], ids []string) error {
	return signAll(k, root, ids)
}

// signAll does that to what any role signs.
func signAll[T metadata.Roles](k *Keys, m *metadata.Metadata[T], ids []string) error {
	for _, id := range ids {
		private, here := k.private[id]
		if !here || slices.ContainsFunc(m.Signatures, func(s metadata.Signature) bool { return s.KeyID == id }) {
			continue
		}
		signer, err := signature.LoadED25519Signer(private)
		if err != nil {
			return err
		}
		if _, err := m.Sign(signer); err != nil {
			return err
		}
	}
	return nil
}

// seal signs with the keys that several roots name for a role, and returns the file. Each of the roots has to be content, but for
// those before the last: a key that is to be replaced may be lost.
func seal[T metadata.Roles](r *Repository, m *metadata.Metadata[T], role string, roots []*metadata.Metadata[metadata.RootType]) ([]byte, error) {
	m.ClearSignatures()
	for _, root := range roots {
		if err := signAll(r.keys, m, root.Signed.Roles[role].KeyIDs); err != nil {
			return nil, err
		}
	}
	last := roots[len(roots)-1]
	if err := verify(last, role, m); err != nil {
		return nil, errors.Join(err, r.keys.missing(last, role))
	}
	return m.ToBytes(true)
}

// missing says why keys of a role that should be here are not.
func (k *Keys) missing(root *metadata.Metadata[metadata.RootType], role string) error {
	for _, id := range root.Signed.Roles[role].KeyIDs {
		if err := k.locked[id]; err != nil {
			return err
		}
	}
	return nil
}

// verify tells whether enough keys of a role have signed.
func verify[T metadata.Roles](root *metadata.Metadata[metadata.RootType], role string, m *metadata.Metadata[T]) error {
	if err := root.VerifyDelegate(role, m); err != nil {
		need := root.Signed.Roles[role]
		signed := 0
		for _, id := range need.KeyIDs {
			one := *root
			one.Signed.Roles = map[string]*metadata.Role{role: {KeyIDs: []string{id}, Threshold: 1}}
			if one.VerifyDelegate(role, m) == nil {
				signed++
			}
		}
		return fmt.Errorf("%s: %d of its keys have to sign, and %d did: %w", role, need.Threshold, signed, ErrBelowThreshold)
	}
	return nil
}

// ErrBelowThreshold is that not enough keys of a role have signed something.
var ErrBelowThreshold = errors.New("below the threshold")

// follows tells whether a root may come after another: it is the next one, and enough keys of both have signed it.
func follows(former, next *metadata.Metadata[metadata.RootType]) error {
	if next.Signed.Version != former.Signed.Version+1 {
		return fmt.Errorf("root %d cannot follow root %d, only root %d can", next.Signed.Version, former.Signed.Version, former.Signed.Version+1)
	}
	if err := verify(former, Root, next); err != nil {
		return fmt.Errorf("root %d by the keys before it: %w", next.Signed.Version, err)
	}
	if err := verify(next, Root, next); err != nil {
		return fmt.Errorf("root %d by its own keys: %w", next.Signed.Version, err)
	}
	return nil
}

// point is what is said of a file by the one that points to it.
func point(version int64, data []byte) *metadata.MetaFiles {
	sum := sha256.Sum256(data)
	return &metadata.MetaFiles{Version: version, Length: int64(len(data)), Hashes: metadata.Hashes{"sha256": sum[:]}}
}
