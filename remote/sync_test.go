package remote

import (
	"slices"
	"testing"

	"radswarm/radicle"
)

func nids(ns ...byte) []radicle.NID {
	var all []radicle.NID
	for _, n := range ns {
		all = append(all, radicle.NID{n})
	}
	return all
}

func TestWhomAPushWaitsFor(t *testing.T) {
	const me = 9
	for name, c := range map[string]struct {
		preferred, synced, waiting, connected []radicle.NID
		have                                  []radicle.NID // later
		over, reached                         bool
		toWait                                []radicle.NID
	}{
		"nobody":                  {over: true, reached: true},
		"one connected":           {waiting: nids(1, me), connected: nids(1), toWait: nids(1)},
		"one connected has it":    {waiting: nids(1), connected: nids(1), have: nids(1), toWait: nids(1), over: true, reached: true},
		"all offline":             {waiting: nids(1, 2), toWait: nids(1, 2), over: true},
		"one of two is connected": {waiting: nids(1, 2), connected: nids(2), have: nids(2), toWait: nids(1, 2), over: true},
		"three of five":           {waiting: nids(1, 2, 3, 4, 5), connected: nids(1, 2, 3, 4, 5), have: nids(1, 2, 3), toWait: nids(1, 2, 3, 4, 5), over: true, reached: true},
		"two of five":             {waiting: nids(1, 2, 3, 4, 5), connected: nids(1, 2, 3, 4, 5), have: nids(1, 2), toWait: nids(1, 2, 3, 4, 5)},
		"the preferred one":       {preferred: nids(7, me), waiting: nids(1, 2, 3, 4), connected: nids(1, 7), have: nids(7), toWait: nids(1, 2, 3, 4, 7), over: true, reached: true},
		"another than preferred":  {preferred: nids(7), waiting: nids(1, 2, 3, 4), connected: nids(1, 7), have: nids(1), toWait: nids(1, 2, 3, 4, 7)},
		"a preferred one had it":  {preferred: nids(7), synced: nids(7, me), waiting: nids(1), connected: nids(1), toWait: nids(1), over: true, reached: true},
	} {
		g := &goal{preferred: c.preferred, synced: c.synced, waiting: c.waiting}
		g.settle(radicle.NID{me}, c.connected)
		if !slices.Equal(g.waiting, c.toWait) {
			t.Errorf("%s: waits for %v", name, g.waiting)
		}
		if len(g.waiting) > 0 && (g.over(c.have) != c.over || g.reached(c.have) != c.reached) {
			t.Errorf("%s: over %v, reached %v", name, g.over(c.have), g.reached(c.have))
		}
	}
}

func TestPages(t *testing.T) {
	rid, err := radicle.ParseRID("rad:z42hL2jL4XNk6K8oHQaSWfMgCL7ji")
	if err != nil {
		t.Fatal(err)
	}
	got := page("https://app.example/nodes/$host/$rid$path", "seed.example", rid, "/patches/abc")
	if want := "https://app.example/nodes/seed.example/rad:z42hL2jL4XNk6K8oHQaSWfMgCL7ji/patches/abc"; got != want {
		t.Errorf("%s", got)
	}
}

func TestColours(t *testing.T) {
	for _, c := range []struct {
		env      map[string]string
		terminal bool
		want     bool
	}{
		{nil, true, false},
		{map[string]string{"TERM": "xterm"}, true, true},
		{map[string]string{"TERM": "xterm"}, false, false},
		{map[string]string{"TERM": "dumb"}, true, false},
		{map[string]string{"TERM": "dumb", "CLICOLOR": "1"}, true, true},
		{map[string]string{"TERM": "xterm", "CLICOLOR": "0"}, true, false},
		{map[string]string{"CLICOLOR_FORCE": "1"}, false, true},
		{map[string]string{"CLICOLOR_FORCE": "0"}, false, false},
		{map[string]string{"TERM": "xterm", "NO_COLOR": "1"}, true, false},
	} {
		env := func(key string) (string, bool) { v, ok := c.env[key]; return v, ok }
		if got := colourful(env, c.terminal); got != c.want {
			t.Errorf("%v, terminal %v: %v", c.env, c.terminal, got)
		}
	}
}
