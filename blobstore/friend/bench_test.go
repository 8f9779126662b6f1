package friend_test

import (
	"fmt"
	"testing"

	"radswarm/blobstore/friend"
)

// crowd is a home with a hundred friends, all of whose devices are known.
func crowd(b *testing.B) *home {
	h := newHome(b, fixed)
	for i := range 100 {
		p := somebody(i)
		check(b, h.AddFriend(b.Context(), friend.Friend{DID: p.did(), Name: fmt.Sprint("friend", i)}))
		check(b, h.add(b, p.certificate(b, now)))
	}
	return h
}

func BenchmarkByDevice(b *testing.B) {
	h, device := crowd(b), somebody(50).key.Device()
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := h.ByDevice(device); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFriend(b *testing.B) {
	h, did := crowd(b), somebody(50).did()
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := h.Friend(did); !ok {
			b.Fatal("no friend")
		}
	}
}

// BenchmarkByDeviceParallel is with a writer that never rests.
func BenchmarkByDeviceParallel(b *testing.B) {
	h, device := crowd(b), somebody(50).key.Device()
	busy := somebody(1).did()
	done, stop := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for n := int64(0); ; n++ {
			select {
			case <-stop:
				return
			default:
				_ = h.SetGiven(b.Context(), busy, n, 0, 0)
			}
		}
	}()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, _, err := h.ByDevice(device); err != nil {
				b.Error(err)
			}
		}
	})
	close(stop)
	<-done
}

func BenchmarkSaw(b *testing.B) {
	h, did := crowd(b), somebody(50).did()
	check(b, h.Saw(did))
	for b.Loop() {
		check(b, h.Saw(did))
	}
}

func BenchmarkCheckIntroduction(b *testing.B) {
	h := crowd(b)
	guest := cy().did()
	i := somebody(50).introduces(b, cy(), now)
	check(b, h.CheckIntroduction(b.Context(), i, guest))
	for b.Loop() {
		check(b, h.CheckIntroduction(b.Context(), i, guest))
	}
}

func BenchmarkParseIntroduction(b *testing.B) {
	raw := bo().introduces(b, cy(), now).Bytes()
	for b.Loop() {
		if _, err := friend.ParseIntroduction(raw); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCommit is one durable change.
func BenchmarkCommit(b *testing.B) {
	h := openHome(b, b.TempDir()+"/"+friend.FileName, friend.Options{Self: ana().did()})
	h.befriend(b, bo())
	did := bo().did()
	for n := int64(0); b.Loop(); n++ {
		check(b, h.SetGiven(b.Context(), did, n, 0, 0))
	}
}

func BenchmarkOpen(b *testing.B) {
	h := crowd(b)
	for b.Loop() {
		h.again(b)
	}
}
