//go:build unix

package main_test

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	_ "modernc.org/sqlite"
)

// state is all that lies in a folder, by path: refs of repositories and the objects that they point to, HEADs, configurations,
// files of working copies, rows of the cache of patches. Left out is what differs between two runs of the same program:
// how objects are packed and refs are stored, git's index (it has times), SQLite's files.
func state(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		switch {
		case d.IsDir() && isGitDir(path):
			all[rel+": refs"] = refs(path)
		case d.IsDir() && leftOutDir(path):
			return fs.SkipDir
		case d.Name() == "cache.db":
			all[rel] = rows(t, path)
		case d.Type()&fs.ModeSymlink != 0:
			all[rel], err = os.Readlink(path)
			return err
		case d.Type().IsRegular() && !leftOutFile(path):
			all[rel], err = content(path)
			if d.Name() == "config" && isGitDir(filepath.Dir(path)) {
				all[rel] = settings(path, all[rel])
			}
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func isGitDir(path string) bool {
	for _, name := range []string{"HEAD", "objects", "refs"} {
		if _, err := os.Stat(filepath.Join(path, name)); err != nil {
			return false
		}
	}
	return true
}

func leftOutDir(path string) bool {
	switch filepath.Base(path) {
	case "objects", "refs":
		return isGitDir(filepath.Dir(path))
	case "logs": // libgit2 writes the time of day
		return isGitDir(filepath.Dir(path))
	}
	return false
}

func leftOutFile(path string) bool {
	name := filepath.Base(path)
	return name == "packed-refs" || name == "index" || strings.Contains(name, ".db")
}

// refs lists a repository's refs, and says so if not everything that they reach is there.
func refs(dir string) string {
	list, err := gitCmd(dir, "for-each-ref", "--format=%(objectname) %(objecttype) %(refname) %(symref)").CombinedOutput()
	if err == nil {
		list = signed(dir, list)
		var out []byte
		out, err = gitCmd(dir, "rev-list", "--objects", "--quiet", "--all").CombinedOutput()
		list = append(list, out...)
	}
	if err != nil {
		list = fmt.Appendf(list, "something is missing: %v\n", err)
	}
	return string(list)
}

// signed replaces the id of signed refs by the list that they are, without its line about the list before: when Radicle's helper
// writes an operation on a patch it signs at once, and again at the end. In stories without patches even the ids are equal:
// `git ls-remote rad://<repository>/<node>` prints them.
func signed(dir string, list []byte) []byte {
	var all []byte
	for line := range bytes.Lines(list) {
		id, rest, _ := bytes.Cut(line, []byte(" "))
		if bytes.Contains(rest, []byte("/refs/rad/sigrefs ")) {
			if text, err := gitCmd(dir, "cat-file", "blob", string(id)+":refs").Output(); err == nil {
				id = fmt.Appendf(nil, "(%.7x)", sha256.Sum256(sigrefsParent.ReplaceAll(text, nil)))
			}
		}
		all = append(append(append(all, id...), ' '), rest...)
	}
	return all
}

var sigrefsParent = regexp.MustCompile(`(?m)^[0-9a-f]+ refs/rad/sigrefs-parent\n`)

// gitCmd is git beside everything that a story might have set.
func gitCmd(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C", "GIT_DIR=" + dir}
	return cmd
}

// settings are what a configuration says, wherever in the file; its text where git cannot read it.
func settings(path, text string) string {
	list, err := gitCmd(filepath.Dir(path), "config", "--file", path, "--list").Output()
	if err != nil {
		return text
	}
	return string(list)
}

// content is a file's text, or its hash where that is nothing to read.
func content(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if len(text) > 1<<16 || !utf8.Valid(text) {
		return fmt.Sprintf("%d bytes, SHA-256 %x", len(text), sha256.Sum256(text)), nil
	}
	return string(text), nil
}

// rows are the patches of a cache.db.
func rows(t testing.TB, path string) string {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	list, err := db.Query("SELECT id, repo, patch FROM patches ORDER BY id, repo")
	if err != nil { // no database of Radicle's; stories break them too
		return err.Error()
	}
	defer list.Close()
	var all strings.Builder
	for list.Next() {
		var id, repo, patch string
		if err := list.Scan(&id, &repo, &patch); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&all, "%s %s %s\n", repo, id, patch)
	}
	if err := list.Err(); err != nil {
		return err.Error()
	}
	return all.String()
}
