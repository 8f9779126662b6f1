package lfsagent

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"radswarm/blobstore"
	"radswarm/radicle"
)

const ridText = "rad:z3gqcJUoA1n9HaHKufZs5FCSGazv5"

// reply is an answer as git-lfs reads it.
type reply struct {
	Event string
	OID   string
	Path  string
	Error *struct {
		Code    int
		Message string
	}
	BytesSoFar     int64
	BytesSinceLast int64
}

// talk is a git-lfs by hand, before an agent in this process.
type talk struct {
	t     testing.TB
	shelf shelf
	place Place
	in    *io.PipeWriter
	raw   *io.PipeReader
	out   *bufio.Reader
	stop  context.CancelFunc
	done  chan error
}

// newTalk starts an agent in a repository whose origin is a rad remote. change may change what it gets.
func newTalk(t testing.TB, change func(*Config)) *talk {
	t.Helper()
	k := &talk{t: t, shelf: newShelf(t), done: make(chan error, 1)}
	k.place = Place{GitDir: t.TempDir(), Settings: Settings{Git: []Setting{{"remote.origin.url", "rad://" + ridText[4:]}}}}
	var toAgent *io.PipeReader
	var fromAgent *io.PipeWriter
	toAgent, k.in = io.Pipe()
	k.raw, fromAgent = io.Pipe()
	k.out = bufio.NewReader(k.raw)
	c := Config{
		In: toAgent, Out: fromAgent, Daemon: k.shelf,
		Locate: func(context.Context) (Place, error) { return k.place, nil },
	}
	if change != nil {
		change(&c)
	}
	ctx, stop := context.WithCancel(context.Background())
	k.stop = stop
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		err := Serve(ctx, c)
		fromAgent.Close()
		k.done <- err
	}()
	t.Cleanup(func() {
		k.in.Close()
		k.raw.Close()
		stop()
		<-ended
	})
	return k
}

func (k *talk) send(format string, args ...any) {
	k.t.Helper()
	if _, err := fmt.Fprintf(k.in, format+"\n", args...); err != nil {
		k.t.Fatal(err)
	}
}

func (k *talk) line() string {
	k.t.Helper()
	line, err := k.out.ReadString('\n')
	if err != nil {
		k.t.Fatalf("%q, %v", line, err)
	}
	return line
}

func (k *talk) reply() reply {
	k.t.Helper()
	var r reply
	line := k.line()
	if err := json.Unmarshal([]byte(line), &r); err != nil {
		k.t.Fatalf("%q: %v", line, err)
	}
	return r
}

func (k *talk) init(op Operation) *talk {
	k.t.Helper()
	k.send(`{"event":"init","operation":%q,"remote":"origin","concurrent":true,"concurrenttransfers":8}`, op)
	if got := k.line(); got != "{}\n" {
		k.t.Fatalf("init: %q", got)
	}
	return k
}

// result reads up to the completion; the sum is of the bytes that progress told.
func (k *talk) result() (r reply, sum int64) {
	k.t.Helper()
	for {
		r = k.reply()
		if r.Event != "progress" {
			return r, sum
		}
		sum += r.BytesSinceLast
		if r.BytesSoFar != sum {
			k.t.Errorf("bytesSoFar %d, the sum is %d", r.BytesSoFar, sum)
		}
	}
}

// end closes the agent's input and returns what Serve says. Nothing may have been written since.
func (k *talk) end() error {
	k.t.Helper()
	k.in.Close()
	rest, err := io.ReadAll(k.out)
	if err != nil || len(rest) > 0 {
		k.t.Errorf("at the end: %q, %v", rest, err)
	}
	return <-k.done
}

// object makes an object and its file, in an LFS storage of the test.
func (k *talk) object(content string) (p blobstore.Pointer, path string) {
	k.t.Helper()
	p = blobstore.Pointer{OID: sha256.Sum256([]byte(content)), Size: int64(len(content))}
	path = filepath.Join(k.t.TempDir(), p.OID.String())
	if err := os.WriteFile(path, []byte(content), 0o444); err != nil {
		k.t.Fatal(err)
	}
	return p, path
}

// stored is an object that the daemon has.
func (k *talk) stored(content string) blobstore.Pointer {
	k.t.Helper()
	p, _ := k.object(content)
	if err := os.WriteFile(k.shelf.path(p.OID.String()), []byte(content), 0o644); err != nil {
		k.t.Fatal(err)
	}
	return p
}

func (k *talk) upload(p blobstore.Pointer, path string) (reply, int64) {
	k.t.Helper()
	k.send(`{"event":"upload","oid":"%v","size":%d,"path":%q,"action":null}`, p.OID, p.Size, path)
	return k.result()
}

func (k *talk) download(p blobstore.Pointer) (reply, int64) {
	k.t.Helper()
	k.send(`{"event":"download","oid":"%v","size":%d,"action":null}`, p.OID, p.Size)
	return k.result()
}

// landed are the files that lie in the landing.
func (k *talk) landed() []string {
	k.t.Helper()
	return folder(k.t, filepath.Join(k.place.GitDir, "lfs", "radswarm", "incoming"))
}

func folder(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func wantError(t testing.TB, r reply, code Code, part string) {
	t.Helper()
	if r.Event != "complete" || r.Error == nil || r.Error.Code != int(code) || !strings.Contains(r.Error.Message, part) {
		t.Errorf("answer %+v %+v, want [%d] …%s…", r, r.Error, code, part)
	}
}

func mustRID(t testing.TB, s string) radicle.RID {
	t.Helper()
	rid, err := radicle.ParseRID(s)
	if err != nil {
		t.Fatal(err)
	}
	return rid
}
