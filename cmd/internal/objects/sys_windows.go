package objects

// notForFolders reports whether an error says that folders cannot be synced here: Windows never does that.
func notForFolders(error) bool { return true }
