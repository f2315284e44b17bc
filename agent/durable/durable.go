// Package durable writes files so that a power cut at any moment leaves what was there or what is new, whole. When a function
// returns without an error, what it did is on the disk. Who writes under one name at the same time as others takes a lock first. It reads
// such files back, which others may have put there.
package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// beside is what a name ends in while its file is being written. What a crash leaves under it means nothing, and the next one to
// write takes it away.
const beside = ".new"

// Write puts data in the place of a file, or of none, with these permissions whatever the umask. The folder is to be there.
func Write(name string, data []byte, mode fs.FileMode) error {
	f, err := Create(name, mode)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Abandon())
	}
	return f.Commit()
}

// File is being written beside the one that it takes the place of. It ends with Commit or Abandon.
type File struct {
	file *os.File
	name string
}

// Create begins a file that takes its place with Commit. The folder is to be there. Mode 0 leaves the permissions as the file system gives
// them, which is all that FAT allows.
func Create(name string, mode fs.FileMode) (*File, error) {
	if err := os.Remove(name + beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	step()
	file, err := os.OpenFile(name+beside, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	f := &File{file: file, name: name}
	if mode != 0 {
		err = file.Chmod(mode)
	}
	if err != nil {
		return nil, errors.Join(err, f.Abandon())
	}
	return f, nil
}

// Write adds to the file.
func (f *File) Write(p []byte) (int, error) {
	step()
	return f.file.Write(p)
}

// Chown gives the file to others; -1 leaves the one or the other as it is. It is to be called before Commit.
func (f *File) Chown(uid, gid int) error { return f.file.Chown(uid, gid) }

// Commit puts the file in its place. An error leaves what was there, or, when the folder alone refused, perhaps what is new.
func (f *File) Commit() error {
	step()
	if err := f.file.Sync(); err != nil {
		return errors.Join(err, f.Abandon())
	}
	if err := f.file.Close(); err != nil {
		return errors.Join(err, os.Remove(f.name+beside))
	}
	step()
	if err := os.Rename(f.name+beside, f.name); err != nil {
		return errors.Join(err, os.Remove(f.name+beside))
	}
	return Sync(filepath.Dir(f.name))
}

// Abandon leaves everything as it was.
func (f *File) Abandon() error { return errors.Join(f.file.Close(), os.Remove(f.name+beside)) }

// Rename moves a file or a folder within a file system; what has the other name gives way, as with rename(2). What is in a file
// that is moved is to be on the disk already.
func Rename(from, to string) error {
	step()
	if err := os.Rename(from, to); err != nil {
		return err
	}
	if filepath.Dir(from) == filepath.Dir(to) {
		return Sync(filepath.Dir(to))
	}
	// First the new name: a cut between the two leaves both or the new one.
	return errors.Join(Sync(filepath.Dir(to)), Sync(filepath.Dir(from)))
}

// Remove takes a file, a link or an empty folder away. None is no error.
func Remove(name string) error {
	step()
	err := os.Remove(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return Sync(filepath.Dir(name))
}

// RemoveAll takes away whatever has a name, with all that is in it; of a link the link alone, never what it leads to. None is no error.
func RemoveAll(name string) error {
	step()
	err := os.Remove(name)
	if errors.Is(err, fs.ErrExist) { // a folder with something in it, which may belong to somebody hostile: no link in it leads out
		err = removeTree(filepath.Dir(name), filepath.Base(name))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return Sync(filepath.Dir(name))
}

func removeTree(folder, name string) error {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	return errors.Join(root.RemoveAll(name), root.Close())
}

// MakeFolder makes a folder, and those above it that are missing, with these permissions whatever the umask. One that is there is
// left as it is.
func MakeFolder(name string, mode fs.FileMode) error {
	switch info, err := os.Stat(name); {
	case err == nil && info.IsDir():
		return nil
	case err == nil:
		return fmt.Errorf("make the folder %s: %w", name, syscall.ENOTDIR)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	above := filepath.Dir(name)
	if err := MakeFolder(above, mode); err != nil {
		return err
	}
	step()
	if err := os.Mkdir(name, mode); errors.Is(err, fs.ErrExist) {
		return syncMade(name, above) // another program was faster, or a link leads nowhere
	} else if err != nil {
		return err
	}
	if err := os.Chmod(name, mode); err != nil {
		return err
	}
	return Sync(above)
}

// syncMade has a folder on the disk that another program made just now.
func syncMade(name, above string) error {
	if _, err := os.Stat(name); err != nil {
		return err
	}
	return Sync(above)
}

// Link puts a symbolic link in the place of a file or a link, or of none. The folder is to be there.
func Link(target, name string) error {
	if err := os.Remove(name + beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	step()
	if err := os.Symlink(target, name+beside); err != nil {
		return err
	}
	step()
	if err := os.Rename(name+beside, name); err != nil {
		return errors.Join(err, os.Remove(name+beside))
	}
	return Sync(filepath.Dir(name))
}

// Sync has the names in a folder, or what is in a file, on the disk. What is neither is an error at once: a pipe in its place keeps nobody waiting.
func Sync(name string) error {
	step()
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
