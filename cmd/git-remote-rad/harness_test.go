//go:build unix

package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"radswarm/radicle/radtest"
)

// findStory returns a story by archive and name.
func findStory(t testing.TB, archive, name string) story {
	t.Helper()
	for _, s := range readStories(t, archive) {
		if s.name == name {
			return s
		}
	}
	t.Fatalf("there is no story %s/%s", archive, name)
	return story{}
}

// A story that is told twice by the same helper is the same to the last byte: what differs in TestParity, the helpers did. With
// -stock, TestParity tells all of them so.
func TestStoriesAreReproducible(t *testing.T) {
	radtest.Tools(t)
	for _, name := range []string{"merge-and-back", "open-one-long-message"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := findStory(t, "patch", name)
			if d := diff(s.tellOnce(t, stock(t)), s.tellOnce(t, stock(t))); d != "" {
				t.Error(d)
			}
		})
	}
}

// Whatever a helper does otherwise is seen.
func TestDifferencesAreSeen(t *testing.T) {
	radtest.Tools(t)
	plants := map[string]string{
		"nothing":                ``,
		"a space more":           `printf ' ' >&2`,
		"an exit code":           `code=3`,
		"a ref in storage":       `git -C "$T/ana/storage/$Z" update-ref refs/x/y refs/heads/master`,
		"a ref in my namespace":  `git -C "$T/ana/storage/$Z" update-ref refs/namespaces/$ANA/refs/tmp/x refs/heads/master`,
		"a symbolic ref":         `git -C "$T/ana/storage/$Z" symbolic-ref refs/heads/s refs/heads/master`,
		"HEAD":                   `git -C "$T/ana/storage/$Z" symbolic-ref HEAD refs/heads/x`,
		"configuration":          `git config x.y z`,
		"a ref of the workplace": `git update-ref refs/x/y HEAD`,
		"a file":                 `: >"$T/ana/x"`,
		"the cache":              `sqlite3 "$T/ana/cobs/cache.db" "insert into patches values ('x', 'y', 'z')"`,
		"a log of the node":      `echo >"$T/ana/node/x"`,
		"objects":                `rm -rf "$T/ana/storage/$Z/objects/"??`,
		"refs of another home":   `git -C "$T/bo/storage/$Z" update-ref refs/x/y refs/heads/master`,
	}
	s := story{name: "planted", home: "two", lines: []string{"cd demo", "export Z", "write README two", "git push rad master"}}
	for name, plant := range plants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "the cache" {
				story{needs: []string{"sqlite3"}}.need(t)
			}
			other := side{"planted", t.TempDir()}
			text := fmt.Sprintf("#!/bin/sh\n%q \"$@\"\ncode=$?\n%s\nexit $code\n", filepath.Join(stock(t).bin, "git-remote-rad"), plant)
			if err := os.WriteFile(filepath.Join(other.bin, "git-remote-rad"), []byte(text), 0o755); err != nil {
				t.Fatal(err)
			}
			if d := diff(s.tellOnce(t, stock(t)), s.tellOnce(t, other)); (d == "") != (plant == "") {
				t.Errorf("said %q", d)
			}
		})
	}
}

// Who changes between the two helpers from one git command to the next ends where Radicle's alone leads.
func TestHelpersTakeTurns(t *testing.T) {
	radtest.Tools(t)
	for archive, names := range map[string][]string{
		"push":      {"tags", "force"},
		"patch":     {"update", "merge-and-back", "merge-and-more", "merge-older-revision"},
		"canonical": {"rule-branch", "merge-without-quorum"},
	} {
		for _, name := range names {
			for i, first := range []string{"ours", "theirs"} {
				t.Run(name+"/"+first+" first", func(t *testing.T) {
					t.Parallel()
					s := findStory(t, archive, name)
					d := diff(s.tellOnce(t, stock(t)), s.tellOnce(t, turns(t, i)))
					if d != "" {
						d = "Radicle's helper alone (-) and both in turn (+):\n" + d
					}
					missing(t, d)
				})
			}
		}
	}
}

// turns is both helpers, one after the other; it is ours that begins if begin is 0.
func turns(t testing.TB, begin int) side {
	t.Helper()
	s := side{"both", t.TempDir()}
	helpers := []string{filepath.Join(ours(t).bin, "git-remote-rad"), filepath.Join(stock(t).bin, "git-remote-rad")}
	text := fmt.Sprintf("#!/bin/sh\nif rmdir %q 2>/dev/null; then exec %q \"$@\"; fi\nmkdir %[1]q\nexec %[3]q \"$@\"\n",
		filepath.Join(s.bin, "turn"), helpers[1-begin], helpers[begin])
	if err := os.WriteFile(filepath.Join(s.bin, "git-remote-rad"), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return s
}
