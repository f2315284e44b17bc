package main

import (
	"context"
	"flag"
	"fmt"

	"calendarbot/agent/web"
)

func hashCommand() subcommand {
	s := subcommand{
		name:  "hash",
		short: "hash a PIN or a token for the configuration",
		long: `
Reads a PIN or a token, one line, from standard input and prints its argon2id hash, which may stand in the
configuration in its place (web.pin, web.write_token).

Examples:
  calendarbot hash < pin.txt
  printf 2468 | calendarbot hash`,
	}
	s.run = func(ctx context.Context, c console, fs *flag.FlagSet, args []string) error {
		if _, err := s.parse(c, fs, args, 0, 0); err != nil {
			return err
		}
		secret, err := within(ctx, c.secretLine)
		if err != nil {
			return err
		}
		hash, err := web.Hash(secret)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(c.out, hash)
		return err
	}
	return s
}
