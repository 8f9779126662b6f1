package object_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"slices"
	"strings"

	"radswarm/blobstore"
	"radswarm/blobstore/manifest"
	"radswarm/blobstore/object"
	"radswarm/blobstore/seal"
	"radswarm/blobstore/share"
)

// objectFormat is FORMAT.md §8: whole objects, written, read and repaired.
func objectFormat() format {
	return format{
		name: "object",
		kinds: map[string]func(*reading){
			"object": readObject, "write": readWrite, "decode": readDecode, "rebuild": readRebuild,
		},
		make: func() []vector {
			return slices.Concat(makeObjects(), makeWrites(), makeDecodes(), makeFalseDecodes(), makeRebuilds())
		},
	}
}

// params are those of the object in the header.
func (r *reading) params() blobstore.Params {
	return blobstore.Params{OID: r.bytes32("oid"), Size: r.number("size"), Pad: r.pad(), Gen: uint32(r.number("gen"))}
}

// wholeObject is an object with its shares as the code makes them.
type wholeObject struct {
	*reading
	o      *object.Object
	m      *manifest.Manifest
	plain  []byte
	shares [][]byte
}

func readObject(r *reading) {
	p := r.params()
	ck := must(blobstore.NewDomainSecret(r.bytes32("domain")).ContentKey(p))
	r.equal("ck", ck.Bytes())
	plain := content(r.text("plaintext"), p.Size)
	o := must(object.New(ck, p, int(r.number("asked"))))
	n := int(r.number("n"))
	u := wholeObject{r, o, nil, plain, make([][]byte, n)}
	u.encode(n)
	if k, chunks := u.number("k"), u.number("chunks"); int64(o.Coding().K()) != k || o.Coding().Chunks() != chunks {
		u.Fatalf("%+v, want K = %d of %d chunks", o.Coding(), k, chunks)
	}
	u.equal("ciphertext-sha256", sha256.Sum256(sealed(o.Sealer(), plain)))
	u.compare()
	for _, given := range u.choices() {
		u.decode(given)
	}
	u.randomAccess()
	u.repair()
	if from := must(object.FromManifest(ck, p, u.m)); from.Coding() != o.Coding() {
		u.Error("object.FromManifest: another coding")
	}
}

func (u *wholeObject) encode(n int) {
	bufs, ws := make([]bytes.Buffer, n), make([]io.Writer, n)
	for j := range ws {
		ws[j] = &bufs[j]
	}
	m, err := u.o.Encode(u.Context(), bytes.NewReader(u.plain), ws, object.Options{})
	if !u.judge("object.Encode", err) {
		u.FailNow()
	}
	u.m = m
	for j := range bufs {
		u.shares[j] = bufs[j].Bytes()
	}
}

// compare holds manifest and shares against the body: the manifest, and after it those shares that are there in full.
func (u *wholeObject) compare() {
	b := u.body()
	raw := must(u.m.MarshalBinary())
	if len(b) < len(raw) || !bytes.Equal(b[:len(raw)], raw) {
		u.Fatal("another manifest")
	}
	b = b[len(raw):]
	for _, j := range u.numbers("shares") {
		n := u.o.Coding().ShareLen(int(j))
		if int64(len(b)) < n || !bytes.Equal(b[:n], u.shares[j]) {
			u.Fatalf("another share %d", j)
		}
		b = b[n:]
	}
	if len(b) > 0 {
		u.Errorf("%d bytes too many", len(b))
	}
	for j, s := range u.shares {
		if want, ok := u.m.Root(j); !ok || rootOf(s) != want || int64(len(s)) != u.o.Coding().ShareLen(j) {
			u.Errorf("share %d: %d bytes, root %v", j, len(s), rootOf(s))
		}
	}
}

// choices are some choices of K shares, and all of them.
func (u *wholeObject) choices() (out [][]int) {
	k, n := u.o.Coding().K(), len(u.shares)
	all := make([]int, 2*n)
	for i := range all {
		all[i] = i % n
	}
	for _, skip := range []int{0, 1, n / 2, n - k, n - 1} {
		out = append(out, all[skip:skip+k])
	}
	return append(out, all[:n])
}

func (u *wholeObject) decode(given []int) {
	in := map[int]io.Reader{}
	for _, j := range given {
		in[j] = bytes.NewReader(u.shares[j])
	}
	var out bytes.Buffer
	if err := u.o.Decode(u.Context(), in, &out, object.Options{}); err != nil || !bytes.Equal(out.Bytes(), u.plain) {
		u.Errorf("object.Decode of shares %v: %d bytes, %v", given, out.Len(), err)
	}
}

// randomAccess reads from the first K shares, and from the last.
func (u *wholeObject) randomAccess() {
	k, n := u.o.Coding().K(), len(u.shares)
	for _, from := range []int{0, n - k} {
		in := map[int]io.ReaderAt{}
		for j := from; j < from+k; j++ {
			in[j] = bytes.NewReader(u.shares[j])
		}
		ra := must(u.o.ReaderAt(in))
		if got, err := io.ReadAll(io.NewSectionReader(ra, 0, ra.Size())); err != nil || !bytes.Equal(got, u.plain) {
			u.Errorf("object.ReaderAt of shares from %d on: %d bytes, %v", from, len(got), err)
		}
	}
}

// repair rebuilds first and last share from K others.
func (u *wholeObject) repair() {
	k, n := u.o.Coding().K(), len(u.shares)
	for _, index := range []int{0, n - 1} {
		in := map[int]io.Reader{}
		for i := range k {
			j := (index + 1 + i) % n
			in[j] = bytes.NewReader(u.shares[j])
		}
		var out bytes.Buffer
		err := object.Rebuild(u.Context(), u.m, in, index, &out, object.Options{})
		if err != nil || !bytes.Equal(out.Bytes(), u.shares[index]) {
			u.Errorf("object.Rebuild of share %d: %d bytes, %v", index, out.Len(), err)
		}
	}
}

// readWrite is a file that is not the object: nothing leaves the machine.
func readWrite(r *reading) {
	p := r.params()
	o := must(object.New(blobstore.NewContentKey(r.bytes32("ck")), p, int(r.number("asked"))))
	var out bytes.Buffer
	file := bytes.NewReader(content(r.text("plaintext"), p.Size))
	_, err := o.Encode(r.Context(), file, []io.Writer{&out, &out, &out}, object.Options{})
	r.judge("object.Encode", err)
	if out.Len() > 0 {
		r.Errorf("%d bytes written", out.Len())
	}
}

// given are the shares of the header: index and length each, one after the other in the body.
func (r *reading) given(body []byte) map[int][]byte {
	out := map[int][]byte{}
	for _, f := range r.list("given") {
		index, n, _ := strings.Cut(f, ":")
		j, size := int(r.parse(index)), r.parse(n)
		if _, again := out[j]; again || size > int64(len(body)) {
			r.Fatalf("share %s twice, or not in the body", f)
		}
		out[j], body = body[:size], body[size:]
	}
	if len(body) > 0 {
		r.Fatalf("%d bytes that belong to no share", len(body))
	}
	return out
}

// lent is a share in memory that is used where it is.
type lent struct{ *bytes.Reader }

func (l lent) Lend(n int) ([]byte, error) {
	b := make([]byte, n)
	_, err := io.ReadFull(l, b)
	return b, err
}

func readDecode(r *reading) {
	p := r.params()
	o := must(object.New(blobstore.NewContentKey(r.bytes32("ck")), p, int(r.number("asked"))))
	shares := r.given(r.body())
	plain := content(r.text("plaintext"), p.Size)
	for name, open := range map[string]func([]byte) io.Reader{
		"object.Decode":                func(b []byte) io.Reader { return bytes.NewReader(b) },
		"object.Decode of lent shares": func(b []byte) io.Reader { return lent{bytes.NewReader(b)} },
	} {
		for _, workers := range []int{1, 4} {
			in := map[int]io.Reader{}
			for j, b := range shares {
				in[j] = open(b)
			}
			var out bytes.Buffer
			r.judge(name, o.Decode(r.Context(), in, &out, object.Options{Workers: workers}))
			r.released(name, plain, out.Bytes())
		}
	}
	in := map[int]io.ReaderAt{}
	for j, b := range shares {
		in[j] = bytes.NewReader(b)
	}
	got, err := readAll(o.ReaderAt(in))
	if want := r.or("random", r.wanted()); class(err) != want || !bytes.HasPrefix(plain, got) || err == nil && len(got) < len(plain) {
		r.Errorf("object.ReaderAt: %d bytes, %v, want %s", len(got), err, want)
	}
}

func readAll(ra *seal.ReaderAt, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.NewSectionReader(ra, 0, ra.Size()))
}

// readRebuild has a manifest and shares in its body; one of the shares, or the index wanted, is false.
func readRebuild(r *reading) {
	b, n := r.body(), r.number("manifest")
	m := must(manifest.Parse(b[:n]))
	shares := r.given(b[n:])
	in := map[int]io.Reader{}
	for j, b := range shares {
		in[j] = bytes.NewReader(b)
	}
	index := int(r.number("index"))
	var out bytes.Buffer
	err := object.Rebuild(r.Context(), m, in, index, &out, object.Options{})
	if r.judge("object.Rebuild", err) {
		if want, ok := m.Root(index); !ok || rootOf(out.Bytes()) != want {
			r.Errorf("object.Rebuild: %d bytes of root %v", out.Len(), rootOf(out.Bytes()))
		}
	}
	if r.has("false") { // the shares that were not what the manifest says
		var bad []int
		for j, b := range shares {
			root, _ := m.Root(j)
			if _, err := io.ReadAll(must(share.NewReader(bytes.NewReader(b), m.Coding().ShareLen(j), root, nil))); err != nil {
				bad = append(bad, j)
			}
		}
		slices.Sort(bad)
		if got := textOf(bad); got != r.text("false") {
			r.Errorf("share.Reader finds %s false, want %s", got, r.text("false"))
		}
	}
}
