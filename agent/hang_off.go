//go:build !hang

package main

// hang leaves a beat as it is; see the tag hang.
func hang(beat func()) func() { return beat }
