package gitobj_test

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"radswarm/radicle/gitobj"
)

func TestCheckRefName(t *testing.T) {
	for _, name := range []string{
		"refs/heads/main", "HEAD", "refs/heads/@", "refs/heads/a@b", "refs/heads/{a}", "refs/heads/-x", "refs/heads/é",
		"refs/heads/a.b", "refs/heads/a.locked", "refs/heads/{@x", "refs/notes/swarm",
	} {
		if err := gitobj.CheckRefName(name); err != nil {
			t.Errorf("%v", err)
		}
	}
	for _, name := range []string{
		"", "@", ".", "/", "a/", "/a", "a//b", "a/.b", "a/b.", "a./b", "a..b", "a.lock", "a.lock/b", "a@{b", "{a@", "a b",
		"a\x00", "a\x1f", "a\x7f", "a\tb", "a\n", `a\b`, "a~", "a^", "a:b", "a?", "a[", "a*", "\xff", "a/\xc3",
	} {
		if err := gitobj.CheckRefName(name); !errors.As(err, new(*gitobj.RefNameError)) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestCheckQualified(t *testing.T) {
	for name, want := range map[string]bool{
		"refs/heads/main": true, "refs/rad/id": true, "refs/a/b/c": true,
		"refs/main": false, "HEAD": false, "heads/main/x": false, "refs//x": false,
	} {
		if err := gitobj.CheckQualified(name); (err == nil) != want {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// Names reach git only after these checks.
func FuzzCheckRefName(f *testing.F) {
	for _, name := range []string{
		"heads/main", "heads/@", "a/{", "a/.b", "é/x", "-/x", "a/b.loc", "a./b", "a.", "{@", "\xff", "a/\x7f", "@{",
	} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		name = "refs/" + name // so that it is no option
		takes := gitobj.GitTakesRefName(name)
		if err := gitobj.CheckRefName(name); err == nil && !takes {
			t.Errorf("%q passes, but git refuses it", name)
		}
		if strings.ContainsRune(name, 0) {
			return // no argument can have it
		}
		if err := exec.Command("git", "check-ref-format", name).Run(); (err == nil) != takes {
			t.Errorf("%q: git says %v, we say %v", name, err, takes)
		}
	})
}
