package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// folder is where last good pages outlive a restart, each in a file of its own. A file is whole or not there: it is written beside
// its name, synchronised and renamed, and begins with a checksum of the rest. Only one goroutine uses a folder at a time.
type folder struct {
	dir   string
	saved map[string]savedFile // by name
}

// savedFile is what is known to be in a file.
type savedFile struct {
	sum  string // of the page without its moments
	made time.Time
	size int
}

const (
	folderFiles = 8         // in a folder
	folderBytes = 128 << 10 // in a folder: six times in an hour is well under a megabyte
	fileEnding  = ".page"
	fileHead    = "calendarbot page 1 " // before the checksum

	// sameFor is how long a page that stays the same is not written again; its age is that of its file after a restart.
	sameFor = maxAge / 2
)

// savedPage is a file, after its checksum and before the body.
type savedPage struct {
	Files       string // the names of the style sheet and the script that the body speaks of
	Query       Query
	Status      int
	Type, ETag  string
	Made, Until time.Time
	Live        []savedLive
	Mark        int
}

type savedLive struct {
	At           int
	Until        time.Time
	Layout, Zone string
}

// write makes the folder hold pages, as far as there is room for them, the first ones first, and of the others that it held
// the newest that there is still room for: a page that is not drawn just now may be all that is left of it after a restart.
func (f *folder) write(pages []lastPage) error {
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return err
	}
	var failed []error
	room, names := folderBytes, map[string]savedFile{}
	for i := range pages {
		text, err := pages[i].encode()
		if err != nil {
			failed = append(failed, err)
			continue
		}
		if len(names) == folderFiles || len(text) > room {
			continue
		}
		name, now := pages[i].fileName(), savedFile{pages[i].sum(), pages[i].page.Made, len(text)}
		if old, ok := f.saved[name]; ok && old.sum == now.sum && now.made.Sub(old.made).Abs() < sameFor {
			now = old
		} else if err := f.put(name, text); err != nil {
			failed = append(failed, err)
			continue
		}
		room -= len(text)
		names[name] = now
	}
	f.keepOld(names, room)
	f.saved = names
	if len(failed) == 0 { // what cannot be replaced stays
		failed = append(failed, f.sweep())
	}
	return errors.Join(failed...)
}

// keepOld adds to names what was saved before, the newest first, as far as there is room for it, unless it is too old to be shown
// beside what is in names.
func (f *folder) keepOld(names map[string]savedFile, room int) {
	var newest time.Time
	for _, now := range names {
		if now.made.After(newest) {
			newest = now.made
		}
	}
	newer := func(a, b string) int { return f.saved[b].made.Compare(f.saved[a].made) }
	for _, name := range slices.SortedFunc(maps.Keys(f.saved), newer) {
		old := f.saved[name]
		if _, ok := names[name]; ok || len(names) == folderFiles || old.size > room || newest.Sub(old.made) > maxAge {
			continue
		}
		room -= old.size
		names[name] = old
	}
}

// put writes a file whole.
func (f *folder) put(name string, text []byte) error {
	beside := filepath.Join(f.dir, name+".new")
	file, err := os.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := os.Rename(beside, filepath.Join(f.dir, name)); err != nil {
		return err
	}
	return f.sync()
}

// sync makes renaming and removing outlive a loss of power.
func (f *folder) sync() error {
	dir, err := os.Open(f.dir)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// sweep removes the folder's own files that are not saved any more.
func (f *folder) sweep() error {
	names, err := f.own()
	if err != nil {
		return err
	}
	gone := false
	for _, name := range names {
		if _, ok := f.saved[name]; ok {
			continue
		}
		if err := os.Remove(filepath.Join(f.dir, name)); err != nil {
			return err
		}
		gone = true
	}
	if !gone {
		return nil
	}
	return f.sync()
}

// own lists the plain files that have a name as the folder gives them, also those half written.
func (f *folder) own() ([]string, error) {
	dir, err := os.Open(f.dir)
	if err != nil {
		return nil, err
	}
	const most = 10 * folderFiles
	entries, err := dir.ReadDir(most)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	var names []string
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".new")
		hash, ok := strings.CutSuffix(name, fileEnding)
		if _, err := hex.DecodeString(hash); ok && err == nil && len(hash) == 2*nameBytes && e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	return names, errors.Join(err, dir.Close())
}

// read returns the whole pages in the folder, those made last at the end. A folder that is not there is empty.
func (f *folder) read() ([]lastPage, error) {
	names, err := f.own()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var pages []lastPage
	f.saved = map[string]savedFile{}
	for _, name := range names {
		if len(pages) == folderFiles || !strings.HasSuffix(name, fileEnding) {
			continue
		}
		text, readErr := readFile(filepath.Join(f.dir, name))
		if readErr != nil {
			err = errors.Join(err, readErr)
			continue
		}
		if p, ok := decodePage(text); ok && p.fileName() == name {
			pages = append(pages, p)
			f.saved[name] = savedFile{p.sum(), p.page.Made, len(text)}
		}
	}
	slices.SortFunc(pages, func(a, b lastPage) int { return a.page.Made.Compare(b.page.Made) })
	return pages, err
}

// readFile reads what a file of the folder can hold at most.
func readFile(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(file, folderBytes+1))
	return text, errors.Join(err, file.Close())
}

// nameBytes is how much of a hash of the query names a file.
const nameBytes = 8

func (p *lastPage) fileName() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%+v", p.query))
	return hex.EncodeToString(sum[:nameBytes]) + fileEnding
}

// sum tells pages apart that differ in more than when they were made.
func (p *lastPage) sum() string { return fmt.Sprint(p.page.Type, p.page.ETag, p.page.Live) }

// bodyFiles are the names of the files that pages of this program speak of. They change with their content; another program's
// are not served.
func bodyFiles() string {
	u := loadAssets().url
	return u["page.css"] + " " + u["page.js"]
}

func (p *lastPage) encode() ([]byte, error) {
	s := savedPage{
		Files: bodyFiles(), Query: p.query, Status: p.page.Status, Type: p.page.Type, ETag: p.page.ETag,
		Made: p.page.Made, Until: p.page.Until, Mark: p.page.Mark,
	}
	for _, l := range p.page.Live {
		zone := ""
		if l.Zone != nil {
			zone = l.Zone.String()
		}
		s.Live = append(s.Live, savedLive{l.At, l.Until, l.Layout, zone})
	}
	head, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode page: %w", err)
	}
	rest := slices.Concat(head, []byte{'\n'}, p.page.Body)
	return slices.Concat([]byte(fileHead), []byte(checksum(rest)), []byte{'\n'}, rest), nil
}

func checksum(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// decodePage reads what encode wrote. It is false for anything else, and for pages of another version of the program.
func decodePage(text []byte) (lastPage, bool) {
	head, rest, _ := bytes.Cut(text, []byte{'\n'})
	if string(head) != fileHead+checksum(rest) {
		return lastPage{}, false
	}
	meta, body, _ := bytes.Cut(rest, []byte{'\n'})
	var s savedPage
	if err := json.Unmarshal(meta, &s); err != nil || s.Files != bodyFiles() || s.Mark < 0 || s.Mark > len(body) {
		return lastPage{}, false
	}
	p := Page{Status: s.Status, Type: s.Type, Body: body, ETag: s.ETag, Made: s.Made, Until: s.Until, Mark: s.Mark}
	at := 0
	for _, l := range s.Live {
		zone, err := time.LoadLocation(l.Zone)
		if err != nil || l.At < at || l.At > len(body) {
			return lastPage{}, false
		}
		at = l.At
		p.Live = append(p.Live, Live{At: l.At, Until: l.Until, Layout: l.Layout, Zone: zone})
	}
	return lastPage{s.Query, p}, true
}
