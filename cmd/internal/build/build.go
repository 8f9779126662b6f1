// Package build says which build a program is.
package build

import "runtime/debug"

// Software returns the name and version of radswarm, with the commit it was built from where Go knows it.
func Software() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "radswarm"
	}
	text := "radswarm " + info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return text + " (" + s.Value[:min(12, len(s.Value))] + ")"
		}
	}
	return text
}
