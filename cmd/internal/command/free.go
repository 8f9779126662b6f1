package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"radswarm/blobstore"
	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/ui"
	"radswarm/lfsagent/gitlfs"
)

const (
	// minPeople is how many people must have shown their shares before a copy here is deleted. One of those must be one too many:
	// somebody else is to be what the copy was.
	minPeople = 2
	// lostAfter is after how long somebody who is silent is taken to be lost, and not asleep.
	lostAfter = 14 * 24 * time.Hour
)

func freeCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "free", ArgsUsage: "PATH…", Category: objects,
		Usage: "make pointers of big files here again, once friends have shown that they hold them",
		Description: `Every friend who holds a share answers for every byte of it, compared with the file here. The file goes if each of them
has, and they meet the requirement safe, with at least two people of whom one may vanish; otherwise it stays. Only who was not seen for
14 days neither counts nor is waited for. With --force nobody is asked.

Examples:

    rad swarm free film.mp4
    rad swarm free rushes --force`,
		Flags: []cli.Flag{&cli.BoolFlag{Name: "force", Usage: "delete without asking anybody, and say what may be lost"}},
		Action: func(c *cli.Context) error {
			paths, err := arguments(c, 1, -1)
			if err != nil {
				return err
			}
			done, err := e.free(c.Context, paths, c.Bool("force"))
			return e.freedResult(done, err)
		},
	}
}

// freed is what was deleted.
type freed struct {
	Files []freedFile `json:"files"`
	Bytes int64       `json:"bytes"`
	Kept  int         `json:"kept"` // that stay, for a reason
}

// freedFile is an object whose copy here went, or would.
type freedFile struct {
	Name   string          `json:"name,omitempty"`
	Object control.Pointer `json:"object"`
	People int             `json:"people"` // who have shown their shares, or, with --force, who are known to hold some
	Spare  int             `json:"spare"`
	Forced bool            `json:"forced,omitempty"`
}

func (f *freed) add(one freedFile) {
	f.Files = append(f.Files, one)
	f.Bytes += one.Object.Size
}

// freedResult prints what went. What stays was told already.
func (e *env) freedResult(done *freed, err error) error {
	if done == nil {
		return err
	}
	show := e.ui.Result(done, func() error {
		for _, f := range done.Files {
			if err := e.ui.Say("%s", f.line()); err != nil {
				return err
			}
		}
		return e.ui.Say("%s freed, %s; %d stay", ui.Count(len(done.Files), "object", "objects"), ui.Size(done.Bytes), done.Kept)
	})
	if err == nil && done.Kept > 0 {
		err = &ui.SilentError{Exit: ui.Unsafe}
	}
	return errors.Join(show, err)
}

func (f freedFile) line() string {
	name := f.Name
	if name == "" {
		name = f.Object.OID.String()
	}
	held := fmt.Sprintf("%s, of whom %d may vanish", ui.Count(f.People, "friend holds it", "friends hold it"), f.Spare)
	switch {
	case f.Forced && f.People == 0:
		return name + ": deleted, and nobody else is known to have it"
	case f.Forced:
		return name + ": deleted unseen; by what is known here " + held
	}
	return name + ": " + held
}

// free makes pointers of files.
func (e *env) free(ctx context.Context, paths []string, force bool) (*freed, error) {
	all, err := copies(ctx)
	if err != nil {
		return nil, err
	}
	chosen, err := choose(ctx, all, paths)
	if err != nil {
		return nil, err
	}
	done := &freed{}
	for _, s := range chosen {
		if err := e.freeFiles(ctx, s, force, done); err != nil {
			return done, err
		}
	}
	return done, nil
}

func (e *env) freeFiles(ctx context.Context, s selection, force bool, done *freed) error {
	defer func() { _ = s.copy.Refresh(context.WithoutCancel(ctx), s.files) }() // git looks itself, only later
	for _, f := range s.files {
		if !f.Tracked {
			continue
		}
		one, err := e.freeFile(ctx, s.copy, f, force)
		switch {
		case ctx.Err() != nil:
			return &ui.InterruptedError{GoesOn: "say the same again: what is freed stays freed"}
		case err != nil:
			done.Kept++
			p := ui.Explain(err)
			e.ui.Warn(f.Path+" stays: "+p.Line, p.Hint)
		case one != nil:
			done.add(*one)
		}
	}
	return nil
}

// freeFile deletes what is here of a file. nil is a file of which nothing is here.
func (e *env) freeFile(ctx context.Context, c *gitlfs.Copy, f gitlfs.File, force bool) (*freedFile, error) {
	path, stored := c.Local(f.Object)
	switch f.State {
	case gitlfs.Other:
		return nil, &gitlfs.ChangedError{Path: f.Path}
	case gitlfs.Content:
		same, err := c.Unchanged(ctx, f)
		switch {
		case err != nil:
			return nil, err
		case !same:
			return nil, &gitlfs.ChangedError{Path: f.Path}
		case !stored:
			path = c.Absolute(f)
		}
	}
	if f.State != gitlfs.Content && !stored {
		return nil, nil
	}
	one, err := e.mayGo(ctx, f.Object, path, force)
	if err != nil {
		return nil, err
	}
	one.Name = f.Path
	if f.State == gitlfs.Content {
		if err := c.PutPointer(ctx, f); err != nil {
			return nil, err
		}
	}
	return one, c.Remove(f.Object)
}

// mayGo asks every holder of an object for the whole of its share, compared with the file at path.
func (e *env) mayGo(ctx context.Context, o blobstore.Pointer, path string, force bool) (*freedFile, error) {
	one := &freedFile{Object: control.Pointer{OID: o.OID, Size: o.Size}, Forced: force}
	if force {
		return e.known(ctx, one)
	}
	var out control.Verified
	in := control.Verify{OIDs: []blobstore.OID{o.OID}, Path: path}
	if err := e.watch(ctx, http.MethodPost, to("verify"), in, &out, "nothing is deleted"); err != nil {
		return nil, err
	}
	if len(out.Objects) != 1 || out.Objects[0].Object != one.Object {
		return nil, fmt.Errorf("%v was not verified", o.OID)
	}
	v := out.Objects[0]
	one.People, one.Spare = v.Safety.People, v.Safety.Spare
	if err := proven(&v, time.Now()); err != nil {
		return nil, err
	}
	return one, nil
}

// known is what is known here of an object that is deleted without a question.
func (e *env) known(ctx context.Context, one *freedFile) (*freedFile, error) {
	var h control.Holding
	err := e.get(ctx, to("objects", one.Object.OID.String()), &h)
	if err != nil && !hasCode(err, control.CodeNotFound) {
		e.ui.Warn("nobody knows who holds it: "+ui.Explain(err).Line, "")
	}
	if err == nil {
		one.People, one.Spare = h.Object.People, h.Object.Spare
	}
	return one, ctx.Err()
}

// proven says why a copy must stay: who has not shown what, or that too few have. nil lets it go.
func proven(v *control.VerifiedObject, now time.Time) error {
	silent := owing(v.Shares, now)
	enough := v.Whole && v.Safety.Stored && v.Safety.Safe && v.Safety.People >= minPeople && v.Safety.Spare > 0
	if enough && len(silent) == 0 {
		return nil
	}
	text := fmt.Sprintf("only %s shown every byte of their shares", ui.Count(v.Safety.People, "friend has", "friends have"))
	if len(silent) == 0 {
		return ui.HintErrorf("rad swarm verify "+v.Object.OID.String()+" --heal", ui.Unsafe, "%s", text)
	}
	hint := "rad swarm net dial " + quote(called(silent[0].Name, *silent[0].DID))
	var names []string
	for _, s := range silent {
		names = append(names, fmt.Sprintf("%s (%s)", cmp.Or(s.Name, s.DID.Short()), cmp.Or(s.State, "not asked")))
		if s.State != unreachable {
			hint = "rad swarm verify " + v.Object.OID.String() + " --heal"
		}
	}
	return ui.HintErrorf(hint, ui.Unsafe, "%s; not %s", text, strings.Join(names, ", "))
}

// unreachable is the state of a share whose holder did not answer.
const unreachable = "unreachable"

// owing are the shares of which a holder has not shown every byte. Who is silent for so long that they are lost is not waited for.
func owing(shares []control.Share, now time.Time) (all []control.Share) {
	for _, s := range shares {
		lost := s.State == unreachable && s.Seen != nil && now.Sub(*s.Seen) > lostAfter
		if s.DID != nil && s.State != "held" && !lost {
			all = append(all, s)
		}
	}
	return all
}
