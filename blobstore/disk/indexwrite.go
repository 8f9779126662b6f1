package disk

import (
	"database/sql"
	"errors"

	"radswarm/blobstore"
	"radswarm/blobstore/share"
	"radswarm/radicle"
)

// touch marks names as dirty, durably: their files are about to change. Each touch is ended by one settle.
func (x *index) touch(names []blobstore.ShareName) error {
	if len(names) == 0 {
		return nil
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	err := x.update(true, func() error {
		for _, name := range names {
			const upsert = "INSERT INTO share (sid, root, dirty) VALUES (?, ?, 1) ON CONFLICT (sid, root) DO UPDATE SET dirty = 1"
			if err := x.exec(upsert, name.SID[:], name.Root[:]); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		for _, name := range names {
			x.uses[name]++
		}
	}
	return err
}

// settled is what came out of the steps of one name.
type settled struct {
	record
	touches int // that are ended by it
}

// settle writes what the files of some names say now, and returns by how much more or less is charged than before.
func (x *index) settle(all []settled) (charges, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var sum charges
	err := x.update(false, func() error {
		for i := range all {
			s := &all[i]
			if err := x.replace(&s.record, x.uses[s.name] > s.touches, &sum); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		for i := range all {
			x.suspect[all[i].name] = true
		}
		return charges{}, err
	}
	for i := range all {
		delete(x.suspect, all[i].name)
		x.unuse(all[i].name, all[i].touches)
	}
	return sum, nil
}

func (x *index) unuse(name blobstore.ShareName, touches int) {
	if x.uses[name] -= touches; x.uses[name] <= 0 {
		delete(x.uses, name)
	}
}

// replace writes one record in place of what is there, and adds the difference to sum.
func (x *index) replace(r *record, dirty bool, sum *charges) error {
	id, err := x.retire(r.name, sum)
	if err != nil {
		return err
	}
	if r.state == absent && !dirty {
		return x.exec("DELETE FROM share WHERE id = ?", id)
	}
	const update = "UPDATE share SET state = ?, since = ?, length = ?, base = ?, dirty = ? WHERE id = ?"
	if err := x.exec(update, r.state, r.since, r.length, r.base+r.stale(), dirty, id); err != nil || r.state == absent {
		return err
	}
	sum.total += r.size()
	for _, l := range r.leases {
		charge := r.chargeTo(l.owner)
		sum.add(l.owner, charge)
		const insert = "INSERT INTO lease (share, owner, open, mid, candidate, sealed, charge) VALUES (?, ?, ?, ?, ?, ?, ?)"
		if err := x.exec(insert, id, l.owner[:], l.open, l.mid[:], candidate(l.sealed), len(l.sealed), charge); err != nil {
			return err
		}
	}
	return nil
}

// retire makes the row of a name one without charges, and returns its id.
func (x *index) retire(name blobstore.ShareName, sum *charges) (id int64, err error) {
	var base, sealed, charge int64
	var st state
	err = x.one("SELECT id, base, state FROM share WHERE sid = ? AND root = ?", []any{name.SID[:], name.Root[:]}, &id, &base, &st)
	if errors.Is(err, sql.ErrNoRows) {
		const insert = "INSERT INTO share (sid, root) VALUES (?, ?) RETURNING id"
		return id, x.one(insert, []any{name.SID[:], name.Root[:]}, &id)
	}
	if err != nil {
		return 0, err
	}
	sum.total -= base
	if st == absent { // marked, and without leases
		return id, nil
	}
	var owner []byte
	err = x.each("SELECT owner, sealed, charge FROM lease WHERE share = ?", []any{id}, func() error {
		sum.total -= sealed
		sum.add(toDID(owner), -charge)
		return nil
	}, &owner, &sealed, &charge)
	if err != nil {
		return 0, err
	}
	return id, x.exec("DELETE FROM lease WHERE share = ?", id)
}

// candidate tells sealed manifests apart.
func candidate(sealed []byte) []byte {
	n := share.NewNode(sealed, 0)
	root := n.Root()
	return root[:16]
}

// toDID takes what may be other than 32 bytes: an index is a file like any other.
func toDID(b []byte) (did radicle.DID) {
	copy(did[:], b)
	return did
}

func toName(sid, root []byte) (name blobstore.ShareName) {
	copy(name.SID[:], sid)
	copy(name.Root[:], root)
	return name
}

// mistrust notes that what the index says of a name may be wrong.
func (x *index) mistrust(name blobstore.ShareName) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.suspect[name] = true
}
