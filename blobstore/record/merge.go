package record

import (
	"bytes"
	"cmp"
	"slices"
)

// merge returns what becomes of two records that one writer made of one object without knowing of each other (RECORD.md §9).
// The order does not matter, of three or more either, and merging again with one of them changes nothing.
func merge(a, b *Record) (*Record, error) {
	if comparePreferred(a, b) < 0 {
		a, b = b, a
	}
	if a.gen != b.gen || a.open != b.open || a.salt != b.salt {
		return a, nil // whole: with parts of the other the order would matter again
	}
	f := a.fields
	f.ext = uniteExtensions(a.ext, b.ext)
	if !f.open {
		f.wraps = unite(a.wraps, b.wraps)
		if b.k == f.k && compareLong(b.hints, f.hints) > 0 {
			f.hints = b.hints
		}
	}
	return build(f)
}

// comparePreferred orders by what stays: the greater.
func comparePreferred(a, b *Record) int {
	return cmp.Or(
		cmp.Compare(a.gen, b.gen),
		compareBools(a.open, b.open),
		bytes.Compare(a.salt[:], b.salt[:]),
		cmp.Compare(a.k, b.k),
		compareLong(a.manifest, b.manifest),
	)
}

// compareLong puts longer byte strings behind shorter ones.
func compareLong(a, b []byte) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), bytes.Compare(a, b))
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// unite returns the wraps of both, each once; of more than MaxWraps those of the highest epochs, and of those the greatest.
func unite(a, b []Wrap) []Wrap {
	all := slices.Concat(a, b)
	slices.SortFunc(all, func(x, y Wrap) int { return cmp.Or(cmp.Compare(y.Epoch, x.Epoch), compareWraps(y, x)) })
	all = slices.Compact(all)
	all = all[:min(len(all), MaxWraps)]
	slices.SortFunc(all, compareWraps)
	return all
}

// uniteExtensions returns the extensions of both; of one type the greater, of more than MaxExtensions those of the lowest
// types.
func uniteExtensions(a, b []extension) []extension {
	all := slices.Concat(a, b)
	slices.SortFunc(all, func(x, y extension) int {
		return cmp.Or(cmp.Compare(x.kind, y.kind), bytes.Compare(y.data, x.data))
	})
	all = slices.CompactFunc(all, func(x, y extension) bool { return x.kind == y.kind })
	return all[:min(len(all), MaxExtensions)]
}
