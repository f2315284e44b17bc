package overlay

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"calendarbot/agent/durable"
)

// walk visits what is below a folder, each folder before what is in it, in the order of the alphabet. A folder that is not there is empty, and so
// is one that who is not root may not look into.
func walk(top string, visit func(name string, info fs.FileInfo) error) error {
	files, size := 0, int64(0)
	return filepath.WalkDir(top, func(full string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && full == top {
			return nil
		}
		if errors.Is(err, fs.ErrPermission) && os.Geteuid() != 0 { // the agent sees what it may see; root changes nothing by half
			return fs.SkipDir
		}
		if err != nil {
			return err
		}
		if full == top {
			return nil
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) { // gone meanwhile
			return nil
		}
		if err != nil {
			return err
		}
		files++
		if info.Mode().IsRegular() {
			size += info.Size()
		}
		if files > mostFiles || size > mostBytes {
			return fmt.Errorf("%s is too large; allowed are %d files and %d bytes", top, mostFiles, mostBytes)
		}
		name, err := filepath.Rel(top, full)
		if err != nil {
			return err
		}
		return visit(name, info)
	})
}

// copyTree makes a copy of a folder, where nothing is yet: contents, modes, owners, what stands for deleted files, and what is special about folders. What leave
// names is left out. Sockets and pipes belong to programs that run, and are left out too.
func copyTree(from, to string, leave func(name string) bool) error {
	info, err := os.Lstat(from)
	if errors.Is(err, fs.ErrNotExist) {
		return durable.MakeFolder(to, 0o755)
	}
	if err != nil {
		return err
	}
	if err := copyFolder(from, to, info); err != nil {
		return err
	}
	return walk(from, func(name string, info fs.FileInfo) error {
		if leave(name) {
			return nil
		}
		if err := copyOne(filepath.Join(from, name), filepath.Join(to, name), info); err != nil {
			return fmt.Errorf("copy %s: %w", name, err)
		}
		return nil
	})
}

// leaveNone leaves nothing out.
func leaveNone(string) bool { return false }

// copyOne copies one file, link or folder without what is in it. The folder above is there.
func copyOne(from, to string, info fs.FileInfo) error {
	switch mode := info.Mode(); {
	case mode.IsDir():
		return copyFolder(from, to, info)
	case mode.IsRegular():
		return copyFile(from, to, info)
	case mode&fs.ModeSymlink != 0:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		if err := durable.Link(target, to); err != nil {
			return err
		}
		return chown(to, info)
	case whiteout(info):
		if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := syscall.Mknod(to, syscall.S_IFCHR, 0); err != nil {
			return fmt.Errorf("note that it was deleted: %w", err)
		}
		return durable.Sync(filepath.Dir(to))
	}
	return nil
}

const permissions = fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky

func copyFolder(from, to string, info fs.FileInfo) error {
	if err := durable.MakeFolder(to, info.Mode()&permissions); err != nil {
		return err
	}
	if err := chown(to, info); err != nil {
		return err
	}
	if err := os.Chmod(to, info.Mode()&permissions); err != nil {
		return err
	}
	return errors.Join(copyAttributes(from, to), durable.Sync(to))
}

func copyFile(from, to string, info fs.FileInfo) error {
	in, err := os.OpenFile(from, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	err = put(to, info, io.LimitReader(in, mostBytes))
	if err == nil {
		err = copyAttributes(from, to)
	}
	return errors.Join(err, in.Close())
}

// put puts a text in the place of a file, or of none, with the mode and the owner of another.
func put(name string, like fs.FileInfo, text io.Reader) error {
	f, err := durable.Create(name, like.Mode()&permissions)
	if err != nil {
		return err
	}
	uid, gid := owner(like)
	if os.Geteuid() == 0 {
		err = errors.Join(f.Chown(uid, gid), os.Chmod(name+besideEnd, like.Mode()&permissions))
	}
	if err == nil {
		_, err = io.Copy(f, text)
	}
	if err != nil {
		return errors.Join(err, f.Abandon())
	}
	return f.Commit()
}

// whiteout tells whether something stands for a deleted file of the layers below.
func whiteout(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && info.Mode()&fs.ModeCharDevice != 0 && stat.Rdev == 0
}

func owner(info fs.FileInfo) (uid, gid int) {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid), int(stat.Gid)
	}
	return -1, -1
}

// chown gives a copy the owner of what it is of. Who is not root keeps it.
func chown(name string, info fs.FileInfo) error {
	if os.Geteuid() != 0 {
		return nil
	}
	uid, gid := owner(info)
	return os.Lchown(name, uid, gid)
}

// Of what overlayfs notes in extended attributes of a slot's files (mounted with userxattr, so that it needs no privilege to see them), that a folder hides
// what lies below it is part of the tree; the rest is about the layers that are mounted.
const (
	notes  = "user.overlay."
	opaque = notes + "opaque"
)

// copyAttributes copies extended attributes.
func copyAttributes(from, to string) error {
	list := make([]byte, 64<<10)
	n, err := syscall.Listxattr(from, list)
	if errors.Is(err, syscall.ENOTSUP) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read its attributes: %w", err)
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(list[:n]), "\x00"), "\x00") {
		if name == "" || strings.HasPrefix(name, notes) && name != opaque || strings.HasPrefix(name, "trusted.") {
			continue // who has few privileges sees none that are trusted, and a copy is not to depend on who makes it
		}
		value := make([]byte, 64<<10)
		n, err := syscall.Getxattr(from, name, value)
		if err == nil {
			err = syscall.Setxattr(to, name, value[:n], 0)
		}
		if err != nil {
			return fmt.Errorf("copy its attribute %s: %w", name, err)
		}
	}
	return nil
}

// kind is what stands at a name of a tree.
type kind int

const (
	nothing kind = iota
	deleted      // it hides what the layers below have
	file
	large // a file too, whose text is not held
	link
	other // a folder, or what else there is
)

// item is what stands at a name of a tree, as a value.
type item struct {
	kind kind
	text []byte // of a file, the SHA-256 of that of a large one, or where a link leads
	info fs.FileInfo
}

// same tells whether two are the same, but for their owner and mode.
func (i item) same(o item) bool { return i.kind == o.kind && bytes.Equal(i.text, o.text) }

// itemAt reads one name of a tree.
func itemAt(top, name string) (item, error) {
	full := filepath.Join(top, name)
	info, err := os.Lstat(full)
	switch {
	case errors.Is(err, syscall.ENOTDIR): // above it something is no folder any more
		return item{kind: deleted}, nil
	case errors.Is(err, fs.ErrNotExist):
		return item{}, nil
	case err != nil:
		return item{}, err
	case whiteout(info):
		return item{kind: deleted, info: info}, nil
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(full)
		return item{kind: link, text: []byte(target), info: info}, err
	case info.Mode().IsRegular() && info.Size() > mostText:
		sum := sha256.New()
		err := sumFile(sum, full)
		return item{kind: large, text: sum.Sum(nil), info: info}, err
	case info.Mode().IsRegular():
		text, err := durable.Read(full, mostText)
		return item{kind: file, text: text, info: info}, err
	}
	return item{kind: other, info: info}, nil
}

// settings reads the calendarbot.yaml of a tree, where there is one to be read.
func settings(top string) (item, error) {
	i, err := itemAt(top, agentFile)
	if i.kind == large {
		err = errors.Join(err, tooLarge(i))
	}
	return i, err
}

func tooLarge(i item) error {
	return fmt.Errorf("its calendarbot.yaml has %d bytes; allowed are %d", i.info.Size(), mostText)
}

// names lists the files, links and whiteouts of some trees, each once.
func names(tops ...string) ([]string, error) {
	var list []string
	seen := map[string]bool{}
	for _, top := range tops {
		err := walk(top, func(name string, info fs.FileInfo) error {
			if !info.IsDir() && !seen[name] {
				seen[name] = true
				list = append(list, name)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// digest is the SHA-256 of a tree: names, modes, owners and contents.
func digest(top string) (string, error) {
	sum := sha256.New()
	err := walk(top, func(name string, info fs.FileInfo) error {
		uid, gid := owner(info)
		fmt.Fprintf(sum, "%q %v %d %d ", name, info.Mode(), uid, gid)
		switch {
		case info.Mode().IsRegular():
			fmt.Fprintf(sum, "%d ", info.Size())
			return sumFile(sum, filepath.Join(top, name))
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(filepath.Join(top, name))
			fmt.Fprintf(sum, "%q ", target)
			return err
		}
		return nil
	})
	return hex.EncodeToString(sum.Sum(nil)), err
}

func sumFile(sum hash.Hash, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(sum, io.LimitReader(f, mostBytes))
	return errors.Join(err, f.Close())
}
