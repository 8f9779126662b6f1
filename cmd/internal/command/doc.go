// Package command is rad-swarm: flags and arguments to requests of package control to output of package ui, one file for each
// subcommand. Nothing here knows how anything is done; that is the daemon's, or the package's that a command calls.
//
// Flags may stand anywhere on the line; [arrange] sorts it before urfave/cli sees it. To add a subcommand, write a file with
//
//	func openCommand(e *env) *cli.Command
//
// and put its name into the list in command.go. It gets --json, --quiet and --help by itself, speaks through e.ui only,
// returns its errors, asks the daemon through e.call and e.watch, and has its examples in Description, in lines that begin
// with four spaces and "rad swarm ": a test runs them with flags first and last.
//
// # Differs from the design
//
// Section 13 lets free and prune delete what each holder has proved. A holder that nobody has seen for 14 days, which section 15 takes
// to be lost, is not waited for, and does not count: a friend who died would keep every copy here for ever. And one of the others must
// be one too many, as the copy was.
package command
