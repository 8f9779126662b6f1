// Package bigfiles joins git's remote helper with the daemon: it is the remote.BigFiles and remote.Recorder of git-remote-rad.
//
// Nothing is asked, and no daemon started, before a push brings a pointer.
package bigfiles

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"radswarm/blobstore"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
	"radswarm/radicle/profile"
	"radswarm/remote"
)

const (
	// perRequest is how many objects are asked about at a time: an answer of so many stays far below control.MaxBody.
	perRequest = 5000
	// sayEvery is how often people read how far a push is.
	sayEvery = time.Second
)

// Caller asks the daemon; a [control.Caller] is one.
type Caller interface {
	Call(ctx context.Context, method, path string, in, out any) error
	Watch(ctx context.Context, method, path string, in, out any, each func(control.Line) error) error
}

// BigFiles is what the helper of one git command has. It is for one goroutine.
type BigFiles struct {
	env     profile.Env
	caller  Caller          // nil: the daemon of the home, once it is needed
	pending []control.Batch // what is to be committed
}

// New returns what a helper needs, for the home that the environment names.
func New(env profile.Env) *BigFiles { return &BigFiles{env: env} }

// daemon is who is asked.
func (b *BigFiles) daemon() (Caller, error) {
	if b.caller == nil {
		home, err := profile.Find(b.env)
		if err != nil {
			return nil, err
		}
		b.caller = control.NewCaller(control.At(home), b.env)
	}
	return b.caller, nil
}

func route(rid radicle.RID, name string) string {
	return "/v1/repositories/" + rid.String() + "/" + name
}

// call asks for one answer.
func (b *BigFiles) call(ctx context.Context, rid radicle.RID, name string, in, out any) error {
	d, err := b.daemon()
	if err != nil {
		return err
	}
	return explain(d.Call(ctx, http.MethodPost, route(rid, name), in, out))
}

// Look asks how safe objects are.
func (b *BigFiles) Look(ctx context.Context, rid radicle.RID, objects []blobstore.Pointer) ([]remote.Safety, error) {
	all := make([]remote.Safety, 0, len(objects))
	for len(objects) > 0 {
		n := min(len(objects), perRequest)
		in := control.Look{Objects: make([]control.Pointer, 0, n)}
		for _, o := range objects[:n] {
			in.Objects = append(in.Objects, pointer(o))
		}
		var out control.Looked
		if err := b.call(ctx, rid, "look", in, &out); err != nil {
			return nil, err
		}
		if len(out.Objects) != n {
			return nil, fmt.Errorf("daemon answers about %d objects of %d", len(out.Objects), n)
		}
		all, objects = append(all, safeties(out)...), objects[n:]
	}
	return all, nil
}

// Store stores files, and says on w how far that is.
func (b *BigFiles) Store(
	ctx context.Context, rid radicle.RID, files []remote.File, require remote.Requirement, w io.Writer,
) ([]remote.Safety, error) {
	d, err := b.daemon()
	if err != nil {
		return nil, err
	}
	all := make([]remote.Safety, 0, len(files))
	for len(files) > 0 {
		n := min(len(files), perRequest)
		in := control.Store{Require: control.Requirement(require), Storage: storageOf(files[0])}
		for _, f := range files[:n] {
			in.Files = append(in.Files, control.File{Pointer: pointer(f.Object), Path: f.Path, Name: text(f.Name)})
		}
		var out control.Looked
		say := newProgress(w)
		err := d.Watch(ctx, http.MethodPost, route(rid, "store"), in, &out, say.line)
		if err != nil {
			return nil, explain(err)
		}
		if len(out.Objects) != n {
			return nil, fmt.Errorf("daemon answers about %d objects of %d", len(out.Objects), n)
		}
		all, files = append(all, safeties(out)...), files[n:]
	}
	return all, nil
}

// storageOf is the LFS storage that a file lies in: <storage>/objects/aa/bb/<oid>.
func storageOf(f remote.File) string {
	objects := filepath.Dir(filepath.Dir(filepath.Dir(f.Path)))
	if filepath.Base(objects) != "objects" {
		return ""
	}
	return filepath.Dir(objects)
}

func pointer(p blobstore.Pointer) control.Pointer { return control.Pointer{OID: p.OID, Size: p.Size} }

// text is a path as JSON can have it.
func text(path string) string { return strings.ToValidUTF8(path, "�") }

func safeties(l control.Looked) []remote.Safety {
	all := make([]remote.Safety, 0, len(l.Objects))
	for _, s := range l.Objects {
		all = append(all, remote.Safety{Stored: s.Stored, People: s.People, Spare: s.Spare, By: s.By})
	}
	return all
}

// progress says what a daemon does: notes at once, bytes once a second and not in the first.
type progress struct {
	w    io.Writer
	last time.Time
}

func newProgress(w io.Writer) *progress { return &progress{w: w, last: time.Now()} }

func (p *progress) line(l control.Line) error {
	switch {
	case l.Note != "":
		fmt.Fprintln(p.w, oneLine(l.Note))
	case l.Progress != nil && time.Since(p.last) >= sayEvery:
		p.last = time.Now()
		fmt.Fprintln(p.w, oneLine(how(*l.Progress)))
	}
	return nil
}

// how is a line about how far something is.
func how(p control.Progress) string {
	if p.Total <= 0 {
		return fmt.Sprintf("%s: %s", p.What, size(p.Bytes))
	}
	return fmt.Sprintf("%s: %s of %s, %d %%", p.What, size(p.Bytes), size(p.Total), 100*p.Bytes/p.Total)
}

// size is a number of bytes for people.
func size(n int64) string {
	const k = 1000
	if n < k {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n)/k, 0
	for value >= k && unit < len(units)-1 {
		value, unit = value/k, unit+1
	}
	return fmt.Sprintf("%.1f %cB", value, units[unit])
}

const units = "kMGTPE"

// maxLine bounds what of a daemon's words is one line for people, in bytes.
const maxLine = 1000

// oneLine is text without anything that a terminal would act on: names of friends are in it.
func oneLine(s string) string {
	s = strings.ToValidUTF8(s[:min(len(s), maxLine)], "?")
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}

// explain makes a daemon's error one line that ends with what to do.
func explain(err error) error {
	var said *control.Error
	if !errors.As(err, &said) {
		return err
	}
	line := oneLine(said.Message)
	if said.Hint != "" {
		line += " (" + oneLine(said.Hint) + ")"
	}
	return errors.New(line)
}
