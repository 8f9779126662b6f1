package lfsagent

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"radswarm/blobstore"
)

func TestUpload(t *testing.T) {
	k := newTalk(t, nil).init(Upload)
	for _, content := range []string{"x", "film\n", strings.Repeat("film", 1<<17)} {
		p, path := k.object(content)
		r, sum := k.upload(p, path)
		if r.Error != nil || r.OID != p.OID.String() || r.Path != "" || sum != p.Size {
			t.Errorf("%d bytes: %+v %+v, %d bytes of progress", p.Size, r, r.Error, sum)
		}
		if got, err := os.ReadFile(k.shelf.path(p.OID.String())); err != nil || string(got) != content {
			t.Errorf("stored %d bytes, %v", len(got), err)
		}
		if r, sum := k.upload(p, path); r.Error != nil || sum != p.Size {
			t.Errorf("again: %+v, %d bytes of progress", r.Error, sum)
		}
	}
	if err := k.end(); err != nil {
		t.Error(err)
	}
	if got := k.shelf.lines(t); got[len(got)-1] != "end" || !strings.HasPrefix(got[0], "begin upload "+ridText) || len(got) != 8 {
		t.Errorf("the daemon was asked %q", got)
	}
}

func TestDownload(t *testing.T) {
	k := newTalk(t, nil).init(Download)
	for _, content := range []string{"x", strings.Repeat("film", 1<<17)} {
		p := k.stored(content)
		r, sum := k.download(p)
		if r.Error != nil || r.OID != p.OID.String() || sum != p.Size {
			t.Fatalf("%d bytes: %+v %+v, %d bytes of progress", p.Size, r, r.Error, sum)
		}
		if got, err := os.ReadFile(r.Path); err != nil || string(got) != content {
			t.Errorf("%s: %d bytes, %v", r.Path, len(got), err)
		}
		if filepath.Dir(r.Path) != filepath.Join(k.place.GitDir, "lfs", "radswarm", "incoming") {
			t.Errorf("landed at %s", r.Path)
		}
		if err := os.Rename(r.Path, filepath.Join(t.TempDir(), "taken")); err != nil { // as git-lfs does
			t.Error(err)
		}
	}
	if err := k.end(); err != nil {
		t.Error(err)
	}
	if got := k.landed(); len(got) != 0 {
		t.Errorf("left behind: %q", got)
	}
}

// What git-lfs does not take, because it does not like the bytes or is gone, does not stay.
func TestRefusedFileIsRemoved(t *testing.T) {
	k := newTalk(t, nil).init(Download)
	first, second := k.stored("one"), k.stored("two")
	r, _ := k.download(first)
	r2, _ := k.download(second)
	if _, err := os.Stat(r.Path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after the next request: %v", err)
	}
	if err := k.end(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(r2.Path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after the end: %v", err)
	}
}

// The first byte leaves before anything is asked of anybody, and init does not wait either.
func TestFirstByteIsEarly(t *testing.T) {
	located := make(chan struct{})
	k := newTalk(t, func(c *Config) {
		inner := c.Locate
		c.Locate = func(ctx context.Context) (Place, error) { <-located; return inner(ctx) }
	}).init(Upload)
	p, path := k.object("a film")
	k.send(`{"event":"upload","oid":"%v","size":%d,"path":%q,"action":null}`, p.OID, p.Size, path)
	if r := k.reply(); r.Event != "progress" || r.OID != p.OID.String() || r.BytesSoFar != 1 || r.BytesSinceLast != 1 {
		t.Errorf("first answer %+v", r)
	}
	close(located)
	if r, sum := k.resultAfter(1); r.Error != nil || sum != p.Size {
		t.Errorf("%+v, %d bytes", r.Error, sum)
	}
}

func (k *talk) resultAfter(sum int64) (reply, int64) {
	for {
		r := k.reply()
		if r.Event != "progress" {
			return r, sum
		}
		sum += r.BytesSinceLast
	}
}

// Requests that do not wait for answers are answered in order, each once, also for one object several times; too many end it.
func TestPipelined(t *testing.T) {
	k := newTalk(t, nil).init(Upload)
	p, path := k.object("a film")
	for range 10 {
		k.send(`{"event":"upload","oid":"%v","size":%d,"path":%q,"action":null}`, p.OID, p.Size, path)
	}
	for i := range 10 {
		if r, sum := k.result(); r.Error != nil || sum != p.Size {
			t.Errorf("answer %d: %+v, %d bytes", i, r.Error, sum)
		}
	}
	if err := k.end(); err != nil {
		t.Error(err)
	}
}

func TestFlood(t *testing.T) {
	k := newTalk(t, nil).init(Upload)
	p, path := k.object("a film")
	k.shelf.fault(t, p.OID.String(), faultHang)
	go io.Copy(io.Discard, k.raw)
	go func() {
		line := `{"event":"upload","oid":"` + p.OID.String() + `","size":6,"path":"` + path + `"}` + "\n"
		for range maxWaiting + 10 {
			if _, err := io.WriteString(k.in, line); err != nil {
				return // the test is over
			}
		}
	}()
	if err := <-k.done; !errors.Is(err, errFlood) {
		t.Errorf("ends with %v", err)
	}
}

func TestUploadedFile(t *testing.T) {
	k := newTalk(t, nil).init(Upload)
	p, path := k.object("a film")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	r, _ := k.upload(p, path)
	wantError(t, r, CodeMissing, "the file is gone")
	p.Size++
	_, path = k.object("a film")
	r, _ = k.upload(p, path)
	wantError(t, r, CodeConflict, "has 6 bytes, not 7")
	if got := k.shelf.lines(t); len(got) != 1 {
		t.Errorf("the daemon was asked %q", got)
	}
}

func TestEmptyObject(t *testing.T) {
	p := blobstore.Pointer{OID: sha256.Sum256(nil)}
	up := newTalk(t, nil).init(Upload)
	if r, sum := up.upload(p, "/nowhere"); r.Error != nil || sum != 0 {
		t.Errorf("upload: %+v", r.Error)
	}
	down := newTalk(t, nil).init(Download)
	r, sum := down.download(p)
	if r.Error != nil || sum != 0 {
		t.Fatalf("download: %+v", r.Error)
	}
	if info, err := os.Stat(r.Path); err != nil || info.Size() != 0 {
		t.Errorf("%v, %v", info, err)
	}
}

// Whatever a daemon does, there is one answer, and the next object is carried.
func TestDaemonFaults(t *testing.T) {
	tests := []struct {
		fault string
		code  Code
		part  string
	}{
		{faultMissing, 503, friendsAway.Text + "; hint: " + friendsAway.Hint},
		{faultPanic, CodeFailed, "crashed"},
		{faultExit, CodeFailed, "crashed"},
		{faultShort, CodeFailed, "5 bytes of 6"},
		{faultNone, CodeFailed, "no file"},
		{faultLink, CodeFailed, "is no file"},
		{faultPart, 503, "cy (last seen 2 h ago)"},
	}
	for _, tt := range tests {
		t.Run(tt.fault, func(t *testing.T) {
			k := newTalk(t, nil).init(Download)
			p := k.stored("a film")
			k.shelf.fault(t, p.OID.String(), tt.fault)
			r, _ := k.download(p)
			wantError(t, r, tt.code, tt.part)
			if r.Path != "" || len(k.landed()) != 0 {
				t.Errorf("path %q, landed %q", r.Path, k.landed())
			}
			if r, _ := k.download(k.stored("another")); r.Error != nil {
				t.Errorf("the next object: %+v", r.Error)
			}
			begun := len(slices.DeleteFunc(k.shelf.lines(t), func(l string) bool { return !strings.HasPrefix(l, "begin") }))
			if crashed := tt.part == "crashed"; begun != 1 && !crashed || begun != 2 && crashed {
				t.Errorf("%d sessions", begun)
			}
			if err := k.end(); err != nil {
				t.Error(err)
			}
		})
	}
}

// nobody is a Daemon that begins nothing and says nothing.
type nobody struct{}

func (nobody) Begin(context.Context, Repository, Operation) (Session, error) { return nil, nil }

func TestNoSession(t *testing.T) {
	k := newTalk(t, func(c *Config) { c.Daemon = nobody{} }).init(Upload)
	p, path := k.object("a film")
	r, _ := k.upload(p, path)
	wantError(t, r, CodeFailed, "crashed")

	k = newTalk(t, func(c *Config) { c.Locate = nil }).init(Upload)
	r, _ = k.upload(p, path)
	wantError(t, r, CodeFailed, "crashed")
}

// The end of the input in the middle of a transfer cancels it, and so does terminate.
func TestEndCancels(t *testing.T) {
	for name, end := range map[string]func(k *talk) error{
		"eof":       (*talk).end,
		"terminate": func(k *talk) error { k.send(`{"event":"terminate"}`); return <-k.done },
		"half line": func(k *talk) error { io.WriteString(k.in, `{"event":"upl`); return k.end() },
	} {
		t.Run(name, func(t *testing.T) {
			k := newTalk(t, nil).init(Download)
			p := k.stored("a film")
			k.shelf.fault(t, p.OID.String(), faultHang)
			k.send(`{"event":"download","oid":"%v","size":6}`, p.OID)
			if r := k.reply(); r.BytesSoFar != 1 {
				t.Errorf("%+v", r)
			}
			go io.Copy(io.Discard, k.raw) // lines of a slow machine
			<-k.shelf.hung
			k.out = bufio.NewReader(strings.NewReader(""))
			if err := end(k); err != nil {
				t.Error(err)
			}
			if got := k.shelf.lines(t); !slices.Contains(got, "end") {
				t.Errorf("the session was not ended: %q", got)
			}
		})
	}
}

// A signal ends the work with an answer.
func TestContextCancels(t *testing.T) {
	k := newTalk(t, nil).init(Upload)
	p, path := k.object("a film")
	k.shelf.fault(t, p.OID.String(), faultHang)
	k.send(`{"event":"upload","oid":"%v","size":6,"path":%q}`, p.OID, path)
	k.reply()
	<-k.shelf.hung
	k.stop()
	r, _ := k.resultAfter(1)
	wantError(t, r, CodeFailed, "stopped")
	if err := <-k.done; !errors.Is(err, context.Canceled) {
		t.Errorf("ends with %v", err)
	}
}

// A git-lfs that reads no more ends the work as well.
func TestBrokenPipe(t *testing.T) {
	k := newTalk(t, nil).init(Upload)
	p, path := k.object("a film")
	k.shelf.fault(t, p.OID.String(), faultHang)
	k.send(`{"event":"upload","oid":"%v","size":6,"path":%q}`, p.OID, path)
	k.reply()
	k.raw.Close()
	if err := <-k.done; !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("ends with %v", err)
	}
}

// brokenIn panics, and so does brokenOut.
type brokenIn struct{}

func (brokenIn) Read([]byte) (int, error) { panic("read") }

func TestBrokenInput(t *testing.T) {
	err := Serve(t.Context(), Config{In: brokenIn{}, Out: io.Discard})
	if !errors.Is(err, errCrashed) {
		t.Errorf("ends with %v", err)
	}
}

// What the daemon is told.
func TestRepositoryOfSession(t *testing.T) {
	k := newTalk(t, nil)
	elsewhere := filepath.Join(t.TempDir(), "store")
	k.place.Settings.Git = append(k.place.Settings.Git, Setting{"swarm.require", "full"}, Setting{"lfs.storage", elsewhere})
	k.init(Upload)
	p, path := k.object("a film")
	if r, _ := k.upload(p, path); r.Error != nil {
		t.Fatal(r.Error)
	}
	want := "begin upload " + ridText + " require=full storage=" + elsewhere
	if got := k.shelf.lines(t)[0]; !strings.HasPrefix(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestRequireIsChecked(t *testing.T) {
	bad := Setting{"swarm.require", "saef"}
	k := newTalk(t, nil)
	k.place.Settings.Git = append(k.place.Settings.Git, bad)
	k.init(Upload)
	p, path := k.object("a film")
	r, _ := k.upload(p, path)
	wantError(t, r, CodeRequest, "swarm.require is saef")

	k = newTalk(t, nil)
	k.place.Settings.Git = append(k.place.Settings.Git, bad)
	k.init(Download)
	if r, _ := k.download(k.stored("a film")); r.Error != nil {
		t.Errorf("reading needs no requirement: %+v", r.Error)
	}
}
