package radtest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"radswarm/radicle"
	"radswarm/radicle/cobcache"
	"radswarm/radicle/nodedb"
	"radswarm/radicle/profile"
)

// A Person has the same key in every test: 32 bytes of that value as seed. The first two are those of Radicle's own tests.
type Person byte

// The people of our examples.
const (
	Ana Person = 0xff
	Bo  Person = 0xfe
	Cy  Person = 0xfd
)

// Alias is the person's name.
func (p Person) Alias() radicle.Alias {
	switch p {
	case Ana:
		return "ana"
	case Bo:
		return "bo"
	case Cy:
		return "cy"
	}
	return radicle.Alias("person-" + strconv.Itoa(int(p)))
}

// Seed is the secret of the person's key.
func (p Person) Seed() [radicle.SeedSize]byte {
	return [radicle.SeedSize]byte(bytes.Repeat([]byte{byte(p)}, radicle.SeedSize))
}

// Signer signs as the person.
func (p Person) Signer() *radicle.MemorySigner { return radicle.NewMemorySigner(p.Seed()) }

// NID is the person's node.
func (p Person) NID() radicle.NID { return p.Signer().NID() }

// A Home is a person's Radicle home, in a short temporary directory, and a folder beside it for working copies. Its key file is not
// encrypted unless it was asked for.
type Home struct {
	profile.Home
	Person     Person
	Work       string // folder for working copies
	Passphrase string // of the key file; empty: none
	tools      string
	extra      []string // further environment
}

// NewHome makes a home as we make homes, configured for tests: nothing is contacted. It needs no tools until one is run.
func NewHome(t testing.TB, p Person) *Home {
	t.Helper()
	h := emptyHome(t, p)
	seed := p.Seed()
	if _, err := profile.Create(h.Home, profile.CreateOptions{Alias: p.Alias(), Seed: &seed}); err != nil {
		t.Fatal(err)
	}
	if err := nodedb.Create(t.Context(), h.Node(), p.NID(), p.Alias()); err != nil {
		t.Fatal(err)
	}
	if err := cobcache.Create(t.Context(), h.Cobs()); err != nil {
		t.Fatal(err)
	}
	h.Configure(t, "")
	return h
}

// AuthHome makes a home with rad auth, and leaves its configuration as it came. An empty passphrase is none.
func AuthHome(t testing.TB, p Person, passphrase string) *Home {
	t.Helper()
	h := emptyHome(t, p)
	h.tools = Tools(t)
	h.Passphrase = passphrase
	seed := fmt.Sprintf("%x", p.Seed())
	h.With("RAD_KEYGEN_SEED="+seed).Run(t, h.Work, "rad", "auth", "--alias", p.Alias().String())
	return h
}

func emptyHome(t testing.TB, p Person) *Home {
	t.Helper()
	dir := ShortDir(t)
	home, err := profile.NewHome(filepath.Join(dir, "home"))
	if err != nil {
		t.Fatal(err)
	}
	h := &Home{Home: home, Person: p, Work: filepath.Join(dir, "work")}
	if err := os.Mkdir(h.Work, 0o755); err != nil {
		t.Fatal(err)
	}
	return h
}

// Profile reads the home.
func (h *Home) Profile(t testing.TB) *profile.Profile {
	t.Helper()
	p, err := profile.Load(h.Home)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Configure writes the configuration of an isolated home: network "test", nobody to connect to. With listen, host:port, its node
// listens there and announces that.
func (h *Home) Configure(t testing.TB, listen string) {
	t.Helper()
	addrs := "[]"
	if listen != "" {
		addrs = fmt.Sprintf("[%q]", listen)
	}
	text := fmt.Sprintf(`{
  "preferredSeeds": [],
  "cli": { "hints": false },
  "node": {
    "alias": %q,
    "listen": %s,
    "externalAddresses": %s,
    "peers": { "type": "static" },
    "connect": [],
    "network": "test",
    "log": "DEBUG",
    "relay": "always",
    "seedingPolicy": { "default": "block" }
  }
}
`, h.Person.Alias(), addrs, addrs)
	if err := os.WriteFile(h.Config(), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// FixedDates are the variables that make everything Radicle and git write reproducible. Not for running nodes.
func FixedDates() []string {
	const date = "1671125284"
	return []string{"GIT_AUTHOR_DATE=" + date + " +0000", "GIT_COMMITTER_DATE=" + date, "RAD_LOCAL_TIME=" + date, "RAD_RNG_SEED=0"}
}

// With returns the home with further environment variables, each NAME=value.
func (h *Home) With(env ...string) *Home {
	other := *h
	other.extra = append(append([]string(nil), h.extra...), env...)
	return &other
}

// Env is the environment of programs that run for the home: nothing of the machine's but PATH, behind the tools.
func (h *Home) Env() []string {
	name := h.Person.Alias().String()
	return append([]string{
		"PATH=" + h.tools + string(os.PathListSeparator) + os.Getenv("PATH"),
		"HOME=" + h.Work,
		"TMPDIR=" + os.TempDir(),
		"LANG=C", "LC_ALL=C", "TZ=UTC", "EDITOR=true",
		"RAD_HOME=" + h.Dir(),
		"RAD_PASSPHRASE=" + h.Passphrase,
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=" + name, "GIT_AUTHOR_EMAIL=" + name + "@localhost",
		"GIT_COMMITTER_NAME=" + name, "GIT_COMMITTER_EMAIL=" + name + "@localhost",
	}, h.extra...)
}

// Lookup looks up a variable of [Home.Env].
func (h *Home) Lookup(key string) (value string, set bool) {
	for _, pair := range h.Env() {
		if k, v, _ := strings.Cut(pair, "="); k == key {
			value, set = v, true
		}
	}
	return value, set
}

// runTime is how long a program may take.
const runTime = 4 * time.Minute

// Try runs a program in dir without a terminal and returns what it printed, standard output and error together, without the last
// line feed.
func (h *Home) Try(t testing.TB, dir string, argv ...string) (string, error) {
	t.Helper()
	if h.tools == "" {
		h.tools = Tools(t)
	}
	ctx, cancel := context.WithTimeout(t.Context(), runTime)
	defer cancel()
	name := argv[0]
	if tool := filepath.Join(h.tools, name); exists(tool) {
		name = tool
	}
	cmd := exec.CommandContext(ctx, name, argv[1:]...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = dir, h.Env(), time.Second
	out, err := cmd.CombinedOutput()
	return strings.TrimSuffix(string(out), "\n"), err
}

// Run is [Home.Try]; the test ends if the program fails.
func (h *Home) Run(t testing.TB, dir string, argv ...string) string {
	t.Helper()
	out, err := h.Try(t, dir, argv...)
	if err != nil {
		t.Fatalf("%s: %s: %v\n%s", h.Person.Alias(), strings.Join(argv, " "), err, out)
	}
	return out
}

// Rad runs rad in dir.
func (h *Home) Rad(t testing.TB, dir string, args ...string) string {
	t.Helper()
	return h.Run(t, dir, append([]string{"rad"}, args...)...)
}

// Git runs git in dir.
func (h *Home) Git(t testing.TB, dir string, args ...string) string {
	t.Helper()
	return h.Run(t, dir, append([]string{"git"}, args...)...)
}

// Commit writes a file and commits it. A working copy that is not there, named by a path below [Home.Work], is made, with the branch
// master. It returns the folder of the working copy.
func (h *Home) Commit(t testing.TB, name, file, text string) (dir string) {
	t.Helper()
	dir = filepath.Join(h.Work, name)
	if filepath.IsAbs(name) {
		dir = name
	}
	if !exists(dir) {
		h.Git(t, h.Work, "init", "-q", "-b", "master", dir)
	}
	if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	h.Git(t, dir, "add", file)
	h.Git(t, dir, "commit", "-q", "-m", "Write "+file)
	return dir
}

// Init publishes a working copy as a public repository with rad init.
func (h *Home) Init(t testing.TB, dir string) radicle.RID {
	t.Helper()
	h.Rad(t, dir, "init", "--name", filepath.Base(dir), "--description", "test", "--default-branch", "master", "--public", "--no-confirm")
	rid, err := radicle.ParseRID(h.Rad(t, dir, "inspect", "--rid"))
	if err != nil {
		t.Fatal(err)
	}
	return rid
}

// Repository is the storage repository of a RID.
func (h *Home) Repository(rid radicle.RID) string { return filepath.Join(h.Storage(), rid.Canonical()) }

// Ref returns what a ref of a repository in storage points to, or nothing.
func (h *Home) Ref(t testing.TB, rid radicle.RID, ref string) string {
	t.Helper()
	out, err := h.Try(t, h.Repository(rid), "git", "rev-parse", "--verify", "-q", ref)
	if err != nil {
		return ""
	}
	return out
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
