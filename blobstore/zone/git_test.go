package zone_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"radswarm/blobstore/zone"
	"radswarm/radicle"
)

// checkAttr asks git, as the daemon does.
type checkAttr struct {
	dir string
	env []string
}

func (c checkAttr) run(ctx context.Context, stdin string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.Env, cmd.Stdin = c.dir, c.env, strings.NewReader(stdin)
	return cmd.Output()
}

func (c checkAttr) Zones(ctx context.Context, paths []string) (all []string, err error) {
	out, err := c.run(ctx, strings.Join(paths, "\x00")+"\x00", "check-attr", "--cached", "--stdin", "-z", zone.Attribute)
	for i, field := range bytes.Split(bytes.TrimSuffix(out, []byte{0}), []byte{0}) {
		if i%3 == 2 {
			all = append(all, string(field))
		}
	}
	return all, err
}

func TestWhatGitSays(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("SKIP: git is not installed")
	}
	home := t.TempDir()
	git := checkAttr{filepath.Join(home, "work"), []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=1"}}
	check(t, os.Mkdir(git.dir, 0o700))
	var people []radicle.DID
	for i := range zone.MaxNamed {
		people = append(people, someone(i))
	}
	lines := strings.Join([]string{
		"*.mp4 swarm-zone=follow",
		"recordings/** swarm-zone=private",
		"open/** swarm-zone=public",
		`"two words/**" swarm-zone=shared:` + people[0].String() + "," + people[1].NID().String(),
		"all/** swarm-zone=" + named(t, people...).String(),
		"set swarm-zone", "unset -swarm-zone", "empty swarm-zone=", "typo swarm-zone=Private", "back/x !swarm-zone",
	}, "\n") + "\n"
	check(t, os.WriteFile(filepath.Join(git.dir, ".gitattributes"), []byte(lines), 0o600))
	for _, args := range [][]string{{"init", "-q", "."}, {"add", "."}} {
		if _, err := git.run(t.Context(), "", args...); err != nil {
			t.Fatal(err)
		}
	}
	p := zone.Policy{Readers: people}
	for path, want := range map[string]zone.Zone{
		"a.mp4": follow, "a.mov": follow, "recordings/talk.mp4": private, "recordings/deep/er/talk": private, "open/x": follow,
		"two words/x": named(t, people[0], people[1]), "all/x": named(t, people...), "set": private, "unset": private,
		"empty": private, "typo": private, "back/x": follow, "line\nend.mp4": follow, "\xff\xfe.mp4": follow,
	} {
		s := must[[]zone.Settled](t)(p.Settle(t.Context(), git, []zone.Sighting{{Pointer: film(path), Paths: []string{path}}}))
		if s[0].Zone != want {
			t.Errorf("%q is %v %v, want %v", path, s[0].Zone, s[0].Refused, want)
		}
	}
}
