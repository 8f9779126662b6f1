package proof

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"radswarm/cmd/internal/lab"
)

// Whoever is killed in the middle, at whatever moment, the next command goes on, on the way there and back.
func TestKilledPushAndClone(t *testing.T) {
	t.Parallel()
	const size = 8 << 20
	d := newDesk(t, 3)
	repository := d.repository("killed")
	film, copied := filepath.Join(repository, "0.bin"), filepath.Join(d.dir, "copy")
	url, round := d.run(repository, "git", "config", "remote.rad.url"), byte(0)
	for _, victim := range []string{"git-remote-rad", "git-lfs-rad", "rad-swarm"} {
		for _, moved := range []int64{0, size / 2} {
			round++
			randomFile(t, film, size, round, 'k')
			d.run(repository, "git", "add", ".")
			d.run(repository, "git", "commit", "-q", "-m", "another film")
			push := d.cmd(repository, "git", "push", "-q", "rad", "main")
			d.interrupt(push, victim, moved, d.Lab.Dir())
			_ = os.Remove(filepath.Join(repository, ".git", "config.lock")) // as git asks, should that instant have been it
			d.run(repository, "git", "-c", "swarm.require=full", "push", "-q", "rad", "main")

			d.interrupt(d.cmd(d.dir, "git", "clone", "-q", url, copied), victim, moved, copied)
			if _, err := os.Stat(copied); errors.Is(err, fs.ErrNotExist) { // git removes what has no commits yet
				d.run(d.dir, "git", "clone", "-q", url, copied)
			}
			d.run(copied, "git", "reset", "-q", "--hard")
			if oidOf(t, filepath.Join(copied, "0.bin")) != oidOf(t, film) {
				t.Errorf("%s killed after %d bytes: other bytes came back", victim, moved)
			}
			d.remove(copied)
		}
	}
}

// interrupt runs a command, and kills a program of ours as soon as it is there and so many bytes were written into a folder. It
// does not matter what becomes of the command.
func (d *desk) interrupt(cmd *exec.Cmd, victim string, bytes int64, dir string) {
	d.tb.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	before := d.blocks(dir)
	if err := cmd.Start(); err != nil {
		d.tb.Fatal(err)
	}
	const never = "not at all"
	killed := never
	d.beside(cmd, func() {
		if killed != never {
			return
		}
		if written := d.blocks(dir) - before; written >= bytes && d.killProgram(cmd.Process.Pid, victim) {
			killed = fmt.Sprintf("after %d KB", written>>10)
		}
	})
	d.tb.Logf("git %s: %s killed %s; %v", cmd.Args[1], victim, killed, cmd.ProcessState)
}

// beside does something again and again until a command has ended.
func (d *desk) beside(cmd *exec.Cmd, do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait() // its state is the command's
	}()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			do()
		}
	}
}

// killProgram kills the daemon of you, or all processes of a command's that are a program of ours. It reports whether there was one.
func (d *desk) killProgram(group int, program string) (killed bool) {
	d.tb.Helper()
	if program == programName {
		d.kill(lab.You)
		return true
	}
	k := &kin{group, map[int]relative{}}
	k.look()
	for pid, one := range k.seen {
		if one.program == program {
			killed = syscall.Kill(pid, syscall.SIGKILL) == nil || killed
		}
	}
	return killed
}

// blocks are the bytes that files in some folders take of the disk. A file with more than one name counts once.
func (d *desk) blocks(dirs ...string) (sum int64) {
	d.tb.Helper()
	seen := map[uint64]bool{}
	for _, dir := range dirs {
		_ = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() {
				return nil // it went meanwhile
			}
			info, err := e.Info()
			if err != nil {
				return nil
			}
			const block = 512
			if s := info.Sys().(*syscall.Stat_t); !seen[s.Ino] {
				seen[s.Ino], sum = true, sum+s.Blocks*block
			}
			return nil
		})
	}
	return sum
}

// Nothing of a film is on a disk three times, at no moment: git-lfs has it, and the working copy.
func TestStoredTwiceAtMost(t *testing.T) {
	t.Parallel()
	const size = 32 << 20
	d := newDesk(t, 3)
	repository := d.repository("once")
	d.fill(repository, load{"once", 1, size, 1}, 0)
	url := d.run(repository, "git", "config", "remote.rad.url")
	home, copied := filepath.Join(d.Lab.Dir(), lab.You), filepath.Join(d.dir, "copy")
	most := func(cmd *exec.Cmd, dir string) (most int64) {
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		look := func() { most = max(most, d.blocks(home, dir)) }
		d.beside(cmd, look)
		if look(); !cmd.ProcessState.Success() {
			t.Errorf("%v: %v", cmd.Args, cmd.ProcessState)
		}
		return most
	}
	const limit = 2*size + size/2
	if n := most(d.cmd(repository, "git", "-c", "swarm.require=full", "push", "-q", "rad", "main"), repository); n > limit || n < 2*size {
		t.Errorf("push: %d bytes of disk for a film of %d", n, size)
	}
	d.remove(repository)
	if n := most(d.cmd(d.dir, "git", "clone", "-q", url, copied), copied); n > limit || n < 2*size {
		t.Errorf("clone: %d bytes of disk for a film of %d", n, size)
	}
}
