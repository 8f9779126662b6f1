package proof

import (
	"bufio"
	"io"
	"math/rand/v2"
	"os"
	"testing"
)

// randomFile writes a file that nothing can be made shorter of.
func randomFile(tb testing.TB, path string, size int64, seed ...byte) {
	tb.Helper()
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	var start [32]byte
	copy(start[:], seed)
	w := bufio.NewWriterSize(f, 1<<20)
	_, err = io.CopyN(w, rand.NewChaCha8(start), size)
	if err == nil {
		err = w.Flush()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		tb.Fatal(err)
	}
}
