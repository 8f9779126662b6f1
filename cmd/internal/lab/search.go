package lab

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Searched is what was found of a file in all that a home has on its disk.
type Searched struct {
	Home   string `json:"home"`
	File   string `json:"file"`
	Files  int    `json:"files"`  // that were searched, every byte
	Bytes  int64  `json:"bytes"`  // of them
	Shares int    `json:"shares"` // share files among them
	Pieces int    `json:"pieces"` // different ones, of PieceSize bytes of the file, that were looked for at every place
	Every  int    `json:"every"`  // they are from one place of so many
	Found  int    `json:"found"`  // places where one is
	SHA256 int    `json:"sha256"` // files with the hash of the file, as bytes or as text
	Name   int    `json:"name"`   // files with its name
	// The same search in the beginning of the file itself: pieces that are there, and how many of them it finds.
	Control      int `json:"control"`
	ControlFound int `json:"control_found"`
}

// Clean reports whether nothing was found, by a search that finds what there is.
func (s Searched) Clean() bool {
	return s.Found == 0 && s.SHA256 == 0 && s.Name == 0 && s.Control > 0 && s.ControlFound == s.Control
}

// controlSize is how much of the file itself is searched, in bytes.
const controlSize = 256 << 10

// maxFound is how many places are counted before a file is left.
const maxFound = 1000

// Search looks in every file of a home for pieces of a file, for its SHA-256 and for its name. The pieces are from all places of
// the file, or, where it is long, from one of so many that about a million are left. Pieces of equal bytes are left out: they
// are everywhere.
func (l *Lab) Search(ctx context.Context, name, path string) (Searched, error) {
	m, err := l.check()
	if err != nil {
		return Searched{}, err
	}
	if _, err := l.pick(m, []string{name}); err != nil {
		return Searched{}, err
	}
	film, err := os.Open(path)
	if err != nil {
		return Searched{}, err
	}
	defer film.Close()
	info, err := film.Stat()
	if err != nil {
		return Searched{}, err
	}
	if !info.Mode().IsRegular() || info.Size() < PieceSize {
		return Searched{}, fmt.Errorf("%s: not a file of at least %d bytes", path, PieceSize)
	}
	s := &search{film: film}
	s.Home, s.File = name, path
	if err := s.learn(ctx, info.Size(), filepath.Base(path)); err != nil {
		return Searched{}, err
	}
	if err := s.control(ctx); err != nil {
		return Searched{}, err
	}
	err = filepath.WalkDir(filepath.Join(l.dir, name), func(path string, d fs.DirEntry, err error) error {
		return s.visit(ctx, path, d, err)
	})
	return s.Searched, err
}

// search is one search.
type search struct {
	Searched
	film   *os.File
	pieces *pieces
	sha256 [3][]byte // as bytes and as text
	name   []byte
}

// learn reads the film once.
func (s *search) learn(ctx context.Context, size int64, name string) error {
	s.pieces = newPieces(size)
	sum := sha256.New()
	for to := io.MultiWriter(sum, s.pieces); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		_, err := io.CopyN(to, s.film, 1<<20)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	s.pieces.done()
	s.Pieces, s.Every = len(s.pieces.known), 1<<s.pieces.bits
	text := []byte(hex.EncodeToString(sum.Sum(nil)))
	s.sha256 = [3][]byte{sum.Sum(nil), text, bytes.ToUpper(text)}
	s.name = []byte(name)
	return nil
}

// control searches the beginning of the film.
func (s *search) control(ctx context.Context) error {
	seen := make([]bool, len(s.pieces.known))
	err := s.scan(ctx, io.NewSectionReader(s.film, 0, controlSize), func(i int) { seen[i] = true }, nil)
	for i, p := range s.pieces.known {
		if p.at+PieceSize > controlSize {
			continue
		}
		s.Control++
		if seen[i] {
			s.ControlFound++
		}
	}
	return err
}

// visit searches one file. What has gone meanwhile is not there.
func (s *search) visit(ctx context.Context, path string, d fs.DirEntry, err error) error {
	if errors.Is(err, fs.ErrNotExist) || err == nil && !d.Type().IsRegular() {
		return nil
	}
	if err != nil {
		return err
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	s.Files++
	if filepath.Ext(path) == ".share" {
		s.Shares++
	}
	found := 0
	var hash, name bool
	err = s.scan(ctx, f, func(int) { found++ }, func(b []byte) {
		for _, form := range s.sha256 {
			hash = hash || bytes.Contains(b, form)
		}
		name = name || bytes.Contains(b, s.name)
	})
	s.Found += min(found, maxFound)
	s.SHA256 += one(hash)
	s.Name += one(name)
	return err
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// scan reads all of something: hit is called with the number of each piece at each place, look with each stretch, which overlap.
func (s *search) scan(ctx context.Context, r io.Reader, hit func(int), look func([]byte)) error {
	const overlap = 1024
	buf := make([]byte, 0, 1<<20)
	roll := rolling{}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		kept := min(len(buf), overlap)
		copy(buf[:kept], buf[len(buf)-kept:])
		n, err := io.ReadFull(r, buf[kept:cap(buf)])
		buf = buf[:kept+n]
		if look != nil {
			s.Bytes += int64(n)
			look(buf)
		}
		for i := kept; i < len(buf); i++ {
			if !roll.add(buf[i]) {
				continue
			}
			if k, ok := s.pieces.find(roll.sum); ok {
				if err := s.compare(buf[i+1-PieceSize:i+1], k, hit); err != nil {
					return err
				}
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// compare compares a stretch with a piece of the film.
func (s *search) compare(b []byte, i int, hit func(int)) error {
	var is [PieceSize]byte
	if _, err := s.film.ReadAt(is[:], s.pieces.known[i].at); err != nil {
		return err
	}
	if bytes.Equal(is[:], b) {
		hit(i)
	}
	return nil
}
