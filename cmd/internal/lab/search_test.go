package lab_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"radswarm/cmd/internal/lab"
)

// random makes bytes that nobody else has.
func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(b)
	return b
}

func TestSearch(t *testing.T) {
	l := up(t, options(t, 0))
	film := random(1<<17 + 17)
	copy(film[1<<16:], make([]byte, 1<<16)) // an empty stretch is not something to be found
	path := filepath.Join(l.Work(), "holiday.mp4")
	write(t, path, string(film))
	sum := sha256.Sum256(film)
	hidden := filepath.Join(l.Dir(), lab.You, "hidden")
	for name, x := range map[string]struct {
		hide              []byte
		found, hash, name int
	}{
		"nothing":             {hide: random(100)[50:]},
		"zeros":               {hide: make([]byte, 1<<16)},
		"less than a piece":   {hide: film[64:127]},
		"a piece":             {hide: film[64:128], found: 1},
		"127 bytes":           {hide: film[1000:1127], found: 64},
		"the last piece":      {hide: film[len(film)-64:], found: 1},
		"across two reads":    {hide: append(bytes.Repeat([]byte("no film "), 1<<17-4), film[6400:7000]...), found: 537},
		"much of it":          {hide: film[:1<<16], found: 1000},
		"the hash":            {hide: append([]byte("x"), sum[:]...), hash: 1},
		"the hash as text":    {hide: fmt.Appendf(nil, "oid sha256:%X", sum), hash: 1},
		"its name":            {hide: []byte("x/holiday.mp4"), name: 1},
		"a name nobody knows": {hide: []byte("x/holiday.mov")},
	} {
		write(t, hidden, string(x.hide))
		s, err := l.Search(t.Context(), lab.You, path)
		if err != nil {
			t.Fatal(err)
		}
		if s.Found != x.found || s.SHA256 != x.hash || s.Name != x.name || s.Clean() != (x.found+x.hash+x.name == 0) {
			t.Errorf("%s: %+v", name, s)
		}
		if s.Pieces != 1<<17+17-1<<16 || s.Control != s.Pieces || s.ControlFound != s.Control || s.Every != 1 || s.Files < 5 {
			t.Errorf("%s: %+v", name, s)
		}
	}
	if _, err := l.Search(t.Context(), "nobody", path); err == nil {
		t.Error("nobody was searched")
	}
	short := filepath.Join(l.Work(), "short")
	write(t, short, strings.Repeat("x", lab.PieceSize-1))
	if _, err := l.Search(t.Context(), lab.You, short); err == nil {
		t.Error("a file without a piece was looked for")
	}
	if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, film) {
		t.Error("the film is not what it was")
	}
}

// Of a long film some pieces are looked for, and a stretch of it is found all the same.
func TestSearchLong(t *testing.T) {
	l := up(t, options(t, 0))
	film := random(6 << 20)
	for i := range 2 << 20 {
		film[2<<20+i] = byte(i % 3) // of what is there again and again, one piece is enough
	}
	path := filepath.Join(l.Work(), "film")
	write(t, path, string(film))
	for at, found := range map[int]bool{100: true, 5 << 20: true, -1: false} {
		hide := bytes.Repeat([]byte("nothing"), 1000)
		if found {
			hide = film[at : at+1000]
		}
		write(t, filepath.Join(l.Dir(), lab.You, "hidden"), string(hide))
		s, err := l.Search(t.Context(), lab.You, path)
		if err != nil || (s.Found > 0) != found || s.Every != 8 || s.Pieces < 1<<18 || s.Pieces > 1<<20 {
			t.Errorf("at %d: %+v, %v", at, s, err)
		}
	}
}

func BenchmarkSearch(b *testing.B) {
	o := options(b, 0)
	l := up(b, o)
	film := filepath.Join(l.Work(), "film")
	if err := os.WriteFile(film, random(256<<20), 0o600); err != nil {
		b.Fatal(err)
	}
	other := bytes.Clone(random(90 << 20))
	for i := range other {
		other[i] ^= 0x55
	}
	if err := os.WriteFile(filepath.Join(l.Dir(), lab.You, "other"), other, 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if s, err := l.Search(b.Context(), lab.You, film); err != nil || !s.Clean() {
			b.Fatalf("%+v, %v", s, err)
		}
	}
}
