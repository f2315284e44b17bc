package main

import (
	"context"

	"calendarbot/scripts/spdx"
)

// sbom is the bill of material of a program of ours.
func sbom(ctx context.Context, program, version, created string) ([]byte, error) {
	parts, relationships, arch, err := spdx.Program(ctx, program, version)
	if err != nil {
		return nil, err
	}
	return spdx.New("calendarbot-"+version+"-linux-"+arch, parts[0].Checksums[0].Value, created, "calendarbot-release", parts, relationships).Encode()
}
