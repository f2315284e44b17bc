package config

import (
	"strings"
	"testing"
)

func TestHashes(t *testing.T) {
	const salt, sum = "c29tZXNhbHQ", "xMPqPUMuWZRqdRLyYwqwRdXdqYIIPdNcVrcEpYKrgUA"
	for _, c := range []struct {
		text string
		want bool
	}{
		{hash, true},
		{"$argon2id$v=19$m=65536,t=16,p=16$" + salt + "$" + sum, true},
		{"$argon2id$v=19$m=8,t=1,p=1$" + salt + "$" + sum, true},
		{"$argon2id$v=19$m=65537,t=1,p=1$" + salt + "$" + sum, false},
		{"$argon2id$v=19$m=7,t=1,p=1$" + salt + "$" + sum, false},
		{"$argon2id$v=19$m=4096,t=0,p=1$" + salt + "$" + sum, false},
		{"$argon2id$v=19$m=4096,t=17,p=1$" + salt + "$" + sum, false},
		{"$argon2id$v=19$m=4096,t=1,p=0$" + salt + "$" + sum, false},
		{"$argon2id$v=19$m=4096,t=1,p=17$" + salt + "$" + sum, false},
		{"$argon2id$v=19$m=+4096,t=1,p=1$" + salt + "$" + sum, false},
		{"$argon2id$v=19$t=1,m=4096,p=1$" + salt + "$" + sum, false},
		{"$argon2id$v=19$m=99999999999999999999,t=1,p=1$" + salt + "$" + sum, false},
		{"$argon2id$v=16$m=4096,t=1,p=1$" + salt + "$" + sum, false},
		{"$argon2id$m=4096,t=1,p=1$" + salt + "$" + sum, false},
		{"$argon2id$v=19$m=4096,t=1,p=1$" + salt + "$" + sum + "$", false},
		{"$argon2id$v=19$m=4096,t=1,p=1$c29t$" + sum, false},
		{"$argon2id$v=19$m=4096,t=1,p=1$" + salt + "$c29tZXNhbHQ", false},
		{"$argon2id$v=19$m=4096,t=1,p=1$" + salt + "=$" + sum, false},
		{"$argon2id$v=19$m=4096,t=1,p=1$" + salt + "$" + sum + "\n", false},
		{"$argon2id$v=19$m=4096,t=1,p=1$" + salt + "$" + strings.Repeat("A", 100), false},
	} {
		if got := argon2id(c.text); got != c.want {
			t.Errorf("%q: got %t", c.text, got)
		}
	}
}
