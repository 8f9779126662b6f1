package repos

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"radswarm/blobstore"
	"radswarm/blobstore/record"
	"radswarm/blobstore/zone"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

// SetZone changes who may read: of what is stored from now on, of one object, or of all of ours.
func (r *Repos) SetZone(
	ctx context.Context, rid radicle.RID, in control.SetZone, tell func(control.Line),
) (out control.Zoned, err error) {
	out.Truths = []control.Warning{}
	if in.Default == "" && in.Object == nil && !in.All {
		return out, usage("neither a zone for what comes, nor an object")
	}
	if in.Default != "" {
		if err := r.setCeiling(ctx, rid, in, &out); err != nil {
			return out, err
		}
	}
	if in.Object != nil || in.All {
		if err := r.setObjects(ctx, rid, in, tell, &out); err != nil {
			return out, err
		}
	}
	out.Repository, err = r.Repository(ctx, rid)
	return out, err
}

// setCeiling notes the owner's word about a repository.
func (r *Repos) setCeiling(ctx context.Context, rid radicle.RID, in control.SetZone, out *control.Zoned) error {
	z, err := wanted(in.Default)
	if err != nil {
		return err
	}
	if z.Kind() == zone.Public && !in.Sure {
		return unsure("everything stored from now on is for everyone, for ever", "rad swarm zone default public --sure")
	}
	if _, err := r.Repository(ctx, rid); err != nil { // what is not there has no readers
		return err
	}
	if err := r.settings.edit(rid, func(s *repositorySet) { s.Zone = z.String() }); err != nil {
		return err
	}
	out.Truths = append(out.Truths, control.Warning{Text: "objects stored from now on are " + z.String()})
	return nil
}

// SetDefaultZone notes the owner's word about all repositories. Those that have a zone of their own keep it, and what is stored
// stays what it is.
func (r *Repos) SetDefaultZone(_ context.Context, in control.SetDefaultZone) (out control.DefaultZone, err error) {
	z, err := wanted(in.Zone)
	if err != nil {
		return out, err
	}
	if z.Kind() == zone.Public && !in.Sure {
		return out, unsure(
			"everything stored from now on in public repositories is for everyone, for ever", "rad swarm zone default public --all --sure",
		)
	}
	if err := r.settings.setDefault(z); err != nil {
		return out, err
	}
	out = control.DefaultZone{Zone: z.String(), Own: r.settings.own(), Truths: []control.Warning{}}
	if z.Kind() == zone.Public {
		out.Truths = append(out.Truths, control.Warning{Text: "in private repositories objects follow the members all the same"})
	}
	if n := len(out.Own); n > 0 {
		out.Truths = append(out.Truths, control.Warning{
			Text: fmt.Sprintf("repositories with a zone of their own, which they keep: %d", n), Hint: "rad swarm zone --all",
		})
	}
	return out, nil
}

// wanted reads a zone that a person has asked for.
func wanted(text string) (zone.Zone, error) {
	z, err := zone.Parse(text)
	if err != nil {
		return z, usage("%v; a zone is private, follow, shared:DID,DID or public", err)
	}
	return z, nil
}

// sureHint is the command that agrees.
func sureHint(in control.SetZone) string {
	if in.Object != nil {
		return "rad swarm zone set public " + in.Object.OID.String() + " --sure"
	}
	return "rad swarm zone set public --all --sure"
}

// unsure is something that a person must agree to.
func unsure(what, hint string) error {
	return &control.Error{Code: control.CodeConflict, Message: what + ": it cannot be taken back", Hint: hint}
}

// setObjects moves objects outward. What cannot be taken back is refused.
func (r *Repos) setObjects(
	ctx context.Context, rid radicle.RID, in control.SetZone, tell func(control.Line), out *control.Zoned,
) error {
	z, err := wanted(in.Zone)
	if err != nil {
		return err
	}
	if z.Kind() == zone.Public && !in.Sure {
		return unsure("who has these objects once has them for ever", sureHint(in))
	}
	changed, err := r.changeAll(ctx, rid, in, z, tell, out)
	if z.Kind() == zone.Public {
		if out.Published = r.whoKnows(ctx, changed); out.Published != nil {
			out.Truths = append(out.Truths, saidOf(out.Published))
		}
	}
	return r.notThere(rid, err)
}

// changeAll does all of a change, and returns the objects that it was about.
func (r *Repos) changeAll(
	ctx context.Context, rid radicle.RID, in control.SetZone, z zone.Zone, tell func(control.Line), out *control.Zoned,
) (all []blobstore.Pointer, err error) {
	for range maxAgain {
		some, again, err := r.changeOnce(ctx, rid, in, z, tell, out)
		if err != nil {
			return all, err
		}
		if all = append(all, some...); !again {
			break
		}
	}
	return all, nil
}

// changeOnce does one step of a change, and returns the objects that it was about: a record that is not written yet is written first.
func (r *Repos) changeOnce(
	ctx context.Context, rid radicle.RID, in control.SetZone, z zone.Zone, tell func(control.Line), out *control.Zoned,
) (changed []blobstore.Pointer, again bool, err error) {
	if r.queue.count(rid) > 0 {
		if err := r.Round(ctx, rid); err != nil {
			return nil, false, err
		}
	}
	err = r.writing(ctx, rid, func(e *repository, v *view) error {
		objects, err := r.chosen(ctx, e, in)
		if err != nil {
			return err
		}
		again = len(objects) > zone.MaxRecords
		changed = objects[:min(len(objects), zone.MaxRecords)]
		p, err := r.planChange(ctx, e, v, z, changed)
		if err != nil || p.empty() {
			return err
		}
		if again {
			note(tell, fmt.Sprintf("%d records, and more to come", len(p.Batch.Records)))
		}
		out.Changed += len(p.Batch.Records)
		out.Truths = append(out.Truths, truths(p.Truths)...)
		return r.commit(ctx, e, p)
	})
	return changed, again, explainInward(err)
}

// planChange plans to move objects of our branch outward.
func (r *Repos) planChange(
	ctx context.Context, e *repository, v *view, z zone.Zone, objects []blobstore.Pointer,
) (*plan, error) {
	round, err := r.round(ctx, e, v)
	if err != nil {
		return nil, err
	}
	if err := r.settings.edit(e.rid, func(s *repositorySet) { s.Named = merge(s.Named, z.Named()) }); err != nil {
		return nil, err
	}
	p := &plan{known: objects}
	p.Result, err = round.Change(ctx, z, objects...)
	return p, err
}

// merge returns all DIDs of two lists, in order, each once.
func merge(a, b []radicle.DID) []radicle.DID {
	all := slices.Concat(a, b)
	slices.SortFunc(all, radicle.DID.Compare)
	return slices.Compact(all)
}

// chosen are the objects of our branch that a request is about: one, or all that are narrower than what is asked for.
func (r *Repos) chosen(ctx context.Context, e *repository, in control.SetZone) ([]blobstore.Pointer, error) {
	if in.Object != nil {
		return []blobstore.Pointer{{OID: in.Object.OID, Size: in.Object.Size}}, nil
	}
	z, err := wanted(in.Zone)
	own := e.index.Branch(r.self)
	if err != nil || own == nil {
		return nil, err
	}
	var all []blobstore.Pointer
	for is, err := range own.All(ctx) {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err == nil && (zone.KindOf(is) < z.Kind() || zone.KindOf(is) == zone.Shared && z.Kind() == zone.Shared) {
			all = append(all, is.Pointer())
		}
	}
	return all, nil
}

// explainInward says for people what is refused.
func explainInward(err error) error {
	if in, ok := errors.AsType[*zone.InwardError](err); ok {
		return &control.Error{Code: control.CodeConflict, Message: in.Error()}
	}
	if of, ok := errors.AsType[*record.ObjectError](err); ok && errors.Is(err, fs.ErrNotExist) {
		return &control.Error{Code: control.CodeNotFound, Message: fmt.Sprintf("%v is not recorded here by you", of.Pointer.OID)}
	}
	return err
}
