package swarm_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/swarm"
)

// counting counts questions and the blocks asked for with them.
type counting struct {
	blobstore.Holder
	gets, blocks *atomic.Int64
}

func (c counting) Get(ctx context.Context, name blobstore.ShareName, ranges []blobstore.Range, visit func(int, []byte) error) error {
	c.gets.Add(1)
	c.blocks.Add(int64(len(ranges)))
	return c.Holder.Get(ctx, name, ranges, visit)
}

// slowWriter is a disk that takes its time for each stripe.
type slowWriter struct{ pause time.Duration }

func (w slowWriter) Write(p []byte) (int, error) {
	time.Sleep(w.pause) // of the bubble
	return len(p), nil
}

// Where the disk is slower than the lines, each stripe that is written makes room for one. It is not asked for alone: a
// question costs both sides as much as some blocks do.
func TestSlowDiskAsksForManyBlocksAtOnce(t *testing.T) {
	f := newFilm(t, 128<<20, 3, 10)
	synctest.Test(t, func(t *testing.T) {
		var gets, blocks atomic.Int64
		more := make(chan swarm.Source, 3)
		for i := range 3 {
			more <- f.source(i, counting{newLink(f.shares[i], time.Millisecond, 1e9), &gets, &blocks})
		}
		close(more)
		if _, err := swarm.Fetch(t.Context(), f.object, more, slowWriter{time.Millisecond}, swarm.FetchOptions{SkipOID: true}); err != nil {
			t.Fatal(err)
		}
		if each := float64(blocks.Load()) / float64(gets.Load()); each < 8 {
			t.Errorf("%.1f blocks in a question", each)
		}
	})
}
