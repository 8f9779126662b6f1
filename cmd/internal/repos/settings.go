package repos

import (
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
	"sync"

	"radswarm/blobstore"
	"radswarm/blobstore/zone"
	"radswarm/radicle"
)

// maxSettings bounds the file of settings, in bytes.
const maxSettings = 64 << 20

// settings are what the owner of this home has said about repositories, and what a restart must not forget. They are in one file
// that is written anew at every change.
type settings struct {
	path string
	mu   sync.Mutex
	file settingsFile
}

// settingsFile is the file. Zones are written as in .gitattributes.
type settingsFile struct {
	Default      string                         `json:"default,omitempty"` // for all repositories of which nothing else is said
	Repositories map[radicle.RID]*repositorySet `json:"repositories,omitempty"`
	// Opening are objects that were made public, and whose shares are not all marked open yet.
	Opening []string `json:"opening,omitempty"`
}

// repositorySet is about one repository.
type repositorySet struct {
	Zone   string        `json:"zone,omitempty"`
	NoRead []radicle.DID `json:"no_read,omitempty"`
	Named  []radicle.DID `json:"named,omitempty"` // by commands about objects
	// Unsettled are objects that were recorded before any path of theirs was known.
	Unsettled []string `json:"unsettled,omitempty"`
}

// readSettings reads the file; none is empty settings. A zone that cannot be read is an error: what it narrows must not be
// forgotten.
func readSettings(path string) (*settings, error) {
	s := &settings{path: path}
	f, err := os.Open(path)
	if path == "" || errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close() // read only
	b, err := io.ReadAll(io.LimitReader(f, maxSettings))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, &s.file); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, s.check()
}

func (s *settings) check() error {
	if _, err := parseZone(s.file.Default); err != nil {
		return fmt.Errorf("%s: default: %w", s.path, err)
	}
	for rid, r := range s.file.Repositories {
		if r == nil {
			delete(s.file.Repositories, rid)
			continue
		}
		if _, err := parseZone(r.Zone); err != nil {
			return fmt.Errorf("%s: %v: %w", s.path, rid, err)
		}
	}
	return nil
}

// parseZone reads a zone; empty is none.
func parseZone(text string) (zone.Zone, error) {
	if text == "" {
		return zone.Zone{}, nil
	}
	return zone.Parse(text)
}

// consent returns the owner's word about a repository.
func (s *settings) consent(rid radicle.RID) (c zone.Consent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.Global, _ = parseZone(s.file.Default) // checked when it was read or set
	if r := s.file.Repositories[rid]; r != nil {
		c.Repository, _ = parseZone(r.Zone)
	}
	return c
}

// noRead returns the members of a repository that are not to read.
func (s *settings) noRead(rid radicle.RID) []radicle.DID {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.file.Repositories[rid]; r != nil {
		return slices.Clone(r.NoRead)
	}
	return nil
}

// named returns whom commands or the setting of a repository name.
func (s *settings) named(rid radicle.RID) []radicle.DID {
	all := s.consent(rid).Ceiling(true).Named()
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.file.Repositories[rid]; r != nil {
		all = append(all, r.Named...)
	}
	slices.SortFunc(all, radicle.DID.Compare)
	return slices.Compact(all)
}

// unsettled returns the objects of a repository that were recorded before a path was known.
func (s *settings) unsettled(rid radicle.RID) map[blobstore.Pointer]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[blobstore.Pointer]bool)
	if r := s.file.Repositories[rid]; r != nil {
		for _, text := range r.Unsettled {
			if p, err := parsePointer(text); err == nil {
				out[p] = true
			}
		}
	}
	return out
}

// settle notes which objects were recorded with a path known and which without.
func (s *settings) settle(rid radicle.RID, known, unknown []blobstore.Pointer) error {
	old := s.unsettled(rid)
	next := make(map[blobstore.Pointer]bool, len(old))
	for p := range old {
		next[p] = true
	}
	for _, p := range unknown {
		next[p] = true
	}
	for _, p := range known {
		delete(next, p)
	}
	if len(next) == len(old) && containsAll(old, next) {
		return nil
	}
	return s.edit(rid, func(r *repositorySet) {
		r.Unsettled = nil
		for p := range next {
			r.Unsettled = append(r.Unsettled, pointerText(p))
		}
		slices.Sort(r.Unsettled)
	})
}

func containsAll(all, some map[blobstore.Pointer]bool) bool {
	for p := range some {
		if !all[p] {
			return false
		}
	}
	return true
}

// edit changes what is said of a repository, durably.
func (s *settings) edit(rid radicle.RID, change func(*repositorySet)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &repositorySet{}
	if old := s.file.Repositories[rid]; old != nil {
		*r = *old
		r.NoRead, r.Named = slices.Clone(old.NoRead), slices.Clone(old.Named)
	}
	change(r)
	next := s.file
	next.Repositories = make(map[radicle.RID]*repositorySet)
	maps.Copy(next.Repositories, s.file.Repositories)
	next.Repositories[rid] = r
	return s.write(next)
}

// setDefault notes the owner's word about all repositories, durably.
func (s *settings) setDefault(z zone.Zone) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.file
	next.Default = z.String()
	return s.write(next)
}

// own returns the repositories that have a zone of their own, in order.
func (s *settings) own() []radicle.RID {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []radicle.RID{}
	for rid, r := range s.file.Repositories {
		if r.Zone != "" {
			all = append(all, rid)
		}
	}
	slices.SortFunc(all, radicle.RID.Compare)
	return all
}

// opening notes objects whose shares are to be marked open, and those whose shares are.
func (s *settings) opening(more, done []blobstore.Pointer) error {
	if len(more)+len(done) == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	set := make(map[string]bool)
	for _, text := range s.file.Opening {
		set[text] = true
	}
	for _, p := range more {
		set[pointerText(p)] = true
	}
	for _, p := range done {
		delete(set, pointerText(p))
	}
	next := s.file
	next.Opening = slices.Sorted(maps.Keys(set))
	return s.write(next)
}

// toOpen returns the objects whose shares are to be marked open.
func (s *settings) toOpen() (all []blobstore.Pointer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, text := range s.file.Opening {
		if p, err := parsePointer(text); err == nil {
			all = append(all, p)
		}
	}
	return all
}

// write makes the file say this, whole or not at all.
func (s *settings) write(next settingsFile) error {
	if s.path == "" {
		s.file = next
		return nil
	}
	b, err := json.MarshalIndent(next, "", "  ")
	if err != nil {
		return err
	}
	if err := replaceFile(s.path, append(b, '\n')); err != nil {
		return err
	}
	s.file = next
	return nil
}

// replaceFile writes a file for its owner only, durably, in the place of what was there.
func replaceFile(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

func pointerText(p blobstore.Pointer) string { return fmt.Sprintf("%v:%d", p.OID, p.Size) }

// parsePointer reads what pointerText writes.
func parsePointer(text string) (p blobstore.Pointer, err error) {
	oid, size, _ := strings.Cut(text, ":")
	if p.OID, err = blobstore.ParseOID(oid); err != nil {
		return p, err
	}
	_, err = fmt.Sscanf(size, "%d", &p.Size)
	return p, err
}
