// Package radtest runs the real Radicle in tests: rad, radicle-node and git-remote-rad from their published crates, in homes with
// fixed keys and an environment that knows nothing of the machine it is on, with nodes on loopback ports and the network "test",
// which contacts nobody. It is imported by tests only. The configuration is that of Radicle's own tests.
//
//	ana := radtest.NewHome(t, radtest.Ana)           // made by radicle/profile
//	node := radtest.StartNode(t, ana)                // stopped at the end of the test; its log is shown if the test failed
//	dir := ana.Commit(t, "demo", "README", "hello")  // a working copy with a commit
//	rid := ana.Init(t, dir)                          // rad init
//
// Where the tools are not built, a test that needs them is skipped, and says so in the file that RADSWARM_SKIPPED names; with
// "radicle" in RADSWARM_REQUIRE it fails instead. `make radicle` builds them.
//
// A node that outlives its peer goes on to list it as connected for a minute, spins, and refuses it when it comes back: stop nodes
// with [Node.Stop], naming those that stay.
//
// The interop tests of the radicle packages are here too: they join all of them.
package radtest
