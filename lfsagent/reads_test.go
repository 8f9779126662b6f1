package lfsagent

import (
	"strings"
	"testing"
)

var patchText = strings.Repeat("ab", 20)

// Each test has git's settings and those of .lfsconfig, and what is read by a remote on a branch: NID, PATCH, both, or nothing.
func TestReads(t *testing.T) {
	follows := "branch.film.remote=rad branch.film.merge=refs/heads/patches/" + patchText
	tests := []struct{ name, git, carried, remote, branch, want string }{
		{"a repository", "remote.rad.url=rad://HERE", "", "rad", "", ""},
		{"a namespace", "remote.bo.url=rad://HERE/NID", "", "bo", "", "NID"},
		{"beside what the helper writes", "remote.bo.url=rad://HERE/NID remote.bo.lfsurl=rad::HERE", "", "bo", "", "NID"},
		{"of another repository", "remote.bo.url=rad://OTHER/NID remote.bo.lfsurl=rad::HERE", "", "bo", "", ""},
		{"of another remote", "remote.rad.url=rad://HERE remote.bo.url=rad://HERE/NID", "", "rad", "", ""},
		{"of pushes", "remote.rad.url=rad://HERE remote.rad.pushurl=rad://HERE/NID", "", "rad", "", ""},
		{"for all remotes", "lfs.url=rad::HERE/NID remote.rad.url=rad://HERE", "", "rad", "", "NID"},
		{"in short", "remote.bo.url=r:HERE/NID url.rad://.insteadof=r:", "", "bo", "", "NID"},
		{"that is none", "remote.bo.url=rad://HERE/NIDx", "", "bo", "", ""},

		{"carried", "remote.rad.url=rad://HERE", "lfs.url=rad::HERE/NID remote.rad.lfsurl=rad::HERE/NID", "rad", "", ""},
		{"a carried remote", "", "remote.rad.url=rad://HERE/NID", "rad", "", ""},
		{"a carried branch", "remote.rad.url=rad://HERE", follows, "rad", "refs/heads/film", ""},

		{"a patch", "remote.rad.url=rad://HERE " + follows, "", "rad", "refs/heads/film", "PATCH"},
		{"a patch by a namespace", "remote.rad.url=rad://HERE/NID " + follows, "", "rad", "refs/heads/film", "NID PATCH"},
		{"another branch", "remote.rad.url=rad://HERE " + follows, "", "rad", "refs/heads/main", ""},
		{"no branch", "remote.rad.url=rad://HERE " + follows, "", "rad", "", ""},
		{"a tag of that name", "remote.rad.url=rad://HERE " + follows, "", "rad", "refs/tags/film", ""},
		{"a patch of another repository", "remote.rad.url=rad://OTHER " + follows, "", "rad", "refs/heads/film", ""},
		{"a patch that is none", "remote.rad.url=rad://HERE " + follows + "0", "", "rad", "refs/heads/film", ""},
		{
			"a branch of that name", "remote.rad.url=rad://HERE branch.x.remote=rad branch.x.merge=refs/heads/" + patchText, "",
			"rad", "refs/heads/x", "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rid := mustRID(t, ridText)
			s := Settings{settings(places.Replace(tt.git)), settings(places.Replace(tt.carried))}
			var got []string
			if nid := s.Namespace(tt.remote, rid); !nid.IsZero() {
				got = append(got, strings.ReplaceAll(nid.String(), nidText, "NID"))
			}
			if id := s.Patch(tt.branch, rid); !id.IsZero() {
				got = append(got, strings.ReplaceAll(id.String(), patchText, "PATCH"))
			}
			if text := strings.Join(got, " "); text != tt.want {
				t.Errorf("reads %q, want %q", text, tt.want)
			}
			if s.NamesPatches() != strings.Contains(tt.git, "patches/") {
				t.Errorf("names patches: %v", s.NamesPatches())
			}
		})
	}
}

// Who reads is told to the daemon, who writes is not.
func TestRepositoryReads(t *testing.T) {
	p := Place{Branch: "refs/heads/film", Settings: Settings{Git: settings(places.Replace(
		"remote.rad.url=rad://HERE/NID branch.film.remote=rad branch.film.merge=refs/heads/patches/" + patchText))}}
	for op, reads := range map[Operation]bool{Download: true, Upload: false} {
		r, err := p.repository(op, "rad")
		if err != nil || r.Namespace.IsZero() == reads || r.Patch.IsZero() == reads {
			t.Errorf("%s: %+v, %v", op, r, err)
		}
	}
}
