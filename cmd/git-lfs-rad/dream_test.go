//go:build unix

package main_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"radswarm/radicle/radtest"
)

// A Dream as the program for Dreams makes and clones it, with Radicle's own rad and a node, and without a terminal: rad clone runs neither
// filters nor our helper, and hydrate brings the poster all the same.
func TestDreamOfRadClone(t *testing.T) {
	tool, tools := gitLFS(t), radtest.Tools(t)
	bin, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	home := radtest.NewHome(t, radtest.Ana)
	ana := home.With(
		"PATH="+strings.Join([]string{bin, tool, tools, os.Getenv("PATH")}, string(os.PathListSeparator)),
		"GIT_CONFIG_GLOBAL="+filepath.Join(home.Work, "gitconfig"),
	)
	swarm := func(dir string, args ...string) string {
		t.Helper()
		return ana.Run(t, dir, append([]string{filepath.Join(bin, "rad-swarm")}, args...)...)
	}
	t.Cleanup(func() {
		cmd := exec.Command(filepath.Join(bin, "rad-swarm"), "daemon", "--stop")
		cmd.Env = ana.Env()
		_ = cmd.Run() // it may not have begun
	})
	place := filepath.Join(ana.Dir(), "swarm")
	config := []byte(`{"listen":["127.0.0.1:0"],"guess":false,"upnp":false,"floor":-1}`)
	if err := errors.Join(os.Mkdir(place, 0o700), os.WriteFile(filepath.Join(place, "config.json"), config, 0o600)); err != nil {
		t.Fatal(err)
	}
	radtest.StartNode(t, home)

	udd := `{"uuid":"1","title":"Dream","type":"dream","dreamTalk":"poster.mp4"}` + "\n"
	dir := ana.Commit(t, "dream", ".udd", udd)
	ana.Git(t, dir, "lfs", "install", "--local", "--skip-smudge")
	ana.Commit(t, dir, ".gitattributes", "*.mp4 filter=lfs diff=lfs merge=lfs -text\n")
	ana.Rad(t, dir, "init", "--private", "--name", "dream", "--description", "of a film", "--default-branch", "master", "--no-confirm")
	rid := ana.Rad(t, dir, "inspect", "--rid")
	film := strings.Repeat("a poster\n", 1000)
	ana.Commit(t, dir, "poster.mp4", film)
	ana.Commit(t, dir, "talk.mp4", "a talk\n"+film)
	if out := ana.Git(t, dir, "push", "rad", "master"); !strings.Contains(out, "poster.mp4: on this disk only") {
		t.Errorf("push: %s", out)
	}

	ana.Rad(t, ana.Work, "clone", rid, "copy", "--scope", "all")
	there := filepath.Join(ana.Work, "copy")
	read := func(name string) string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(there, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if text := read("poster.mp4"); !strings.HasPrefix(text, "version https://git-lfs") {
		t.Errorf("rad clone brought %.40q", text)
	}
	said, err := ana.Try(t, there, filepath.Join(bin, "rad-swarm"), "doctor")
	for _, want := range []string{"which matters after rad clone", "rad swarm setup", "git lfs install --local", "rad swarm hydrate"} {
		if err == nil || !strings.Contains(said, want) {
			t.Errorf("doctor ends with %v and does not say %q:\n%s", err, want, said)
		}
	}
	swarm(there, "setup")
	ana.Git(t, there, "lfs", "install", "--local", "--skip-smudge")
	if out := swarm(there, "hydrate", "--dreamtalk"); !strings.Contains(out, "1 file brought") || read("poster.mp4") != film {
		t.Errorf("hydrate: %s", out)
	}
	if !strings.HasPrefix(read("talk.mp4"), "version") || read(".udd") != udd {
		t.Error("more than the poster was touched")
	}
	ana.Git(t, there, "lfs", "pull")
	if read("talk.mp4") != "a talk\n"+film {
		t.Error("git lfs pull did not bring the talk")
	}
	if out := ana.Git(t, there, "status", "--porcelain"); out != "" {
		t.Errorf("status: %s", out)
	}
}
