package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// nginxConf is nginx with one worker, as there is one processor for it.
const nginxConf = `daemon off;
worker_processes 1;
pid %[1]s/nginx.pid;
error_log %[1]s/error.log crit;
%[2]s
events {
	worker_connections 1024;
	multi_accept on;
}
http {
	%[4]s
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	%[3]s
}
`

// nginxBest is nginx at its best for one small file: no log, no reopening of the file, and connections that last.
const nginxBest = `access_log off;
	sendfile off;
	tcp_nodelay on;
	server_tokens off;
	keepalive_timeout 300s;
	keepalive_requests 1000000000;
	open_file_cache max=100 inactive=1h;
	open_file_cache_valid 1h;
	open_file_cache_min_uses 1;`

// nginxDebian is what Debian's nginx.conf says about files, but for where the log goes.
const nginxDebian = `access_log %[1]s/access.log;
	sendfile on;
	tcp_nopush on;
	gzip on;`

// nginxFile serves one file at /api/whats-next.
const nginxFile = `server {
		listen %s backlog=1024;
		location = /api/whats-next {
			default_type application/json;
			alias %s;
		}
	}`

// nginxCache keeps answers of a server for a second, as their seconds count; one request renews them while the others get the old ones.
const nginxCache = `proxy_cache_path %[3]s/cache levels=1 keys_zone=pages:1m use_temp_path=off;
	upstream agent {
		server %[2]s;
		keepalive 16;
	}
	server {
		listen %[1]s backlog=1024;
		location / {
			proxy_pass http://agent;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_set_header Host 127.0.0.1;
			proxy_cache pages;
			proxy_cache_valid 200 1s;
			proxy_ignore_headers Cache-Control Expires Vary Set-Cookie;
			proxy_cache_lock on;
			proxy_cache_use_stale updating;
			proxy_cache_background_update on;
		}
	}`

// nginx starts nginx on the first processor with a server block, which address is put into.
func (p plan) nginx(ctx context.Context, name, settings string, server func(address, dir string) string) (*process, error) {
	path, err := nginxPath()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(p.dir, name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;" // its worker has to get at our scratch folder
	}
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, fmt.Appendf(nil, nginxConf, dir, user, server(address, dir), strings.ReplaceAll(settings, "%[1]s", dir)), 0o644); err != nil {
		return nil, err
	}
	return p.start(exec.CommandContext(ctx, "taskset", "-c", "0", path, "-c", file, "-p", dir, "-e", filepath.Join(dir, "error.log")), address)
}

// nginxPath finds nginx where Debian has it, which is not in everybody's PATH.
func nginxPath() (string, error) {
	for dir := range strings.SplitSeq(os.Getenv("PATH")+":/usr/sbin:/usr/local/sbin", ":") {
		path := filepath.Join(dir, "nginx")
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path, nil
		}
	}
	return "", fmt.Errorf("find nginx: it is not there; scripts/setup bench installs it")
}
