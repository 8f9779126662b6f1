//go:build unix

package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"radswarm/radicle/radtest"
	"radswarm/remote/lfs"
	"radswarm/remote/lfs/lfstest"
)

// Plain git goes on working when everything of ours is taken away: in a repository with LFS files that was configured for us, with
// git-lfs's hooks, git and Radicle's helper fetch, clone and push commits that bring no new LFS object; those that do are refused by
// git-lfs, and go through with --no-verify.
func TestPlainGitWithoutUs(t *testing.T) {
	t.Parallel()
	tool, err := lfstest.Tool()
	if err != nil {
		radtest.Missing(t, "git-lfs", err.Error())
	}
	dir := folder(t, "one")
	beside := func(s side) side {
		return side{s.name, strings.Join([]string{s.bin, tool}, string(os.PathListSeparator))}
	}
	succeed(t, story{name: "with us", lines: []string{
		"cd demo", "git lfs install --local", "git lfs track '*.bin'", "git add .gitattributes", "write film.bin a-film",
	}}.play(t, beside(ours(t)), dir))
	configure(t, dir)
	succeed(t, story{name: "the first push", lines: []string{"cd demo", "git -c swarm.require=local push --no-verify rad master"}}.play(t, beside(ours(t)), dir))

	without := beside(stock(t))
	succeed(t, story{name: "without us", lines: []string{
		"cd demo", "! command -v git-lfs-rad", "[ -x .git/hooks/pre-push ]",
		"write README more", "git push rad master", "git fetch rad", "git checkout -q HEAD~1", "git checkout -q master",
		"git clone -q rad://$Z ../clone", "git -C ../clone lfs pointer --check --file film.bin",
		"write README again", "git push rad master", "git -C ../clone pull -q", "git push rad HEAD:refs/heads/other",
	}}.play(t, without, dir))
	refused := story{name: "a new film", lines: []string{"cd demo", "write new.bin another-film", "git push rad master"}}.play(t, without, dir)
	succeed(t, refused[:2])
	if refused[2].exit == "0" {
		t.Errorf("git-lfs lets a push go that brings what nobody keeps:\n%s", refused[2].stderr)
	}
	succeed(t, story{name: "past git-lfs", lines: []string{
		"cd demo", "git push --no-verify rad master", "write README last", "git push rad master", "git -C ../clone pull -q",
	}}.play(t, without, dir))
	for _, p := range problems(t, dir) {
		t.Error(p)
	}
}

// configure writes what our helper writes for git-lfs into the working copy demo.
func configure(t *testing.T, dir string) {
	t.Helper()
	rid := repository(t, dir).RID()
	repo := lfs.Repo{Dir: filepath.Join(dir, "work", "demo", ".git"), Env: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1"}}
	config, err := repo.ReadConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	warnings, err := config.Configure(t.Context(), lfs.Remote{Name: "rad", URL: "rad://" + rid.Canonical(), RID: rid, NID: radtest.Ana.NID()})
	if err != nil || len(warnings) > 0 {
		t.Fatal(warnings, err)
	}
	text, err := os.ReadFile(filepath.Join(repo.Dir, "config"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), lfs.Agent) {
		t.Fatalf("the working copy does not know our agent:\n%s", text)
	}
}
