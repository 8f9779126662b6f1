package proof

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"radswarm/blobstore"
	"radswarm/cmd/internal/lab"
	"radswarm/radicle/radtest"
	"radswarm/remote/lfs/lfstest"
)

// A desk is where somebody works with git and git-lfs: a lab of the programs as they are built for people.
type desk struct {
	*stage
	env    []string
	people []int // processes of friends
}

// newDesk brings up a lab in which you has so many friends.
func newDesk(tb testing.TB, friends int) *desk {
	tb.Helper()
	tool, err := lfstest.Tool()
	if err != nil {
		radtest.Missing(tb, "git-lfs", err.Error())
	}
	bin, err := programs()
	if err != nil {
		tb.Fatal(err)
	}
	d := &desk{stage: newStageOf(tb, filepath.Join(bin, "rad-swarm"), friends)}
	eyes, err := d.Env(lab.You)
	if err != nil {
		tb.Fatal(err)
	}
	d.env = []string{
		"PATH=" + strings.Join([]string{bin, tool, os.Getenv("PATH")}, string(os.PathListSeparator)),
		"HOME=" + d.dir, "TMPDIR=" + d.dir, lab.Variable + "=" + eyes.Lab, "RAD_HOME=" + eyes.RadHome, "RAD_PASSPHRASE=",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C", "GIT_AUTHOR_NAME=Ana", "GIT_AUTHOR_EMAIL=ana@example.org",
		"GIT_COMMITTER_NAME=Ana", "GIT_COMMITTER_EMAIL=ana@example.org",
	}
	d.people = d.pids(d.friends()...)
	d.run(d.dir, "git", "lfs", "install")
	return d
}

// cmd is a program in a folder, found where ours are.
func (d *desk) cmd(dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(d.tb.Context(), name, args...)
	for _, path := range filepath.SplitList(strings.TrimPrefix(d.env[0], "PATH=")) {
		if found, err := exec.LookPath(filepath.Join(path, name)); err == nil {
			cmd.Path, cmd.Err = found, nil
			break
		}
	}
	cmd.Dir, cmd.Env = dir, d.env
	return cmd
}

func (d *desk) run(dir, name string, args ...string) string {
	d.tb.Helper()
	out, err := d.cmd(dir, name, args...).CombinedOutput()
	if err != nil {
		d.tb.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// spend is what a command takes, which begins when all that was written before is on the disk.
func (d *desk) spend(cmd *exec.Cmd) (e effort) {
	d.tb.Helper()
	syscall.Sync()
	t := d.measured(d.people, func() { e = spend(d.tb, cmd) })
	e.here, e.there = t.here, t.there
	return e
}

// A lane is a way on which git-lfs's objects travel.
type lane struct {
	name, remote, url string
	config            []string // git -c
}

func (l *lane) git(args ...string) (all []string) {
	for _, c := range l.config {
		all = append(all, "-c", c)
	}
	return append(all, args...)
}

// lanes are the ways from a repository: through our agent; with an agent that does nothing; and by git-lfs's own means to a
// repository on the same disk, of which it makes links as well. All with as many workers.
func (d *desk) lanes(repository string) []*lane {
	d.tb.Helper()
	name := filepath.Base(repository)
	all := []*lane{{
		name: "agent", remote: "rad", url: d.run(repository, "git", "config", "remote.rad.url"), config: []string{"swarm.require=full"},
	}}
	shelf := filepath.Join(d.dir, name+"-shelf")
	if err := os.Mkdir(shelf, 0o755); err != nil {
		d.tb.Fatal(err)
	}
	many := []string{"lfs.concurrenttransfers=16", "lfs.transfer.batchsize=1000"} // as our helper sets it
	for _, l := range []*lane{
		{name: "links", config: []string{
			"lfs.url=links::shelf", "lfs.links::.standalonetransferagent=links", "lfs.customtransfer.links.path=links",
			"lfs.customtransfer.links.args=" + shelf, "lfs.customtransfer.links.concurrent=true",
		}},
		{name: "git-lfs"},
	} {
		bare := filepath.Join(d.dir, name+"-"+l.name)
		d.run(d.dir, "git", "init", "-q", "--bare", "-b", "main", bare)
		l.url, l.config = "file://"+bare, append(l.config, many...)
		l.remote = l.url
		all = append(all, l)
	}
	return all
}

// repository makes one for a home of Radicle, that knows which files are for git-lfs.
func (d *desk) repository(name string) (dir string) {
	d.tb.Helper()
	dir = filepath.Join(d.dir, name)
	d.run(d.dir, "git", "init", "-q", "-b", "main", dir)
	d.run(dir, "git", "lfs", "track", "*.bin")
	d.run(dir, "git", "add", ".")
	d.run(dir, "git", "commit", "-q", "-m", "first")
	d.run(dir, "rad-swarm", "init", "--private", "--name", name) // which pushes what there is
	return dir
}

// fill commits files that were not pushed yet, others in each round, and returns their names by content.
func (d *desk) fill(repository string, l load, round int) []blobstore.OID {
	d.tb.Helper()
	names := d.files(repository, l, 'r', byte(round))
	d.run(repository, "git", "add", ".")
	d.run(repository, "git", "commit", "-q", "-m", "files")
	return names
}

// push pushes a repository on a lane.
func (d *desk) push(l *lane, repository string) effort {
	d.tb.Helper()
	return d.spend(d.cmd(repository, "git", l.git("push", "-q", l.remote, "main")...))
}

// pointers clones on a lane without what the pointers mean.
func (d *desk) pointers(l *lane) (dir string) {
	d.tb.Helper()
	dir = filepath.Join(d.dir, "copy")
	cmd := d.cmd(d.dir, "git", l.git("clone", "-q", l.url, dir)...)
	cmd.Env = append(cmd.Env, "GIT_LFS_SKIP_SMUDGE=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		d.tb.Fatalf("clone: %v\n%s", err, out)
	}
	return dir
}

// fetch fetches on a lane what has these names.
func (d *desk) fetch(l *lane, want []blobstore.OID) effort {
	d.tb.Helper()
	dir := d.pointers(l)
	e := d.spend(d.cmd(dir, "git", l.git("lfs", "fetch")...))
	var files []string
	for _, oid := range want {
		files = append(files, kept(dir, oid))
	}
	d.same(want, files)
	d.remove(dir)
	return e
}

// kept is where git-lfs keeps one.
func kept(repository string, oid blobstore.OID) string {
	name := oid.String()
	return filepath.Join(repository, ".git", "lfs", "objects", name[:2], name[2:4], name)
}

// checkOut pulls or clones on a lane.
func (d *desk) checkOut(l *lane, deed string, want []blobstore.OID) (e effort) {
	d.tb.Helper()
	dir := filepath.Join(d.dir, "copy")
	if deed == "pull" {
		d.pointers(l)
		e = d.spend(d.cmd(dir, "git", l.git("lfs", "pull")...))
	} else {
		e = d.spend(d.cmd(d.dir, "git", l.git("clone", "-q", l.url, dir)...))
	}
	d.same(want, paths(dir, len(want)))
	d.remove(dir)
	return e
}

func (d *desk) remove(path string) {
	d.tb.Helper()
	if err := os.RemoveAll(path); err != nil {
		d.tb.Fatal(err)
	}
}
