package gitlfs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"radswarm/lfsagent"
	"radswarm/lfsagent/gitlfs"
	"radswarm/radicle"
)

const ridText = "rad:z3gqcJUoA1n9HaHKufZs5FCSGazv5"

func rid(t *testing.T) radicle.RID {
	t.Helper()
	r, err := radicle.ParseRID(ridText)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What setup writes it takes back, and nothing else.
func TestSetUp(t *testing.T) {
	p := newPlace(t)
	file := filepath.Join(p.top, "gitconfig")
	p.write(file, "[user]\n\tname = Ana\n[protocol \"rad\"]\n\tallow = user\n")
	before := p.git(p.top, "config", "--global", "--list")
	changes, err := gitlfs.SetUp(t.Context(), p.env)
	if err != nil || len(changes) != 5 {
		t.Fatal(changes, err)
	}
	for _, ch := range changes {
		if (ch.Kept != "") != (ch.Key == "protocol.rad.allow") {
			t.Errorf("%+v", ch)
		}
	}
	if got := p.git(p.top, "config", "--global", "lfs.https://rad.standalonetransferagent"); got != "rad" {
		t.Errorf("%q", got)
	}
	changes, err = gitlfs.SetUp(t.Context(), p.env)
	if err != nil || len(changes) != 1 || changes[0].Kept == "" {
		t.Errorf("the second time: %v, %v", changes, err)
	}
	p.git(p.top, "config", "--global", "lfs.customtransfer.rad.path", "/elsewhere/git-lfs-rad")
	before += "\nlfs.customtransfer.rad.path=/elsewhere/git-lfs-rad"
	if _, err := gitlfs.TakeBack(t.Context(), p.env); err != nil {
		t.Fatal(err)
	}
	if after := p.git(p.top, "config", "--global", "--list"); after != before {
		t.Errorf("left behind\n%s", after)
	}
}

func TestSetUpWithoutAFile(t *testing.T) {
	p := newPlace(t)
	if changes, err := gitlfs.TakeBack(t.Context(), p.env); err != nil || len(changes) != 0 {
		t.Fatal(changes, err)
	}
	if changes, err := gitlfs.SetUp(t.Context(), p.env); err != nil || len(changes) != 5 {
		t.Fatal(changes, err)
	}
}

// A repository that only .lfsconfig names counts when the person has agreed.
func TestAgree(t *testing.T) {
	p := newPlace(t)
	dir := p.repository("demo")
	p.git(dir, "remote", "add", "origin", "https://example.org/demo.git")
	c := p.open(dir)
	if err := c.Carry(t.Context(), rid(t)); err != nil {
		t.Fatal(err)
	}
	c = p.open(dir)
	if got, ok := c.Carried(); !ok || got != rid(t) {
		t.Fatal(got, ok)
	}
	if _, err := c.Repository(t.Context()); err == nil {
		t.Error("nobody agreed")
	}
	for range 2 {
		if err := c.Agree(t.Context(), rid(t)); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := p.open(dir).Repository(t.Context()); err != nil || got != rid(t) {
		t.Error(got, err)
	}
	if got := p.git(dir, "config", "--get-all", lfsagent.SetupKey); got != ridText {
		t.Errorf("%q", got)
	}
	if err := p.open(dir).Forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := p.open(dir).Repository(t.Context()); err == nil {
		t.Error("it is not forgotten")
	}
}

func finds(findings []gitlfs.Finding, grade gitlfs.Grade, what, hint string) bool {
	for _, f := range findings {
		if f.Grade == grade && strings.Contains(f.What+": "+f.Text, what) && strings.HasPrefix(f.Hint, hint) {
			return true
		}
	}
	return false
}

func TestCheck(t *testing.T) {
	p := newPlace(t)
	dir := p.repository("demo")
	p.git(dir, "remote", "add", "rad", "rad://"+strings.TrimPrefix(ridText, "rad:"))
	p.write(filepath.Join(dir, "a.bin"), "content")
	p.commit(dir)
	found := p.open(dir).Check(t.Context())
	if !finds(found, gitlfs.Advice, "ssh host", "git fetch rad") {
		t.Errorf("%+v", found)
	}
	p.git(dir, "config", "lfs.url", "https://example.org/lfs")
	found = p.open(dir).Check(t.Context())
	if !finds(found, gitlfs.Fault, "https://example.org/lfs", "git config --unset-all lfs.url") {
		t.Errorf("%+v", found)
	}
	p.git(dir, "config", "--unset", "lfs.url")
	if _, err := gitlfs.SetUp(t.Context(), p.env); err != nil {
		t.Fatal(err)
	}
	found = p.open(dir).Check(t.Context())
	if len(found) != 1 || found[0].Grade != gitlfs.Fine {
		t.Errorf("%+v", found)
	}
	p.git(dir, "lfs", "uninstall", "--local")
	p.write(filepath.Join(dir, "a.bin"), pointerText("content"))
	found = p.open(dir).Check(t.Context())
	if !finds(found, gitlfs.Fault, "not set up", "git lfs install") || !finds(found, gitlfs.Advice, "1 of 1", "rad swarm hydrate") {
		t.Errorf("%+v", found)
	}
	p.write(filepath.Join(dir, ".lfsconfig"), "[lfs]\n\turl = rad::"+strings.TrimPrefix(ridText, "rad:")+"\n")
	p.git(dir, "remote", "remove", "rad")
	found = p.open(dir).Check(t.Context())
	if !finds(found, gitlfs.Fault, "have not agreed", "rad swarm setup") {
		t.Errorf("%+v", found)
	}
}

func TestPrograms(t *testing.T) {
	p := newPlace(t)
	bin := filepath.Join(p.top, "bin")
	found := gitlfs.Programs(t.Context(), p.env, bin)
	for _, want := range []struct {
		grade      gitlfs.Grade
		what, hint string
	}{
		{gitlfs.Fine, "git: git version", ""},
		{gitlfs.Fine, "git-lfs: git-lfs/3.8.1", ""},
		{gitlfs.Fault, "git-lfs finds no git-lfs-rad", "export PATH="},
		{gitlfs.Advice, "missing", "rad swarm setup"},
	} {
		if !finds(found, want.grade, want.what, want.hint) {
			t.Errorf("no %+v in %+v", want, found)
		}
	}
	p.program(bin, "git", "git version 2.30.1")
	p.program(bin, "git-lfs", "git-lfs/3.3.0 (GitHub; linux amd64; go 1.19)")
	p.program(bin, "git-remote-rad", "git-remote-rad 0.18.1")
	p.program(bin, "git-lfs-rad", "git-lfs-rad radswarm (devel)")
	p.env[0] = "PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH")
	found = gitlfs.Programs(t.Context(), p.env, bin)
	for _, want := range []struct {
		grade      gitlfs.Grade
		what, hint string
	}{
		{gitlfs.Fault, "git 2.30.1 is too old", ""},
		{gitlfs.Advice, "git-lfs 3.3.0 lets", "go install"},
		{gitlfs.Fault, "Radicle's own helper", "export PATH="},
		{gitlfs.Fine, "git-lfs-rad: ", ""},
	} {
		if !finds(found, want.grade, want.what, want.hint) {
			t.Errorf("no %+v in %+v", want, found)
		}
	}
}

// program makes one that says a line, and runs git for everything that is no question for its version.
func (p *place) program(dir, name, says string) {
	p.t.Helper()
	p.write(filepath.Join(dir, name), "#!/bin/sh\ncase \"$1\" in\n--exec-path) exit 0;;\nconfig) PATH="+
		os.Getenv("PATH")+" exec git \"$@\";;\nesac\necho '"+says+"'\n")
	if err := os.Chmod(filepath.Join(dir, name), 0o755); err != nil {
		p.t.Fatal(err)
	}
}
