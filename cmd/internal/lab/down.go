package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"radswarm/cmd/internal/daemon"
)

// politeTime is how long a daemon may take to end by itself.
const politeTime = 6 * time.Second

// Down ends all daemons of the lab and deletes its folder, working copies included. While it deletes, no daemon can start
// there.
func (l *Lab) Down(ctx context.Context) (Changed, error) {
	if _, err := l.check(); err != nil {
		return Changed{}, err
	}
	lock, err := l.lock(ctx)
	if err != nil {
		return Changed{}, err
	}
	defer lock.Close()
	m, err := l.check() // again: now nobody changes it
	if err != nil {
		return Changed{}, err
	}
	homes := l.made(m)
	held := make([]io.Closer, len(homes))
	defer closeAll(held)
	err = each(ctx, homes, func(ctx context.Context, i int) (err error) {
		held[i], err = l.end(ctx, homes[i])
		return err
	})
	if err != nil {
		return Changed{}, err
	}
	for _, name := range homes {
		l.removeSocket(name)
	}
	if runtime.GOOS == "windows" { // which removes no file that is open
		closeAll(held)
		_ = lock.Close()
	}
	return Changed{Dir: l.dir, Homes: homes}, l.remove(ctx, m)
}

func closeAll(held []io.Closer) {
	for _, h := range held {
		if h != nil {
			_ = h.Close()
		}
	}
}

// end ends the daemon of a home, politely at first, and returns its lock, held. One that is only starting is asked as soon as
// it listens. Nothing of it runs any more then.
func (l *Lab) end(ctx context.Context, name string) (io.Closer, error) {
	var lock *os.File
	var problem error
	asked := 0 // the process
	free := func(ctx context.Context) bool {
		lock, problem = daemon.Lock(l.Place(name).Lock())
		if !errors.Is(problem, daemon.ErrRunning) {
			return true
		}
		if pid := l.pid(ctx, name); pid > 0 && pid != asked {
			asked = pid
			l.ask(ctx, name, pid)
		}
		return false
	}
	late := errors.New("late")
	err := await(ctx, politeTime, late, free)
	if errors.Is(err, late) {
		if _, err := l.kill(ctx, name); err != nil {
			return nil, err
		}
		late = fmt.Errorf("%s: somebody holds %s and listens nowhere: end that process", name, l.Place(name).Lock())
		err = await(ctx, endTime, late, free)
	}
	if err != nil {
		return nil, err
	}
	_ = await(ctx, endTime, late, func(context.Context) bool { return !running(asked) }) // it let go of the lock before
	return own(lock, problem)
}

// running reports whether a process is there and has memory: one that has ended and that nobody has waited for has none.
func running(pid int) bool {
	if pid <= 0 {
		return false
	}
	u, _ := usage(pid)
	return u.RSS > 0
}

// own keeps a nil file from being an interface that is not nil.
func own(f *os.File, err error) (io.Closer, error) {
	if f == nil || err != nil {
		return nil, err
	}
	return f, nil
}

// ask asks a daemon to end; one that is frozen or does not answer is killed.
func (l *Lab) ask(ctx context.Context, name string, pid int) {
	if _, state := usage(pid); state != Frozen {
		ctx, cancel := context.WithTimeout(ctx, answerTime)
		defer cancel()
		if c, _, err := l.connect(ctx, name); err == nil {
			defer c.Close()
			_ = c.Call(ctx, http.MethodPost, "/v1/stop", nil, nil)
			return
		}
	}
	_, _ = l.kill(context.WithoutCancel(ctx), name) // who is still there after it is found out by its lock
}

// removeSocket removes the socket of a dead daemon where that is outside the home because its path was too long: only the one
// that a daemon of this home would make.
func (l *Lab) removeSocket(name string) {
	p := l.Place(name)
	was, err := p.Socket()
	if err != nil || within(was, l.dir) {
		return
	}
	now, err := p.NewSocket()
	if err != nil || now != was {
		return
	}
	if info, err := os.Lstat(was); err == nil && info.Mode().Type() == os.ModeSocket {
		_ = os.Remove(was)
	}
	if dir := filepath.Dir(was); strings.HasPrefix(filepath.Base(dir), "radswarm-") {
		_ = os.Remove(dir) // only if it is empty
	}
}

// remove deletes the folder: what the marker lists, then the marker, then the folder itself, which is empty by then. Daemons
// that were about to start may still write; they end when they find their home gone.
func (l *Lab) remove(ctx context.Context, m *marker) error {
	var problem error
	late := errors.New("late")
	err := await(ctx, endTime, late, func(context.Context) bool {
		if problem = l.setAside(m.names()); problem == nil {
			problem = l.clear(makingDir, workDir)
		}
		return problem == nil
	})
	if errors.Is(err, late) {
		return problem
	}
	if err != nil {
		return err
	}
	if err := l.clear(lockFile, newMarker, markerFile); err != nil {
		return err
	}
	return os.Remove(l.dir)
}

// setAside moves homes to where those lie that are not complete, at once, so that whatever is killed meanwhile leaves no part of
// a home that is taken for one.
func (l *Lab) setAside(names []string) error {
	root, err := os.OpenRoot(l.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.Mkdir(makingDir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	for _, name := range names {
		aside := filepath.Join(makingDir, name)
		if err := root.RemoveAll(aside); err != nil {
			return err
		}
		if err := root.Rename(name, aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// clear removes things of the lab, with all that is in them. It never leaves the folder, whatever symbolic links there are.
func (l *Lab) clear(names ...string) error {
	root, err := os.OpenRoot(l.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, name := range names {
		if err := root.RemoveAll(name); err != nil {
			return err
		}
	}
	return nil
}
