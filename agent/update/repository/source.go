package repository

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
)

// Source is where a repository's files come from.
type Source interface {
	// Open begins to read a file from a byte on, or from its beginning where that cannot be, or where it is not the file that had the
	// tag. The error is a *Refusal, or fs.ErrNotExist where there is no such file.
	Open(ctx context.Context, name string, from int64, tag string) (*File, error)
	// String names it for a person.
	String() string
	// Close ends it.
	Close() error
}

// File is a file of a Source.
type File struct {
	io.ReadCloser
	From int64  // the byte that comes first
	Size int64  // bytes of the whole file; -1: not known
	Tag  string // names this state of the file; "" for none
}

// Open returns the source that a text names: an address of http or https, a folder, or a tar file.
func Open(text string, web Web) (Source, error) {
	if strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://") {
		return web.source(text)
	}
	info, err := os.Stat(text)
	if err != nil {
		return nil, refuse(Missing, err, "There is no repository at %s: %v.", text, reason(err))
	}
	if info.IsDir() {
		return openFolder(text)
	}
	return openArchive(text)
}

// Local tells whether a text names a folder or file, and no address.
func Local(text string) bool { return !strings.Contains(text, "://") }

// reason is an error without the name of the file, which the sentence has already.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// folder is a repository in a folder, as on a stick. Nothing outside it is read, whatever links lie there.
type folder struct {
	name string
	root *os.Root
}

func openFolder(name string) (Source, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, refuse(Missing, err, "The folder %s cannot be read: %v.", name, reason(err))
	}
	return &folder{name: name, root: root}, nil
}

func (f *folder) String() string { return f.name }

func (f *folder) Close() error { return f.root.Close() }

func (f *folder) Open(_ context.Context, name string, from int64, _ string) (*File, error) {
	// A pipe or a device would keep the reader waiting, or never end; what was looked at before it is opened may be a pipe by then.
	file, err := f.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fs.ErrNotExist
	}
	if err != nil {
		return nil, refuse(Unreachable, err, "The file %s of %s cannot be read: %v.", name, f.name, reason(err))
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(refuse(Unreachable, err, "The file %s of %s cannot be read: %v.", name, f.name, reason(err)), file.Close())
	}
	if !info.Mode().IsRegular() {
		return nil, errors.Join(refuse(Broken, nil, "The entry %s of %s is no file.", name, f.name), file.Close())
	}
	from = min(from, info.Size())
	return &File{ReadCloser: readSection(file, from, info.Size()-from, file), From: from, Size: info.Size()}, nil
}

// archive is a repository in one tar file, as it is uploaded.
type archive struct {
	name  string
	file  *os.File
	parts map[string]section
}

type section struct{ from, size int64 }

// Bounds of an archive, by which its list takes some megabytes of memory at most.
const (
	mostParts = 16384
	mostName  = 256 // bytes of a name that may be one of a repository
)

func openArchive(name string) (Source, error) {
	// Whoever uploads may have laid a pipe there, which is not to be waited for.
	file, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, refuse(Missing, err, "The file %s cannot be read: %v.", name, reason(err))
	}
	a := &archive{name: name, file: file, parts: map[string]section{}}
	if err := a.list(); err != nil {
		return nil, errors.Join(refuse(Broken, err, "The file %s is no repository: %v.", name, err), file.Close())
	}
	return a, nil
}

// list notes where each file lies. A folder around all of them, as most programs pack one, is no part of their names.
func (a *archive) list() error {
	info, err := a.file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is neither a file nor a folder")
	}
	reader := tar.NewReader(a.file)
	for range mostParts {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if header.Typeflag != tar.TypeReg || len(header.Name) > mostName {
			continue
		}
		from, err := a.file.Seek(0, io.SeekCurrent)
		if err != nil {
			return err
		}
		if header.Size > info.Size()-from {
			return errors.New("it ends too early")
		}
		name := path.Clean(strings.Clone(header.Name)) // which is a piece of a header of up to a megabyte
		for _, top := range []string{"metadata/", "targets/"} {
			if before, after, found := strings.Cut("/"+name, "/"+top); found && !strings.Contains(strings.TrimPrefix(before, "/"), "/") {
				name = top + after
			}
		}
		a.parts[name] = section{from, header.Size}
	}
	return fmt.Errorf("it has more than %d files", mostParts)
}

func (a *archive) String() string { return a.name }

func (a *archive) Close() error { return a.file.Close() }

func (a *archive) Open(_ context.Context, name string, from int64, _ string) (*File, error) {
	s, ok := a.parts[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	from = min(from, s.size)
	return &File{ReadCloser: readSection(a.file, s.from+from, s.size-from, io.NopCloser(nil)), From: from, Size: s.size}, nil
}

type sectionReader struct {
	io.Reader
	io.Closer
}

func readSection(file io.ReaderAt, from, size int64, closer io.Closer) io.ReadCloser {
	return sectionReader{io.NewSectionReader(file, from, size), closer}
}

// fetchAll reads a whole file of at most so many bytes.
func fetchAll(ctx context.Context, s Source, name string, most int64) ([]byte, error) {
	file, err := s.Open(ctx, name, 0, "")
	if err != nil {
		return nil, err
	}
	if file.Size > most {
		return nil, errors.Join(tooLong(name, most), file.Close())
	}
	text, err := io.ReadAll(io.LimitReader(file, most+1))
	if err != nil {
		err = unread(ctx, s, name, err)
	} else if int64(len(text)) > most {
		err = tooLong(name, most)
	}
	return text, errors.Join(err, file.Close())
}

func tooLong(name string, most int64) error {
	return refuse(TooLong, nil, "The repository's file %s is longer than the %d bytes that are allowed.", name, most)
}

// absent says that a file has to be there.
func absent(err error, name string) error {
	if errors.Is(err, fs.ErrNotExist) {
		return refuse(Missing, nil, "The repository lacks the file %s.", name)
	}
	return err
}

// unread says why reading ended early.
func unread(ctx context.Context, s Source, name string, err error) error {
	var r *Refusal
	if errors.As(err, &r) || errors.As(context.Cause(ctx), &r) {
		return r
	}
	return refuse(Unreachable, err, "Reading %s of %s ended early: %v.", name, s, err)
}
