// Package object turns a file into shares and a manifest, and shares back into the file: the pipeline over seal,
// erasure, share and manifest. It implements FORMAT.md §8.
//
// An [Object] is one object in one coding. Writing it takes two passes over the file, because all roots must be known
// before the first byte leaves the machine:
//
//	o, err := object.New(ck, params, 3)
//	m, err := o.Commit(ctx, file, 10, object.Options{})          // pass 1: checks the OID, gives the manifest
//	err = o.Spread(ctx, file, map[int]io.Writer{0: …, 7: …}, …)  // pass 2, as often as needed: writes shares
//
// [Object.Encode] does both. [Object.Decode] brings the file back from any K shares, [Object.ReaderAt] any part of it,
// and [Rebuild] makes one share from K others without a key.
//
// All of them work on several stripes at once with a fixed amount of memory, whatever the size of the file: the number
// of workers times one stripe of all the shares concerned. Bytes are read and written in order, by one goroutine at
// a time. An error says which chunk or share it was; what had been written by then is a beginning and nothing
// more. A done context ends the work before the next stripe, with the context's error bare.
//
// An Object and a ReaderAt are safe for concurrent use.
package object
