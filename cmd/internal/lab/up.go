package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Risen is a lab that is up.
type Risen struct {
	Dir     string        `json:"dir"`
	Friends int           `json:"friends"`
	Online  int           `json:"online"` // friends that you is connected with
	Took    time.Duration `json:"-"`
	Seconds float64       `json:"seconds"`
}

// Up makes a lab, or what is missing of one, starts all its daemons and makes friends of them. It makes no home twice, takes
// none away, and goes on where an earlier call was killed.
func Up(ctx context.Context, o Options) (*Lab, Risen, error) {
	began := time.Now()
	o, err := o.withDefaults()
	if err != nil {
		return nil, Risen{}, err
	}
	if o.Friends < 0 || o.Friends >= MaxHomes {
		return nil, Risen{}, fmt.Errorf("%d friends: from 0 to %d are possible", o.Friends, MaxHomes-1)
	}
	l := &Lab{dir: o.Dir, program: o.Program, env: o.Env}
	if err := l.prepare(); err != nil {
		return nil, Risen{}, err
	}
	lock, err := l.lock(ctx)
	if err != nil {
		return nil, Risen{}, err
	}
	defer lock.Close()
	m, err := l.plan(o.Friends)
	if err != nil {
		return nil, Risen{}, err
	}
	if err := l.raise(ctx, m, o); err != nil {
		return nil, Risen{}, err
	}
	online, err := l.awaitOnline(ctx, m)
	if err != nil {
		return nil, Risen{}, err
	}
	took := time.Since(began)
	return l, Risen{Dir: l.dir, Friends: len(m.friends()), Online: online, Took: took, Seconds: took.Seconds()}, nil
}

// prepare makes the folder of the lab, or makes sure that the one that is there is a lab or empty.
func (l *Lab) prepare() error {
	_, err := l.check()
	if _, none := errors.AsType[*NoLabError](err); !none {
		return err
	}
	if err := l.checkReal(nil, nil); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(l.dir), 0o700); err != nil {
		return err
	}
	if err := os.Mkdir(l.dir, 0o700); err == nil || !errors.Is(err, fs.ErrExist) {
		return err
	}
	return l.checkTop(&marker{}) // of an earlier call, or of a person, and empty
}

// plan lists the homes that the lab shall have, before any is made.
func (l *Lab) plan(friends int) (*marker, error) {
	m, err := readMarker(l.dir)
	if errors.Is(err, fs.ErrNotExist) {
		m, err = &marker{Kind: markerKind, Version: 1, Made: time.Now().UTC()}, nil
	}
	if err != nil {
		return nil, err
	}
	wanted := []string{You}
	for i := range friends {
		wanted = append(wanted, friendName(i))
	}
	for _, name := range wanted {
		if err := m.add(name, name != You); err != nil {
			return nil, err
		}
	}
	if err := m.write(l.dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(l.Work(), 0o700); err != nil {
		return nil, err
	}
	return m, l.clear(makingDir)
}

// add lists a home unless it is listed.
func (m *marker) add(name string, friend bool) error {
	if h := m.home(name); h != nil {
		h.Friend = friend
		return nil
	}
	if len(m.Homes) >= MaxHomes {
		return fmt.Errorf("a lab has at most %d homes", MaxHomes)
	}
	port, err := freePort(m)
	if err != nil {
		return err
	}
	m.Homes = append(m.Homes, listed{Name: name, Friend: friend, Port: port})
	return nil
}
