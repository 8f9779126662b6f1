package objects

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/swarm"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

// Memory of all downloads together, and of one: the reorder windows.
const (
	fetchMemory = 64 << 20
	fetchWindow = 32 << 20
	leastWindow = 1 << 20
)

// fetchPatience is how long nothing may arrive of an object: longer than it takes to reach somebody.
const fetchPatience = 6 * time.Second

// Get brings an object back to a file.
func (o *Objects) Get(ctx context.Context, ask control.Get, tell Tell) (control.Fetched, error) {
	return o.Fetch(ctx, radicle.RID{}, ask, tell)
}

// Fetch brings an object of a repository to a file.
func (o *Objects) Fetch(ctx context.Context, rid radicle.RID, ask control.Get, tell Tell) (control.Fetched, error) {
	if tell == nil {
		tell = func(control.Line) {}
	}
	if !filepath.IsAbs(ask.To) {
		return control.Fetched{}, &control.Error{Code: control.CodeUsage, Message: ask.To + ": not an absolute path"}
	}
	if !ask.Replace {
		if err := free(ask.To); err != nil {
			return control.Fetched{}, err
		}
	}
	tell(control.Line{Progress: &control.Progress{What: "fetching", Total: sizeOf(ask)}})
	p, err := o.parts.open(ctx, filepath.Join(filepath.Dir(ask.To), partName(ask.OID)))
	if errors.Is(err, fs.ErrNotExist) {
		return control.Fetched{}, &control.Error{Code: control.CodeNotFound, Message: err.Error()}
	}
	if err != nil {
		return control.Fetched{}, err
	}
	d := &download{o: o, rid: rid, ask: ask, tell: tell, part: p, start: time.Now()}
	out, err := d.run(ctx)
	if err != nil {
		p.leave()
		return control.Fetched{}, err
	}
	return out, p.become(ask.To, ask.Replace, !ask.SkipOID)
}

func sizeOf(ask control.Get) int64 {
	if ask.Size == nil {
		return 0
	}
	return *ask.Size
}

// readBack brings an object of ours to a file in the swarm folder, for work on it. Done removes it.
func (o *Objects) readBack(ctx context.Context, r *row) (path string, done func(), err error) {
	dir := filepath.Join(o.opt.Dir, fetchingDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", nil, err
	}
	p, err := o.parts.open(ctx, filepath.Join(dir, r.OID.String()))
	if err != nil {
		return "", nil, err
	}
	ask := control.Get{OID: r.OID, Size: &r.Size}
	d := &download{o: o, ask: ask, tell: func(control.Line) {}, part: p, start: time.Now(), own: true}
	if _, err := d.run(ctx); err != nil {
		p.leave()
		return "", nil, err
	}
	return p.path, func() { _ = p.Close(); _ = os.Remove(p.path); p.free() }, nil
}

// download is an object on its way to a file.
type download struct {
	o     *Objects
	rid   radicle.RID
	ask   control.Get
	tell  Tell
	part  *part
	start time.Time
	own   bool // only by the index
	plain atomic.Int64
}

// run tries all that is known of the object, the surest first.
func (d *download) run(ctx context.Context) (control.Fetched, error) {
	var last error
	for _, find := range []func(context.Context) ([]*coded, error){d.byIndex, d.byRecords, d.byKey} {
		codings, err := find(ctx)
		if err != nil {
			last = worse(last, err)
		}
		for _, c := range codings {
			out, err := d.bring(ctx, c)
			if err == nil {
				return out, nil
			}
			if ctx.Err() != nil {
				return out, ctx.Err()
			}
			last = worse(last, d.explain(c, err))
		}
		if d.own {
			break
		}
	}
	if out, ok := d.fromDisk(ctx); ok {
		return out, nil
	}
	if last == nil {
		last = d.unknown()
	}
	return control.Fetched{}, last
}

// worse returns the error that says more: the first, unless it only says that nothing is known.
func worse(first, then error) error {
	if first == nil {
		return then
	}
	return first
}

func (d *download) unknown() error {
	e := &control.Error{Code: control.CodeNotFound, Message: "object " + d.ask.OID.String() + " is not known here"}
	if d.ask.Size == nil {
		e.Message += "; with its size friends can be asked"
		e.Hint = "rad swarm get " + d.ask.OID.String() + ":SIZE -o FILE"
	}
	return e
}

// bring downloads an object in one coding. Where what is known of its holders does not suffice, all friends are asked.
func (d *download) bring(ctx context.Context, c *coded) (control.Fetched, error) {
	back, err := d.o.memory.take(ctx, window(c.row.Size))
	if err != nil {
		return control.Fetched{}, err
	}
	defer back()
	everybody := d.o.there(c) < c.k() // is asked at once
	out, err := d.fetch(ctx, c, d.o.gather(c, everybody, false))
	if errors.Is(err, blobstore.ErrOID) && out.Resumed > 0 { // the beginning that was there is another one's
		if err := d.part.Truncate(0); err != nil {
			return out, err
		}
		out, err = d.fetch(ctx, c, d.o.gather(c, everybody, false))
	}
	if few, ok := errors.AsType[*blobstore.NotEnoughSharesError](err); ok && !everybody && ctx.Err() == nil {
		out, err = d.fetch(ctx, c, d.o.gather(c, true, true))
		if fewer, ok := errors.AsType[*blobstore.NotEnoughSharesError](err); ok {
			fewer.Failed = append(fewer.Failed, few.Failed...)
		}
	}
	if errors.Is(err, blobstore.ErrOID) {
		err = errors.Join(err, d.part.Truncate(0))
	}
	return out, err
}

func window(size int64) int64 { return min(max(size+size/8, leastWindow), fetchWindow) }

// fetch downloads an object once, after what is in the part already.
func (d *download) fetch(ctx context.Context, c *coded, gather func(context.Context, chan<- swarm.Source)) (control.Fetched, error) {
	out := control.Fetched{Object: control.Pointer(c.row.Pointer), Sources: []control.SourceReport{}}
	info, err := d.part.Stat()
	if err != nil {
		return out, err
	}
	out.Resumed = swarm.Resume(c.object, min(info.Size(), c.row.Size))
	if err := d.part.Truncate(out.Resumed); err != nil {
		return out, err
	}
	d.plain.Store(out.Resumed)
	defer d.pulse(c)()
	opt := swarm.FetchOptions{
		Patience: fetchPatience, Window: window(c.row.Size), SkipOID: d.ask.SkipOID, Progress: d.plain.Store,
	}
	if out.Resumed > 0 {
		opt.Prefix = io.NewSectionReader(d.part, 0, out.Resumed)
	}
	gathering, stop := context.WithCancel(ctx)
	more, gathered := make(chan swarm.Source, blobstore.MaxN), make(chan struct{})
	go func() {
		defer close(gathered)
		defer close(more)
		gather(gathering, more)
	}()
	report, err := swarm.Fetch(ctx, c.object, more, io.NewOffsetWriter(d.part, out.Resumed), opt)
	stop()
	<-gathered
	out.Seconds = time.Since(d.start).Seconds()
	d.o.report(&out, c, report)
	return out, err
}

// pulse tells how far the download is, and who is waited for when nothing comes, until it is stopped.
func (d *download) pulse(c *coded) (stop func()) {
	ended, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		ticker := time.NewTicker(beat)
		defer ticker.Stop()
		moved, last, said := time.Now(), d.plain.Load(), false
		for {
			now := d.plain.Load()
			if now != last {
				moved, last = time.Now(), now
			}
			d.tell(control.Line{Progress: &control.Progress{What: "fetching", Bytes: now, Total: c.row.Size}})
			if !said && time.Since(moved) >= d.o.opt.Notice/2 {
				said = true
				d.o.probe()
				d.tell(control.Line{Note: d.o.scarce(c)})
			}
			select {
			case <-ticker.C:
			case <-ended:
				return
			}
		}
	}()
	return func() { close(ended); <-over }
}

// report puts into words what holders did, and learns from it who does not have what they were said to have.
func (o *Objects) report(out *control.Fetched, c *coded, report *swarm.FetchReport) {
	out.Extra = report.Extra
	for _, s := range report.Sources {
		one := control.SourceReport{DID: s.DID, Name: o.opt.People.Person(s.DID).Name, Share: s.Index, Bytes: s.Bytes, Late: s.Late}
		if s.Err != nil {
			one.Error = inWords(s.Err)
		}
		out.Sources = append(out.Sources, one)
		if s.Silent > 0 && s.Bytes == 0 {
			o.listen(s.DID)
		}
		if errors.Is(s.Err, fs.ErrNotExist) {
			o.lost(c, s.Index, s.DID)
		}
	}
}

// lost notes that somebody does not have a share of ours, which is to be placed again.
func (o *Objects) lost(c *coded, index int, at radicle.DID) {
	if c.foreign() {
		return
	}
	o.index.lost(c.row.OID, c.k(), index, at)
	o.pend(c.row.Pointer)
}

// fromDisk copies the object from its file where it is not stored yet.
func (d *download) fromDisk(ctx context.Context) (control.Fetched, bool) {
	r := d.o.index.get(d.ask.OID, -1)
	if r == nil || d.own || r.recordable() {
		return control.Fetched{}, false
	}
	f, err := openSource(r)
	if err != nil {
		return control.Fetched{}, false
	}
	defer f.Close() // it was only read
	if _, err := d.part.Seek(0, io.SeekStart); err != nil || d.part.Truncate(0) != nil {
		return control.Fetched{}, false
	}
	p, err := hashed(ctx, io.TeeReader(f, d.part), func(n int64) {
		d.tell(control.Line{Progress: &control.Progress{What: "copying", Bytes: n, Total: r.Size}})
	})
	if err != nil || p != r.Pointer {
		return control.Fetched{}, false
	}
	return control.Fetched{
		Object: control.Pointer(p), Seconds: time.Since(d.start).Seconds(), Sources: []control.SourceReport{},
	}, true
}

// explain says what went wrong in a download, and who is missing.
func (d *download) explain(c *coded, err error) error {
	few, ok := errors.AsType[*blobstore.NotEnoughSharesError](err)
	if !ok {
		return err
	}
	return &control.Error{Code: control.CodeMissing, Message: d.o.tooFew(c, few)}
}
