package cmd_test

// The house: every package there may be, and what each may know of the others. DESIGN.md §3 has the reasons. The tables
// are the rules; imports_test.go holds the tree against them, and shows that they bite.

// Groups, so that the table below reads as the drawing does. A path is relative to the module; * stands for one element.
const (
	roots      = "radicle blobstore"
	formats    = "radicle/gitobj radicle/sshsig radicle/cjson radicle/identity radicle/sigrefs radicle/cob radicle/cob/patch"
	allRadicle = "radicle radicle/* radicle/cob/*"
	coding     = "blobstore/seal blobstore/erasure blobstore/share blobstore/manifest"
	middle     = "blobstore/net blobstore/disk blobstore/wire blobstore/record blobstore/keyring blobstore/friend blobstore/object"
	below      = "remote remote/* lfsagent lfsagent/* blobstore blobstore/* blobstore/net/p2p " + allRadicle
)

// A room is one package and the packages of ours that it may import.
type room struct{ path, uses string }

var house = []room{
	{"cmd", ""}, // this test
	{"cmd/rad-swarm", "cmd/internal/* " + below},
	{"cmd/git-remote-rad", "cmd/internal/* " + below},
	{"cmd/git-lfs-rad", "cmd/internal/* " + below},
	{"cmd/internal/command", "cmd/internal/* " + below},
	{"cmd/internal/app", "cmd/internal/* " + below},
	{"cmd/internal/daemon", "cmd/internal/* " + below},
	{"cmd/internal/build", ""},
	// Not in the design, which has all of it in app: people and connections, objects and jobs, repositories and readers.
	{"cmd/internal/peers", "cmd/internal/* " + below},
	{"cmd/internal/objects", "cmd/internal/* " + below},
	{"cmd/internal/repos", "cmd/internal/* " + below},
	{"cmd/internal/bigfiles", "cmd/internal/* " + below}, // not in the design: what the remote helper asks of the daemon
	{"cmd/internal/control", "cmd/internal/* " + below},
	{"cmd/internal/lab", "cmd/internal/* " + below},
	{"cmd/internal/ui", "cmd/internal/* " + below},
	{"cmd/internal/proof", "cmd/internal/* blobstore/blobtest blobstore/net/nettest " + below}, // not in the design: tests of the whole

	{"remote", "remote/lfs lfsagent blobstore " + allRadicle},
	{"remote/lfs", roots}, // not in the design: all of remote that is about LFS
	{"remote/lfs/lfstest", ""},
	{"lfsagent", roots},
	{"lfsagent/gitlfs", "lfsagent remote/lfs " + roots}, // remote/lfs: not in the design, which has git-lfs's packages in its place

	{"radicle", ""},
	{"radicle/gitobj", "radicle"}, // with cjson: not in the design, which lets the formats stand side by side
	{"radicle/cjson", "radicle"},
	{"radicle/sshsig", "radicle radicle/gitobj"}, // not in the design: what commits and collaborative objects are signed with
	{"radicle/history", "radicle"},               // not in the design: only packages below radicle run git
	{"radicle/identity", "radicle " + formats},
	{"radicle/sigrefs", "radicle " + formats},
	{"radicle/cob", "radicle " + formats},
	{"radicle/cob/patch", "radicle " + formats}, // not in the design: it needs identity, which needs cob
	{"radicle/profile", allRadicle},
	{"radicle/cobcache", allRadicle},
	{"radicle/storage", allRadicle},
	{"radicle/replicate", allRadicle},
	{"radicle/node", allRadicle},
	{"radicle/nodedb", allRadicle},
	{"radicle/golden", ""}, // not in the design: reads golden vectors, for the tests of both sides
	{"radicle/radtest", allRadicle},

	{"blobstore", "radicle"},
	{"blobstore/b3", ""}, // not in the design: what seal and share have in common
	{"blobstore/seal", "blobstore/b3 " + roots},
	{"blobstore/erasure", roots},
	{"blobstore/share", "blobstore/b3 " + roots},
	{"blobstore/manifest", roots},
	{"blobstore/object", coding + " " + middle + " " + roots},
	{"blobstore/keyring", coding + " " + middle + " " + roots},
	{"blobstore/record", coding + " " + middle + " " + roots},
	{"blobstore/wire", coding + " " + middle + " " + roots},
	{"blobstore/net", coding + " " + middle + " " + roots},
	{"blobstore/net/p2p", "blobstore/net blobstore/keyring " + roots}, // with nettest: not in the design; who needs streams links no libp2p
	{"blobstore/net/nettest", "blobstore/net blobstore/net/p2p blobstore/keyring " + roots},
	{"blobstore/disk", coding + " " + middle + " " + roots},
	{"blobstore/friend", coding + " " + middle + " " + roots},
	{"blobstore/holder", coding + " " + middle + " " + roots},
	{"blobstore/zone", coding + " " + middle + " " + roots},
	{"blobstore/swarm", coding + " " + middle + " " + roots},
	{"blobstore/gateway", coding + " " + middle + " " + roots},
	{"blobstore/blobtest", "blobstore/* " + roots},
}

// A fence keeps imports to the few packages that may have them. A path that ends in ... is a prefix.
type fence struct {
	what  string
	paths string
	only  string // packages of ours; none: tests only
	tests bool   // tests of other packages keep out too
}

var fences = []fence{
	{
		what: "libp2p", paths: "github.com/libp2p/... github.com/multiformats/go-multiaddr...",
		only: "blobstore/net/p2p", tests: true,
	},
	{what: "git-lfs", paths: "github.com/git-lfs/...", only: "lfsagent/gitlfs", tests: true},
	{
		what: "SQLite", paths: "modernc.org/sqlite... database/sql...",
		only: "blobstore/disk blobstore/friend radicle/nodedb radicle/cobcache",
	},
	// Who runs git; and of cmd/internal those that start a daemon, a lab or the system's opener.
	{
		what: "os/exec", paths: "os/exec",
		only: "radicle/* remote remote/* remote/lfs/lfstest lfsagent/gitlfs cmd/internal/command cmd/internal/control cmd/internal/daemon cmd/internal/lab",
	},
	{what: "lfsagent/gitlfs", paths: "radswarm/lfsagent/gitlfs", only: "cmd/rad-swarm cmd/internal/*"},
	{
		what: "blobstore", paths: "radswarm/blobstore...", // the tests of radicle/* stay without it too
		only: "blobstore blobstore/* blobstore/net/* remote remote/* lfsagent lfsagent/* cmd/* cmd/internal/*", tests: true,
	},
	{what: "test support", paths: "radswarm/radicle/golden radswarm/radicle/radtest radswarm/blobstore/blobtest radswarm/blobstore/net/nettest radswarm/remote/lfs/lfstest"},
}

// A vow is what packages that only compute never import themselves.
type vow struct{ who, never, why string }

var vows = []vow{
	{"radicle " + formats, "os os/exec net net/http syscall", "values and formats touch no file, socket or program"},
	{"blobstore", "os os/exec net net/http syscall", "the vocabulary does no I/O"},
	{"blobstore/record", "os os/exec net net/http syscall", "records are pure"},
	{"blobstore/wire", "net net/http", "the protocol has no sockets"},
}

// A ban is what a program must not contain, however far away it is imported. The libraries that the two small mains are
// made of are held to it as well.
type ban struct{ who, what, paths string }

const (
	libp2p = "github.com/libp2p/..."
	sqlite = "modernc.org/sqlite..."
	gogit  = "github.com/go-git/..."
	gitlfs = "github.com/git-lfs/... radswarm/lfsagent/gitlfs"
)

var bans = []ban{
	{"cmd/git-lfs-rad cmd/internal/control lfsagent", "libp2p", libp2p},
	{"cmd/git-lfs-rad cmd/internal/control lfsagent", "SQLite", sqlite},
	{"cmd/git-lfs-rad cmd/internal/control lfsagent", "go-git", gogit},
	{"cmd/git-lfs-rad cmd/internal/control lfsagent", "git-lfs", gitlfs},
	{"cmd/git-remote-rad remote", "libp2p", libp2p},
	{"cmd/git-remote-rad remote", "go-git", gogit},
	{"cmd/git-remote-rad remote", "git-lfs", gitlfs},
}
