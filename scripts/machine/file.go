package machine

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// File is one that is put into the machine. It belongs to root there.
type File struct {
	Path string      // where it is in the machine, from its root
	From string      // the file here that it is a copy of
	Text string      // its content where there is no From; the target, for a symbolic link
	Mode fs.FileMode // permissions, and fs.ModeSymlink for a link
}

// Tree returns the files of a folder here, as they are to be put under a folder there.
func Tree(from, to string) ([]File, error) {
	var files []File
	err := filepath.WalkDir(from, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		inside, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		file := File{Path: filepath.Join(to, inside), From: name, Mode: info.Mode().Perm()}
		if info.Mode()&fs.ModeSymlink != 0 {
			target, err := os.Readlink(name)
			if err != nil {
				return err
			}
			file = File{Path: file.Path, Text: target, Mode: fs.ModeSymlink | 0o777}
		}
		files = append(files, file)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the files for the machine: %w", err)
	}
	return files, nil
}

// open returns the content and its length in bytes.
func (f File) open() (io.ReadCloser, int64, error) {
	if f.From == "" {
		return io.NopCloser(strings.NewReader(f.Text)), int64(len(f.Text)), nil
	}
	content, err := os.Open(f.From)
	if err != nil {
		return nil, 0, err
	}
	info, err := content.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, content.Close())
	}
	return content, info.Size(), nil
}

// writeFiles makes an archive of files; of several with one path the last one holds.
func writeFiles(archive string, files []File) (err error) {
	out, err := os.Create(archive)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	w := tar.NewWriter(out)
	for _, file := range files {
		if err := writeFile(w, file); err != nil {
			return fmt.Errorf("%s: %w", file.Path, err)
		}
	}
	return w.Close()
}

func writeFile(w *tar.Writer, file File) error {
	if file.Mode&fs.ModeSymlink != 0 {
		return w.WriteHeader(&tar.Header{Name: file.Path, Typeflag: tar.TypeSymlink, Linkname: file.Text, Mode: 0o777})
	}
	content, size, err := file.open()
	if err != nil {
		return err
	}
	if err := w.WriteHeader(&tar.Header{Name: file.Path, Typeflag: tar.TypeReg, Size: size, Mode: int64(file.Mode.Perm())}); err != nil {
		return errors.Join(err, content.Close())
	}
	_, err = io.Copy(w, content)
	return errors.Join(err, content.Close())
}

// writeInitramfs makes an archive of files as the kernel unpacks it at first (cpio, "newc"), with their folders.
func writeInitramfs(archive string, files []File) (err error) {
	out, err := os.Create(archive)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	folders := map[string]struct{}{"/": {}}
	entry := 0
	for _, file := range append(files, File{Path: "/TRAILER!!!"}) {
		if folder := filepath.Dir(file.Path); file.Path != "/TRAILER!!!" {
			if _, made := folders[folder]; !made {
				folders[folder] = struct{}{}
				entry++
				if err := writeEntry(out, entry, File{Path: folder, Mode: fs.ModeDir | 0o755}); err != nil {
					return err
				}
			}
		}
		entry++
		if err := writeEntry(out, entry, file); err != nil {
			return fmt.Errorf("%s: %w", file.Path, err)
		}
	}
	return nil
}

// writeEntry writes one entry; name and content are padded to four bytes, the first together with the header.
func writeEntry(w io.Writer, number int, file File) error {
	const header = 110
	kind := 0o100000
	if file.Mode.IsDir() {
		kind = 0o040000
	}
	content, size, err := file.open()
	if err != nil {
		return err
	}
	name := strings.TrimPrefix(file.Path, "/") + "\x00"
	_, err = fmt.Fprintf(w, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s%s",
		number, kind|int(file.Mode.Perm()), 0, 0, 1, 0, size, 0, 0, 0, 0, len(name), 0, name, padding(header+len(name)))
	if err == nil {
		_, err = io.Copy(w, content)
	}
	if err == nil {
		_, err = io.WriteString(w, padding(int(size)))
	}
	return errors.Join(err, content.Close())
}

func padding(length int) string {
	return strings.Repeat("\x00", (4-length%4)%4)
}
