package repository

import (
	"errors"
	"fmt"
	"time"

	"calendarbot/agent/update"

	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// Code says in a word why nothing is taken from a repository.
type Code string

// The codes.
const (
	Unsigned       Code = "unsigned"        // no signature at all
	WrongKey       Code = "wrong_key"       // no signature by a key of that role
	BelowThreshold Code = "below_threshold" // signatures by keys of that role, but by too few
	Expired        Code = "expired"         // what is signed is too old: somebody holds back what is newer, or nobody signs any more
	RolledBack     Code = "rolled_back"     // older than what this device has seen
	Mixed          Code = "mixed"           // files that do not belong together
	TooLong        Code = "too_long"        // more bytes than are allowed
	TooSlow        Code = "too_slow"        // fewer bytes than could bring it here
	TooMany        Code = "too_many"        // redirects, keys, targets
	WrongHash      Code = "wrong_hash"      // a target is not what was signed
	WrongLength    Code = "wrong_length"    // a target is shorter or longer than what was signed
	BadName        Code = "bad_name"        // a target is named so that it could lie elsewhere
	Broken         Code = "broken"          // what is there cannot be read
	Missing        Code = "missing"         // a file that has to be there is not
	Unreachable    Code = "unreachable"     // nobody answers, or not with a file
	Insecure       Code = "insecure"        // a redirect from https to http
	NoClock        Code = "clock"           // nobody told the device what time it is
	NoKeys         Code = "no_keys"         // the device has no root to trust
	NoSpace        Code = "no_space"        // too little is free to fetch it
	Unwritable     Code = "unwritable"      // what was verified cannot be kept
	NotReady       Code = "not_ready"       // it is no time to install it
	NotInstalled   Code = "not_installed"   // its installer refuses it, or could not write it
)

// Refusal is why nothing was taken from a repository. What was there before is there still.
type Refusal struct {
	Code  Code
	Words string // a sentence for a person
	Err   error  // what it came from; may be nil
}

func (r *Refusal) Error() string { return r.Words }

func (r *Refusal) Unwrap() error { return r.Err }

// CodeOf is the code of an error: "" for nil, Unreachable where it has none.
func CodeOf(err error) Code {
	var r *Refusal
	switch {
	case err == nil:
		return ""
	case errors.As(err, &r):
		return r.Code
	}
	return Unreachable
}

func refuse(code Code, err error, format string, args ...any) error {
	return &Refusal{Code: code, Words: fmt.Sprintf(format, args...), Err: err}
}

// judge puts into words why go-tuf refused a file of a role. It says no more than Repository where a file is not what the one above
// it vouches for, so those have their code here.
func (r *reading) judge(role string, text []byte, err error) error {
	file := role + ".json"
	switch {
	case errors.Is(err, &metadata.ErrUnsignedMetadata{}):
		return r.signatures(role, text, err)
	case errors.Is(err, &metadata.ErrExpiredMetadata{}):
		return r.expired(file, text, err)
	case errors.Is(err, &metadata.ErrLengthOrHashMismatch{}):
		return refuse(Mixed, err, "The repository's %s is not the one that belongs to its other files.", file)
	case errors.Is(err, &metadata.ErrBadVersionNumber{}):
		return r.version(role, text, err)
	case errors.Is(err, &metadata.ErrRepository{}):
		return refuse(RolledBack, err, "The repository's %s leaves out what this device has seen before.", file)
	}
	return refuse(Broken, err, "The repository's %s cannot be read as what it should be.", file)
}

// signatures tells apart what is signed by nobody, by others, or by too few.
func (r *reading) signatures(role string, text []byte, err error) error {
	file := role + ".json"
	some, count := r.verifiedByOne(role, text)
	switch {
	case count == 0:
		return refuse(Unsigned, err, "The repository's %s is signed by nobody.", file)
	case some:
		return refuse(BelowThreshold, err, "The repository's %s is signed by fewer keys than it has to be.", file)
	}
	return refuse(WrongKey, err, "The repository's %s is signed by keys that this device does not trust.", file)
}

// version tells apart an older file from one that belongs to others: what is newest of the role is what the device has seen.
func (r *reading) version(role string, text []byte, err error) error {
	has := versionOf(text)
	switch {
	case has < r.seen[role]:
		return refuse(RolledBack, err, "The repository is older than what this device has seen before: version %d of its %s.json, after version %d.",
			has, role, r.seen[role])
	case role == metadata.TIMESTAMP:
		return refuse(RolledBack, err, "The repository's timestamp.json names an older snapshot.json than this device has seen before.")
	case role == metadata.SNAPSHOT && has == r.trusted.Timestamp.Signed.Meta["snapshot.json"].Version:
		return refuse(RolledBack, err, "The repository's snapshot.json names an older targets.json than this device has seen before.")
	}
	return refuse(Mixed, err, "The repository's %s.json is version %d, which does not belong to its other files.", role, has)
}

func (r *reading) expired(file string, text []byte, err error) error {
	if file == "timestamp.json" && r.trusted.Root.Signed.IsExpired(r.o.Now) {
		file = "root.json"
		return refuse(Expired, err, "The keys of the repository ended on %s, and no newer ones are there.", day(r.trusted.Root.Signed.Expires))
	}
	return refuse(Expired, err, "The repository's %s ended on %s, and it is %s now: it is out of date, or something newer is held back.",
		file, day(expiryOf(text)), day(r.o.Now))
}

func day(t time.Time) string { return t.UTC().Format("2 January 2006") }

// Describe puts an error into a status.
func Describe(s *update.Status, err error) {
	s.Code, s.Problem = "", ""
	if err != nil {
		s.Code, s.Problem = string(CodeOf(err)), err.Error()
	}
}
