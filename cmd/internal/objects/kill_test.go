//go:build !windows

package objects_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"radswarm/blobstore/friend"
	"radswarm/blobstore/keyring"
	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/objects"
	"radswarm/radicle"
)

// Variables that make the test binary another process: a daemon that is killed.
const (
	envDir   = "RADSWARM_TEST_OBJECTS_DIR"   // its swarm folder
	envPeers = "RADSWARM_TEST_OBJECTS_PEERS" // folder of sockets
	envFiles = "RADSWARM_TEST_OBJECTS_FILES" // folder with what it is to store; empty: it goes on
)

const manyFriends = 6

func TestMain(m *testing.M) {
	if os.Getenv(envDir) == "" {
		os.Exit(m.Run())
	}
	if err := victim(context.Background()); err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
}

// victim stores files, or goes on, and says when it is done.
func victim(ctx context.Context) error {
	keys, err := keyring.Unlock(ctx, ana())
	if err != nil {
		return err
	}
	self, dir := ana().NID().DID(), os.Getenv(envDir)
	state, err := friend.Open(ctx, filepath.Join(dir, friend.FileName), friend.Options{Self: self})
	if err != nil {
		return err
	}
	o, err := objects.New(objects.Options{
		Self: self, Dir: dir, State: state, People: joined(os.Getenv(envPeers), manyFriends), Keys: &ring{keys: keys},
	})
	if err != nil {
		return err
	}
	if files := os.Getenv(envFiles); files != "" {
		err = storeAll(ctx, o, files)
	} else {
		err = o.Idle(ctx)
	}
	fmt.Println("done", o.Counts().Total, o.Counts().Full, o.Counts().Pending)
	return errors.Join(err, o.Close(), state.Close())
}

func storeAll(ctx context.Context, o *objects.Objects, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	ask := control.Store{Require: control.Full}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		p, err := objects.Hash(ctx, path)
		if err != nil {
			return err
		}
		ask.Files = append(ask.Files, control.File{Pointer: control.Pointer(p), Path: path})
	}
	_, err = o.Store(ctx, radicle.RID{}, ask, nil)
	return err
}

// daemon starts a victim. Its first line comes through the channel, which is closed at its end.
func daemon(t *testing.T, dir, peers, files string) (*exec.Cmd, <-chan string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envDir+"="+dir, envPeers+"="+peers, envFiles+"="+files)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 1)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			select {
			case lines <- s.Text():
			default:
			}
		}
	}()
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd, lines
}

// A daemon that is killed in the middle of forty objects goes on where it was: all are placed, and no share that was placed is
// sent again.
func TestKilledInTheMiddleOfForty(t *testing.T) {
	d := newDisks(t, manyFriends)
	dir, files := t.TempDir(), t.TempDir()
	const count, size = 40, 300_000
	for i := range count {
		f := newFile(t, size+i*1000, uint64(i))
		if err := os.Rename(f.path, filepath.Join(files, fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	first, _ := daemon(t, dir, d.socket, files)
	until(t, "a third is there", func() bool { return d.whole.Load() >= count*manyFriends/3 })
	if err := errors.Join(first.Process.Kill()); err != nil {
		t.Fatal(err)
	}
	_ = first.Wait()
	at := d.whole.Load()
	if at >= count*manyFriends {
		t.Skip("it was too quick to be killed")
	}
	_, lines := daemon(t, dir, d.socket, "")
	if line := <-lines; line != fmt.Sprintf("done %d %d 0", count, count) {
		t.Errorf("after %d of %d shares: %q", at, count*manyFriends, line)
	}
	for name, times := range d.times {
		if times > 1 {
			t.Errorf("share %v was sent %d times", name, times)
		}
	}
	if got := d.whole.Load(); got != count*manyFriends {
		t.Errorf("%d shares, not %d", got, count*manyFriends)
	}
}
