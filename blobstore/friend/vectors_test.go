package friend_test

import (
	"flag"
	"testing"
	"time"

	"radswarm/radicle/golden"
)

var update = flag.Bool("update", false, "write the vectors again from the generators")

type vector = golden.Vector

var set = golden.Set{
	Dir:   "../../testdata/vectors/friend",
	Kinds: []string{"address", "introduction", "revocation", "arrive", "invitation", "line"},
	Keys: []string{
		"about", "expect", "now", "lengths", "friends", "kind", "did", "device", "seed", "number", "id", "guest", "not-before",
		"not-after", "before", "until", "flags", "rid", "secret", "give", "name", "addresses",
	},
}

// nowOf is the time at which a vector is read.
func nowOf(tb testing.TB, v vector) time.Time {
	tb.Helper()
	return time.Unix(v.Int(tb, "now"), 0)
}

func TestVectorsAreWhatTheGeneratorsMake(t *testing.T) { set.Hold(t, generate(), *update) }

func TestEveryClassHasAVector(t *testing.T) { set.CheckClasses(t, "FRIEND.md", "## 8. ", 15) }
