package share

import (
	"io"

	"radswarm/blobstore"
	"radswarm/blobstore/b3"
)

// Hasher computes the root of a share whose bytes are written to it, in pieces of any length, and its outboard. Writes of
// whole 16 KiB are not copied.
type Hasher struct {
	tree Tree
	buf  [b3.Step]byte
	n    int // bytes in buf
}

// NewHasher returns a Hasher that writes the outboard as [NewTree] says.
func NewHasher(outboard io.Writer) *Hasher {
	return &Hasher{tree: Tree{mode: plain, outboard: outboard}}
}

// Write adds bytes to the share. Errors are those of [Tree.Push].
func (h *Hasher) Write(p []byte) (int, error) {
	if h.tree.done {
		return 0, h.push(p) // refused
	}
	written := 0
	for written < len(p) {
		rest := p[written:]
		n := b3.Step
		if h.n == 0 && len(rest) >= b3.Step {
			if err := h.push(rest[:b3.Step]); err != nil {
				return written, err
			}
		} else {
			n = copy(h.buf[h.n:], rest)
			if h.n += n; h.n == b3.Step {
				if err := h.push(h.buf[:]); err != nil {
					return written, err
				}
				h.n = 0
			}
		}
		written += n
	}
	return written, nil
}

func (h *Hasher) push(b []byte) error { return h.tree.Push(newNode(h.tree.mode, b, h.tree.Len())) }

// Len returns how many bytes were written.
func (h *Hasher) Len() int64 { return h.tree.Len() + int64(h.n) }

// Root returns the root of what was written. Nothing can be written after it. Errors are those of the outboard's writer.
func (h *Hasher) Root() (blobstore.Root, error) {
	if h.n > 0 {
		err := h.push(h.buf[:h.n])
		h.n = 0
		if err != nil {
			return blobstore.Root{}, err
		}
	}
	return h.tree.Root()
}
