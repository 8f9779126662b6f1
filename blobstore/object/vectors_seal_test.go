package object_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing/iotest"

	"radswarm/blobstore"
	"radswarm/blobstore/object"
	"radswarm/blobstore/seal"
)

// sealFormat is FORMAT.md §4: a ciphertext, whole.
func sealFormat() format {
	return format{
		name:  "seal",
		kinds: map[string]func(*reading){"ciphertext": readCiphertext},
		make: func() []vector {
			return slices.Concat(makeSealed(), makeFalseChunks(), makeFalseEnds(), makeFalsePadding())
		},
	}
}

// sealed returns the ciphertext that a writer makes.
func sealed(s *seal.Sealer, plain []byte) []byte {
	out := bytes.NewBuffer(make([]byte, 0, s.Layout().CipherSize()))
	w := seal.NewWriter(s, out)
	must(w.Write(plain))
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// sealedUnderTest is a ciphertext with all that a reader needs.
type sealedUnderTest struct {
	*reading
	sealer *seal.Sealer
	plain  []byte
	cipher []byte
	whole  *object.Object // the same object with K = 1: its share is the ciphertext
}

func readCiphertext(r *reading) {
	ck := blobstore.NewContentKey(r.bytes32("ck"))
	p := blobstore.Params{Size: r.number("size"), Pad: r.pad()}
	plain := content(r.text("plaintext"), p.Size)
	p.OID = sha256.Sum256(plain)
	s := must(seal.New(ck, must(p.Layout())))
	u := sealedUnderTest{r, s, plain, nil, must(object.New(ck, p, 1))}
	u.cipher = u.ciphertext()
	if r.wanted() == "ok" && r.or("canonical", "yes") == "yes" && !bytes.Equal(sealed(s, plain), u.cipher) {
		r.Error("a writer makes another ciphertext")
	}
	u.streams()
	u.random("seal.ReaderAt", func() (io.ReaderAt, error) {
		return seal.NewReaderAt(s, bytes.NewReader(u.cipher), int64(len(u.cipher)))
	})
	u.throughObject()
	if u.wanted() == "ok" {
		u.ranges()
	}
}

// ciphertext is the body, or what the rule makes.
func (u sealedUnderTest) ciphertext() []byte {
	if !u.has("ciphertext-sha256") {
		return u.body()
	}
	b := sealed(u.sealer, u.plain)
	if u.has("copy") {
		from := u.numbers("copy")
		copy(b[from[1]:from[1]+from[2]], slices.Clone(b[from[0]:from[0]+from[2]]))
	}
	u.equal("ciphertext-sha256", sha256.Sum256(b))
	return b
}

// streams reads the ciphertext from its beginning in every way there is.
func (u sealedUnderTest) streams() {
	for name, wrap := range map[string]func(io.Reader) io.Reader{
		"seal.Reader":                      func(r io.Reader) io.Reader { return r },
		"seal.Reader of halves":            iotest.HalfReader,
		"seal.Reader with the end at once": iotest.DataErrReader,
	} {
		got, err := io.ReadAll(seal.NewReader(u.sealer, wrap(bytes.NewReader(u.cipher))))
		u.judge(name, err)
		u.released(name, u.plain, got)
	}
	var out bytes.Buffer
	_, err := seal.NewReader(u.sealer, bytes.NewReader(u.cipher)).WriteTo(&out)
	u.judge("seal.Reader to a writer", err)
	u.released("seal.Reader to a writer", u.plain, out.Bytes())
}

// random reads all of the plaintext by random access. It touches no chunk of padding alone, and it is told the length
// before it begins: so it may see less than who reads to the end, or refuse before the first byte.
func (u sealedUnderTest) random(name string, open func() (io.ReaderAt, error)) {
	got, n := make([]byte, len(u.plain)), 0
	ra, err := open()
	opened := err == nil
	if opened {
		n, err = ra.ReadAt(got, 0)
	}
	if err == io.EOF && n == len(got) {
		err = nil
	}
	switch {
	case u.or("random", u.wanted()) == "ok":
		if err != nil || !bytes.Equal(got, u.plain) {
			u.Errorf("%s: %d bytes, %v", name, n, err)
		}
	case u.judge(name, err):
	case opened:
		u.released(name, u.plain, got[:n])
	}
}

// throughObject reads the ciphertext as what it is, too: the share of a coding with K = 1.
func (u sealedUnderTest) throughObject() {
	for _, index := range []int{0, 7} {
		name := fmt.Sprintf("object.Decode of share %d", index)
		var out bytes.Buffer
		in := map[int]io.Reader{index: bytes.NewReader(u.cipher)}
		err := u.whole.Decode(u.Context(), in, &out, object.Options{Workers: index%3 + 1})
		if got := class(err); got != u.wanted() {
			u.Errorf("%s: %v, want %s", name, err, u.wanted())
		}
		if e, ok := errors.AsType[*blobstore.ShareError](err); index == 0 && err != nil &&
			(!ok || e.Index != 0 || fmt.Sprint(e.Offset) != u.text("offset")) {
			u.Errorf("%s: %v, want share 0 at byte %s", name, err, u.text("offset"))
		}
		u.released(name, u.plain, out.Bytes())
	}
	ra := must(u.whole.ReaderAt(map[int]io.ReaderAt{7: bytes.NewReader(u.cipher)}))
	if _, err := io.ReadAll(io.NewSectionReader(ra, 0, ra.Size())); u.or("random", u.wanted()) == "ok" && err != nil {
		u.Errorf("object.ReaderAt: %v", err)
	}
}

// ranges reads around the seams of the chunks.
func (u sealedUnderTest) ranges() {
	ra := must(seal.NewReaderAt(u.sealer, bytes.NewReader(u.cipher), int64(len(u.cipher))))
	l := u.sealer.Layout()
	seam := int64(l.PlainSize())
	var offs []int64
	for _, i := range []int64{0, 1, 2, l.Chunks() - 1} {
		offs = append(offs, i*seam-1, i*seam, i*seam+1)
	}
	for _, off := range append(offs, l.Size()-1, l.Size()) {
		for _, n := range []int64{1, 2, seam, seam + 1} {
			if off < 0 || off > l.Size() {
				continue
			}
			want := u.plain[off:min(l.Size(), off+n)]
			got := make([]byte, n)
			read, err := ra.ReadAt(got, off)
			if !bytes.Equal(got[:read], want) || (err != nil) != (int64(len(want)) < n) || err != nil && err != io.EOF {
				u.Fatalf("%d bytes at %d: %d, %v", n, off, read, err)
			}
		}
	}
}
