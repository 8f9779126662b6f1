package command

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/ui"
)

func putCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "put", ArgsUsage: "FILE…", Category: objects,
		Usage: "store files with friends",
		Description: `Prints the OID and size of each, by which rad swarm get brings it back.

Examples:

    rad swarm put film.mp4
    rad swarm put a.psd b.psd --require full --json`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "require", Usage: "how safe it must be before this is done: `local|safe|full`; without it safe, where there is a friend"},
		},
		Action: func(c *cli.Context) error {
			files, err := arguments(c, 1, -1)
			if err != nil {
				return err
			}
			require, err := requirement(c)
			if err != nil {
				return err
			}
			paths, err := regular(files)
			if err != nil {
				return err
			}
			return e.putAll(c, paths, require)
		},
	}
}

func requirement(c *cli.Context) (control.Requirement, error) {
	r := control.Requirement(c.String("require"))
	if !slices.Contains([]control.Requirement{"", control.Local, control.Safe, control.Full}, r) {
		return "", ui.Usagef(helpHint(c.Command), "--require is local, safe or full, not %q", r)
	}
	return r, nil
}

// regular returns the absolute paths of files, all of which must be there before the first is stored.
func regular(files []string) ([]string, error) {
	paths := make([]string, len(files))
	for i, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			return nil, err
		}
		if !info.Mode().IsRegular() {
			return nil, ui.Usagef("", "%s is not a file", file)
		}
		if paths[i], err = filepath.Abs(file); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// putters is how many files are put at a time: one waits for friends while another is read.
const putters = 4

// putting is files on their way to friends.
type putting struct {
	env    *env
	caller *control.Caller
	total  int64

	mu    sync.Mutex // guards what follows, and what is printed
	watch *ui.Watcher
	done  map[string]int64 // bytes, by path
	said  map[string]bool  // notes: what concerns all is said once
}

// putAll puts files, some at a time, and says of each what became of it, in their order. It goes on after one that fails, whose error
// is returned.
func (e *env) putAll(c *cli.Context, paths []string, require control.Requirement) error {
	place, err := e.place()
	if err != nil {
		return err
	}
	p := &putting{
		env: e, caller: control.NewCaller(place, e.lookup), watch: e.ui.Watch(), done: make(map[string]int64), said: make(map[string]bool),
	}
	defer p.caller.Close()
	defer p.watch.Done()
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil {
			p.total += info.Size()
		}
	}
	outcomes := make([]chan error, len(paths))
	answers := make([]control.Stored, len(paths))
	room := make(chan struct{}, putters)
	for i, path := range paths {
		outcomes[i] = make(chan error, 1)
		go func() { // ends with its request, which ends with c.Context
			room <- struct{}{}
			defer func() { <-room }()
			outcomes[i] <- p.put(c.Context, control.Put{Path: path, Require: require}, &answers[i])
		}()
	}
	var first error
	for i, path := range paths {
		err := <-outcomes[i]
		if err == nil {
			err = p.say(path, &answers[i])
		}
		if first == nil && err != nil && len(paths) > 1 && c.Context.Err() == nil {
			err = fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
		first = cmp.Or(first, err)
	}
	if c.Context.Err() != nil {
		return &ui.InterruptedError{GoesOn: "say the same again: it goes on where it was; rad swarm status shows what spreads by itself"}
	}
	return first
}

func (p *putting) put(ctx context.Context, in control.Put, out *control.Stored) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return p.caller.Watch(ctx, http.MethodPost, to("put"), in, out, func(l control.Line) error { return p.line(in.Path, l) })
}

// line shows what is told of one file: how far all of them are, and notes.
func (p *putting) line(path string, l control.Line) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l.Note != "" && p.said[l.Note] {
		return nil
	}
	p.said[l.Note] = true
	if l.Progress != nil {
		p.done[path] = l.Progress.Bytes
		all := *l.Progress
		all.Bytes, all.Total = 0, p.total
		for _, n := range p.done {
			all.Bytes += n
		}
		l.Progress = &all
	}
	return p.watch.Line(l)
}

// say says what became of a file.
func (p *putting) say(path string, out *control.Stored) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := p.env.ui
	return u.Result(out, func() error {
		if err := u.Say("%s:%d  %s", out.Object.OID, out.Object.Size, filepath.Base(path)); err != nil {
			return err
		}
		u.Note("%s%s", safetyText(out.Safety), sentText(out))
		for _, f := range out.Failed {
			u.Note("%s took nothing: %s", called(f.Name, f.DID), f.Error)
		}
		return nil
	})
}

func sentText(s *control.Stored) string {
	if s.Sent == 0 {
		return "; nothing had to be sent"
	}
	return fmt.Sprintf("; sent %s in %.1f s", ui.Size(s.Sent), s.Seconds)
}
