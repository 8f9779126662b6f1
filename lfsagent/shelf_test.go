package lfsagent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"radswarm/blobstore"
)

// shelf is a Daemon that keeps objects as files of one folder, for several processes at a time. A file <oid>.fault in there says how
// an object fails, or "begin.fault" how sessions do.
type shelf struct {
	dir  string
	hung chan struct{} // gets a value from what hangs
}

// The faults.
const (
	faultMissing = "missing" // a sentence
	faultPanic   = "panic"
	faultExit    = "exit"  // runtime.Goexit
	faultHang    = "hang"  // until cancelled; says so in the log first
	faultStuck   = "stuck" // cancelled or not
	faultWrong   = "wrong" // other bytes
	faultShort   = "short" // fewer bytes
	faultNone    = "none"  // no file
	faultLink    = "link"  // a symbolic link
	faultPart    = "part"  // an error after some bytes were written
)

// friendsAway is what a daemon says.
var friendsAway = &Failure{
	Code: 503,
	Text: "3 shares needed, 2 friends reachable: ana, bo; waiting for: cy (last seen 2 h ago)",
	Hint: "git -c swarm.require=local push",
}

func newShelf(t testing.TB) shelf { return shelf{t.TempDir(), make(chan struct{}, 1)} }

func (s shelf) path(name string) string { return filepath.Join(s.dir, name) }

func (s shelf) fault(t testing.TB, name, fault string) {
	t.Helper()
	if err := os.WriteFile(s.path(name+".fault"), []byte(fault), 0o644); err != nil {
		t.Fatal(err)
	}
}

// log adds a line to what was asked. A test may have put a pipe there.
func (s shelf) log(format string, args ...any) {
	f, err := os.OpenFile(s.path("log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		panic(err)
	}
	fmt.Fprintf(f, format+"\n", args...)
	f.Close()
}

func (s shelf) lines(t testing.TB) []string {
	t.Helper()
	text, err := os.ReadFile(s.path("log"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

func (s shelf) Begin(ctx context.Context, r Repository, op Operation) (Session, error) {
	s.log("begin %s %s require=%s storage=%s pid=%d", op, r.RID, r.Require, r.Storage, os.Getpid())
	if err := s.fail(ctx, "begin"); err != nil {
		return nil, err
	}
	return s, nil
}

func (s shelf) End(context.Context) error { s.log("end"); return nil }

// fail does what the fault of a name says, if that is not about bytes.
func (s shelf) fail(ctx context.Context, name string) error {
	text, _ := os.ReadFile(s.path(name + ".fault"))
	switch string(text) {
	case faultMissing:
		return friendsAway
	case faultPanic:
		panic("a daemon's fault")
	case faultExit:
		runtime.Goexit()
	case faultHang:
		s.log("hang")
		if s.hung != nil {
			s.hung <- struct{}{}
		}
		<-ctx.Done()
		return ctx.Err()
	case faultStuck:
		s.log("stuck")
		<-time.After(time.Hour)
	}
	return nil
}

func (s shelf) Store(ctx context.Context, o blobstore.Pointer, path string, moved func(int64)) error {
	if err := s.fail(ctx, o.OID.String()); err != nil {
		return err
	}
	if _, err := os.Stat(s.path(o.OID.String())); err == nil {
		s.log("safe %v", o.OID)
		return nil
	}
	s.log("store %v", o.OID)
	return carry(path, s.path(o.OID.String()), moved)
}

func (s shelf) Fetch(ctx context.Context, o blobstore.Pointer, path string, moved func(int64)) error {
	name := s.path(o.OID.String())
	if err := s.fail(ctx, o.OID.String()); err != nil {
		return err
	}
	s.log("fetch %v", o.OID)
	if text, err := os.ReadFile(name + ".fault"); err == nil {
		return spoil(string(text), name, path)
	}
	return carry(name, path, moved)
}

// carry copies a file, slowly enough to speak of progress.
func carry(from, to string, moved func(int64)) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	for done := int64(0); err == nil; {
		var n int64
		n, err = io.CopyN(out, in, 1<<16)
		done += n
		moved(done)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, out.Close())
}

func spoil(fault, from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	switch fault {
	case faultWrong:
		text[0] ^= 1
	case faultShort:
		text = text[1:]
	case faultNone:
		return nil
	case faultLink:
		return os.Symlink(from, to)
	case faultPart:
		return errors.Join(os.WriteFile(to, text[1:], 0o600), friendsAway)
	}
	return os.WriteFile(to, text, 0o600)
}
