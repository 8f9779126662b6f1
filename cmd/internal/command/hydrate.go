package command

import (
	"context"
	"errors"

	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/ui"
	"radswarm/lfsagent/gitlfs"
)

func hydrateCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "hydrate", ArgsUsage: "[PATH…]", Category: objects,
		Usage: "bring the content of big files where git has pointers",
		Description: `In the working copy and its submodules, at the paths or everywhere. For git nothing changes. What cannot be had is told, and
the rest comes.

Examples:

    rad swarm hydrate
    rad swarm hydrate film.mp4 rushes
    rad swarm hydrate --dreamtalk`,
		Flags: []cli.Flag{&cli.BoolFlag{Name: "dreamtalk", Usage: "only the poster that each .udd names"}},
		Action: func(c *cli.Context) error {
			paths, err := arguments(c, 0, -1)
			if err != nil {
				return err
			}
			done, err := e.hydrate(c.Context, paths, c.Bool("dreamtalk"))
			if done == nil {
				return err
			}
			return errors.Join(e.ui.Result(done, func() error {
				return e.ui.Say("%s brought, %s; %d were here", ui.Count(done.Brought, "file", "files"), ui.Size(done.Bytes), done.Here)
			}), err)
		},
	}
}

// hydrated is what a hydrate did.
type hydrated struct {
	Brought int   `json:"brought"` // files that were pointers
	Bytes   int64 `json:"bytes"`   // of them
	Fetched int   `json:"fetched"` // objects that came from friends
	Here    int   `json:"here"`    // files that were content already
	Failed  int   `json:"failed"`
}

// hydrate brings content. An error with a result says that not all came.
func (e *env) hydrate(ctx context.Context, paths []string, posters bool) (*hydrated, error) {
	all, err := copies(ctx)
	if err != nil {
		return nil, err
	}
	chosen, err := choose(ctx, all, paths)
	if err != nil {
		return nil, err
	}
	done := &hydrated{}
	if chosen, err = e.pointersOf(chosen, posters, done); err != nil {
		return nil, err
	}
	fetched, failed, err := e.fetch(ctx, chosen)
	if err != nil {
		return nil, err
	}
	done.Fetched = fetched
	for _, s := range chosen {
		if err := e.checkOut(ctx, s, done); err != nil {
			return nil, err
		}
	}
	return done, e.incomplete(done, failed)
}

// pointersOf keeps the files that are pointers and that git-lfs has a hand in.
func (e *env) pointersOf(chosen []selection, posters bool, done *hydrated) ([]selection, error) {
	var kept []selection
	for _, s := range chosen {
		poster, err := s.copy.Poster()
		if err != nil && posters {
			e.ui.Warn(err.Error(), "")
			continue
		}
		var files []gitlfs.File
		for _, f := range s.files {
			switch {
			case posters && f.Path != poster:
			case f.State == gitlfs.Content:
				done.Here++
			case f.State == gitlfs.Pointer && !f.Tracked:
				e.ui.Warn(f.Path+" is a pointer, and no attribute says that git-lfs reads it: it stays", "git lfs track '"+f.Path+"'")
			case f.State == gitlfs.Pointer:
				files = append(files, f)
			}
		}
		if len(files) == 0 {
			continue
		}
		if err := s.copy.Filtered(); err != nil {
			return nil, &ui.HintError{Err: err, Hint: "git lfs install --local --skip-smudge"}
		}
		kept = append(kept, selection{s.copy, files})
	}
	return kept, nil
}

// checkOut puts content where pointers are, as far as it is here.
func (e *env) checkOut(ctx context.Context, s selection, done *hydrated) error {
	for _, f := range s.files {
		path, here := s.copy.Local(f.Object)
		if !here {
			done.Failed++
			continue
		}
		err := s.copy.CheckOut(ctx, f, path)
		if changed, ok := errors.AsType[*gitlfs.ChangedError](err); ok {
			e.ui.Warn(changed.Error(), "")
			continue
		}
		if err != nil {
			return err
		}
		done.Brought++
		done.Bytes += f.Object.Size
	}
	return s.copy.Refresh(ctx, s.files)
}

// incomplete is the error for what could not be had: the first reason, the others told before.
func (e *env) incomplete(done *hydrated, failed []error) error {
	if len(failed) == 0 {
		return nil
	}
	for _, err := range failed[1:min(len(failed), maxTold)] {
		e.ui.Warn(ui.Explain(err).Line, "")
	}
	if len(failed) > 1 {
		e.ui.Note("%s could not be had", ui.Count(done.Failed, "file", "files"))
	}
	return failed[0]
}

// maxTold is how many reasons are told.
const maxTold = 10
