package lfsagent

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"radswarm/blobstore"
)

// worker is what there is for one git-lfs.
type worker struct {
	Config
	answers *answers
	init    message // the first one; without an event until it came
	session *session
	failure error     // why there is no session
	failed  time.Time // when that was
}

// session is what a worker needs for its objects.
type session struct {
	Session
	landing *landing // for downloads
}

func newWorker(c Config) *worker { return &worker{Config: c, answers: &answers{w: c.Out}} }

// answer answers one message, unless git-lfs ends meanwhile.
func (w *worker) answer(ctx context.Context, m message) {
	switch m.Event {
	case eventInit:
		w.answers.init(w.begin(m))
	case string(Upload), string(Download):
		w.transfer(ctx, m)
	default:
		w.answers.complete(m.OID, "", errMalformed)
	}
}

// begin takes note of the first message.
func (w *worker) begin(m message) error {
	if w.init.Event != "" {
		return refuse(CodeRequest, "", "git-lfs sends init again")
	}
	if err := m.checkInit(); err != nil {
		return err
	}
	w.init = m
	return nil
}

// transfer carries an object and answers. The last progress, which makes the sum right, leaves with the answer.
func (w *worker) transfer(ctx context.Context, m message) {
	w.tidy()
	object, err := m.object(w.init.Operation)
	if err != nil {
		w.answers.complete(m.OID, "", err)
		return
	}
	meter := newMeter(w.answers, m.OID, object.Size)
	meter.first()
	path, err := w.carry(ctx, meter, object, m.Path)
	switch {
	case errors.Is(context.Cause(ctx), errEnd) || w.answers.err != nil:
		return // nobody reads
	case err == nil && meter.sent < object.Size:
		meter.add(object.Size)
	case err != nil && ctx.Err() != nil:
		err = errStopped
	}
	w.answers.complete(m.OID, path, err)
}

// carry stores the object at path, or fetches it and returns where it is.
func (w *worker) carry(ctx context.Context, m *meter, object blobstore.Pointer, path string) (string, error) {
	if w.init.Operation == Upload {
		return "", w.store(ctx, m, object, path)
	}
	s, err := w.open(ctx, m)
	if err != nil {
		return "", err
	}
	path, name := s.landing.next(object.OID)
	err = w.call(ctx, m, func(ctx context.Context) error {
		if object.Size == 0 {
			return s.landing.empty(name)
		}
		if err := s.Fetch(ctx, object, path, m.moved); err != nil {
			return err
		}
		return s.landing.settle(name, object.Size)
	})
	if err != nil {
		s.landing.tidy()
		return "", err
	}
	return path, nil
}

func (w *worker) store(ctx context.Context, m *meter, object blobstore.Pointer, path string) error {
	if object.Size == 0 {
		return nil // there is nothing to keep
	}
	s, err := w.open(ctx, m)
	if err != nil {
		return err
	}
	return w.call(ctx, m, func(ctx context.Context) error {
		if err := checkFile(path, object.Size); err != nil {
			return err
		}
		return s.Store(ctx, object, path, m.moved)
	})
}

// checkFile looks at a file that is to be stored: git lfs prune may have been faster.
func checkFile(path string, size int64) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return refuse(CodeMissing, "", "the file is gone: %s", path)
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return refuse(CodeConflict, "", "this is no file: %s", path)
	case info.Size() != size:
		return refuse(CodeConflict, "git lfs fsck", "the file has %d bytes, not %d: %s", info.Size(), size, path)
	}
	return nil
}

// againAfter is how long a session that could not be begun is not tried again: git-lfs asks for the next object at once.
const againAfter = 5 * time.Second

// open returns the session, and begins one where there is none.
func (w *worker) open(ctx context.Context, m *meter) (*session, error) {
	switch {
	case w.session != nil:
		return w.session, nil
	case errors.Is(w.failure, errSilent), w.failure != nil && time.Since(w.failed) < againAfter:
		return nil, w.failure
	}
	var s *session
	err := w.call(ctx, m, func(ctx context.Context) (err error) {
		s, err = w.newSession(ctx)
		return err
	})
	if err != nil {
		w.failure, w.failed = err, time.Now()
		return nil, err
	}
	w.session, w.failure = s, nil
	return s, nil
}

func (w *worker) newSession(ctx context.Context) (*session, error) {
	place, err := w.Locate(ctx)
	if err != nil {
		return nil, err
	}
	r, err := place.repository(w.init.Operation, w.init.Remote)
	if err != nil {
		return nil, err
	}
	s := &session{}
	if w.init.Operation == Download {
		s.landing, err = openLanding(filepath.Join(r.Storage, "radswarm", "incoming"), place.Settings.Shared())
		if err != nil {
			return nil, err
		}
	}
	s.Session, err = w.Daemon.Begin(ctx, r, w.init.Operation)
	if err == nil && s.Session == nil {
		err = errCrashed
	}
	if err != nil {
		s.landing.close()
		return nil, err
	}
	return s, nil
}

// repository is what the daemon is told.
func (p Place) repository(op Operation, remote string) (Repository, error) {
	rid, err := p.Settings.Resolve(op, remote)
	if err != nil {
		return Repository{}, err
	}
	r := Repository{RID: rid, GitDir: p.GitDir, Storage: p.Settings.Storage(p.GitDir)}
	if op == Upload { // a wrong word must not keep anybody from reading
		r.Require, err = p.Settings.Require()
	} else {
		r.Namespace, r.Patch = p.Settings.Namespace(remote, rid), p.Settings.Patch(p.Branch, rid)
	}
	return r, err
}

// tidy removes what git-lfs did not take. By its next message it has decided.
func (w *worker) tidy() {
	if w.session != nil {
		w.session.landing.tidy()
	}
}

// end ends the session.
func (w *worker) end(ctx context.Context) {
	if w.session == nil {
		return
	}
	w.session.landing.close()
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	if err := w.call(ctx, nil, w.session.End); err != nil {
		w.Log.Warn("session does not end well", "error", err)
	}
}
