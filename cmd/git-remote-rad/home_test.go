//go:build unix

package main_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// homes are the templates that were made, each once.
var homes struct {
	sync.Mutex
	made map[string]string // name to folder
}

// home returns the folder of a template; empty for none. Radicle's tools make it, every step of it has to succeed.
func home(t testing.TB, name string) string {
	t.Helper()
	if name == "" {
		return ""
	}
	homes.Lock()
	defer homes.Unlock()
	return makeHome(t, name, readStories(t, "homes"))
}

// makeHome is called with homes locked.
func makeHome(t testing.TB, name string, all []story) string {
	t.Helper()
	if dir := homes.made[name]; dir != "" {
		return dir
	}
	for _, s := range all {
		if s.name != name {
			continue
		}
		dir := filepath.Join(scratchDir(t, "homes"), name)
		if s.home != "" {
			clone(t, makeHome(t, s.home, all), dir)
		} else if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, st := range s.play(t, stock(t), dir) {
			if st.exit != "0" {
				t.Fatalf("home %s:\n%s", name, render([]step{st}, nil))
			}
		}
		pack(t, dir)
		if homes.made == nil {
			homes.made = make(map[string]string)
		}
		homes.made[name] = dir
		return dir
	}
	t.Fatalf("there is no home %s", name)
	return ""
}

// pack packs the objects of all repositories in a folder: a home is copied hundreds of times, and files are what that takes.
func pack(t testing.TB, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() || !isGitDir(path) {
			return err
		}
		if out, err := gitCmd(path, "repack", "-adq").CombinedOutput(); err != nil {
			return fmt.Errorf("git repack: %w\n%s", err, out)
		}
		return fs.SkipDir
	})
	if err != nil {
		t.Fatal(err)
	}
}

// clone copies a folder.
func clone(t testing.TB, from, to string) {
	t.Helper()
	if out, err := exec.Command("cp", "-Rp", from, to).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
