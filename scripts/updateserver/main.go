// Command updateserver serves a repository of updates from its folder, for trying updates: what any static server does.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const usage = `updateserver serves a repository of updates, made by release publish, until it is interrupted.

Usage:
  updateserver [--repo FOLDER] [--listen ADDRESS]

  --repo FOLDER     what is served (default dist/update)
  --listen ADDRESS  where (default 127.0.0.1:8090; 0 for any free port)

Example:
  updateserver --repo dist/update --listen 127.0.0.1:8090
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "updateserver:", err)
		os.Exit(1)
	}
}

// serve serves until the context ends.
func serve(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("updateserver", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	repo := flags.String("repo", filepath.Join("dist", "update"), "")
	listen := flags.String("listen", "127.0.0.1:8090", "")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		_, err := io.WriteString(out, usage)
		return err
	} else if err != nil || flags.NArg() > 0 {
		return errors.Join(err, errors.New("what is to be served?\n"+usage))
	}
	if _, err := os.Stat(filepath.Join(*repo, "metadata", "timestamp.json")); err != nil {
		return fmt.Errorf("%s has no repository; release publish makes one: %w", *repo, err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", *listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: files(*repo), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	stopped := context.AfterFunc(ctx, func() { server.Close() })
	defer stopped()
	if err := explain(out, listener.Addr().String(), *repo); err != nil {
		return errors.Join(err, listener.Close())
	}
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// explain tells how devices get at it.
func explain(out io.Writer, address, repo string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, `serving %[3]s at http://%[1]s
  this machine:        calendarbot-update check --from %[3]s
  the emulated board:  calendarbot config set update.url http://10.0.2.2:%[2]s
  a device:            listen on an address that it reaches (--listen ADDRESS:%[2]s) and set update.url to that;
                       or copy the folder to a USB stick as calendarbot-update/, or upload a .tar of it on the page
  A device takes only what is signed by the keys whose root.json its image was baked with.
`, address, port, repo)
	return err
}

// files serves the two folders of a repository, and parts of files: downloads are resumed. Nothing else that lies there is shown,
// and no lists of files.
func files(repo string) http.Handler {
	plain := http.FileServer(http.Dir(repo))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inside := strings.HasPrefix(r.URL.Path, "/metadata/") || strings.HasPrefix(r.URL.Path, "/targets/")
		if !inside || strings.HasSuffix(r.URL.Path, "/") || strings.Contains(r.URL.Path, "/.") {
			http.NotFound(w, r)
			return
		}
		if r.URL.Path == "/metadata/timestamp.json" {
			w.Header().Set("Cache-Control", "no-cache") // the one file that is ever replaced
		} else if !strings.HasSuffix(r.URL.Path, ".json") {
			w.Header().Set("Content-Type", "application/octet-stream") // or a server guesses, and packs what is packed
		}
		plain.ServeHTTP(w, r)
	})
}
