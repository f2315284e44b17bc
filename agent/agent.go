package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/conn"
	"calendarbot/agent/feed"
	"calendarbot/agent/page"
	"calendarbot/agent/run"
	"calendarbot/agent/store"
	"calendarbot/agent/web"
)

// serve builds every part, starts the tasks and waits until ctx ends.
func serve(ctx context.Context, cfg config.Config, now func() time.Time, log *slog.Logger) (err error) {
	// Memory is scarcer than time on the device: collecting twice as often takes a fifth off the peak while a
	// large feed is read and shown, for a tenth more CPU there (make bench).
	debug.SetGCPercent(50)
	zone := cfg.Device.Location()

	events, err := store.Open(ctx, store.Options{Path: cfg.Store.Path, Zone: zone, Now: now})
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := events.Close(); err == nil {
			err = closeErr
		}
	}()
	if words := events.Recovered(); words != "" {
		log.Warn("database", "recovered", words)
	}

	client := conn.NewHTTP(conn.HTTPOptions{Now: now, UserAgent: userAgent()})
	defer client.CloseIdle()

	refresher := feed.New(feed.Options{HTTP: client, Store: events, Zone: zone, Feeds: cfg.Feeds, Now: now, Log: log})
	if err := refresher.Configure(ctx, cfg.Sources); err != nil {
		return err
	}

	direct := page.NewDirect(page.DirectOptions{Store: events, Config: cfg, Zone: zone, Now: now, Version: version, Notice: events.Recovered})

	listener, err := listen(cfg.Web)
	if err != nil {
		return err
	}
	server := web.New(web.Options{
		Config: cfg, Page: direct.Page, Store: events, Refresher: refresher,
		Zone: zone, Now: now, Log: log, Version: version, Listener: listener,
	})
	log.Info("serving", "address", "http://"+listener.Addr().String(), "version", version)
	return run.NewGroup(log, refresher, server).Run(ctx)
}

// listen returns the socket that the service manager hands over, or opens one.
func listen(w config.Web) (net.Listener, error) {
	inherited, err := run.Listener()
	if err != nil || inherited != nil {
		return inherited, err
	}
	l, err := net.Listen("tcp", net.JoinHostPort(w.Host, fmt.Sprint(w.Port)))
	if err != nil {
		return nil, fmt.Errorf("listen on port %d (another port: --port, CALENDARBOT_WEB_PORT or web.port): %w", w.Port, err)
	}
	return l, nil
}

// userAgent is how feeds' servers know us.
func userAgent() string { return "CalendarBot/" + version }
