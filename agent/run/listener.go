package run

import (
	"errors"
	"fmt"
	"net"

	"github.com/coreos/go-systemd/v22/activation"
)

// Listener returns the socket that the service manager opened for the program (socket
// activation), so that no request is refused while one program takes over from another.
// It is nil when there is none. It can be asked once; a second call finds none.
func Listener() (net.Listener, error) {
	listeners, err := activation.Listeners()
	if err != nil {
		return nil, fmt.Errorf("take over the service manager's socket: %w", err)
	}
	return only(listeners)
}

// only returns the one of the sockets that were given, nil without one.
func only(listeners []net.Listener) (net.Listener, error) {
	switch len(listeners) {
	case 0:
		return nil, nil
	case 1:
		if listeners[0] == nil {
			return nil, errors.New("take over the service manager's socket: it is not one that listens for connections")
		}
		return listeners[0], nil
	}
	var err error
	for _, l := range listeners {
		if l != nil {
			err = errors.Join(err, l.Close())
		}
	}
	return nil, errors.Join(fmt.Errorf("take over the service manager's socket: %d were given; allowed is one", len(listeners)), err)
}
