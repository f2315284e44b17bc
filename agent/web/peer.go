package web

import (
	"fmt"
	"net"
	"os"
	"syscall"

	"github.com/gofiber/fiber/v2"
)

// peer is who is at the other end of the local socket, as the kernel says.
type peer struct {
	uid   uint32
	known bool
}

// peerOf returns the other end; local is false for a request that came over the network.
func peerOf(c *fiber.Ctx) (p peer, local bool) {
	conn, local := below(c.Context().Conn()).(*net.UnixConn)
	if !local {
		return peer{}, false
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return peer{}, true
	}
	err = raw.Control(func(fd uintptr) {
		if cred, err := syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED); err == nil {
			p = peer{uid: cred.Uid, known: true}
		}
	})
	if err != nil {
		return peer{}, true
	}
	return p, true
}

// mayUse tells whether the other end may do everything: root and our own user may.
func (p peer) mayUse() bool { return p.known && (p.uid == 0 || int(p.uid) == os.Getuid()) }

// String is who that is, for the audit log.
func (p peer) String() string {
	if p.uid == 0 {
		return "root over the local socket"
	}
	return fmt.Sprintf("user %d over the local socket", p.uid)
}
