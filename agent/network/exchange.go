package network

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Mode is how the device is in a network.
type Mode string

// The modes.
const (
	None     Mode = "none"         // in no network, waiting for one
	Cable    Mode = "cable"        // by cable
	Wireless Mode = "wireless"     // in a wireless network
	Trying   Mode = "trying"       // it tries the network that a person asked for
	Hosting  Mode = "access point" // its own access point is open
)

// State is what root's side tells of the network. Everybody on the device may read it: no passphrase is in it.
type State struct {
	Mode    Mode    `json:"mode"`
	SSID    string  `json:"ssid,omitempty"`    // the wireless network that it is in, or tries
	Own     string  `json:"own,omitempty"`     // the name of the access point
	Radio   bool    `json:"radio"`             // there is a wireless interface
	Country string  `json:"country,omitempty"` // as it is set
	Found   []Found `json:"found,omitempty"`   // in reach when that was looked at last, the strongest first
	Trouble string  `json:"trouble,omitempty"` // a sentence for a person: how the network that was asked for last went
}

// Request is the wireless network that a person asks for.
type Request struct {
	Country string `json:"country"`
	Network
}

// Check returns a sentence for each thing that is wrong with it.
func (r Request) Check() []error {
	wrong := r.Network.Check()
	if err := CheckCountry(r.Country); err != nil {
		wrong = append(wrong, err)
	}
	return wrong
}

// Exchange is where the program that people talk to, which may do nothing, and root's side, which nobody talks to, leave each other
// what they have to say. The zero value is that of a machine whose network is set elsewhere.
type Exchange struct {
	state string // the file of root's side
	data  string // the folder of the program; the request is in a folder inside, so that root's side may take it away
}

const (
	stateFile     = "run/calendarbot-network/state.json"
	requestFolder = "network"
	requestFile   = requestFolder + "/wanted.json"

	maxState   = 64 << 10 // bytes
	maxRequest = 4 << 10
)

// NewExchange returns the files under root ("" or "/" is the device), with the program's folder.
func NewExchange(root, data string) Exchange {
	return Exchange{state: under(root, stateFile), data: data}
}

// State returns what root's side told last; fs.ErrNotExist where there is no such side.
func (e Exchange) State() (s State, err error) {
	if e.state == "" {
		return State{}, fs.ErrNotExist
	}
	text, err := readFile(e.state, maxState)
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err != nil {
		return State{}, fmt.Errorf("read how the network is: %w", err)
	}
	return s, nil
}

// Ask leaves a request, in the place of one that was not taken yet. The file is synced and renamed; the group of the program, which has
// nobody else but root's side, may read it and take it away.
func (e Exchange) Ask(r Request) error {
	if wrong := r.Check(); len(wrong) > 0 {
		return errors.Join(wrong...)
	}
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("ask for a network: %w", err)
	}
	dir := filepath.Join(e.data, requestFolder)
	if err := os.MkdirAll(dir, 0o770); err != nil {
		return fmt.Errorf("ask for a network: %w", err)
	}
	if err := os.Chmod(dir, 0o770); err != nil { // whatever the umask
		return fmt.Errorf("ask for a network: %w", err)
	}
	if err := replaceFile(filepath.Join(e.data, requestFile), append(text, '\n'), 0o640); err != nil {
		return fmt.Errorf("ask for a network: %w", err)
	}
	return nil
}

// tell replaces the state.
func (e Exchange) tell(s State) error {
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("tell how the network is: %w", err)
	}
	if err := replaceFile(e.state, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("tell how the network is: %w", err)
	}
	return nil
}

// take returns the request that waits, and removes it, whatever it is; nil when there is none. The folder belongs to a program that
// strangers talk to: nothing outside of it is read or removed, no link is followed out of it, and only a plain, short file is read.
func (e Exchange) take() (r *Request, err error) {
	root, err := os.OpenRoot(e.data)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("take the request for a network: %w", err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	info, err := root.Lstat(requestFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is no plain file")
	}
	var text []byte
	if err == nil {
		text, err = readPlain(root, info)
	}
	err = errors.Join(err, root.RemoveAll(requestFile))
	if err == nil {
		r, err = parseRequest(text)
	}
	if err != nil {
		return nil, fmt.Errorf("take the request for a network: %w", err)
	}
	return r, nil
}

// readPlain reads the file that was looked at, and no other that came into its place.
func readPlain(root *os.Root, info fs.FileInfo) (text []byte, err error) {
	file, err := root.OpenFile(requestFile, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	opened, err := file.Stat()
	switch {
	case err != nil:
		return nil, err
	case !os.SameFile(info, opened):
		return nil, errors.New("it was changed while it was read")
	}
	text, err = io.ReadAll(io.LimitReader(file, maxRequest+1))
	if err == nil && len(text) > maxRequest {
		err = fmt.Errorf("it is longer than %d bytes", maxRequest)
	}
	return text, err
}

// parseRequest reads a request. What is wrong with it is told without what stands in it, but for its name and country.
func parseRequest(text []byte) (*Request, error) {
	var r Request
	if json.Unmarshal(text, &r) != nil {
		return nil, errors.New("it is no request")
	}
	if wrong := r.Check(); len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	return &r, nil
}
