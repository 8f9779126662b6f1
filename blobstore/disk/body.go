package disk

// behindSize is how many bytes of a share are on their way to the disk while as many are written. Smaller shares are left to
// the system, which keeps them in memory for who asks soon.
const behindSize = 8 << 20

// body writes a share to its file from the beginning. A long one goes to the disk while it arrives, and leaves the memory of the
// machine to what people do with it: otherwise all of it would go there at the end, while its owner waits, and everything
// else had been driven out by then.
type body struct {
	file file
	off  int64
	sent int64 // bytes that the disk was told to write
}

// A settler writes parts of a file before Sync does.
type settler interface {
	// Settle begins to write n bytes at off to the disk. It waits until the n bytes before them are written, and lets go of
	// their memory. A file system that cannot do it does nothing. An error is one of writing, and Sync may not repeat it.
	Settle(off, n int64) error
}

func (b *body) Write(p []byte) (int, error) {
	n, err := b.file.WriteAt(p, b.off)
	b.off += int64(n)
	if err == nil && b.off-b.sent >= behindSize {
		err = b.settle()
	}
	return n, err
}

func (b *body) settle() error {
	s, ok := b.file.(settler)
	if !ok {
		return nil
	}
	at := b.sent
	b.sent += behindSize
	return s.Settle(at, behindSize)
}
