package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
)

// deviceID tells this device from others, so that a feature that is on for some of them stays with the same ones. It
// is a hash, as machine-id(5) is not to be shown; without one it is made from the host name.
func deviceID(machineIDFile string, hostname func() (string, error)) string {
	id, err := os.ReadFile(machineIDFile)
	if id = bytes.TrimSpace(id); err != nil || len(id) == 0 {
		name, err := hostname()
		if err != nil {
			name = "calendarbot"
		}
		id = []byte(name)
	}
	sum := sha256.Sum256(append([]byte("calendarbot device "), id...))
	return hex.EncodeToString(sum[:8])
}
