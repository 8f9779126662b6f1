// Package proof holds the whole against what was promised of it: benchmarks beside the floors that no program can go below
// on the same machine in the same run, and faults done to real processes. It is tests only.
//
// A floor is what the processor must do for an object (its primitives, each by the fastest library here, over the number of
// cores) or what the disk must take in (the same files, written and synced by plain processes). Benchmarks print the time of
// the real thing over the larger of both, and never fail on time.
package proof
