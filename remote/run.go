package remote

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"radswarm/radicle/gitobj"
	"radswarm/radicle/identity"
	"radswarm/radicle/profile"
	"radswarm/radicle/storage"
	"radswarm/remote/lfs"
)

// session is one run of the helper.
type session struct {
	Config
	remote  string // its name; "" where the URL was given instead, or the name cannot be that of refs
	url     URL
	profile *profile.Profile
	repo    *storage.Repo
	work    workingCopy
	options options
	lines   *lineReader
	out     *bufio.Writer
	say     *voice
	config  *lfs.Config // nil until it is read; see setUpLFS
	early   earlyConfig
	forPush bool // git wants to push, if there is anything
	// document is the identity document that this node takes for the current one, read when it is first needed; see forget.
	document func() (*identity.Document, error)
}

// Main is the helper: it serves git until that is done, and returns the exit code, 0 or 1. What went wrong is on
// c.Err. When ctx ends, so does the helper; what is in storage then is whole.
func Main(ctx context.Context, c Config) int {
	c = c.withDefaults()
	say := &voice{w: c.Err, colour: colourful(c.Env, c.Terminal), terminal: c.Terminal}
	err := run(ctx, c, say)
	if err == nil {
		return 0
	}
	say.line("error: %s", oneLine(err.Error()))
	if e, ok := errors.AsType[*Error](err); ok && e.Hint != "" {
		say.hint(e.Hint)
	}
	return 1
}

func run(ctx context.Context, c Config, say *voice) error {
	s := &session{
		Config: c, say: say, lines: newLineReader(c.In), out: bufio.NewWriterSize(c.Out, 64<<10),
		options: options{verbosity: 1},
	}
	defer s.lines.close()
	s.work = newWorkingCopy(s.Env)
	s.readEarly(ctx)
	err := s.open(ctx)
	if s.repo != nil {
		defer s.repo.Close()
	}
	if err != nil {
		s.hearOut(ctx)
		return err
	}
	return s.serve(ctx)
}

// patience is how long git may take to write its first line.
const patience = time.Second

// hearOut waits for the first line from git before the helper gives up: git dies of a broken pipe, without a word of its own, if
// there is nobody when it writes.
func (s *session) hearOut(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, _ = s.lines.next(ctx)
}

// open finds home and repository, in the order in which Radicle's helper does.
func (s *session) open(ctx context.Context) error {
	home, err := profile.Find(s.Env)
	if err != nil {
		return fail(hintAuth, textNoProfile, err)
	}
	if s.profile, err = profile.Load(home); err != nil {
		return profileError(err)
	}
	if err := s.arguments(); err != nil {
		return err
	}
	store, err := storage.Open(ctx, home.Storage(), storage.Options{Now: s.now, SkipVersion: true})
	if err != nil {
		return err
	}
	if err = s.openRepository(ctx, store); err != nil {
		return repositoryError(err, store.Path(s.url.RID), s.url.RID)
	}
	s.forget(ctx)
	return s.checkPeers(ctx)
}

// forget makes that what storage holds is read again when it is needed: between list and push hours may pass.
func (s *session) forget(ctx context.Context) {
	s.document = sync.OnceValues(func() (*identity.Document, error) { return s.repo.Document(ctx) })
}

// arguments reads the command line.
func (s *session) arguments() error {
	name, url := "", ""
	switch len(s.Args) {
	case 0:
		return fail(hintGit, "invalid arguments: []")
	case 1:
		url = s.Args[0]
	default:
		name, url = s.Args[0], s.Args[1]
	}
	if gitobj.CheckRefName(name) == nil {
		s.remote = name
	}
	var err error
	if s.url, err = ParseURL(url); err != nil {
		return fail(hintURL, "%v", err)
	}
	return nil
}

// now is the time that is written into what is signed.
func (s *session) now() time.Time {
	if at, ok := seconds(s.Env, "GIT_COMMITTER_DATE"); ok {
		return at
	}
	return s.Now()
}

// serve answers lines until a batch is done, or git has nothing more to say.
func (s *session) serve(ctx context.Context) error {
	for {
		c, err := s.lines.next(ctx)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return inputError(err)
		}
		if _, debug := s.Env("RAD_DEBUG"); debug {
			s.say.line("git-remote-rad: %s", brief(c.text))
		}
		done, err := s.answer(ctx, c)
		if err == nil {
			err = s.out.Flush()
		}
		if done || err != nil {
			return err
		}
	}
}

// answer does what one line, and the batch that it begins, asks for. done says that this was all.
func (s *session) answer(ctx context.Context, c command) (done bool, err error) {
	switch c.verb {
	case blank:
		return true, s.catchUp(ctx)
	case capabilities:
		s.out.WriteString("option\npush\nfetch\n\n")
	case option:
		answer, err := s.setOption(ctx, c)
		if err != nil {
			return false, err
		}
		fmt.Fprintln(s.out, answer)
	case list:
		s.refresh(ctx)
		return false, s.tell(ctx, s.list)
	case listForPush:
		s.forPush = true
		return false, s.tell(ctx, s.listForPush)
	case fetch:
		return true, s.fetch(ctx, c)
	case push:
		return true, s.push(ctx, c)
	}
	return false, nil
}

// tell lists refs. git goes on, and may run git-lfs, when it has the last line, which stays in the buffer until then: LFS is set up.
func (s *session) tell(ctx context.Context, list func(context.Context) error) error {
	err := list(ctx)
	if err == nil {
		s.setUpLFS(ctx)
	}
	return err
}

// setOption takes an option, and does at once what cannot wait.
func (s *session) setOption(ctx context.Context, c command) (answer string, err error) {
	answer, err = s.options.set(c.name, c.value)
	switch {
	case err != nil:
		return "", fail(hintOptions, "%v", err)
	case c.name == "cloning" && s.options.cloning:
		s.setUpLFS(ctx) // again: now there is more to write
	}
	return answer, s.resolveBase(ctx)
}

// batch reads lines like the first one up to the blank line that ends them, and returns their values.
func (s *session) batch(ctx context.Context, first command) ([]string, error) {
	values := []string{first.value}
	for size := len(first.value); ; {
		c, err := s.lines.next(ctx)
		switch {
		case err == io.EOF:
			return nil, inputError(ErrEnd)
		case err != nil:
			return nil, inputError(err)
		case c.verb == blank:
			return values, nil
		case c.verb != first.verb:
			word, _, _ := strings.Cut(first.text, " ")
			return nil, fail(hintGit, "unexpected command after first `%s`: %s", word, brief(c.text))
		case len(values) >= maxBatch:
			return nil, fail(hintFewer, "more than %d lines in a batch", maxBatch)
		}
		if size += len(c.value); size > maxBatchBytes {
			return nil, fail(hintFewer, "more than %d bytes in a batch", maxBatchBytes)
		}
		values = append(values, c.value)
	}
}

const (
	// maxBatch bounds the lines of a batch: as many as a repository may have refs.
	maxBatch = storage.MaxRefs
	// maxBatchBytes bounds what they say.
	maxBatchBytes = 256 << 20
)
