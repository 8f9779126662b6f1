package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"radswarm/radicle/profile"
)

// RealHomeError is a folder that is, contains or lies in a Radicle home that is not of a lab.
type RealHomeError struct{ Dir, Home string }

func (e *RealHomeError) Error() string {
	return fmt.Sprintf("%s overlaps the Radicle home %s: a lab is never made or deleted there", e.Dir, e.Home)
}

// ForeignError is something that no lab has: nothing is written or deleted.
type ForeignError struct{ Path, Why string }

func (e *ForeignError) Error() string {
	return fmt.Sprintf("%s: %s; nothing was touched", e.Path, e.Why)
}

// check returns the marker of the lab if all is as it must be before anything of it is used, changed or deleted.
func (l *Lab) check() (*marker, error) {
	info, err := os.Lstat(l.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &NoLabError{Dir: l.dir}
	}
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, &ForeignError{Path: l.dir, Why: "not a folder"}
	}
	if !owned(info) {
		return nil, &ForeignError{Path: l.dir, Why: "belongs to somebody else, or others may write into it"}
	}
	m, err := readMarker(l.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, l.checkReal(nil, &NoLabError{Dir: l.dir})
	}
	if err != nil {
		return nil, err
	}
	if err := l.checkReal(m, nil); err != nil {
		return nil, err
	}
	return m, l.checkTop(m)
}

// checkTop refuses a folder that holds anything at its top which a lab does not have.
func (l *Lab) checkTop(m *marker) error {
	entries, err := os.ReadDir(l.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		dir := e.Name() == workDir || e.Name() == makingDir || m.home(e.Name()) != nil
		file := e.Name() == markerFile || e.Name() == newMarker || e.Name() == lockFile
		path := filepath.Join(l.dir, e.Name())
		switch {
		case dir && !e.IsDir(), file && !e.Type().IsRegular():
			return &ForeignError{Path: path, Why: "not what a lab has under this name"}
		case !dir && !file:
			return &ForeignError{Path: path, Why: "not of the lab"}
		}
	}
	return nil
}

// checkReal refuses a folder that overlaps a real home, else returns other. A home that the lab itself made, where the
// environment of `lab env` points, is none.
func (l *Lab) checkReal(m *marker, other error) error {
	for _, home := range realHomes(l.env) {
		own := m != nil && filepath.Dir(home) == resolve(l.dir) && m.home(filepath.Base(home)) != nil
		if !own && overlap(resolve(l.dir), home) {
			return &RealHomeError{Dir: l.dir, Home: home}
		}
	}
	return other
}

// realHomes are the Radicle homes of whoever runs this, whether they are there or not.
func realHomes(env profile.Env) []string {
	var homes []string
	if home, err := profile.Find(env); err == nil {
		homes = append(homes, resolve(home.Dir()))
	}
	for _, name := range []string{"HOME", "USERPROFILE"} {
		if dir, _ := env(name); dir != "" {
			homes = append(homes, resolve(filepath.Join(dir, ".radicle")))
		}
	}
	if dir, err := os.UserHomeDir(); err == nil {
		homes = append(homes, resolve(filepath.Join(dir, ".radicle")))
	}
	return slices.Compact(slices.Sorted(slices.Values(homes)))
}

// resolve is a path without symbolic links, as far as it exists.
func resolve(path string) string {
	path, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	rest := ""
	for at := path; ; at = filepath.Dir(at) {
		if real, err := filepath.EvalSymlinks(at); err == nil {
			return filepath.Join(real, rest)
		}
		if at == filepath.Dir(at) {
			return path
		}
		rest = filepath.Join(filepath.Base(at), rest)
	}
}

// overlap reports whether of two resolved paths one is, contains or lies in the other. Where they exist the system is asked,
// which knows of disks that take upper and lower case for the same.
func overlap(a, b string) bool { return within(a, b) || within(b, a) }

func within(inner, outer string) bool {
	if rel, err := filepath.Rel(outer, inner); err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return true
	}
	at, err := os.Stat(outer)
	if err != nil {
		return false
	}
	for p := inner; ; p = filepath.Dir(p) {
		if info, err := os.Stat(p); err == nil && os.SameFile(info, at) {
			return true
		}
		if p == filepath.Dir(p) {
			return false
		}
	}
}
