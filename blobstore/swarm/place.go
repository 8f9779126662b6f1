package swarm

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// Candidate is a person who may take a share.
type Candidate struct {
	DID       radicle.DID
	Household string // people of one household lose their disks together; empty for nobody else's
	Free      int64  // bytes that are left of what they give; those with none are left out
}

// Rank returns whom the shares of an object go to, the first first: weighted rendezvous hashing on what they have free, one
// to a household before any gets a second (SWARM.md §2).
func Rank(l blobstore.Locator, people []Candidate) []Candidate {
	type scored struct {
		Candidate
		score float64
	}
	all := make([]scored, 0, len(people))
	for _, p := range people {
		if p.Free > 0 {
			all = append(all, scored{p, score(l.MID(p.DID), p.Free)})
		}
	}
	slices.SortFunc(all, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.score, a.score), slices.Compare(a.DID[:], b.DID[:]))
	})
	first, again := make([]Candidate, 0, len(all)), []Candidate(nil)
	seen := map[string]bool{}
	for _, s := range all {
		if h := s.Household; h != "" && seen[h] {
			again = append(again, s.Candidate)
			continue
		}
		seen[s.Household] = true
		first = append(first, s.Candidate)
	}
	return append(first, again...)
}

// score is larger for who is to be preferred; it is the larger of two with a chance in proportion to the weights.
func score(mid blobstore.MID, free int64) float64 {
	h := binary.BigEndian.Uint64(mid[:]) >> 11
	u := (float64(h) + 0.5) / (1 << 53)
	return -float64(free) / math.Log(u)
}
