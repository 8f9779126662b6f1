package disk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/blobstore/share"
	"radswarm/radicle"
)

var update = flag.Bool("update", false, "write the vectors anew")

const vectorDir = "../../testdata/vectors/disk"

// vector is a file of bytes that is read, or refused because of one field.
type vector struct {
	name  string
	kind  string // footer or lease
	field string // that is refused; empty if nothing is
	bytes []byte
}

// sampleLease returns a lease that follows from a number.
func sampleLease(i int, sealed int) lease {
	sh := blobtest.NewShare(uint64(i), 1)
	l := lease{owner: radicle.DID{0: byte(i), 31: 1}, open: i%2 == 1, mid: sh.MID}
	if sealed > 0 {
		l.sealed = bytes.Repeat(sh.Sealed, 20)[:sealed]
	}
	return l
}

func sampleFooter(length int64, sealed int) footer {
	return newFooter(blobtest.NewShare(1, 1000).Name, length, sampleLease(3, sealed))
}

// resum gives bytes the checksum that they ask for.
func resum(b []byte) []byte {
	binary.BigEndian.PutUint32(b[len(b)-4:], checksum(b[:len(b)-4]))
	return b
}

// bend returns a copy of an encoding with some bytes replaced, and the right checksum.
func bend(b []byte, at int, by ...byte) []byte {
	b = bytes.Clone(b)
	copy(b[at:], by)
	return resum(b)
}

func footerVectors() []vector {
	f := sampleFooter(1000, 464)
	good := f.append(nil)
	longest := sampleFooter(share.MaxLen, blobstore.MaxSealed)
	shortest := newFooter(f.name, 1, sampleLease(2, 0))
	refused := func(name, field string, b []byte) vector { return vector{"footer-" + name, "footer", field, b} }
	return []vector{
		refused("ok", "", good),
		refused("longest", "", longest.append(nil)),
		refused("shortest", "", shortest.append(nil)),
		refused("short", "length of a footer", good[1:]),
		refused("long", "length of a footer", append(bytes.Clone(good), 0)),
		refused("checksum", "checksum", append(bytes.Clone(good[:511]), good[511]^1)),
		refused("magic", "magic and version", bend(good, 0, 'R')),
		refused("version", "magic and version", bend(good, 15, 2)),
		refused("no-length", "share length", bend(good, 80, 0, 0, 0, 0, 0, 0, 0, 0)),
		refused("too-long", "share length", bend(good, 80, 0, 0, 0x80, 0, 0, 0, 0, 1)),
		refused("negative", "share length", bend(good, 80, 0xff)),
		refused("flags", "flags", bend(good, 120, 2)),
		refused("manifest-too-long", "length of the sealed manifest", bend(good, 153, 0x20, 0x91)),
		refused("reserved", "reserved bytes", bend(good, 507, 1)),
	}
}

func leaseVectors() []vector {
	name := sampleFooter(1, 0).name
	one := appendLeases(nil, name, []lease{sampleLease(1, 464)})
	two := appendLeases(nil, name, []lease{sampleLease(1, 464), sampleLease(2, 0)})
	other := name
	other.Root[0] ^= 1
	var most []lease
	for i := range MaxOwners + 1 {
		l := sampleLease(i%256, 0)
		l.owner = radicle.DID{byte(i >> 8), byte(i)}
		most = append(most, l)
	}
	swapped := []lease{sampleLease(2, 0), sampleLease(1, 464)}
	double := []lease{sampleLease(1, 0), sampleLease(1, 464)}
	refused := func(name, field string, b []byte) vector { return vector{"lease-" + name, "lease", field, b} }
	return []vector{
		refused("one", "", one),
		refused("two", "", two),
		refused("most", "", appendLeases(nil, name, most[:MaxOwners])),
		refused("empty", "checksum", nil),
		refused("checksum", "checksum", append(bytes.Clone(one[:len(one)-1]), one[len(one)-1]^1)),
		refused("magic", "magic and version", bend(one, 9, 'L')),
		refused("version", "magic and version", bend(one, 15, 0)),
		refused("other-share", "name of the share", appendLeases(nil, other, []lease{sampleLease(1, 464)})),
		refused("none", "number of leases", appendLeases(nil, name, nil)),
		refused("too-many", "number of leases", appendLeases(nil, name, most)),
		refused("order", "order of the owners", appendLeases(nil, name, swapped)),
		refused("twice", "order of the owners", appendLeases(nil, name, double)),
		refused("flags", "flags", bend(one, leaseHeader+32, 3)),
		refused("manifest-too-long", "length of a sealed manifest", bend(one, leaseHeader+65, 0x20, 0x91)),
		refused("manifest-past-the-end", "length", bend(one, leaseHeader+65, 0x20, 0x90)),
		refused("ends-early", "length", resum(bytes.Clone(two[:len(two)-10]))),
		refused("goes-on", "length", resum(append(bytes.Clone(one), 0))),
		refused("header-only", "length", resum(bytes.Clone(one[:leaseHeader+4]))),
	}
}

func vectors() []vector { return append(footerVectors(), leaseVectors()...) }

func (v vector) file() []byte {
	expect := "ok"
	if v.field != "" {
		expect = "encoding " + v.field
	}
	return append(fmt.Appendf(nil, "kind: %s\nexpect: %s\n\n", v.kind, expect), v.bytes...)
}

// The vectors are the ones that this code makes, and every one is read or refused as it says.
func TestVectors(t *testing.T) {
	if *update {
		for _, v := range vectors() {
			if err := os.WriteFile(filepath.Join(vectorDir, v.name), v.file(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	entries, err := os.ReadDir(vectorDir)
	if err != nil {
		t.Fatal(err)
	}
	if want := len(vectors()) + 1; len(entries) != want { // and README.md
		t.Errorf("%d files, want %d", len(entries), want)
	}
	for _, v := range vectors() {
		b, err := os.ReadFile(filepath.Join(vectorDir, v.name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b, v.file()) {
			t.Errorf("%s is another one; go test -run TestVectors -update", v.name)
		}
		v.check(t)
	}
}

// check reads the bytes, and writes them again.
func (v vector) check(t *testing.T) {
	t.Helper()
	var again []byte
	var err error
	if v.kind == "footer" {
		var f footer
		if f, err = parseFooter(v.bytes); err == nil {
			again = f.append(nil)
		}
	} else {
		var leases []lease
		name := sampleFooter(1, 0).name
		if leases, err = parseLeases(v.bytes, name); err == nil {
			again = appendLeases(nil, name, leases)
		}
	}
	if v.field == "" {
		if err != nil || !bytes.Equal(again, v.bytes) {
			t.Errorf("%s: %v, or written otherwise", v.name, err)
		}
		return
	}
	e, ok := errors.AsType[*blobstore.FieldError](err)
	if !ok || e.Field != v.field || !errors.Is(err, blobstore.ErrEncoding) {
		t.Errorf("%s: %v", v.name, err)
	}
}

func FuzzFooter(f *testing.F) {
	for _, v := range footerVectors() {
		f.Add(v.bytes)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		foot, err := parseFooter(b)
		if err != nil {
			if !errors.Is(err, blobstore.ErrEncoding) {
				t.Error(err)
			}
			return
		}
		if !bytes.Equal(foot.append(nil), b) {
			t.Error("written otherwise")
		}
		if n := foot.fileSize(); n < foot.length+footerSize || foot.sealedOff() > n {
			t.Errorf("file of %d bytes for a share of %d", n, foot.length)
		}
	})
}

func FuzzLeases(f *testing.F) {
	name := sampleFooter(1, 0).name
	for _, v := range leaseVectors() {
		f.Add(v.bytes)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= 4 {
			resum(b) // else nothing gets past the checksum
		}
		leases, err := parseLeases(b, name)
		if err != nil {
			if !errors.Is(err, blobstore.ErrEncoding) || leases != nil {
				t.Error(err)
			}
			return
		}
		if !bytes.Equal(appendLeases(nil, name, leases), b) {
			t.Error("written otherwise")
		}
		if len(b) > maxLeaseFile || !slices.IsSortedFunc(leases, func(a, b lease) int { return a.owner.Compare(b.owner) }) {
			t.Errorf("%d bytes, %d leases", len(b), len(leases))
		}
	})
}

func FuzzNames(f *testing.F) {
	sh := blobtest.NewShare(1, 1)
	for _, st := range []state{held, bad, trashed} {
		f.Add(filepath.Base(sharePath(sh.Name, st, 1_700_000_000)))
	}
	f.Add(filepath.Base(leasePath(sh.Name)))
	f.Add("-")
	f.Add(strings.Repeat("0", 64) + "-" + strings.Repeat("f", 64) + ".trash-01")
	f.Fuzz(func(t *testing.T, base string) {
		if len(base) < 3 {
			return
		}
		dir := base[:2] + "/" + base[2:3]
		name, st, since, ok := parseBase(dir, base)
		if !ok {
			return
		}
		if got := (standing{st, since}).ending(); stem(name)+got != dir+"/"+base {
			t.Errorf("%q is read as %q", base, stem(name)+got)
		}
		if _, _, _, ok := parseBase("zz/z", base); ok {
			t.Errorf("%q is read in another folder", base)
		}
	})
}

func TestMarks(t *testing.T) {
	id := newID()
	if got, err := parseMark(formatMark(id)); err != nil || got != id {
		t.Errorf("%v, %v", got, err)
	}
	text := string(formatMark(id))
	for _, s := range []string{
		"", text[1:], text[:len(text)-1], text + "\n", strings.ToUpper(text), strings.Replace(text, "1 ", "2 ", 1), text[:20] + "\n",
	} {
		if got, err := parseMark([]byte(s)); !errors.Is(err, blobstore.ErrEncoding) || !got.IsZero() {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
	b, err := id.MarshalText()
	var again ID
	if err != nil || again.UnmarshalText(b) != nil || again != id {
		t.Errorf("%s: %v", b, err)
	}
}
