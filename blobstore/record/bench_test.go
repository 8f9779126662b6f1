package record_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/record"
	"radswarm/radicle"
)

const many = 10_000

// BenchmarkApply adds ten thousand records to an empty branch in memory, and to one that has them.
func BenchmarkApply(b *testing.B) {
	a := ana(b)
	batch := record.Batch{Records: randomRecords(b, many, 3, 10, 10)}
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			must[record.Report](b)(a.at(rid(b)).Apply(b.Context(), flatFiles{make(files)}, batch))
		}
	})
	f := flatFiles{make(files)}
	must[record.Report](b)(a.at(rid(b)).Apply(b.Context(), f, batch))
	b.Run("again", func(b *testing.B) {
		for b.Loop() {
			must[record.Report](b)(a.at(rid(b)).Apply(b.Context(), f, batch))
		}
	})
}

// flatFiles say that a folder is empty: listing is not what is measured.
type flatFiles struct{ files }

func (flatFiles) List(context.Context, string) ([]string, error) { return nil, nil }

// indexOf is an index of n records of Ana's, that Bo can read, and Bo.
func indexOf(b *testing.B, n int) (*record.Index, *person, record.Standing) {
	b.Helper()
	r, a, bos := newRepo(b), ana(b), bo(b)
	f := make(files)
	var batch record.Batch
	key := a.group(b, &batch, keyring.Members, 0, bos)
	f.apply(b, a.at(r.rid), batch)
	for i := range n {
		o := must[*record.Object](b)(a.store(b, spec{pointer: film(fmt.Sprint(i)), holders: people(10)}).Wrap(key))
		f[pathOf(b, o.Pointer())] = o.Record.Bytes()
	}
	return r.index(b, map[*person]files{a: f}), bos, stands(map[*person]record.Trust{a: record.Delegate})
}

// BenchmarkLookup looks objects up in a warm index of ten thousand records: found, opened and ranked; and the parts of that.
func BenchmarkLookup(b *testing.B) {
	x, reader, standing := indexOf(b, many)
	branch := x.Branch(x.Writers()[0])
	opener := reader.opener()
	pointers := make([]blobstore.Pointer, many)
	for i := range pointers {
		pointers[i] = film(fmt.Sprint(i))
	}
	n := 0
	next := func() blobstore.Pointer {
		n++
		return pointers[n*7919%many]
	}
	b.Run("has", func(b *testing.B) {
		for b.Loop() {
			if !branch.Has(next()) {
				b.Fatal("not found")
			}
		}
	})
	b.Run("get", func(b *testing.B) {
		for b.Loop() {
			must[*record.Record](b)(branch.Get(b.Context(), next()))
		}
	})
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			choices, _, err := x.Lookup(b.Context(), next(), opener, standing, nil)
			if err != nil || len(choices) != 1 || !choices[0].Streams {
				b.Fatal(choices, err)
			}
		}
	})
	b.Run("find-oid", func(b *testing.B) {
		for b.Loop() {
			if found, err := x.Find(b.Context(), next().OID); err != nil || len(found) != 1 {
				b.Fatal(found, err)
			}
		}
	})
}

// BenchmarkIndexMemory reports the bytes that an index keeps for a record: names alone, and with the pointers that Find
// reads.
func BenchmarkIndexMemory(b *testing.B) {
	r, a := newRepo(b), ana(b)
	f := make(files)
	for _, c := range randomRecords(b, many, 3, 10, 10) {
		f[pathOf(b, c.Pointer)] = c.Record.Bytes()
	}
	commit := r.commit(b, f)
	for b.Loop() {
		before := heap()
		x := record.NewIndex(r.rid, r)
		check(b, x.Update(b.Context(), a.did(), record.Own, commit))
		names := heap() - before
		_, err := x.Find(b.Context(), blobstore.OID{})
		check(b, err)
		all := heap() - before
		b.ReportMetric(float64(names)/many, "names-B/record")
		b.ReportMetric(float64(all)/many, "with-pointers-B/record")
		runtime.KeepAlive(x)
	}
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkUpdate reads a branch of ten thousand records for the first time, and after one of them changed.
func BenchmarkUpdate(b *testing.B) {
	r, a := newRepo(b), ana(b)
	f := make(files)
	changes := randomRecords(b, many, 3, 10, 10)
	for _, c := range changes {
		f[pathOf(b, c.Pointer)] = c.Record.Bytes()
	}
	commits := [2]radicle.Oid{r.commit(b, f)}
	f[pathOf(b, changes[0].Pointer)] = changes[1].Record.Bytes()
	commits[1] = r.commit(b, f)
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			check(b, record.NewIndex(r.rid, r).Update(b.Context(), a.did(), record.Own, commits[0]))
		}
	})
	b.Run("one-changed", func(b *testing.B) {
		x := record.NewIndex(r.rid, r)
		for i := 0; b.Loop(); i++ {
			check(b, x.Update(b.Context(), a.did(), record.Own, commits[i%2]))
		}
	})
}

// BenchmarkSeal makes a new record: manifest sealed, hints, one wrap.
func BenchmarkSeal(b *testing.B) {
	a := ana(b)
	var batch record.Batch
	key := a.group(b, &batch, keyring.Members, 0)
	s := spec{pointer: film("film"), holders: people(10)}
	salt, ck := a.contentKey(b, s)
	m := manifestOf(b, ck, s)
	place := a.at(rid(b))
	for b.Loop() {
		o := must[*record.Object](b)(place.New(record.New{Pointer: s.pointer, Salt: salt, Key: ck, Manifest: m, Holders: s.holders}))
		must[*record.Object](b)(o.Wrap(key))
	}
}
