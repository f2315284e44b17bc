package web

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/durable"
	"calendarbot/agent/update"
)

// A repository comes in pieces, so that no more than a piece is ever in memory, and one that breaks off goes on where it was.
const (
	mostUpload = 300_000_000 // bytes of one repository
	leaveFree  = 64 << 20    // bytes that an upload leaves free on the card
	pieceEnd   = ".part"     // of the name while pieces come
)

// offsetField tells how much is there, where a piece does not begin there.
const offsetField = "Upload-Offset"

// upload is the file of a repository; with pieceEnd while it comes.
func (p Places) upload() string {
	return filepath.Join(p.State, "update", "upload", update.UploadName)
}

// uploaded is how much is there, and whether that was handed over.
func (p Places) uploaded() (size int64, whole bool) {
	if info, err := os.Stat(p.upload() + pieceEnd); err == nil {
		return info.Size(), false
	}
	if info, err := os.Stat(p.upload()); err == nil {
		return info.Size(), true
	}
	return 0, false
}

// putUpload is PUT /api/v1/update/upload?offset=N: a piece of a repository.
func (s *Server) putUpload(c *fiber.Ctx) error {
	if !s.o.Places.slotted() {
		return problemOf(http.StatusConflict, "no_slots", noSlots)
	}
	offset, err := strconv.ParseInt(c.Query("offset"), 10, 64)
	if err != nil || offset < 0 {
		return problemOf(http.StatusBadRequest, "bad_offset", "offset is where the piece begins: a number of bytes, 0 for the first.")
	}
	piece := c.BodyRaw()
	switch {
	case len(piece) == 0:
		return problemOf(http.StatusBadRequest, "no_piece", "The body is empty; it is to be a piece of a .tar file.")
	case offset+int64(len(piece)) > mostUpload:
		return problemOf(http.StatusRequestEntityTooLarge, "too_large", "A repository is at most 300 MB large.")
	case offset == 0 && !tarBegins(piece):
		return problemOf(http.StatusUnsupportedMediaType, "not_a_tar", "This is no .tar file. Updates come as one file that ends with .tar.")
	}
	s.uploading.Lock()
	defer s.uploading.Unlock()
	size, err := s.o.Places.add(offset, piece)
	var wrong *offsetError
	switch {
	case errors.As(err, &wrong):
		c.Set(offsetField, strconv.FormatInt(wrong.there, 10))
		return problemOf(http.StatusConflict, "offset", wrong.Error())
	case errors.Is(err, errNoRoom):
		return problemOf(http.StatusInsufficientStorage, "no_room", "There is too little room on the card for this file.")
	case err != nil:
		s.o.Log.Error("not kept", "what", "a piece of an upload", "error", err)
		return notKept(err)
	}
	return answerJSON(c, http.StatusOK, map[string]any{"size_bytes": size})
}

// tarBegins tells whether a first piece may be that of a .tar file: POSIX.1-1988 and its kin name themselves at byte 257.
func tarBegins(piece []byte) bool {
	const at = 257
	return len(piece) < at+5 || bytes.Equal(piece[at:at+5], []byte("ustar"))
}

// offsetError is a piece that does not begin where the last one ended.
type offsetError struct{ there int64 }

func (e *offsetError) Error() string {
	return fmt.Sprintf("%d bytes are there, so the next piece begins at offset=%d.", e.there, e.there)
}

var errNoRoom = errors.New("too little room")

// add puts a piece behind those that are there, and returns how much is there then. The first one begins anew only where nothing is.
func (p Places) add(offset int64, piece []byte) (size int64, err error) {
	name := p.upload() + pieceEnd
	if err := durable.MakeFolder(filepath.Dir(name), 0o755); err != nil {
		return 0, err
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(name), &disk); err != nil {
		return 0, fmt.Errorf("ask how much is free: %w", err)
	}
	if free := int64(disk.Bavail) * int64(disk.Bsize); free-int64(len(piece)) < leaveFree {
		return 0, errNoRoom
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|syscall.O_NOFOLLOW, 0o644)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	if info.Size() != offset {
		return 0, &offsetError{info.Size()}
	}
	if _, err := file.WriteAt(piece, offset); err != nil {
		return 0, errors.Join(err, file.Truncate(offset)) // half a piece is none
	}
	return offset + int64(len(piece)), nil
}

// deleteUpload is DELETE /api/v1/update/upload.
func (s *Server) deleteUpload(c *fiber.Ctx) error {
	if err := s.dropUpload(); err != nil {
		return err
	}
	return answerJSON(c, http.StatusOK, map[string]any{"size_bytes": 0})
}

// dropUpload takes away what was uploaded, whole or not.
func (s *Server) dropUpload() error {
	if s.o.Places.State == "" {
		return nil
	}
	s.uploading.Lock()
	defer s.uploading.Unlock()
	for _, name := range []string{s.o.Places.upload() + pieceEnd, s.o.Places.upload()} {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.o.Log.Error("not kept", "what", "that an upload is dropped", "error", err)
			return notKept(err)
		}
	}
	return nil
}

// handOver gives what was uploaded the name under which the updater finds it.
func (s *Server) handOver() error {
	s.uploading.Lock()
	defer s.uploading.Unlock()
	size, whole := s.o.Places.uploaded()
	switch {
	case size == 0:
		return problemOf(http.StatusConflict, "no_upload", "Nothing was uploaded that could be installed.")
	case whole:
		return nil
	}
	if err := settle(s.o.Places.upload()+pieceEnd, s.o.Places.upload()); err != nil {
		s.o.Log.Error("not kept", "what", "an upload", "error", err)
		return notKept(err)
	}
	return nil
}

// settle has a file on the disk, whole, under another name.
func settle(from, to string) error {
	file, err := os.Open(from)
	if err != nil {
		return err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return err
	}
	return durable.Rename(from, to)
}
