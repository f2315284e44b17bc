// Package trial watches what is on trial and decides about it: it is kept, or the device goes back. It needs no network but the
// device's own page.
package trial
