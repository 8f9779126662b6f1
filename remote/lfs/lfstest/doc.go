// Package lfstest has the real git-lfs for tests, in one pinned version and an old one, whatever the machine has installed. It is
// imported by tests only.
//
//	dir, err := lfstest.Tool() // a folder for PATH
//	if err != nil {
//		radtest.Missing(t, "git-lfs", err.Error())
//	}
//
// The first test that asks builds it with "go install" from the Go module proxy, which takes about a minute, once, and compares
// what it is made of with a hash that is written here. It is kept in RADSWARM_CACHE, by default /var/tmp/radswarm-cache-<uid>, beside
// Radicle's tools. Where that cannot be done there is an error, for
// radtest.Missing: the test is skipped, loudly, and fails with "git-lfs" in RADSWARM_REQUIRE.
package lfstest
