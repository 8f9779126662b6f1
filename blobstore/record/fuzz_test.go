package record_test

import (
	"bytes"
	"context"
	"io/fs"
	"slices"
	"strconv"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/record"
	"radswarm/radicle"
)

// knownClass fails on an error of no class.
func knownClass(t *testing.T, err error) {
	t.Helper()
	if got := class(err); err != nil && got == err.Error() {
		t.Errorf("of no class: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, v := range set.Load(f, "record") {
		if len(v.Body) < 2000 {
			f.Add(v.Body)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := record.Parse(b)
		knownClass(t, err)
		if err != nil {
			return
		}
		if !bytes.Equal(r.Bytes(), b) || len(b) > record.MaxLen {
			t.Errorf("%x is written as %x", b, r.Bytes())
		}
		if _, err := record.NewOpener(nil).Open(t.Context(), &record.Branch{}, r); err == nil {
			t.Error("opened without a key") // nobody signs a manifest for a key by chance
		}
	})
}

// chosen makes a record of choices: with whole records of 940 bytes the fuzzer spends its time on making them shorter.
func chosen(c []byte) []byte {
	at := func(i, n int) int {
		if i < len(c) {
			return int(c[i]) % n
		}
		return 0
	}
	p := someRecord().but(func(p *plain) {
		p.gen, p.k, p.salt[0] = uint32(at(0, 2)), byte(1+at(1, 3)), byte(1+at(2, 2))
		p.manifest, p.wraps, p.hints = filler("m"+strconv.Itoa(at(3, 2)), 176+32*at(4, 3)), nil, nil
		if n := at(5, 4); n > 0 {
			p.hints = filler("h"+strconv.Itoa(at(6, 2)), 28+32*n)
		}
		for i := range at(7, 17) {
			p.wraps = append(p.wraps, plainWrap(byte(1+at(8+i, 4)), uint32(at(9+i, 30)), strconv.Itoa(at(10+i, 2))))
		}
		slices.SortFunc(p.wraps, bytes.Compare)
		p.wraps = slices.CompactFunc(p.wraps, bytes.Equal)
		for i := range at(8, 9) {
			p.ext = append(p.ext, plainExt(byte(1+i*2+at(9+i, 2)), strconv.Itoa(at(10+i, 2))))
		}
		if at(9, 5) == 0 {
			p.form, p.key, p.wraps, p.hints = 2, filler("key", 32), nil, nil
		}
	})
	return p.bytes()
}

// FuzzMerge merges records both ways, and again.
func FuzzMerge(f *testing.F) {
	f.Add([]byte{}, []byte{1}, []byte{0, 1})
	f.Add([]byte("two machines that"), []byte("did what they did"), []byte("at the same time"))
	f.Add([]byte{1, 2, 1, 1, 2, 3, 1, 16, 1, 9, 4, 5, 6, 7, 8}, []byte{1, 2, 1, 1, 2, 3, 1, 16, 2, 19, 14, 15, 16, 17, 18},
		[]byte{1, 2, 1, 0, 2, 3, 0, 16, 3, 29, 24, 25, 26, 27, 28})
	f.Fuzz(func(t *testing.T, x, y, z []byte) {
		parse := func(b []byte) *record.Record { return must[*record.Record](t)(record.Parse(b)) }
		merge := func(x, y *record.Record) *record.Record { return must[*record.Record](t)(record.Merge(x, y)) }
		a, b, c := parse(chosen(x)), parse(chosen(y)), parse(chosen(z))
		m := merge(a, b)
		for about, same := range map[string][2]*record.Record{
			"other order": {m, merge(b, a)}, "again": {m, merge(m, a)}, "three": {merge(m, c), merge(a, merge(b, c))},
		} {
			if !bytes.Equal(same[0].Bytes(), same[1].Bytes()) {
				t.Errorf("%s: %x, %x", about, same[0].Bytes(), same[1].Bytes())
			}
		}
	})
}

func FuzzHints(f *testing.F) {
	for _, v := range set.Load(f, "hints") {
		f.Add(v.Body, uint8(v.Int(f, "k")))
	}
	f.Add([]byte{}, uint8(0))
	place := record.Place{RID: rid(f), Writer: people(1)[0]}
	f.Fuzz(func(t *testing.T, plain []byte, k uint8) {
		// The sealed form is random to the fuzzer: give it the content.
		var holders []radicle.DID
		for entry := range slices.Chunk(plain, 32) {
			var d radicle.DID
			copy(d[:], entry)
			holders = append(holders, d)
		}
		sealed, err := place.SealHints(blobstore.RepairKey{}, int(k), holders)
		knownClass(t, err)
		if err != nil {
			return
		}
		opened := must[[]radicle.DID](t)(place.OpenHints(blobstore.RepairKey{}, int(k), sealed))
		for len(holders) > 0 && holders[len(holders)-1].IsZero() {
			holders = holders[:len(holders)-1]
		}
		if !slices.Equal(opened, holders) {
			t.Errorf("%v, want %v", opened, holders)
		}
		if _, err := place.OpenHints(blobstore.RepairKey{}, int(k), plain); err == nil && len(plain) > 0 {
			t.Error("opened what nobody sealed")
		}
	})
}

func FuzzEpochName(f *testing.F) {
	for _, v := range set.Load(f, "branch") {
		f.Add(v.Header["paths"])
	}
	f.Add("00000001-members-f27b89b4d57a6bc78cc2b6e2faafaa4a")
	f.Add("ffffffff-named-00000000000000000000000000000000")
	f.Fuzz(func(t *testing.T, s string) {
		if name, ok := record.ParseEpochName(s); ok && name != s {
			t.Errorf("%q is spelled %q", s, name)
		}
	})
}

// hostileObjects make trees and files out of whatever there is, the same for one id.
type hostileObjects struct{ data []byte }

func (h hostileObjects) at(id radicle.Oid) []byte {
	if len(h.data) == 0 {
		return nil
	}
	return h.data[int(id.Bytes()[0])%len(h.data):]
}

func (h hostileObjects) Tree(_ context.Context, id radicle.Oid, _ int) ([]record.Entry, error) {
	var entries []record.Entry
	for line := range bytes.SplitSeq(h.at(id), []byte{'\n'}) {
		if len(line) < 3 {
			continue
		}
		mode := []uint32{record.ModeFile, record.ModeTree, 0o120000, 0}[line[0]%4]
		next, err := radicle.OidFromBytes(append([]byte{line[1]}, make([]byte, 19+12*int(line[0]>>7))...))
		if err != nil {
			return nil, err
		}
		entries = append(entries, record.Entry{Mode: mode, Name: string(line[2:]), ID: next})
	}
	return entries, nil
}

func (h hostileObjects) Blob(_ context.Context, id radicle.Oid, most int64) ([]byte, error) {
	b := h.at(id)
	if len(b)%7 == 0 {
		return nil, fs.ErrNotExist
	}
	return b[:min(int64(len(b)), most)], nil
}

// FuzzBranch reads branches of a writer who puts anything anywhere.
func FuzzBranch(f *testing.F) {
	// Lines of mode, id and name; tree 1 is what follows the first line feed, and so on.
	f.Add([]byte("\x01\x05d8\n\x00\x098c2177a0debf9f71b0f52b13c6a661f041f109\n\x01\x01keys\n\x01\x02cards\n\x00\x03certificate\n\x01\x04epochs\n"))
	f.Add([]byte("\x01\x00keys\n\x01\x00epochs\n\x01\x0000000001-members-f27b89b4d57a6bc78cc2b6e2faafaa4a\n\x00\x00z6MknSLrJoTcukLrE435hVNQT4JUhbvWLX4kUzqkEStBU8Vi\n"))
	f.Add([]byte("\x01\x00cards\n\x00\x0066687aadf862bd77\n\x81\x00keys\n\x01\x0000\n"))
	a, place := ana(f), record.Place{RID: rid(f)}
	place.Writer = a.did()
	opener := a.opener()
	f.Fuzz(func(t *testing.T, data []byte) {
		objects := hostileObjects{data}
		top := radicle.NewRID(rid(t).Oid()).Oid()
		b, err := record.ReadBranch(t.Context(), objects, place, top)
		if err != nil {
			return
		}
		b.Cards(t.Context())
		_, _ = b.Certificate(t.Context())
		for _, kind := range []keyring.GroupKind{keyring.Members, keyring.Mine, keyring.Named} {
			_, _ = b.Kept(t.Context(), opener, kind)
			_, _ = b.Readers(t.Context(), kind)
		}
		n := 0
		for r, err := range b.All(t.Context()) {
			n++
			if err == nil && !b.Has(r.Pointer()) {
				t.Error("a record under another name")
			}
		}
		if n != b.Len() || b.NextEpoch() < 0 {
			t.Errorf("%d of %d records", n, b.Len())
		}
		if _, err := b.Next(t.Context(), top); err != nil {
			t.Error(err)
		}
	})
}
