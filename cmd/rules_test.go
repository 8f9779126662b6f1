package cmd_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRules shows that each sentence of the house bites. A graph is drawn one package a line: the package, what its code
// imports and, after a bar, what its tests import; ./ is ours.
func TestRules(t *testing.T) {
	const outside = "golang.org/x/crypto/ssh fmt"
	for _, test := range []struct{ name, graph, want string }{
		{"whatever goes down is fine", `
			./cmd/rad-swarm: ./cmd/internal/command ./lfsagent/gitlfs
			./cmd/internal/command: ./cmd/internal/app os/exec
			./cmd/internal/app: ./blobstore/swarm ./blobstore/holder ./radicle/storage ./remote ./blobstore/net/p2p
			./remote: ./radicle/storage ./blobstore ./lfsagent os/exec
			./lfsagent/gitlfs: ./lfsagent ./blobstore github.com/git-lfs/git-lfs/v3/lfs
			./radicle/storage: ./radicle/sigrefs ./radicle/gitobj os/exec | ./radicle/radtest
			./blobstore/swarm: ./blobstore/object ./blobstore/wire | ./blobstore/blobtest ./blobstore/holder
			./blobstore/object: ./blobstore/seal ./blobstore/share ./radicle
			./blobstore/net/p2p: github.com/libp2p/go-libp2p/p2p/net/swarm ` + outside, ""},

		{
			"a package nobody planned", "./blobstore/util: ./radicle",
			"blobstore/util is not in the house: put the code where it belongs, or give it a line in cmd/house_test.go",
		},
		{
			"a package at the top", "./internal/x:",
			"internal/x is not in the house: put the code where it belongs, or give it a line in cmd/house_test.go",
		},
		{
			"the module itself", "radswarm: fmt",
			"radswarm is not in the house: put the code where it belongs, or give it a line in cmd/house_test.go",
		},

		{"library imports command", "./remote: ./cmd/internal/ui", "remote imports cmd/internal/ui, which is not below it"},
		{"internal imports a main", "./cmd/internal/lab: ./cmd/rad-swarm", "cmd/internal/lab imports cmd/rad-swarm, which is not below it"},
		{"remote reaches into blobstore", "./remote: ./blobstore/swarm", "remote imports blobstore/swarm, which is not below it"},
		{
			"remote reaches into lfsagent", "./remote: ./lfsagent/gitlfs",
			"remote imports lfsagent/gitlfs, which is not below it\n" +
				"remote imports lfsagent/gitlfs: lfsagent/gitlfs is for cmd/rad-swarm cmd/internal/* only\n" +
				"remote links git-lfs: remote → lfsagent/gitlfs",
		},
		{"lfsagent reaches into radicle", "./lfsagent: ./radicle/profile", "lfsagent imports radicle/profile, which is not below it"},
		{"blobstore reaches into radicle", "./blobstore/record: ./radicle/gitobj", "blobstore/record imports radicle/gitobj, which is not below it"},
		{"the root of radicle is a leaf", "./radicle: ./radicle/gitobj", "radicle imports radicle/gitobj, which is not below it"},
		{"a format reaches storage", "./radicle/cob: ./radicle/storage", "radicle/cob imports radicle/storage, which is not below it"},
		{
			"radicle knows no blobstore", "./radicle/node: ./blobstore",
			"radicle/node imports blobstore, which is not below it\n" +
				"radicle/node imports blobstore: blobstore is for blobstore blobstore/* blobstore/net/* remote remote/* lfsagent lfsagent/* cmd/* cmd/internal/* only",
		},
		{
			"radicle's tests know no blobstore", "./radicle/node: | ./blobstore/disk",
			"a test of radicle/node imports blobstore/disk: blobstore is for blobstore blobstore/* blobstore/net/* remote remote/* lfsagent lfsagent/* cmd/* cmd/internal/* only",
		},

		{"seal does not know share", "./blobstore/seal: ./blobstore/share", "blobstore/seal imports blobstore/share, which is not below it"},
		{"share does not know object", "./blobstore/share: ./blobstore/object", "blobstore/share imports blobstore/object, which is not below it"},
		{"object does not know swarm", "./blobstore/object: ./blobstore/swarm", "blobstore/object imports blobstore/swarm, which is not below it"},
		{"disk does not know holder", "./blobstore/disk: ./blobstore/holder", "blobstore/disk imports blobstore/holder, which is not below it"},
		{"swarm does not know holder", "./blobstore/swarm: ./blobstore/holder", "blobstore/swarm imports blobstore/holder, which is not below it"},
		{"holder does not know swarm", "./blobstore/holder: ./blobstore/swarm", "blobstore/holder imports blobstore/swarm, which is not below it"},
		{"gateway does not know swarm", "./blobstore/gateway: ./blobstore/swarm", "blobstore/gateway imports blobstore/swarm, which is not below it"},
		{"the root of blobstore is a root", "./blobstore: ./blobstore/seal", "blobstore imports blobstore/seal, which is not below it"},

		{
			"libp2p outside net", "./blobstore/wire: github.com/libp2p/go-libp2p",
			"blobstore/wire imports github.com/libp2p/go-libp2p: libp2p is for blobstore/net/p2p only",
		},
		{
			"multiaddr outside net", "./blobstore/friend: github.com/multiformats/go-multiaddr",
			"blobstore/friend imports github.com/multiformats/go-multiaddr: libp2p is for blobstore/net/p2p only",
		},
		{
			"libp2p in a test", "./blobstore/swarm: | github.com/libp2p/go-libp2p",
			"a test of blobstore/swarm imports github.com/libp2p/go-libp2p: libp2p is for blobstore/net/p2p only",
		},
		{
			"git-lfs outside its package", "./cmd/internal/command: github.com/git-lfs/git-lfs/v3/config",
			"cmd/internal/command imports github.com/git-lfs/git-lfs/v3/config: git-lfs is for lfsagent/gitlfs only",
		},
		{
			"SQLite in a package without a database", "./radicle/storage: modernc.org/sqlite",
			"radicle/storage imports modernc.org/sqlite: SQLite is for blobstore/disk blobstore/friend radicle/nodedb radicle/cobcache only",
		},
		{
			"SQLite by its back door", "./blobstore/holder: database/sql",
			"blobstore/holder imports database/sql: SQLite is for blobstore/disk blobstore/friend radicle/nodedb radicle/cobcache only",
		},
		{"SQLite where it may be", "./blobstore/disk: modernc.org/sqlite\n./radicle/cobcache: database/sql", ""},
		{
			"a program run by blobstore", "./blobstore/disk: os/exec",
			"blobstore/disk imports os/exec: os/exec is for radicle/* remote remote/* remote/lfs/lfstest lfsagent/gitlfs " +
				"cmd/internal/command cmd/internal/control cmd/internal/daemon cmd/internal/lab only",
		},
		{"a program run by a test", "./blobstore/disk: | os/exec", ""},
		{
			"test support in a program", "./cmd/internal/lab: ./radicle/radtest",
			"cmd/internal/lab imports radicle/radtest: test support is for tests only",
		},
		{"test support in test support", "./blobstore/blobtest: ./blobstore/holder | ./blobstore/blobtest", ""},

		{"a format that opens files", "./radicle/identity: os", "radicle/identity imports os: values and formats touch no file, socket or program"},
		{"a format that runs git", "./radicle/sigrefs: os/exec", "radicle/sigrefs imports os/exec: values and formats touch no file, socket or program"},
		{"the vocabulary with a socket", "./blobstore: net", "blobstore imports net: the vocabulary does no I/O"},
		{"a record with a file", "./blobstore/record: os", "blobstore/record imports os: records are pure"},
		{"the protocol with a socket", "./blobstore/wire: net", "blobstore/wire imports net: the protocol has no sockets"},

		{
			"the agent links SQLite from afar", `
			./cmd/git-lfs-rad: ./cmd/internal/ui
			./cmd/internal/ui: ./blobstore/disk
			./blobstore/disk: modernc.org/sqlite`,
			"cmd/git-lfs-rad links SQLite: cmd/git-lfs-rad → cmd/internal/ui → blobstore/disk → modernc.org/sqlite",
		},
		{
			"the agent links libp2p", "./cmd/git-lfs-rad: ./blobstore/net/p2p\n./blobstore/net/p2p: github.com/libp2p/go-libp2p",
			"cmd/git-lfs-rad links libp2p: cmd/git-lfs-rad → blobstore/net/p2p → github.com/libp2p/go-libp2p",
		},
		{
			"the agent links go-git", "./cmd/git-lfs-rad: example.org/x\nexample.org/x: github.com/go-git/go-git/v5",
			"cmd/git-lfs-rad links go-git: cmd/git-lfs-rad → example.org/x → github.com/go-git/go-git/v5",
		},
		{
			"the agent links git-lfs", "./cmd/git-lfs-rad: example.org/x\nexample.org/x: github.com/git-lfs/wildmatch/v2",
			"cmd/git-lfs-rad links git-lfs: cmd/git-lfs-rad → example.org/x → github.com/git-lfs/wildmatch/v2",
		},
		{
			"the helper links libp2p", "./cmd/git-remote-rad: ./blobstore/net/p2p\n./blobstore/net/p2p: github.com/libp2p/go-libp2p",
			"cmd/git-remote-rad links libp2p: cmd/git-remote-rad → blobstore/net/p2p → github.com/libp2p/go-libp2p",
		},
		{
			"the helper's library links go-git", "./remote: ./radicle/storage\n./radicle/storage: github.com/go-git/go-git/v5/plumbing",
			"remote links go-git: remote → radicle/storage → github.com/go-git/go-git/v5/plumbing",
		},
		{
			"the helper links git-lfs", "./cmd/git-remote-rad: ./cmd/internal/app\n./cmd/internal/app: ./lfsagent/gitlfs",
			"cmd/git-remote-rad links git-lfs: cmd/git-remote-rad → cmd/internal/app → lfsagent/gitlfs",
		},
		{"the helper may link SQLite", "./cmd/git-remote-rad: ./radicle/cobcache\n./radicle/cobcache: modernc.org/sqlite", ""},
		{
			"the client of the daemon stays light", "./cmd/internal/control: ./radicle/nodedb\n./radicle/nodedb: modernc.org/sqlite",
			"cmd/internal/control links SQLite: cmd/internal/control → radicle/nodedb → modernc.org/sqlite",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := strings.Join(violations(draw(test.graph)), "\n")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
		})
	}
}

// draw makes a graph of the text that TestRules uses.
func draw(text string) graph {
	g := graph{code: map[string][]string{}, tests: map[string][]string{}}
	full := strings.NewReplacer("./", module+"/")
	for line := range strings.Lines(text) {
		name, imports, drawn := strings.Cut(strings.TrimSpace(line), ":")
		if !drawn {
			continue
		}
		code, tests, _ := strings.Cut(imports, "|")
		name = full.Replace(name)
		g.code[name] = strings.Fields(full.Replace(code))
		g.tests[name] = strings.Fields(full.Replace(tests))
	}
	return g
}

// TestHouse holds the tables to themselves: a room listed twice or a rule about a room that is not there never bites.
func TestHouse(t *testing.T) {
	listed := map[string]int{}
	var named []string
	for _, r := range house {
		listed[r.path]++
		named = append(named, strings.Fields(r.uses)...)
	}
	for _, f := range fences {
		named = append(named, strings.Fields(f.only)...)
	}
	for _, v := range vows {
		named = append(named, strings.Fields(v.who)...)
	}
	for _, b := range bans {
		named = append(named, strings.Fields(b.who)...)
	}
	for room, times := range listed {
		if times > 1 {
			t.Errorf("%s is listed %d times", room, times)
		}
	}
	for _, pattern := range slices.Compact(slices.Sorted(slices.Values(named))) {
		if len(roomsOf(pattern)) == 0 {
			t.Errorf("%s is named by a rule and is no room of the house", pattern)
		}
	}
}

// TestFloors tries every import that would go up or sideways, so that no single room has a door which the drawing lacks.
func TestFloors(t *testing.T) {
	const (
		mains   = "cmd/rad-swarm cmd/git-remote-rad cmd/git-lfs-rad"
		inner   = "cmd/internal/*"
		edges   = "remote lfsagent lfsagent/gitlfs"
		top     = "blobstore/swarm blobstore/holder blobstore/zone blobstore/gateway"
		disks   = "radicle/profile radicle/storage radicle/replicate radicle/node radicle/nodedb radicle/cobcache"
		support = "radicle/radtest blobstore/blobtest blobstore/net/nettest"
	)
	for _, shut := range []struct{ from, to string }{
		{mains, mains},
		{inner, mains},
		{inner, support},
		{edges, mains + " " + inner + " " + support},
		{"remote", "lfsagent/gitlfs blobstore/*"},
		{"lfsagent lfsagent/gitlfs", "remote radicle/* radicle/cob/* blobstore/*"},
		{"lfsagent", "lfsagent/gitlfs"},
		{"radicle radicle/* radicle/cob/*", mains + " " + inner + " " + edges + " blobstore blobstore/*"},
		{"radicle", "radicle/* radicle/cob/*"},
		{formats, disks + " " + support},
		{"radicle/gitobj radicle/cjson", formats},
		{disks, support},
		{"blobstore blobstore/*", mains + " " + inner + " " + edges + " radicle/* radicle/cob/*"},
		{"blobstore blobstore/b3", "blobstore/*"},
		{coding, coding + " " + middle + " " + top + " " + support},
		{middle, top + " " + support},
		{top, top + " " + support},
	} {
		for _, from := range roomsOf(shut.from) {
			for _, to := range roomsOf(shut.to) {
				if from != to && len(violations(draw("./"+from+": ./"+to))) == 0 {
					t.Errorf("%s may import %s", from, to)
				}
			}
		}
	}
}

// roomsOf lists the rooms that patterns name.
func roomsOf(patterns string) []string {
	var rooms []string
	for _, r := range house {
		if within(module+"/"+r.path, patterns) {
			rooms = append(rooms, r.path)
		}
	}
	return rooms
}
