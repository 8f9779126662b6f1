package lab_test

import (
	"testing"
	"time"

	"radswarm/cmd/internal/lab"
)

// How long ten friends take: keys, databases, eleven processes, ten invitations. Aim: under 10 s.
func BenchmarkUpTen(b *testing.B) {
	for range b.N {
		l, risen, err := lab.Up(b.Context(), options(b, 10))
		if err != nil {
			b.Fatal(err)
		}
		if risen.Online != 10 {
			b.Fatalf("%d of 10 friends are online", risen.Online)
		}
		b.Logf("ten friends are online after %.2f s", risen.Seconds)
		b.StopTimer()
		if _, err := l.Down(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

func TestMeasure(t *testing.T) {
	l := up(t, options(t, 0))
	measured, err := l.Measure(t.Context(), time.Second)
	if err != nil || len(measured) != 1 {
		t.Fatalf("%v, %v", measured, err)
	}
	m := measured[0]
	if m.MaxRSS < 1<<20 || m.MaxRSS > 1<<30 || m.Percent < 0 || m.Percent > 1000 || !m.Same {
		t.Errorf("%+v", m)
	}
	if _, err := l.Kill(t.Context(), lab.You); err != nil {
		t.Fatal(err)
	}
	if measured, err = l.Measure(t.Context(), time.Millisecond); err != nil || measured[0].Same || measured[0].MaxRSS != 0 {
		t.Errorf("%v, %v", measured, err)
	}
}
