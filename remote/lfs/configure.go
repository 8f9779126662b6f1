package lfs

import (
	"context"
	"errors"
	"io/fs"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"radswarm/radicle"
)

// Agent is the command of the Git LFS transfer agent.
const Agent = "git-lfs-rad"

// The keys of git-lfs.md §2.4. Those of a remote begin with remote.<name>.
const (
	keyPath        = "lfs.customtransfer.rad.path"
	keyConcurrent  = "lfs.customtransfer.rad.concurrent"
	keyAgent       = "lfs.rad::.standalonetransferagent"
	keyTransfers   = "lfs.concurrenttransfers"
	keyBatch       = "lfs.transfer.batchsize"
	keyWrote       = "swarm.wrote" // key=value that we wrote and that somebody else might have written
	varLFSURL      = "lfsurl"
	varPushURL     = "pushurl"
	varWrotePush   = "swarmwrote" // the pushurl that we wrote: beside it, so that it follows a remote's new name
	filterProcess  = "filter.lfs.process"
	filterClean    = "filter.lfs.clean"
	filterSmudge   = "filter.lfs.smudge"
	filterRequired = "filter.lfs.required"
)

// A setting is a key and its value.
type setting struct{ key, value string }

// always are the keys that say how our agent is started. They start it for rad:: endpoints only, which no other remote has.
var always = []setting{{keyPath, Agent}, {keyConcurrent, "true"}, {keyAgent, "rad"}}

// wide are the keys that cannot be confined to a remote: only where all remotes are ours. 100 objects a batch are a barrier each, and
// 16 agents wait for friends in parallel (git-lfs.md §1.9).
var wide = []setting{{keyTransfers, "16"}, {keyBatch, "1000"}}

// filters are what "git lfs install" writes.
var filters = []setting{
	{filterProcess, "git-lfs filter-process"},
	{filterClean, "git-lfs clean -- %f"},
	{filterSmudge, "git-lfs smudge -- %f"},
	{filterRequired, "true"},
}

// Remote is the remote for which git started the helper.
type Remote struct {
	Name    string      // git's first argument to the helper
	URL     string      // its second; equal to Name if there is no remote
	RID     radicle.RID // the repository that URL names
	NID     radicle.NID // of the key with which we push; zero for none
	Cloning bool        // git said "option cloning true"
}

// Configure makes the repository's own configuration what git-lfs needs for the remote (git-lfs.md §2.4), and says what stands in
// the way. Nothing is written if nothing is missing, for a URL in place of a remote, and for a remote that only "git -c" knows.
// What somebody has set to another value stays, and is a warning where it sends objects elsewhere. With Cloning and a NID it adds
// the remote's pushurl, and the filters of git-lfs if that is installed and nobody has set any.
//
// All is written at once, or nothing, without a git process unless values change. Where the file is locked, cannot be written, or
// changed since it was read or has more than 1 MiB, it stays as it is, without an error: the next helper tries again. A process that
// is killed in the instant in which it renames leaves config.lock behind, as git itself does; one that is killed before, a file
// config.swarm-… that nobody reads. A second call needs a Config that was read again.
func (c *Config) Configure(ctx context.Context, remote Remote) ([]Warning, error) {
	if !c.configurable(remote) {
		return nil, nil
	}
	warnings, err := c.Conflicts(ctx, remote)
	if err != nil {
		return nil, err
	}
	return warnings, quietly(c.write(ctx, c.missing(remote)))
}

// configurable reports whether remote is one of the repository's.
func (c *Config) configurable(remote Remote) bool {
	if remote.Name == remote.URL || remote.Name == "" || remote.RID.IsZero() || strings.ContainsAny(remote.Name, "\n\x00") {
		return false
	}
	_, ok := c.lasting("remote." + remote.Name + ".url")
	return ok
}

// missing compares what there is with what there should be.
func (c *Config) missing(remote Remote) change {
	var ch change
	for _, s := range always {
		c.addMissing(&ch, s)
	}
	c.endpoint(&ch, remote)
	if remote.Cloning {
		c.cloning(&ch, remote)
	}
	c.widen(&ch, remote)
	return ch
}

// addMissing adds a key that nobody has set, and reports whether it does.
func (c *Config) addMissing(ch *change, s setting) bool {
	_, ok := c.lasting(s.key)
	if !ok {
		ch.add = append(ch.add, s)
	}
	return !ok
}

// endpoint sets the remote's lfsurl, anew if it names another repository than the remote does now.
func (c *Config) endpoint(ch *change, remote Remote) {
	want := setting{"remote." + remote.Name + "." + varLFSURL, endpointOf(remote.RID)}
	if got, ok := c.lasting(want.key); ok && got != want.value && isOurs(got) {
		ch.replace = append(ch.replace, want)
		return
	}
	c.addMissing(ch, want)
}

// cloning adds what a clone lacks for the push and the checkout that follow.
func (c *Config) cloning(ch *change, remote Remote) {
	prefix := "remote." + remote.Name + "."
	if !remote.NID.IsZero() {
		url := "rad://" + remote.RID.Canonical() + "/" + remote.NID.String()
		if c.addMissing(ch, setting{prefix + varPushURL, url}) {
			ch.add = append(ch.add, setting{prefix + varWrotePush, url})
		}
	}
	if c.anySet(filters) || !installed("git-lfs") {
		return
	}
	for _, s := range filters {
		c.addMarked(ch, s)
	}
}

// addMarked adds a setting that somebody else might have written too, and a note that it was us.
func (c *Config) addMarked(ch *change, s setting) {
	mark := setting{keyWrote, s.key + "=" + s.value}
	if c.addMissing(ch, s) && !slices.Contains(c.own(mark.key), mark.value) {
		ch.marks = append(ch.marks, mark)
	}
}

// widen sets the keys for all remotes, or takes them back when another kind of remote has come.
func (c *Config) widen(ch *change, remote Remote) {
	if c.onlyRad() {
		for _, s := range wide {
			c.addMarked(ch, s)
		}
		return
	}
	for _, s := range wide {
		c.takeBack(ch, s)
	}
}

// takeBack removes a setting that we wrote, unless it was changed since.
func (c *Config) takeBack(ch *change, s setting) {
	mark := setting{keyWrote, s.key + "=" + s.value}
	if slices.Contains(c.own(mark.key), mark.value) {
		ch.remove = append(ch.remove, mark, s)
	}
}

// onlyRad reports whether all that git-lfs might talk to is reached through our agent.
func (c *Config) onlyRad() bool {
	for _, e := range c.entries {
		_, variable, ok := remoteKey(e.key)
		switch {
		case e.key == "lfs.url", e.key == "lfs.pushurl":
		case ok && (variable == "url" || variable == varPushURL || variable == varLFSURL || variable == "lfspushurl"):
		default:
			continue
		}
		if e.scope != "command" && !strings.HasPrefix(e.value, "rad:") {
			return false
		}
	}
	return true
}

func (c *Config) anySet(settings []setting) bool {
	return slices.ContainsFunc(settings, func(s setting) bool {
		_, ok := c.Get(s.key)
		return ok
	})
}

// attempts is how often Unconfigure starts again when somebody else writes to the file.
const attempts = 3

// Unconfigure takes back what [Config.Configure] wrote, in all remotes. What was changed since stays, and so does what others had
// written before. It needs the file to be writable; a lock that is held is an error that wraps [fs.ErrExist].
func (r Repo) Unconfigure(ctx context.Context) error {
	for range attempts {
		c, err := r.ReadConfig(ctx)
		if err != nil {
			return err
		}
		if err = c.write(ctx, c.written()); !errors.Is(err, errChanged) {
			return err
		}
	}
	return errChanged
}

// written is the change that takes everything back.
func (c *Config) written() change {
	var ch change
	for _, s := range always {
		if slices.Contains(c.own(s.key), s.value) {
			ch.remove = append(ch.remove, s)
		}
	}
	for _, s := range slices.Concat(wide, filters) {
		c.takeBack(&ch, s)
	}
	for _, e := range c.entries {
		name, variable, ok := remoteKey(e.key)
		if !ok || e.scope != "local" {
			continue
		}
		switch s := (setting{e.key, e.value}); {
		case variable == varLFSURL && isOurs(e.value):
			ch.remove = append(ch.remove, s)
		case variable == varWrotePush:
			ch.remove = append(ch.remove, s, setting{"remote." + name + "." + varPushURL, e.value})
		}
	}
	return ch
}

// endpointOf is the LFS endpoint of a repository, which git-lfs passes on unchanged (git-lfs.md §2.1).
func endpointOf(rid radicle.RID) string { return "rad::" + rid.Canonical() }

// isOurs reports whether an endpoint has the form that we write.
func isOurs(endpoint string) bool {
	text, ok := strings.CutPrefix(endpoint, "rad::")
	rid, err := radicle.ParseRID(text)
	return ok && err == nil && endpointOf(rid) == endpoint
}

func installed(name string) bool {
	_, err := exec.LookPath(name)
	return err == nil
}

// quietly passes over what keeps a file from being written that is no fault: somebody else's lock, a repository that is read-only, a
// file that is too large to be written anew.
func quietly(err error) error {
	for _, silent := range []error{fs.ErrExist, fs.ErrPermission, syscall.EROFS, errChanged, ErrTooLarge} {
		if errors.Is(err, silent) {
			return nil
		}
	}
	return err
}
