package keyring_test

import (
	"flag"
	"testing"
	"time"

	"radswarm/radicle"
	"radswarm/radicle/golden"
)

var update = flag.Bool("update", false, "write the vectors again from the generators")

type vector = golden.Vector

var set = golden.Set{
	Dir: "../../testdata/vectors/keyring",
	Kinds: []string{
		"label", "secret", "unlock", "device-key", "certificate", "certificates", "card", "cards", "envelope", "wrap",
	},
	Keys: []string{
		"about", "expect", "now", "lengths", "mode", "label",
		"seed", "signer", "salt", "salts", "salt-id", "signature", "secret", "domain", "card-seed",
		"did", "device", "number", "not-before", "not-after", "kem",
		"group-key", "key-id", "kind", "rid", "writer", "epoch", "oid", "size", "gen", "content-key",
	},
}

// nowOf is the time at which a vector is read.
func nowOf(tb testing.TB, v vector) time.Time {
	tb.Helper()
	return time.Unix(v.Int(tb, "now"), 0)
}

// signerOf is the key of the seed.
func signerOf(tb testing.TB, v vector) *radicle.MemorySigner {
	tb.Helper()
	return radicle.NewMemorySigner(v.Bytes32(tb, "seed"))
}

// Envelopes need randomness: a release of Go that draws it in another order makes others, which is no change of the format.
func TestVectorsAreWhatTheGeneratorsMake(t *testing.T) { set.Hold(t, generate(t), *update) }

func TestEveryClassHasAVector(t *testing.T) {
	set.CheckClasses(t, "KEYS.md", "## 13. ", len(classes())-2) // exists and absent are the file system's
}
