package preseed

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"
)

// publicKey makes the line of a key of some fields.
func publicKey(kind string, fields ...[]byte) string {
	var blob []byte
	for _, f := range append([][]byte{[]byte(kind)}, fields...) {
		blob = append(binary.BigEndian.AppendUint32(blob, uint32(len(f))), f...)
	}
	return kind + " " + base64.StdEncoding.EncodeToString(blob)
}

func bytesOf(n int, first byte) []byte {
	b := make([]byte, n)
	b[0] = first
	return b
}

func TestKeys(t *testing.T) {
	for _, c := range []struct{ name, line, wrong string }{
		{"ed25519", goodKey, ""},
		{"without a comment", publicKey("ssh-ed25519", bytesOf(32, 1)), ""},
		{"spaces", "  " + publicKey("ssh-ed25519", bytesOf(32, 1)) + "   my   laptop ", ""},
		{"rsa", publicKey("ssh-rsa", []byte{1, 0, 1}, append([]byte{0}, bytesOf(256, 0x80)...)), ""},
		{"ecdsa", publicKey("ecdsa-sha2-nistp256", []byte("nistp256"), bytesOf(65, 4)), ""},
		{"security key", publicKey("sk-ssh-ed25519@openssh.com", bytesOf(32, 1), []byte("ssh:")), ""},
		{"ecdsa on a security key", publicKey("sk-ecdsa-sha2-nistp256@openssh.com", []byte("nistp256"), bytesOf(65, 4), []byte("ssh:")), ""},
		{"weak rsa", publicKey("ssh-rsa", []byte{1, 0, 1}, bytesOf(128, 0x80)), "1024 bits"},
		{"rsa of nothing", publicKey("ssh-rsa", []byte{1, 0, 1}, nil), "0 bits"},
		{"short ed25519", publicKey("ssh-ed25519", bytesOf(31, 1)), "cut off"},
		{"too many fields", publicKey("ssh-ed25519", bytesOf(32, 1), bytesOf(32, 1)), "cut off"},
		{"another type inside", "ssh-rsa" + strings.TrimPrefix(goodKey, "ssh-ed25519"), "cut off"},
		{"cut off", goodKey[:40], "cut off"},
		{"a lost letter", strings.Replace(goodKey, "AAAAC3", "AAAC3", 1), "cut off"},
		{"dsa", "ssh-dss AAAAB3NzaC1kc3M= me", "not taken"},
		{"options", `command="true" ` + goodKey, "not taken"},
		{"one word", "ssh-ed25519", "no public key"},
		{"private", "-----BEGIN OPENSSH PRIVATE KEY-----", "private half"},
		{"two lines", goodKey + "\n" + goodKey, "no public key"},
		{"control characters", goodKey + "\x1b[0m", "no public key"},
		{"long", goodKey + strings.Repeat("x", maxKeyLine), "no public key"},
	} {
		got, err := keyLine(c.line)
		switch {
		case c.wrong == "" && (err != nil || got != strings.Join(strings.Fields(c.line), " ")):
			t.Errorf("%s: %q, %v", c.name, got, err)
		case c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)):
			t.Errorf("%s: %v, want %q", c.name, err, c.wrong)
		}
	}
}
