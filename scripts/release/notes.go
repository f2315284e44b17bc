package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"
)

// notes tells what changed, release by release, the newest first.
func notes(ctx context.Context) ([]byte, error) {
	log, err := output(ctx, "git", "log", "--no-merges", "--format=%D%x00%cs%x00%s")
	if err != nil {
		return nil, err
	}
	return []byte(changes(string(log))), nil
}

// changes makes notes of git's log: names that point to a commit, its day and its subject, parted by NUL, a commit a line.
func changes(log string) string {
	tag := regexp.MustCompile(`(?:^|, )tag: v([0-9][^,]*)`)
	var text strings.Builder
	text.WriteString("# What changed\n")
	section := false
	for line := range strings.Lines(log) {
		fields := strings.SplitN(strings.TrimRight(line, "\n"), "\x00", 3)
		if len(fields) != 3 {
			continue
		}
		if found := tag.FindStringSubmatch(fields[0]); found != nil {
			fmt.Fprintf(&text, "\n## %s (%s)\n\n", found[1], fields[1])
		} else if !section {
			fmt.Fprintf(&text, "\n## Not released yet (%s)\n\n", fields[1])
		}
		section = true
		fmt.Fprintf(&text, "- %s\n", fields[2])
	}
	return text.String()
}
