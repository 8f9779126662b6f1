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
package command
