package objects

import (
	"slices"

	"radswarm/blobstore/swarm"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

// crowd is who could take shares at one moment.
type crowd struct {
	people     People
	candidates []Candidate
	friends    int // that count: a household is one
	households map[radicle.DID]string
}

func newCrowd(p People) *crowd {
	c := &crowd{people: p, candidates: p.Candidates(), households: map[radicle.DID]string{}}
	homes := map[string]bool{}
	for _, one := range c.candidates {
		c.households[one.DID] = one.Household
		if one.Free <= 0 || one.Household != "" && homes[one.Household] {
			continue
		}
		homes[one.Household] = true
		c.friends++
	}
	return c
}

// scheme returns how an object is coded for so many; zero for nobody.
func (c *crowd) scheme() swarm.Scheme {
	sum, known := 0.0, 0
	for _, one := range c.candidates {
		if one.Uptime >= 0 {
			sum, known = sum+one.Uptime, known+1
		}
	}
	uptime := 0.0
	if known > 0 {
		uptime = sum / float64(known)
	}
	return swarm.SchemeFor(c.friends, uptime)
}

// household returns whose disks somebody loses theirs with; empty for nobody else's.
func (c *crowd) household(did radicle.DID) string {
	home, known := c.households[did]
	if !known {
		home = c.people.Person(did).Household
		c.households[did] = home
	}
	return home
}

// ranked returns candidates as swarm wants them.
func (c *crowd) ranked() []swarm.Candidate {
	all := make([]swarm.Candidate, len(c.candidates))
	for i, one := range c.candidates {
		all[i] = one.Candidate
	}
	return all
}

// homes counts the shares of a coding by household, or by person where nobody shares theirs.
func (c *crowd) homes(r *row, k int) map[any]int {
	homes := map[any]int{}
	for _, s := range r.shares {
		if int(s.k) != k {
			continue
		}
		if home := c.household(s.at.Value()); home != "" {
			homes[home]++
		} else {
			homes[s.at]++
		}
	}
	return homes
}

// safety returns how safe a coding of an object is, of N shares by K.
func (c *crowd) safety(r *row, k, n int) control.Safety {
	s := control.Safety{K: k, N: n}
	if k == 0 {
		return s
	}
	homes := c.homes(r, k)
	var counts []int
	for _, count := range homes {
		counts = append(counts, count)
		s.Placed += count
	}
	slices.SortFunc(counts, func(a, b int) int { return b - a })
	s.People, s.Stored = len(homes), s.Placed >= k
	left := s.Placed
	for _, count := range counts {
		if left -= count; left < k {
			break
		}
		s.Spare++
	}
	s.Safe = s.Stored && s.People >= swarm.Safe(k, c.friends)
	s.Full = s.Placed >= n
	return s
}

// safetyOf returns how safe an object is by the coding that counts.
func (c *crowd) safetyOf(r *row) control.Safety { return c.safety(r, r.Coding.K, r.Coding.N) }

// meets reports whether an object is as safe as is required.
func meets(s control.Safety, require control.Requirement) bool {
	switch require {
	case control.Local:
		return true
	case control.Full:
		return s.Full && s.Safe
	}
	return s.Safe
}
