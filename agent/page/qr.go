package page

import (
	"fmt"
	"strings"

	"rsc.io/qr"
)

// qrCode is a QR code as the parts of an SVG picture.
type qrCode struct {
	Box  string // its viewBox, with the quiet zone of four modules that readers need
	Path string // one rectangle for each run of black modules
}

// qrOf encodes text; nil when it is too long.
func qrOf(text string) *qrCode {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return nil
	}
	const quiet = 4
	var path strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			run := 0
			for code.Black(x+run, y) { // false outside of the code
				run++
			}
			if run > 0 {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", x+quiet, y+quiet, run, run)
				x += run
			}
		}
	}
	return &qrCode{Box: fmt.Sprintf("0 0 %d %d", code.Size+2*quiet, code.Size+2*quiet), Path: path.String()}
}
