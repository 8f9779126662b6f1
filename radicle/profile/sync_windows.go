package profile

// syncDir does nothing: Windows has no way to sync a directory, and NTFS journals names itself.
func syncDir(string) error { return nil }
