package lfs

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"radswarm/blobstore"
)

// Storage is where git-lfs keeps the objects of a repository on this disk.
type Storage struct {
	dirs []string // folders with aa/bb/<oid>; the first is the repository's own
}

const (
	// maxStorage bounds lfs.storage, in bytes: no system has longer paths.
	maxStorage = 4096
	// maxAlternates bounds the file that names further repositories, in bytes.
	maxAlternates = 64 << 10
)

// Storage finds the LFS storage as git-lfs does: lfs.storage, relative to the git directory that all worktrees share, by default
// lfs in there; and behind it the storages of the repositories whose objects this one borrows (clone --reference, --shared). Nothing
// is made and git-lfs is not asked. An lfs.storage that is no path is an error.
func (c *Config) Storage() (Storage, error) {
	dir, ok := c.Get("lfs.storage")
	if !ok || dir == "" {
		dir = "lfs"
	}
	if len(dir) > maxStorage || strings.ContainsRune(dir, 0) {
		return Storage{}, fmt.Errorf("lfs.storage is no path: %d bytes: %s", len(dir), printable(dir))
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(c.at.common, dir)
	}
	s := Storage{dirs: []string{filepath.Join(dir, "objects")}}
	s.dirs = append(s.dirs, c.borrowed()...)
	return s, nil
}

// borrowed are the storages beside the object directories in objects/info/alternates. One that cannot be read names none.
func (c *Config) borrowed() []string {
	objects := filepath.Join(c.at.common, "objects")
	text, err := readFile(filepath.Join(objects, "info", "alternates"), maxAlternates)
	if err != nil {
		return nil
	}
	var dirs []string
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' || line[0] == '"' {
			continue
		}
		if !filepath.IsAbs(line) {
			line = filepath.Join(objects, line)
		}
		dirs = append(dirs, filepath.Join(filepath.Dir(line), "lfs", "objects"))
	}
	return dirs
}

// Dir is the folder of the repository's own objects, "" for the zero value. It may not exist.
func (s Storage) Dir() string {
	if len(s.dirs) == 0 {
		return ""
	}
	return s.dirs[0]
}

// Path returns the file of an object if it is here and as long as it should be. What is in it was not read.
func (s Storage) Path(p blobstore.Pointer) (path string, ok bool) {
	name := p.OID.String()
	for _, dir := range s.dirs {
		path := filepath.Join(dir, name[:2], name[2:4], name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Size() == p.Size {
			return path, true
		}
	}
	return "", false
}

// Has reports whether the object is here: its file is as long as it should be. Empty objects always are; they have no file.
func (s Storage) Has(p blobstore.Pointer) bool {
	_, ok := s.Path(p)
	return ok || p.Size == 0
}
