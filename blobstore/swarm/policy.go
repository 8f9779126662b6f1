package swarm

// Bounds of the policy (SWARM.md §1).
const (
	manyFriends = 20  // from here on K = 10 is worth it, if they are there often enough
	goodUptime  = 0.5 // K/N = 1/3 needs it: below, more and smaller shares are worse than fewer
)

// Scheme is how many of how many shares bring an object back.
type Scheme struct{ K, N int }

// SchemeFor returns the scheme for this many friends with room, who are there for this part of the time, 0 … 1, on average
// (SWARM.md §1). It is zero for none.
func SchemeFor(friends int, uptime float64) Scheme {
	switch f := friends; {
	case f <= 0:
		return Scheme{}
	case f == 1:
		return Scheme{1, 1}
	case f == 2:
		return Scheme{1, 2}
	case f <= 4:
		return Scheme{2, f}
	case f < 10:
		return Scheme{3, f}
	case f >= manyFriends && uptime >= goodUptime:
		return Scheme{10, min(f, 30)}
	}
	return Scheme{3, 10}
}

// Safe returns with how many different people shares must be before an object is safe, where it is coded with K and there
// are this many friends: one more than brings it back, if there are so many and one of them may still vanish.
func Safe(k, friends int) int { return max(k, min(k+1, friends-1)) }

// Available returns the chance that an object opens, of which each of these friends has one share and is there for its part
// of the time, 0 … 1, independently of the others: that at least k of them are.
func Available(k int, uptimes []float64) float64 {
	there := make([]float64, k+1) // chance that so many are there; the last: so many or more
	there[0] = 1
	for _, p := range uptimes {
		if k > 0 {
			there[k] += there[k-1] * p
		}
		for n := k - 1; n > 0; n-- {
			there[n] = there[n]*(1-p) + there[n-1]*p
		}
		if k > 0 {
			there[0] *= 1 - p
		}
	}
	return there[k]
}
