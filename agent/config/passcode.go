package config

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// hashStart begins a PIN or a token that is given as its argon2id hash, in the form that `argon2 -e` and most programs
// write: $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH.
const hashStart = "$argon2id$"

// The most that a hash may ask for when it is checked: the device has little to give, and somebody may ask often.
const (
	maxHashKiB     = 64 << 10
	maxHashPasses  = 16
	maxHashThreads = 16
)

const hashAllowed = "its hash as $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH with at most 64 MiB, 16 passes and 16 threads; what begins with $ is taken for a hash"

// pin is what people type to change something, or its hash; empty is none.
func pin(key string, at *Secret) setting {
	return hashable(hidden(key, "empty, 4 to 64 characters on one line", at, func(text string) bool {
		n := utf8.RuneCountInString(text)
		return text == "" || n >= 4 && n <= 64 && utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
	}), at)
}

// hashable is a setting of a secret that may be given as its hash too. What begins with $, as hashes of
// every kind do, but is none that is known here is not taken as the secret itself: who made it would be locked out, and who
// reads the file could use the hash as the secret.
func hashable(s setting, at *Secret) setting {
	plain := s.set
	s.allowed += ", or " + hashAllowed
	s.set = func(text string) bool {
		if !strings.HasPrefix(text, "$") {
			return plain(text)
		}
		if !argon2id(text) {
			return false
		}
		*at = Secret(text)
		return true
	}
	return s
}

// argon2id tells whether text is an argon2id hash that may be checked here.
func argon2id(text string) bool {
	rest, ours := strings.CutPrefix(text, hashStart)
	parts := strings.Split(rest, "$")
	if !ours || len(parts) != 4 || parts[0] != "v=19" || !graphic(text) {
		return false
	}
	var kib, passes, threads int
	if _, err := fmt.Sscanf(parts[1], "m=%d,t=%d,p=%d", &kib, &passes, &threads); err != nil ||
		fmt.Sprintf("m=%d,t=%d,p=%d", kib, passes, threads) != parts[1] {
		return false
	}
	if kib < 8*threads || kib > maxHashKiB || passes < 1 || passes > maxHashPasses || threads < 1 || threads > maxHashThreads {
		return false
	}
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[2])
	sum, sumErr := base64.RawStdEncoding.DecodeString(parts[3])
	return saltErr == nil && sumErr == nil && len(salt) >= 8 && len(salt) <= 64 && len(sum) >= 16 && len(sum) <= 64
}
