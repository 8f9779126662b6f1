package wire

import (
	"io"

	"radswarm/blobstore"
)

// chunkRoom is the most that goes before the bytes of a chunk.
const chunkRoom = 32

// send sends the share of an item, or ABORT. Errors are those of the stream, which is dead then.
func (it *item) send(c *conn, index uint32, buf []byte) error {
	c.owe(true)
	src, err := it.offer.Share()
	if err != nil {
		return it.abort(c, index, err)
	}
	defer src.Close() // only read
	for left := it.offer.Len; left > 0; {
		n := min(left, maxChunk)
		err := readShare(src, buf[chunkRoom:chunkRoom+n], n == left)
		if err != nil || it.skipped() {
			return it.abort(c, index, err)
		}
		if left -= n; left == 0 {
			it.finish(c)
		}
		if err := c.sendChunk(index, buf[:chunkRoom+n]); err != nil {
			return err
		}
	}
	return nil
}

func (it *item) skipped() bool {
	it.mu.Lock()
	defer it.mu.Unlock()
	return it.skip
}

// finish says that the last frame about this share is on its way.
func (it *item) finish(c *conn) {
	c.owe(false)
	it.mu.Lock()
	defer it.mu.Unlock()
	it.finished = true
}

// abort tells the holder that the rest does not come: the source failed, or the holder does not want it.
func (it *item) abort(c *conn, index uint32, err error) error {
	it.mu.Lock()
	it.aborted, it.err = true, err
	it.mu.Unlock()
	it.finish(c)
	return c.send(&abortMsg{indexed{index}})
}

// readShare fills p. If it is the last of the share, the source must end with it.
func readShare(src io.Reader, p []byte, last bool) error {
	for len(p) > 0 {
		n, err := src.Read(p)
		p = p[n:]
		if err == io.EOF && len(p) == 0 {
			return nil
		}
		if err == io.EOF {
			return blobstore.ErrTruncated
		}
		if err != nil {
			return err
		}
	}
	if !last {
		return nil
	}
	switch n, err := io.ReadFull(src, make([]byte, 1)); {
	case n > 0:
		return blobstore.ErrExtended
	case err != io.EOF:
		return err
	}
	return nil
}

// sendChunk writes a chunk with the frame before it in one go. Buf has [chunkRoom] bytes of room before the bytes.
func (c *conn) sendChunk(index uint32, buf []byte) error {
	var mem [chunkRoom]byte
	head := AppendFrame(mem[:0], &chunkMsg{index, uint32(len(buf) - chunkRoom)})
	start := chunkRoom - len(head)
	copy(buf[start:], head)
	c.writing.take()
	defer c.writing.give()
	return c.write(buf[start:])
}
