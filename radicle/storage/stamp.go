package storage

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"radswarm/radicle/sigrefs"
)

// Stamp stands for what all peers have signed in a repository, at one moment. It is comparable.
type Stamp struct{ sum [sha256.Size]byte }

// settle is how old packed refs must be before a stamp is worth anything: a file that is written twice within what the clock of
// a file system tells apart looks the same.
const settle = 100 * time.Millisecond

// Stamp returns another value than before once the signed refs of any peer have moved. It costs a few file operations for each
// peer, whatever the number of refs, and starts no process. The zero value, which is never to be compared, is that of refs
// that moved just now.
func (r *Repo) Stamp(ctx context.Context) (Stamp, error) {
	h := sha256.New()
	if r.reftable {
		return r.stampFile(h.Sum(nil), "reftable/tables.list")
	}
	peers, err := r.namespaces()
	if err != nil {
		return Stamp{}, err
	}
	buf := make([]byte, maxLooseRef)
	for _, peer := range peers {
		if err := ctx.Err(); err != nil {
			return Stamp{}, err
		}
		n, err := readStart(r.root, "refs/namespaces/"+peer+"/"+sigrefs.RefSigrefs, buf)
		if err != nil {
			return Stamp{}, err
		}
		h.Write(binary.BigEndian.AppendUint32([]byte(peer), uint32(n)))
		h.Write(buf[:n])
	}
	return r.stampFile(h.Sum(nil), "packed-refs")
}

// namespaces lists the peers that have loose refs.
func (r *Repo) namespaces() ([]string, error) {
	f, err := r.root.Open("refs/namespaces")
	if absent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close() // read only
	names, err := f.Readdirnames(-1)
	slices.Sort(names)
	return names, err
}

// readStart reads the beginning of a file, nothing where there is none.
func readStart(root *os.Root, name string, buf []byte) (int, error) {
	f, err := root.Open(name)
	if absent(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close() // read only
	n, err := io.ReadFull(f, buf)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return n, err
}

// stampFile adds size and time of a file.
func (r *Repo) stampFile(sum []byte, name string) (Stamp, error) {
	info, err := r.root.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return Stamp{}, err
	case time.Since(info.ModTime()).Abs() < settle:
		return Stamp{}, nil
	default:
		sum = binary.BigEndian.AppendUint64(sum, uint64(info.ModTime().UnixNano()))
		sum = binary.BigEndian.AppendUint64(sum, uint64(info.Size()))
	}
	return Stamp{sha256.Sum256(sum)}, nil
}

// IsZero reports whether the stamp says nothing.
func (s Stamp) IsZero() bool { return s == Stamp{} }
