package swarm_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/blobstore/disk"
	"radswarm/blobstore/swarm"
)

// spread is a film whose shares lie with a crowd, share i with person i.
func (f *film) spread(t *testing.T, people []swarm.Person) *swarm.Sending {
	t.Helper()
	s := f.sending(people)
	report, err := swarm.Send(t.Context(), s, swarm.SendOptions{})
	if err != nil || len(report.Missing) > 0 {
		t.Fatalf("%v, missing %v", err, report.Missing)
	}
	s.Placed = report.Placed
	return s
}

// mustVerify returns the states of all shares.
func mustVerify(t *testing.T, s *swarm.Sending, opt swarm.VerifyOptions) []swarm.Check {
	t.Helper()
	checks, err := swarm.Verify(t.Context(), s, opt)
	if err != nil || len(checks) != len(s.Placed) {
		t.Fatalf("%v: %v", err, checks)
	}
	return checks
}

// wantStates fails the test unless share bad is in a state and all others are held.
func wantStates(t *testing.T, checks []swarm.Check, bad int, want swarm.State) {
	t.Helper()
	for i, c := range checks {
		state := swarm.Held
		if i == bad {
			state = want
		}
		if c.State != state || c.Index != i || (c.Err != nil) != (state > swarm.Missing) {
			t.Errorf("share %d: %v at %v: %v, want %v", c.Index, c.State, c.DID, c.Err, state)
		}
	}
}

// oneWorker is for healing inside of a bubble, whose time stands still while workers wait for each other's lock.
var oneWorker = swarm.SendOptions{Workers: 1}

func depths() map[string]swarm.VerifyOptions {
	return map[string]swarm.VerifyOptions{"quick": {}, "sample": {Leaves: 40}, "whole": {Whole: true}}
}

func TestVerify(t *testing.T) {
	f := newFilm(t, 1<<20, 3, 5)
	for how, opt := range depths() {
		for name, c := range map[string]struct {
			make func(swarm.Person) blobstore.Holder
			want swarm.State
		}{
			"all well": {func(p swarm.Person) blobstore.Holder { return p.Holder }, swarm.Held},
			"liar":     {func(p swarm.Person) blobstore.Holder { return blobtest.Liar(p.Holder) }, swarm.Damaged},
			"gone":     {func(p swarm.Person) blobstore.Holder { return blobtest.Gone(p.Holder) }, swarm.Unreachable},
			"mute":     {func(p swarm.Person) blobstore.Holder { return blobtest.Mute(p.Holder) }, swarm.Unreachable},
			"empty":    {func(swarm.Person) blobstore.Holder { return (&blobtest.Memory{}).For(owner()) }, swarm.Missing},
			"nobody":   {nil, swarm.Unreachable},
		} {
			t.Run(how+" "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					crowd := newCrowd(5)
					s := f.spread(t, crowd.people)
					told := 0
					opt.Told = func(swarm.Check) { told++ }
					if c.make == nil {
						s.People = append(s.People[:2:2], s.People[3:]...)
					} else {
						s.People[2].Holder = c.make(s.People[2])
					}
					wantStates(t, mustVerify(t, s, opt), 2, c.want)
					if told != len(s.People) {
						t.Errorf("told of %d", told)
					}
				})
			})
		}
	}
}

func TestVerifyErrors(t *testing.T) {
	f := newFilm(t, 1<<20, 3, 5)
	synctest.Test(t, func(t *testing.T) {
		s := f.spread(t, newCrowd(5).people)
		for _, n := range []int{-1, blobstore.MaxLeaves + 1} {
			if _, err := swarm.Verify(t.Context(), s, swarm.VerifyOptions{Leaves: n}); !errors.Is(err, blobstore.ErrBounds) {
				t.Errorf("%d leaves: %v", n, err)
			}
		}
		other := *s
		other.File = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(f.plain[1:])), nil }
		if _, err := swarm.Verify(t.Context(), &other, swarm.VerifyOptions{Whole: true}); !errors.Is(err, swarm.ErrChanged) {
			t.Error(err)
		}
		other.File = func() (io.ReadCloser, error) { return nil, errDisk }
		if _, err := swarm.Verify(t.Context(), &other, swarm.VerifyOptions{Whole: true}); !errors.Is(err, errDisk) {
			t.Error(err)
		}
		for i := range s.People {
			s.People[i].Holder = blobtest.Mute(s.People[i].Holder)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := swarm.Verify(ctx, s, swarm.VerifyOptions{}); err != context.DeadlineExceeded { //nolint:errorlint // bare
			t.Error(err)
		}
	})
}

// swapped is a holder whose disk changed under it: it believes what it has.
type swapped struct {
	blobstore.Holder
	bad blobstore.Holder
}

// Delete makes the next Put a new beginning.
func (s *swapped) Delete(ctx context.Context, names []blobstore.ShareName) error {
	s.bad = nil
	return s.Holder.Delete(ctx, names)
}

func (s *swapped) Have(ctx context.Context, names []blobstore.ShareName, nonce blobstore.Nonce) ([]blobstore.Held, error) {
	if s.bad != nil {
		return s.bad.Have(ctx, names, nonce)
	}
	return s.Holder.Have(ctx, names, nonce)
}

// A share that is missing, or that its holder wrongly thinks is good, is put again at the same holder.
func TestHeal(t *testing.T) {
	f := newFilm(t, 3<<20, 3, 6)
	for name, file := range map[string]bool{"from the file": true, "from other shares": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				crowd := newCrowd(6)
				s := f.spread(t, crowd.people)
				fresh := (&blobtest.Memory{}).For(owner())
				s.People[4].Holder = fresh // lost its disk
				sw := &swapped{Holder: s.People[1].Holder, bad: blobtest.Liar(s.People[1].Holder)}
				s.People[1].Holder = sw
				if !file {
					s.File = nil
				}
				checks := mustVerify(t, s, swarm.VerifyOptions{})
				if checks[4].State != swarm.Missing || checks[1].State != swarm.Damaged {
					t.Fatalf("%+v", checks)
				}
				report, err := swarm.Heal(t.Context(), s, checks, oneWorker)
				if err != nil || len(report.Placed) != 2 || report.Placed[4] != did(4) || report.Placed[1] != did(1) ||
					len(report.Missing)+len(report.Failed) > 0 {
					t.Fatalf("%v: %+v", err, report)
				}
				wantStates(t, mustVerify(t, s, swarm.VerifyOptions{}), -1, 0)
			})
		})
	}
}

// Where others' shares are false, slow or gone, healing takes those of the next, and says whose they were.
func TestHealPastBadSources(t *testing.T) {
	f := newFilm(t, 3<<20, 3, 7)
	synctest.Test(t, func(t *testing.T) {
		crowd := newCrowd(7)
		s := f.spread(t, crowd.people)
		s.File = nil
		s.People[6].Holder = (&blobtest.Memory{}).For(owner())
		checks := mustVerify(t, s, swarm.VerifyOptions{})
		checks[0].Holder = blobtest.Liar(checks[0].Holder)
		checks[1].Holder = blobtest.Mute(checks[1].Holder)
		checks[2].Holder = blobtest.Gone(checks[2].Holder)
		report, err := swarm.Heal(t.Context(), s, checks, oneWorker)
		if err != nil || report.Placed[6] != did(6) || len(report.Missing) > 0 || len(report.Failed) != 3 {
			t.Fatalf("%v: %+v", err, report)
		}
		for _, e := range report.Failed {
			want := map[int]error{0: swarm.ErrFalse, 1: swarm.ErrSilent, 2: blobtest.ErrGone}[e.Index]
			if !errors.Is(e, want) || e.Holder != did(e.Index) {
				t.Error(e)
			}
		}
		wantStates(t, mustVerify(t, s, swarm.VerifyOptions{}), -1, 0)

		s.People[6].Holder = (&blobtest.Memory{}).For(owner())
		checks = mustVerify(t, s, swarm.VerifyOptions{})
		for i := range 4 {
			checks[i].Holder = blobtest.Liar(checks[i].Holder)
		}
		report, err = swarm.Heal(t.Context(), s, checks, oneWorker)
		e, ok := errors.AsType[*blobstore.NotEnoughSharesError](err)
		if !ok || e.Got != 2 || len(e.Failed) != 4 || len(report.Missing) != 1 {
			t.Errorf("%v: %+v", err, report)
		}
	})
}

// Who does not take the share is named.
func TestHealNamesWhoRefuses(t *testing.T) {
	f := newFilm(t, 2<<20, 3, 5)
	for name, c := range map[string]struct {
		make func(blobstore.Holder) blobstore.Holder
		want error
	}{
		"full":    {blobtest.Full, blobstore.ErrFull},
		"misread": {func(h blobstore.Holder) blobstore.Holder { return &misreading{h} }, blobstore.ErrRoot},
		"forgets": {func(h blobstore.Holder) blobstore.Holder {
			return &sleepy{Holder: h, decides: 1, outcomes: []blobstore.Outcome{{}}}
		}, fs.ErrNotExist},
		"mute":    {func(h blobstore.Holder) blobstore.Holder { return blobtest.Mute(h) }, swarm.ErrSilent},
		"frozen":  {func(h blobstore.Holder) blobstore.Holder { return &throttled{h, 1e-3} }, swarm.ErrSilent},
		"denying": {func(h blobstore.Holder) blobstore.Holder { return blobtest.Gone(h) }, blobtest.ErrGone},
	} {
		for _, file := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := f.spread(t, newCrowd(5).people)
					if !file {
						s.File = nil
					}
					s.People[3].Holder = (&blobtest.Memory{}).For(owner())
					checks := mustVerify(t, s, swarm.VerifyOptions{})
					checks[3].Holder = c.make(checks[3].Holder)
					report, err := swarm.Heal(t.Context(), s, checks, swarm.SendOptions{Buffer: 1 << 16, Workers: 1})
					if err != nil || len(report.Missing) != 1 || len(report.Failed) != 1 || !errors.Is(report.Failed[0], c.want) {
						t.Errorf("%v: %+v", err, report)
					}
				})
			})
		}
	}
}

// stubborn has a damaged share for others, too.
type stubborn struct{ blobstore.Holder }

func (stubborn) Delete(context.Context, []blobstore.ShareName) error { return nil }

func TestHealWhereADamagedShareStays(t *testing.T) {
	f := newFilm(t, 1<<20, 3, 5)
	synctest.Test(t, func(t *testing.T) {
		s := f.spread(t, newCrowd(5).people)
		honest := s.People[1].Holder
		s.People[1].Holder = blobtest.Liar(honest)
		checks := mustVerify(t, s, swarm.VerifyOptions{})
		checks[1].Holder = stubborn{honest}
		report, err := swarm.Heal(t.Context(), s, checks, swarm.SendOptions{})
		if err != nil || len(report.Missing) != 1 || len(report.Failed) != 1 || !errors.Is(report.Failed[0], swarm.ErrDamaged) {
			t.Errorf("%v: %+v", err, report)
		}
	})
}

// A byte flipped in a share on a holder's disk is seen by the ordinary verify, and healed in place.
func TestHealAFlippedByteOnADisk(t *testing.T) {
	f := newFilm(t, 2<<20, 3, 5)
	for _, file := range []bool{true, false} {
		stores, dirs := make([]blobstore.Holder, 5), make([]string, 5)
		for i := range stores {
			dirs[i] = filepath.Join(t.TempDir(), "shares")
			s, err := disk.Create(t.Context(), dirs[i], disk.Options{Limits: disk.Limits{Floor: -1}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			stores[i] = s.For(owner(), disk.NoLimit)
		}
		w := newTown(t, stores[:4], make([]street, 5))
		var people []swarm.Person
		for i := range stores {
			p := swarm.Person{DID: did(i), Holder: stores[i]} // the last one is this machine's
			if i < 4 {
				p.Holder = w.holder(i)
			}
			people = append(people, p)
		}
		s := f.spread(t, people)
		for _, bad := range []int{0, 1, 3, 4} {
			flip(t, dirs[bad], 12_345+100_000*bad)
			if !file {
				s.File = nil
			}
			whole := *s
			whole.File = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(f.plain)), nil }
			checks := mustVerify(t, &whole, swarm.VerifyOptions{Whole: true})
			want := swarm.Missing // a holder that finds out says so to nobody else
			if bad == 4 {
				want = swarm.Damaged
			}
			wantStates(t, checks, bad, want)
			report, err := swarm.Heal(t.Context(), s, checks, swarm.SendOptions{})
			if err != nil || len(report.Placed) != 1 || len(report.Missing)+len(report.Failed) > 0 {
				t.Fatalf("%v: %+v", err, report)
			}
			wantStates(t, mustVerify(t, &whole, swarm.VerifyOptions{Whole: true}), -1, 0)
		}
	}
}

// flip turns a bit of the only share below a folder.
func flip(t *testing.T, dir string, off int) {
	t.Helper()
	flipped := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".share") {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		flipped++
		b[off] ^= 1
		return os.WriteFile(path, b, 0o600)
	})
	if err != nil || flipped != 1 {
		t.Fatalf("%d shares flipped: %v", flipped, err)
	}
}
