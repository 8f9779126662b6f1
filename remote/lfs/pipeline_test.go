package lfs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"radswarm/radicle"
)

// A scan ends with its context, and with its loop; nothing of it goes on.
func TestScanEnds(t *testing.T) {
	p := newPlace(t)
	last := p.many(3000)
	repo := p.repo()
	for range repo.Scan(t.Context(), tips(last)) {
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	for _, err := range repo.Scan(ctx, tips(last)) {
		if n++; n == 5 {
			cancel()
		}
		if err != nil && (!errors.Is(err, context.Canceled) || n < 5) {
			t.Errorf("after %d: %v", n, err)
		}
		if err == nil && n == 3000 {
			t.Error("went on to the end")
		}
	}
	cancel()
	for _, err := range repo.Scan(ctx, tips(last)) {
		if err != context.Canceled {
			t.Error(err)
		}
	}
}

// many makes n commits of one pointer each, in one pack.
func (p *place) many(n int) radicle.Oid {
	p.t.Helper()
	var b strings.Builder
	for i := range n {
		text := pointer(int64(i), int64(i)+1).String()
		fmt.Fprintf(&b, "commit refs/heads/main\ncommitter Ana <ana@example.org> %d +0000\ndata 1\nx\n", 1_700_000_000+i)
		fmt.Fprintf(&b, "M 100644 inline dir%d/film%d.mp4\ndata %d\n%s\n", i%100, i, len(text), text)
	}
	p.gitIn(b.String(), "-c", "fastimport.unpackLimit=1", "fast-import", "--quiet")
	return p.oid("refs/heads/main")
}

// Scanning beside the part of it that is git's own listing, measured in the same run: 10,000 commits with a pointer each.
func BenchmarkScan(b *testing.B) {
	p := newPlace(b)
	const n = 10_000
	last := p.many(n)
	repo := p.repo()
	b.Run("scan", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			found := 0
			for _, err := range repo.Scan(b.Context(), tips(last)) {
				if err != nil {
					b.Fatal(err)
				}
				found++
			}
			if found != n {
				b.Fatal(found)
			}
		}
	})
	b.Run("rev-list", func(b *testing.B) {
		for b.Loop() {
			cmd := p.command("rev-list", "--objects", last.String())
			if err := cmd.Run(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
