package remote

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"slices"
	"strconv"
	"strings"

	"radswarm/radicle"
	"radswarm/radicle/node"
	"radswarm/radicle/nodedb"
	"radswarm/radicle/profile"
)

// replicas is how many seeds should have a push before it ends, if there are that many; Radicle's number.
const replicas = 3

// profileHints reports whether the person wants hints at all times.
func (s *session) profileHints() bool {
	_, set := s.Env("RAD_HINT")
	return set || s.profile.Config.Hints
}

func (s *session) wantsHints() bool { return s.options.hints || s.profileHints() }

// announce tells the node, if there is one, and waits until seeds have fetched. Whatever goes wrong, the push was successful.
func (s *session) announce(ctx context.Context, results []result) {
	seeding, err := s.isSeeding(ctx)
	if err != nil {
		return // nobody can say whether the person wants this
	}
	if !seeding {
		s.hintIfWanted(textNotSeeding)
		return
	}
	client := node.New(node.SocketPath(s.profile.Home.Dir(), s.Env))
	if running, err := client.Running(ctx); err != nil || !running {
		s.hintIfWanted(textOffline)
		s.hintIfWanted(textStartNode)
		return
	}
	synced, err := s.spread(ctx, client)
	if errors.Is(err, node.ErrNotRunning) {
		s.say.line("%s", s.say.paint(yellow, textStopped))
	}
	s.showPages(synced, results)
}

func (s *session) hintIfWanted(text string) {
	if s.wantsHints() {
		s.say.hint(text)
	}
}

// isSeeding reports whether the node is to spread the repository: the person's policy for it, else the default.
func (s *session) isSeeding(ctx context.Context) (bool, error) {
	policy, err := nodedb.OpenPolicies(s.profile.Home.Node()).Seeding(ctx, s.url.RID)
	if errors.Is(err, fs.ErrNotExist) {
		return s.profile.Config.Seeding.Default == "allow", nil
	}
	return policy.Allowed, err
}

// goal is whom a push waits for.
type goal struct {
	preferred []radicle.NID // that are not us
	synced    []radicle.NID // who had everything before
	waiting   []radicle.NID // who should have it: the others, preferred ones that nobody knows included
	connected []radicle.NID // those of waiting who can fetch now
}

// reached reports whether enough have it, by Radicle's rule: all preferred seeds, or as many as there should be replicas.
func (g *goal) reached(synced []radicle.NID) bool {
	have := func(nid radicle.NID) bool { return slices.Contains(synced, nid) || slices.Contains(g.synced, nid) }
	if len(g.preferred) > 0 && !slices.ContainsFunc(g.preferred, func(nid radicle.NID) bool { return !have(nid) }) {
		return true
	}
	return g.count(synced) >= min(replicas, len(g.waiting))
}

// count is how many have it.
func (g *goal) count(synced []radicle.NID) int {
	all := slices.Clone(g.synced)
	for _, nid := range synced {
		if !slices.Contains(all, nid) {
			all = append(all, nid)
		}
	}
	return len(all)
}

// over reports whether nobody is left to wait for.
func (g *goal) over(synced []radicle.NID) bool {
	return g.reached(synced) || !slices.ContainsFunc(g.connected, func(nid radicle.NID) bool { return !slices.Contains(synced, nid) })
}

// spread announces and waits, and returns who has the push.
func (s *session) spread(ctx context.Context, client *node.Client) ([]radicle.NID, error) {
	g, err := s.goal(ctx, client)
	if err != nil {
		return nil, err
	}
	number := func(n int) string { return s.say.paint(green, strconv.Itoa(n)) }
	switch {
	case len(g.synced) == 0 && len(g.waiting) == 0:
		s.say.line("%s", s.say.paint(yellow, sprintSeeds(s.url.RID)))
		return nil, nil
	case len(g.waiting) == 0 || g.reached(nil):
		s.say.line(textInSync, s.say.success(), number(len(g.synced)))
		return nil, nil
	}
	s.say.meanwhile(textFound, len(g.waiting))
	done, err := client.AnnounceAndWait(ctx, s.url.RID, node.AnnounceOptions{
		Namespaces: []radicle.NID{s.profile.NID}, Enough: g.over,
	})
	s.say.noMore()
	if err != nil && !errors.Is(err, context.Canceled) {
		return nil, err
	}
	if n := g.count(done.Synced); n > 0 || len(g.connected) > 0 {
		s.say.line(textSynced, s.say.success(), number(n))
	} else {
		s.say.line(textSyncedNot, s.say.paint(yellow, "!"), number(n), len(g.waiting))
	}
	return append(slices.Clone(g.synced), done.Synced...), nil
}

// goal asks the node who should have the repository.
func (s *session) goal(ctx context.Context, client *node.Client) (*goal, error) {
	doc, err := s.document()
	if err != nil {
		return nil, err
	}
	seeds, err := client.Seeds(ctx, s.url.RID, s.profile.NID)
	if err != nil {
		return nil, err
	}
	sessions, err := client.Sessions(ctx)
	if err != nil {
		return nil, err
	}
	g := &goal{}
	connected := connectedTo(sessions)
	if doc.Visibility().Private {
		g.private(doc.Members(), connected)
	} else {
		g.public(s.profile.Config.PreferredSeeds, seeds)
	}
	g.settle(s.profile.NID, connected)
	return g, nil
}

func connectedTo(sessions []node.Session) (connected []radicle.NID) {
	for _, session := range sessions {
		if session.State.Phase == node.Connected {
			connected = append(connected, session.NID)
		}
	}
	return connected
}

// private is for those who may have the repository, and are there.
func (g *goal) private(members []radicle.DID, connected []radicle.NID) {
	for _, did := range members {
		if nid := did.NID(); slices.Contains(connected, nid) {
			g.preferred = append(g.preferred, nid)
		}
	}
}

// public is for the preferred seeds, and for all that have the repository.
func (g *goal) public(preferred []profile.PeerAddr, seeds []node.Seed) {
	for _, p := range preferred {
		g.preferred = append(g.preferred, p.NID)
	}
	for _, seed := range seeds {
		if seed.Sync != nil && seed.Sync.Status == node.Synced {
			g.synced = append(g.synced, seed.NID)
		} else {
			g.waiting = append(g.waiting, seed.NID)
		}
	}
}

// settle takes ourselves out, and makes the lists agree with each other.
func (g *goal) settle(own radicle.NID, connected []radicle.NID) {
	g.waiting = append(g.waiting, g.preferred...)
	for _, l := range []*[]radicle.NID{&g.preferred, &g.synced, &g.waiting} {
		slices.SortFunc(*l, radicle.NID.Compare)
		*l = slices.DeleteFunc(slices.Compact(*l), func(nid radicle.NID) bool { return nid == own })
	}
	g.waiting = slices.DeleteFunc(g.waiting, func(nid radicle.NID) bool { return slices.Contains(g.synced, nid) })
	for _, nid := range g.waiting {
		if slices.Contains(connected, nid) {
			g.connected = append(g.connected, nid)
		}
	}
}

func sprintSeeds(rid radicle.RID) string { return strings.Replace(textNoSeeds, "%v", rid.String(), 1) }

// showPages prints where the push can be looked at: at the first preferred seed that has it.
func (s *session) showPages(synced []radicle.NID, results []result) {
	at := slices.IndexFunc(s.profile.Config.PreferredSeeds, func(p profile.PeerAddr) bool { return slices.Contains(synced, p.NID) })
	if at < 0 {
		return
	}
	host, _, err := net.SplitHostPort(s.profile.Config.PreferredSeeds[at].Addr)
	if err != nil {
		host = s.profile.Config.PreferredSeeds[at].Addr
	}
	var pages []string
	for _, r := range results {
		if r.err == nil && r.resource != "" {
			pages = append(pages, page(s.profile.Config.PublicExplorer, host, s.url.RID, r.resource))
		}
	}
	if len(pages) == 0 {
		return
	}
	s.say.line("")
	for _, p := range pages {
		s.say.line("  %s", s.say.paint(dim, p))
	}
	s.say.line("")
}

// page is the address of something in a repository.
func page(template, host string, rid radicle.RID, path string) string {
	return strings.NewReplacer("$host", host, "$rid", rid.String(), "$path", path).Replace(template)
}
