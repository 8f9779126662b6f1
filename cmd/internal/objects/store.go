package objects

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"

	"radswarm/blobstore"
	"radswarm/blobstore/record"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

// maxObjects is how many objects one request may name.
const maxObjects = 10_000

// tooMany refuses a request that names too many objects.
func tooMany(n int) error {
	if n <= maxObjects {
		return nil
	}
	return &control.Error{Code: control.CodeUsage, Message: fmt.Sprintf("%d objects in one request: at most %d", n, maxObjects)}
}

// Look says how safe objects of a repository are: by the index, else by what collaborators recorded.
func (o *Objects) Look(ctx context.Context, rid radicle.RID, ask control.Look) (control.Looked, error) {
	if err := tooMany(len(ask.Objects)); err != nil {
		return control.Looked{}, err
	}
	out := control.Looked{Objects: make([]control.Safety, len(ask.Objects))}
	crowd := newCrowd(o.opt.People)
	for i, p := range ask.Objects {
		known := o.index.look(blobstore.Pointer(p), func(r *row) { out.Objects[i] = crowd.safetyOf(r) })
		if known && out.Objects[i].Stored {
			o.index.belongs(blobstore.Pointer(p), rid)
			continue
		}
		if s, found := o.recorded(ctx, rid, blobstore.Pointer(p), crowd); found {
			out.Objects[i] = s
		}
		if err := ctx.Err(); err != nil {
			return control.Looked{}, err
		}
	}
	return out, nil
}

// recorded says how safe an object is that a collaborator recorded. It is not ours: what its holders do is between them.
func (o *Objects) recorded(ctx context.Context, rid radicle.RID, p blobstore.Pointer, crowd *crowd) (control.Safety, bool) {
	records := o.records.Load()
	if records == nil {
		return control.Safety{}, false
	}
	choices, err := (*records).Find(ctx, rid, p.OID, p.Size)
	if err != nil || len(choices) == 0 {
		return control.Safety{}, false
	}
	s := crowd.recordedSafety(choices[0])
	if writer := choices[0].Place.Writer; writer != o.opt.Self {
		s.By = cmp.Or(o.opt.People.Person(writer).Name, writer.Short())
	}
	return s, true
}

// recordedSafety is how safe an object is by its record.
func (c *crowd) recordedSafety(choice record.Choice) control.Safety {
	s := c.safety(&row{shares: placedBy(choice)}, choice.Manifest.Coding().K(), len(choice.Holders))
	s.Stored = true // its writer says so, and readers of public records are not told the holders
	return s
}

// placedBy are the shares that a record names holders of.
func placedBy(choice record.Choice) (shares []placed) {
	for index, did := range choice.Holders {
		if !did.IsZero() {
			shares = append(shares, newPlaced(did, choice.Manifest.Coding().K(), index))
		}
	}
	return shares
}

// Store stores files for a repository. It returns when all objects are as safe as is required; the rest goes on.
func (o *Objects) Store(ctx context.Context, rid radicle.RID, ask control.Store, tell Tell) (control.Looked, error) {
	if err := tooMany(len(ask.Files)); err != nil {
		return control.Looked{}, err
	}
	if len(ask.Files) == 0 {
		return control.Looked{Objects: []control.Safety{}}, nil
	}
	require, err := o.required(ask.Require, name(ask.Files[0]), tell)
	if err != nil {
		return control.Looked{}, err
	}
	dir := filepath.Join(o.opt.Dir, pendingDir)
	if ask.Storage != "" {
		dir = pendingFor(ask.Storage)
	}
	w := &client{o: o, tell: tell, require: require, hint: "git -c swarm.require=local push"}
	crowd := newCrowd(o.opt.People)
	for _, file := range ask.Files {
		one, err := o.promise(file, require, rid, dir, crowd)
		if err != nil {
			return control.Looked{}, err
		}
		if one != nil {
			w.promises, w.total = append(w.promises, one), w.total+file.Size
		}
	}
	if len(w.promises) > 0 { // else all is as it should be: git-lfs offers whole histories, and each answer counts
		if err := w.wait(ctx); err != nil {
			return control.Looked{}, err
		}
		crowd = newCrowd(o.opt.People)
	}
	if err := o.index.sync(ctx); err != nil {
		return control.Looked{}, err
	}
	return o.stored(ctx, ask.Files, crowd)
}

// stored tells repositories of objects, and says how safe they are.
func (o *Objects) stored(ctx context.Context, files []control.File, crowd *crowd) (control.Looked, error) {
	out := control.Looked{Objects: make([]control.Safety, len(files))}
	for i, file := range files {
		r := o.index.get(file.OID, file.Size)
		if r == nil {
			continue
		}
		out.Objects[i] = crowd.safetyOf(r)
		if !out.Objects[i].Stored || r.settledIn() {
			continue
		}
		c, err := o.coded(ctx, r, false)
		if err != nil {
			return control.Looked{}, err
		}
		o.tellRecords(ctx, c)
	}
	return out, nil
}

// settledIn reports whether the records of an object are as they should be wherever it belongs.
func (r *row) settledIn() bool {
	for _, m := range r.Repositories {
		if !m.Recorded {
			return false
		}
	}
	return true
}
