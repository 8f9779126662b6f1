package daemon

import "log/slog"

// closeUp does nothing: there are no core dumps and no umask.
func closeUp() {}

// dropInherited does nothing: only what is meant to be is inherited.
func dropInherited() {}

// reloads does nothing: there is no SIGHUP.
func reloads(Reloader, *slog.Logger) (stop func()) { return func() {} }
