package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/ui"
	"radswarm/lfsagent/gitlfs"
)

func doctorCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "doctor", Category: thisMachine,
		Usage: "look for what is wrong, and say what mends it",
		Description: `Looks at git, git-lfs and the programs beside this one, at settings, at the working copy, at the daemon, friends and the disk.
Ends with exit code 1 where something does not work.

Examples:

    rad swarm doctor
    rad swarm doctor --json`,
		Flags: []cli.Flag{&cli.BoolFlag{Name: "all", Usage: "also what is as it should be"}},
		Action: func(c *cli.Context) error {
			if err := none(c); err != nil {
				return err
			}
			return e.doctor(c.Context, c.Bool("all"))
		},
	}
}

// diagnosis is what was found.
type diagnosis struct {
	Findings []gitlfs.Finding `json:"findings"`
	Faults   int              `json:"faults"`
}

func (e *env) doctor(ctx context.Context, all bool) error {
	d := &diagnosis{Findings: gitlfs.Programs(ctx, os.Environ(), beside())}
	d.Findings = append(d.Findings, checkCopy(ctx)...)
	d.Findings = append(d.Findings, e.checkHome(ctx)...)
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, f := range d.Findings {
		if f.Grade == gitlfs.Fault {
			d.Faults++
		}
	}
	if err := e.ui.Result(d, func() error { return e.showDiagnosis(d, all) }); err != nil {
		return err
	}
	if d.Faults > 0 {
		return &ui.SilentError{Exit: ui.Failed}
	}
	return nil
}

// beside is the folder of this program, where the others should be.
func beside() string {
	self, err := os.Executable()
	if err != nil {
		return "."
	}
	if real, err := filepath.EvalSymlinks(self); err == nil {
		self = real
	}
	return filepath.Dir(self)
}

func (e *env) showDiagnosis(d *diagnosis, all bool) error {
	told := 0
	for _, f := range d.Findings {
		if f.Grade == gitlfs.Fine && !all {
			continue
		}
		told++
		if err := e.ui.Say("%s %s: %s", marks[f.Grade], f.What, f.Text); err != nil {
			return err
		}
		if f.Hint == "" {
			continue
		}
		if err := e.ui.Say("    %s", e.ui.Localize(f.Hint)); err != nil {
			return err
		}
	}
	if told == 0 {
		return e.ui.Say("nothing is wrong: %d things were looked at", len(d.Findings))
	}
	return nil
}

var marks = map[gitlfs.Grade]string{gitlfs.Fine: "✓", gitlfs.Advice: "!", gitlfs.Fault: "✗"}

// checkCopy looks at the working copy and its submodules; outside of one there is nothing to see.
func checkCopy(ctx context.Context) []gitlfs.Finding {
	top, err := gitlfs.Open(ctx, "", nil)
	if errors.Is(err, gitlfs.ErrNoRepository) {
		return nil
	}
	if err != nil {
		return []gitlfs.Finding{{Grade: gitlfs.Fault, What: "working copy", Text: err.Error(), Hint: "git status"}}
	}
	findings := top.Check(ctx)
	below, err := top.Modules(ctx)
	if err != nil {
		findings = append(findings, gitlfs.Finding{Grade: gitlfs.Fault, What: "submodules", Text: err.Error(), Hint: "git submodule status"})
	}
	for _, c := range below {
		findings = append(findings, c.Check(ctx)...)
	}
	return findings
}

// checkHome looks at the home, and at its daemon if that runs.
func (e *env) checkHome(ctx context.Context) []gitlfs.Finding {
	place, err := e.place()
	if err != nil {
		return []gitlfs.Finding{finding(gitlfs.Fault, "home", err)}
	}
	client, hello, err := control.Connect(ctx, place)
	switch {
	case errors.Is(err, control.ErrNotRunning):
		return []gitlfs.Finding{{
			Grade: gitlfs.Advice, What: "daemon",
			Text: "it does not run: friends cannot reach what is held for them", Hint: "rad swarm daemon --install",
		}}
	case err != nil:
		return []gitlfs.Finding{finding(gitlfs.Fault, "daemon", err)}
	}
	defer client.Close()
	findings := []gitlfs.Finding{{
		Grade: gitlfs.Fine, What: "daemon", Text: fmt.Sprintf("%s, pid %d, interface %d", hello.Software, hello.PID, hello.API),
	}}
	if hello.Software != e.software {
		findings[0] = gitlfs.Finding{
			Grade: gitlfs.Advice, What: "daemon",
			Text: fmt.Sprintf("%s runs, and this is %s", hello.Software, e.software), Hint: "rad swarm daemon --restart",
		}
	}
	return append(append(findings, checkStatus(ctx, client)...), checkNet(ctx, client)...)
}

// finding is an error as a finding.
func finding(grade gitlfs.Grade, what string, err error) gitlfs.Finding {
	p := ui.Explain(err)
	return gitlfs.Finding{Grade: grade, What: what, Text: p.Line, Hint: p.Hint}
}

// checkStatus repeats what the daemon warns of: clock, disk, a key on two machines.
func checkStatus(ctx context.Context, client *control.Client) []gitlfs.Finding {
	var s control.Status
	if err := client.Call(ctx, "GET", to("status"), nil, &s); err != nil {
		return []gitlfs.Finding{finding(gitlfs.Fault, "daemon", err)}
	}
	var findings []gitlfs.Finding
	if s.Locked != "" {
		findings = append(findings, gitlfs.Finding{Grade: gitlfs.Fault, What: "key", Text: "locked: " + s.Locked, Hint: "rad swarm unlock"})
	}
	if s.Store.Problem != "" {
		findings = append(findings, gitlfs.Finding{Grade: gitlfs.Fault, What: "shares", Text: s.Store.Problem, Hint: "rad swarm config"})
	}
	if s.Store.Free > 0 && s.Store.Free <= s.Store.Floor {
		findings = append(findings, gitlfs.Finding{
			Grade: gitlfs.Fault, What: "disk", Hint: "df -h " + s.Store.Dir,
			Text: fmt.Sprintf("%s free, and %s stay free: nothing more is taken", ui.Size(s.Store.Free), ui.Size(s.Store.Floor)),
		})
	}
	for _, w := range s.Warnings {
		findings = append(findings, gitlfs.Finding{Grade: gitlfs.Advice, What: "daemon", Text: w.Text, Hint: w.Hint})
	}
	if s.Friends.Total == 0 {
		findings = append(findings, gitlfs.Finding{
			Grade: gitlfs.Advice, What: "friends", Text: "none yet: big files stay on this disk", Hint: "rad swarm invite --give 50GB",
		})
	}
	return findings
}

// checkNet looks who can be reached.
func checkNet(ctx context.Context, client *control.Client) []gitlfs.Finding {
	var n control.Net
	if err := client.Call(ctx, "GET", to("net"), nil, &n); err != nil {
		return []gitlfs.Finding{finding(gitlfs.Fault, "net", err)}
	}
	var findings []gitlfs.Finding
	friends := 0
	for _, p := range n.Peers {
		if p.Access != "friend" {
			continue
		}
		friends++
		if p.Online {
			continue
		}
		text := cmp.Or(p.Name, p.DID.Short()) + " cannot be reached"
		if p.Problem != "" {
			text += ": " + p.Problem
		}
		findings = append(findings, gitlfs.Finding{Grade: gitlfs.Advice, What: "friends", Text: text, Hint: "rad swarm net dial " + quote(called(p.Name, p.DID))})
	}
	if friends > 0 && n.Reached == nil {
		findings = append(findings, gitlfs.Finding{
			Grade: gitlfs.Advice, What: "net", Hint: "rad swarm net",
			Text: "nobody has connected to this machine yet: if that stays so, forward its port in the router",
		})
	}
	return findings
}
