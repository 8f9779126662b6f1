package record_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/record"
	"radswarm/radicle"
)

// entryObjects are trees by their id's first byte, as a git that checks nothing might give them.
type entryObjects map[byte][]record.Entry

func (e entryObjects) Tree(_ context.Context, id radicle.Oid, _ int) ([]record.Entry, error) {
	tree, ok := e[id.Bytes()[0]]
	if !ok {
		return nil, fmt.Errorf("tree %v is not there", id)
	}
	return tree, nil
}

func (e entryObjects) Blob(context.Context, radicle.Oid, int64) ([]byte, error) {
	return []byte("x"), nil
}

func idOf(b byte) radicle.Oid {
	id, _ := radicle.OidFromBytes(bytes.Repeat([]byte{b}, radicle.SHA1Size))
	return id
}

// fullBranch is one of which every folder is full; its tree 3 is a small one.
func fullBranch() entryObjects {
	o := entryObjects{3: {{record.ModeFile, "x", idOf(3)}}}
	for i := range record.MaxInFolder {
		o[2] = append(o[2], record.Entry{Mode: record.ModeFile, Name: fmt.Sprintf("%038x", i), ID: idOf(3)})
	}
	for i := range 256 {
		o[1] = append(o[1], record.Entry{Mode: record.ModeTree, Name: fmt.Sprintf("%02x", i), ID: idOf(2)})
	}
	return o
}

// TestTheBoundOfAllBranches has hostile writers fill an index. They keep nobody out who is trusted more.
func TestTheBoundOfAllBranches(t *testing.T) {
	x := record.NewIndex(rid(t), fullBranch())
	who := people(6)
	for i, step := range []struct {
		writer  int
		trust   record.Trust
		tree    byte
		want    string
		writers []int
	}{
		{0, record.Stranger, 1, "ok", []int{0}},
		{1, record.Stranger, 3, "ok", []int{0, 1}},
		{2, record.Stranger, 1, "ok", []int{0, 1, 2}},
		{3, record.Stranger, 1, "bounds", []int{0, 1, 2}}, // full
		{3, record.Stranger, 3, "ok", []int{0, 1, 2, 3}},
		{3, record.Stranger, 1, "bounds", []int{0, 1, 2, 3}}, // the one before stays
		{4, record.Own, 3, "ok", []int{0, 1, 2, 3, 4}},
		{5, record.Delegate, 1, "ok", []int{1, 3, 4, 5, -1}}, // one of the large strangers went
		{4, record.Own, 1, "ok", []int{1, 3, 4, 5}},          // the other, too
		{0, record.Asked, 1, "bounds", []int{1, 3, 4, 5}},
		{5, record.Delegate, 0, "ok", []int{1, 3, 4}},
	} {
		tree := radicle.Oid{}
		if step.tree > 0 {
			tree = idOf(step.tree)
		}
		err := x.Update(t.Context(), who[step.writer], step.trust, tree)
		if class(err) != step.want {
			t.Errorf("step %d: %v", i, err)
		}
		have := x.Writers()
		if len(have) != len(step.writers) {
			t.Errorf("step %d: %d writers", i, len(have))
		}
		for _, w := range step.writers {
			if w >= 0 && !slices.Contains(have, who[w]) {
				t.Errorf("step %d: writer %d is gone", i, w)
			}
		}
	}
	if b := x.Branch(who[4]); b.Len() != 256*record.MaxInFolder {
		t.Errorf("%d records", b.Len())
	}
}

// TestFindAsksStrangersLast has a stranger name another size for Ana's film, and one for a film that nobody else has.
func TestFindAsksStrangersLast(t *testing.T) {
	r, a, c := newRepo(t), ana(t), cy(t)
	anas, cys := make(files), make(files)
	anas.put(t, a.store(t, spec{pointer: film("film")}))
	cys.put(t, c.store(t, spec{pointer: filmOf("film", 7)}), c.store(t, spec{pointer: filmOf("other", 9)}), c.store(t, spec{pointer: filmOf("other", 8)}))
	x := record.NewIndex(r.rid, r)
	check(t, x.Update(t.Context(), c.did(), record.Stranger, r.commit(t, cys)))
	check(t, x.Update(t.Context(), a.did(), record.Own, r.commit(t, anas)))
	r.blobs = 0
	for name, want := range map[string][]blobstore.Pointer{
		"film": {film("film")}, "other": {filmOf("other", 8), filmOf("other", 9)}, "none": nil,
	} {
		if got := must[[]blobstore.Pointer](t)(x.Find(t.Context(), film(name).OID)); !slices.Equal(got, want) {
			t.Errorf("%s: %v", name, got)
		}
	}
	if r.blobs != 4 {
		t.Errorf("%d records read", r.blobs)
	}
	check(t, x.Update(t.Context(), people(1)[0], record.Own, r.commit(t, anas)))
	if got := must[[]blobstore.Pointer](t)(x.Find(t.Context(), film("film").OID)); !slices.Equal(got, []blobstore.Pointer{film("film")}) {
		t.Errorf("named by two: %v", got)
	}
}

func TestANameThatIsThereTwiceCountsOnce(t *testing.T) {
	name := fmt.Sprintf("%038d", 7)
	o := entryObjects{1: {{record.ModeTree, "00", idOf(2)}}, 2: {
		{record.ModeFile, name, idOf(3)}, {record.ModeFile, fmt.Sprintf("%038d", 6), idOf(3)}, {record.ModeFile, name, idOf(4)},
	}}
	b := must[*record.Branch](t)(record.ReadBranch(t.Context(), o, ana(t).at(rid(t)), idOf(1)))
	if b.Len() != 2 {
		t.Errorf("%d records", b.Len())
	}
}

func TestIDsOfAnotherHashAreNoRecords(t *testing.T) {
	long, _ := radicle.OidFromBytes(bytes.Repeat([]byte{2}, radicle.SHA256Size))
	o := entryObjects{1: {{record.ModeTree, "00", idOf(2)}}, 2: {{record.ModeFile, fmt.Sprintf("%038d", 7), long}}}
	b := must[*record.Branch](t)(record.ReadBranch(t.Context(), o, ana(t).at(rid(t)), idOf(1)))
	if b.Len() != 0 {
		t.Errorf("%d records", b.Len())
	}
}

func TestProblemsAreBounded(t *testing.T) {
	var top []record.Entry
	for i := range 256 {
		top = append(top, record.Entry{Mode: record.ModeTree, Name: fmt.Sprintf("%02x", i), ID: idOf(9)})
	}
	b := must[*record.Branch](t)(record.ReadBranch(t.Context(), entryObjects{1: top}, ana(t).at(rid(t)), idOf(1)))
	if n := len(b.Problems()); n != 64 {
		t.Errorf("%d problems", n)
	}
}

// TestWhatAnOpenerRemembersIsBounded has a writer with as many epochs as there may be, none for us, twice.
func TestWhatAnOpenerRemembersIsBounded(t *testing.T) {
	opener := ana(t).opener()
	for writer, did := range people(2) {
		o := entryObjects{
			1: {{record.ModeTree, "keys", idOf(2)}}, 2: {{record.ModeTree, "epochs", idOf(3)}}, 4: nil,
		}
		for i := range 4096 {
			o[3] = append(o[3], record.Entry{Mode: record.ModeTree, Name: fmt.Sprintf("%08x-members-%032x", i, i), ID: idOf(4)})
		}
		b := must[*record.Branch](t)(record.ReadBranch(t.Context(), o, record.Place{RID: rid(t), Writer: did}, idOf(1)))
		must[[]keyring.Kept](t)(b.Kept(t.Context(), opener, keyring.Members))
		if n := opener.Remembered(); n > 4096 || writer == 0 && n != 4096 {
			t.Errorf("%d remembered", n)
		}
	}
}

// TestForksThatAreTriedAreBounded has more epochs of one number than are tried.
func TestForksThatAreTriedAreBounded(t *testing.T) {
	s := newScene(t)
	var b record.Batch
	for range 20 {
		s.ana.group(t, &b, keyring.Members, 1, s.bo)
	}
	o := s.ana.store(t, spec{pointer: film("other")})
	b.Put(must[*record.Object](t)(o.Wrap(s.ana.group(t, new(record.Batch), keyring.Members, 1))), nil) // of none of them
	s.anas.apply(t, s.ana.at(s.rid), b)
	branch, opener := s.branch(t, s.ana, s.anas), s.bo.opener()
	r := must[*record.Record](t)(branch.Get(t.Context(), film("other")))
	s.blobs = 0
	_, err := opener.Open(t.Context(), branch, r)
	wantClass(t, err, "sealed")
	if s.blobs != 8 {
		t.Errorf("%d envelopes read", s.blobs)
	}
}

// TestAnEpochOfAnotherKindIsNotTried has the number, but not the kind.
func TestAnEpochOfAnotherKindIsNotTried(t *testing.T) {
	s := newScene(t)
	var b record.Batch
	s.ana.group(t, &b, keyring.Mine, 1, s.bo)
	o := s.ana.store(t, spec{pointer: film("other")})
	b.Put(must[*record.Object](t)(o.Wrap(s.ana.group(t, new(record.Batch), keyring.Members, 1))), nil)
	s.anas.apply(t, s.ana.at(s.rid), b)
	branch := s.branch(t, s.ana, s.anas)
	_, err := s.bo.opener().Open(t.Context(), branch, must[*record.Record](t)(branch.Get(t.Context(), film("other"))))
	wantClass(t, err, "unreadable")
}

// TestAFolderWithOnePlaceLeft takes one of two.
func TestAFolderWithOnePlaceLeft(t *testing.T) {
	r, a := newRepo(t), ana(t)
	first := film("0")
	second := first
	for i := 1; second == first; i++ {
		if p := film(fmt.Sprint(i)); pathOf(t, p)[:2] == pathOf(t, first)[:2] {
			second = p
		}
	}
	f := make(files)
	for i := range record.MaxInFolder - 1 {
		f[fmt.Sprintf("%s/%038x", pathOf(t, first)[:2], i)] = []byte("x")
	}
	var b record.Batch
	for _, p := range []blobstore.Pointer{first, second} {
		b.Put(a.store(t, spec{pointer: p}), nil)
	}
	report := f.apply(t, a.at(r.rid), b)
	if report.Written != 1 || len(report.Kept) != 1 || report.Kept[0].Pointer != second {
		t.Errorf("%+v", report)
	}
}

// TestAnAbsentRecord is of a name before one that is there.
func TestAnAbsentRecord(t *testing.T) {
	r, a := newRepo(t), ana(t)
	there := film("0")
	absent := there
	for i := 1; absent == there; i++ {
		p := film(fmt.Sprint(i))
		if x, y := pathOf(t, p), pathOf(t, there); x[:2] == y[:2] && x < y {
			absent = p
		}
	}
	f := make(files)
	f.put(t, a.store(t, spec{pointer: there}))
	b := r.branch(t, a, f)
	_, err := b.Get(t.Context(), absent)
	wantClass(t, err, "absent")
	if b.Has(absent) || !b.Has(there) {
		t.Errorf("has %v %v", b.Has(absent), b.Has(there))
	}
}
