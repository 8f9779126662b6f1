package record_test

import (
	"bytes"
	"context"
	"fmt"
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

// TestTheBoundOfAllBranches has hostile writers fill an index. Those that fit stay, as does what was there before.
func TestTheBoundOfAllBranches(t *testing.T) {
	o := entryObjects{3: {{record.ModeFile, "x", idOf(3)}}}
	for i := range record.MaxInFolder {
		o[2] = append(o[2], record.Entry{Mode: record.ModeFile, Name: fmt.Sprintf("%038x", i), ID: idOf(3)})
	}
	for i := range 256 {
		o[1] = append(o[1], record.Entry{Mode: record.ModeTree, Name: fmt.Sprintf("%02x", i), ID: idOf(2)})
	}
	x := record.NewIndex(rid(t), o)
	writers := people(3)
	for i, w := range writers {
		err := x.Update(t.Context(), w, idOf(1))
		if want := []string{"ok", "ok", "bounds"}[i]; class(err) != want {
			t.Errorf("writer %d: %v", i, err)
		}
	}
	if n := len(x.Writers()); n != 2 {
		t.Errorf("%d writers", n)
	}
	check(t, x.Update(t.Context(), writers[0], idOf(3)))
	check(t, x.Update(t.Context(), writers[2], idOf(1)))
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
