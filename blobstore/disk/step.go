package disk

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"sync"

	"radswarm/blobstore"
)

// step is one change of one name: what all that changes files is made of.
//
// The order is always the same, and every promise of durability rests on it: the index marks the names, durably (touch); then,
// with the locks of the names held, files change, folders are synced, and the index says what there is now (apply).
type step struct {
	name blobstore.ShareName
	// do changes files, given what there is, and makes of it what there is then. On error the files are looked at anew.
	do    func(*record) error
	claim *claim // ends with the step; may be nil
	err   error  // why it was not done, or may not be durable
}

// touch marks the names of steps in the index, before apply.
func (s *Store) touch(steps []*step) error {
	all := make([]blobstore.ShareName, len(steps))
	for i, st := range steps {
		all[i] = st.name
	}
	return s.index.touch(all)
}

// apply runs steps whose names were touched. Each gets its own error; that of apply is one of the index, and says nothing
// about what was done. An index that could be written is told what it could not be told before: its marks are still there.
func (s *Store) apply(steps []*step) error {
	if err := s.applyOnce(steps); err != nil {
		return err
	}
	_ = s.applyOnce(s.unsettled.some()) // what cannot be told yet is kept again
	return nil
}

func (s *Store) applyOnce(steps []*step) error {
	if len(steps) == 0 {
		return nil
	}
	byName := map[blobstore.ShareName][]*step{}
	for _, st := range steps {
		byName[st.name] = append(byName[st.name], st)
	}
	unlock := s.names.lock(slices.Collect(maps.Keys(byName)))
	defer unlock()
	records := map[blobstore.ShareName]*record{}
	for _, st := range steps { // in their order: a later one finds what an earlier one did
		records[st.name] = s.run(st, records[st.name])
	}
	return s.settle(byName, records, s.syncFolders(steps))
}

// maxUnsettled is how many steps wait for an index that can be written; room promised to more stays promised until the next Open.
const maxUnsettled = 4096

// unsettled are steps that were done, or not, and of which the index does not know yet.
type unsettled struct {
	mu    sync.Mutex
	steps []*step
}

// keep adds steps, which have been told to whoever asked for them: all that is left of them is to look what there is.
func (u *unsettled) keep(steps []*step) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, st := range steps[:min(len(steps), maxUnsettled-len(u.steps))] {
		u.steps = append(u.steps, &step{name: st.name, do: func(*record) error { return nil }, claim: st.claim})
	}
}

// some takes a few.
func (u *unsettled) some() []*step {
	u.mu.Lock()
	defer u.mu.Unlock()
	n := min(len(u.steps), stepsAtOnce)
	some := slices.Clone(u.steps[:n])
	u.steps = slices.Delete(u.steps, 0, n)
	return some
}

// run runs one step on what there is, and returns what there is then; nil if that is not known.
func (s *Store) run(st *step, r *record) *record {
	if r == nil {
		loaded, err := s.load(st.name)
		if err != nil {
			st.err = err
			return nil
		}
		r = &loaded
	}
	if st.err = st.do(r); st.err == nil {
		return r
	}
	return s.look(st.name)
}

// look returns what there is of a name by its files; nil if that cannot be said.
func (s *Store) look(name blobstore.ShareName) *record {
	row, _, err := s.index.row(name)
	if err != nil {
		return nil
	}
	r, err := s.inspect(name, row)
	if err != nil {
		return nil
	}
	return &r
}

// syncFolders makes what the steps did durable, and returns for which folders that failed.
func (s *Store) syncFolders(steps []*step) (synced map[string]error) {
	synced = map[string]error{}
	var dirs []string
	for _, st := range steps {
		if dir := folder(st.name.SID); !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	for i, err := range together(dirs, s.fs.SyncDir) {
		if errors.Is(err, fs.ErrNotExist) {
			err = nil // there never was anything
		}
		synced[dirs[i]] = err
	}
	for _, st := range steps {
		if st.err == nil {
			st.err = synced[folder(st.name.SID)]
		}
	}
	return synced
}

// settle writes to index and account what there is now. What may not be durable stays marked in the index, and so does what
// cannot be said or written, with its room promised, until the index can be written again, or the next Open looks.
func (s *Store) settle(
	byName map[blobstore.ShareName][]*step, records map[blobstore.ShareName]*record, synced map[string]error,
) error {
	var all []settled
	var claims []*claim
	for name, steps := range byName {
		if records[name] == nil {
			if records[name] = s.look(name); records[name] == nil {
				s.index.mistrust(name)
				s.unsettled.keep(steps)
				continue
			}
		}
		done := settled{*records[name], len(steps)}
		if synced[folder(name.SID)] != nil {
			done.touches = 0
		}
		all = append(all, done)
		for _, st := range steps {
			if st.claim != nil {
				claims = append(claims, st.claim)
			}
		}
	}
	sum, err := s.index.settle(all)
	if err != nil {
		s.log.Error("index cannot be written", "error", err)
		for _, done := range all {
			s.unsettled.keep(byName[done.name])
		}
		return err
	}
	s.account.settle(sum, claims...)
	return nil
}
