package board

import "testing"

func TestHome(t *testing.T) {
	h := newHome(t)
	b := h.on(t)
	b.boots(t, "the device")
	b.keepsPerson(t)
	b.off(t)
}
