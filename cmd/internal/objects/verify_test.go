package objects_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/cmd/internal/control"
)

// states counts what a verification found.
func states(v control.VerifiedObject) map[string]int {
	m := map[string]int{}
	for _, s := range v.Shares {
		m[s.State]++
	}
	return m
}

func (h *home) verify(ask control.Verify) control.VerifiedObject {
	h.t.Helper()
	out, err := h.Verify(h.t.Context(), ask, nil)
	if err != nil || len(out.Objects) != 1 {
		h.t.Fatalf("%+v, %v", out, err)
	}
	return out.Objects[0]
}

// An ordinary verification sees one byte that is another one, with the file and without, and heals it where it is.
func TestVerifySeesAByteAndHealsIt(t *testing.T) {
	for _, fileStays := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			h, f := newHome(t, newTown(5)), newFile(t, 2<<20, 1)
			h.mustPut(f, control.Full)
			if !fileStays {
				if err := os.Remove(f.path); err != nil {
					t.Fatal(err)
				}
			}
			if v := h.verify(control.Verify{}); !v.Whole || states(v)["held"] != 5 || !v.Safety.Full || v.Shares[0].Verified == nil {
				t.Fatalf("%+v", v)
			}
			h.again()
			if holding, err := h.Holding(t.Context(), f.OID, nil); err != nil || holding.Shares[4].Verified == nil {
				t.Errorf("%+v, %v", holding, err)
			}
			bad := h.town.all[0]
			bad.holder.Set(&flipped{Holder: bad.view()})
			if v := h.verify(control.Verify{}); !v.Whole || states(v)["damaged"] != 1 || v.Safety.Placed != 4 || v.Safety.Full {
				t.Fatalf("%+v", v)
			}
			h.close()
		})
	}
}

// flipped says of its shares what somebody would whose disk has another byte in them, until they are put again.
type flipped struct {
	blobstore.Holder
	healed bool
}

func (h *flipped) Hash(ctx context.Context, name blobstore.ShareName, nonce blobstore.Nonce) ([32]byte, error) {
	sum, err := h.Holder.Hash(ctx, name, nonce)
	if !h.healed {
		sum[0] ^= 1
	}
	return sum, err
}

func (h *flipped) Delete(ctx context.Context, names []blobstore.ShareName) error {
	h.healed = true
	return h.Holder.Delete(ctx, names)
}

func TestVerifyHeals(t *testing.T) {
	for _, fileStays := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			h, f := newHome(t, newTown(5)), newFile(t, 2<<20, 1)
			h.mustPut(f, control.Full)
			if !fileStays {
				if err := os.Remove(f.path); err != nil {
					t.Fatal(err)
				}
			}
			bad := h.town.all[0]
			bad.holder.Set(&flipped{Holder: bad.view()})
			empty := h.town.all[1]
			empty.store = &blobtest.Memory{}
			empty.holder.Set(empty.view())
			h.town.goAway(h.town.all[2])
			v := h.verify(control.Verify{Heal: true})
			if s := states(v); s["damaged"] != 1 || s["missing"] != 1 || s["unreachable"] != 1 || s["held"] != 2 {
				t.Fatalf("%+v", v)
			}
			healed := 0
			for _, s := range v.Shares {
				if s.Healed {
					healed++
				}
			}
			if healed != 2 {
				t.Errorf("file stays: %v, %d healed: %+v", fileStays, healed, v)
			}
			h.close()
		})
	}
}

// What one verification found missing, the next puts there again, also where it has to read the object back for that.
func TestVerifyHealsWhatWasFoundBefore(t *testing.T) {
	for _, missing := range []int{1, 2} {
		for _, fileStays := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				h, f := newHome(t, newTown(5)), newFile(t, 2<<20, 1)
				h.mustPut(f, control.Full)
				if !fileStays {
					if err := os.Remove(f.path); err != nil {
						t.Fatal(err)
					}
				}
				for _, empty := range h.town.all[1 : 1+missing] {
					empty.store = &blobtest.Memory{}
					empty.holder.Set(empty.view())
				}
				if v := h.verify(control.Verify{}); states(v)["missing"] != missing {
					t.Fatalf("%+v", v)
				}
				v := h.verify(control.Verify{Heal: true})
				if s := states(v); s["held"] != 5 || !v.Safety.Full {
					t.Errorf("%d missing, file stays: %v, %+v", missing, fileStays, v)
				}
				h.close()
			})
		}
	}
}

func TestVerifyWithoutEnoughShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := newHome(t, newTown(5)), newFile(t, 1<<20, 1)
		h.mustPut(f, control.Full)
		if err := os.Remove(f.path); err != nil {
			t.Fatal(err)
		}
		h.town.goAway(h.town.all[:3]...)
		var said heard
		out, err := h.Verify(t.Context(), control.Verify{}, said.tell)
		if err != nil || out.Objects[0].Whole || states(out.Objects[0])["unreachable"] != 3 || out.Objects[0].Safety.Stored {
			t.Errorf("%+v, %v", out, err)
		}
		if _, note := said.note("not every byte"); note == "" {
			t.Error("nothing is said")
		}
		h.close()
	})
}

func TestVerifyAnotherFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f, other := newHome(t, newTown(2)), newFile(t, 1<<20, 1), newFile(t, 1<<20, 2)
		h.mustPut(f, control.Full)
		_, err := h.Verify(t.Context(), control.Verify{OIDs: []blobstore.OID{f.OID}, Path: other.path}, nil)
		if e, ok := errors.AsType[*control.Error](err); !ok || e.Code != control.CodeConflict {
			t.Errorf("%v", err)
		}
		h.close()
	})
}

// What a download that was interrupted has written is used by the next.
func TestGetResumes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := newHome(t, newTown(3)), newFile(t, 4<<20, 1)
		h.mustPut(f, control.Full)
		to := filepath.Join(t.TempDir(), "back.mov")
		part := filepath.Join(filepath.Dir(to), ".radswarm-"+f.OID.String()+".part")
		if err := os.WriteFile(part, f.bytes[:3<<20], 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := h.Get(t.Context(), control.Get{OID: f.OID, To: to}, nil)
		if err != nil || out.Resumed < 2<<20 {
			t.Errorf("%+v, %v", out, err)
		}
		if got, err := os.ReadFile(to); err != nil || !bytes.Equal(got, f.bytes) {
			t.Errorf("other bytes: %v", err)
		}
		if _, err := os.Stat(part); !os.IsNotExist(err) {
			t.Errorf("the part is still there: %v", err)
		}
		if err := os.WriteFile(part, make([]byte, 3<<20), 0o644); err != nil { // not a beginning of it
			t.Fatal(err)
		}
		if _, err = h.Get(t.Context(), control.Get{OID: f.OID, To: to}, nil); err == nil {
			t.Error("the file was replaced")
		}
		out, err = h.Get(t.Context(), control.Get{OID: f.OID, To: to, Replace: true}, nil)
		if got, readErr := os.ReadFile(to); err != nil || readErr != nil || !bytes.Equal(got, f.bytes) || out.Resumed > 0 {
			t.Errorf("other bytes: %v, %v, %+v", err, readErr, out)
		}
		h.close()
	})
}

// Who lacks what for a download is named, and friends that are said to have nothing are asked.
func TestGetNamesWhoIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := newHome(t, newTown(4)), newFile(t, 1<<20, 1)
		h.mustPut(f, control.Full)
		h.town.goAway(h.town.all[0])
		h.town.all[1].holder.Set(blobtest.Mute(h.town.all[1].view()))
		h.mustGet(f)
		h.town.goAway(h.town.all[2])
		var said heard
		start := time.Now()
		_, err := h.Get(t.Context(), control.Get{OID: f.OID, To: filepath.Join(t.TempDir(), "x")}, said.tell)
		e, ok := errors.AsType[*control.Error](err)
		if !ok || e.Code != control.CodeMissing || !strings.Contains(e.Message, "bo (last seen") || !strings.Contains(e.Message, "cy (") {
			t.Errorf("%v", err)
		}
		if at, note := said.note("bo (last seen"); note == "" || at.Sub(start) > 5*time.Second {
			t.Errorf("told %q after %v", note, at.Sub(start))
		}
		_, err = h.Get(t.Context(), control.Get{OID: blobstore.OID{1}, To: filepath.Join(t.TempDir(), "x")}, nil)
		if e, ok := errors.AsType[*control.Error](err); !ok || e.Code != control.CodeNotFound {
			t.Errorf("%v", err)
		}
		h.close()
	})
}

// With nothing but the key, friends bring back what another machine stored, if its size is known.
func TestGetWithNothingButTheKey(t *testing.T) {
	for _, friends := range []int{1, 3, 10, 20} {
		synctest.Test(t, func(t *testing.T) {
			w := newTown(friends)
			h, f := newHome(t, w), newFile(t, 2<<20, 1)
			h.mustPut(f, control.Full)
			h.close()
			fresh := newHome(t, w)
			fresh.mustGet(f)
			if list := fresh.List().Objects; len(list) != 1 || !list[0].Full {
				t.Errorf("not taken into the index: %+v", list)
			}
			fresh.close()
		})
	}
}
