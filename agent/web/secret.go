package web

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"

	"calendarbot/agent/config"
)

// How a secret is hashed: 19 MiB and two passes, as more is scarce on the device.
const (
	hashStart   = "$argon2id$"
	hashKiB     = 19 << 10
	hashPasses  = 2
	hashThreads = 1
	saltBytes   = 16
	sumBytes    = 32

	maxSecret = 512 // bytes of a PIN or token
)

// Hash returns the argon2id hash of a PIN or token (1-512 bytes) as it can stand in the configuration:
// $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH. It takes 19 MiB while it runs.
func Hash(secret string) (string, error) {
	if secret == "" || len(secret) > maxSecret {
		return "", errors.New("hash a secret: it must have 1 to 512 bytes")
	}
	salt := make([]byte, saltBytes)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("hash a secret: %w", err)
	}
	sum := argon2.IDKey([]byte(secret), salt, hashPasses, hashKiB, hashThreads, sumBytes)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("%sv=%d$m=%d,t=%d,p=%d$%s$%s", hashStart, argon2.Version, hashKiB, hashPasses, hashThreads,
		b64.EncodeToString(salt), b64.EncodeToString(sum)), nil
}

// hashed tells whether a secret of the configuration is a hash of the real one.
func hashed(kept config.Secret) bool { return strings.HasPrefix(kept.Reveal(), hashStart) }

// holds tells in constant time whether a secret of the configuration is what was given; an empty one never is. What a
// hash may ask for was bounded when the configuration took it.
func holds(kept config.Secret, given string) bool {
	if kept == "" || given == "" || len(given) > maxSecret {
		return false
	}
	if !hashed(kept) {
		a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(kept.Reveal()))
		return subtle.ConstantTimeCompare(a[:], b[:]) == 1
	}
	parts := strings.Split(kept.Reveal(), "$") // "", argon2id, v=19, m=...,t=...,p=..., salt, hash
	if len(parts) != 6 {
		return false
	}
	var kib, passes uint32
	var threads uint8
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &kib, &passes, &threads); err != nil || passes == 0 || threads == 0 {
		return false
	}
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[4])
	want, sumErr := base64.RawStdEncoding.DecodeString(parts[5])
	if saltErr != nil || sumErr != nil || len(want) == 0 {
		return false
	}
	got := argon2.IDKey([]byte(given), salt, passes, kib, threads, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1
}
