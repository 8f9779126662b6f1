// Package erasure turns the chunks of a stripe into blocks, and any K blocks of a stripe back into chunks or into
// other blocks. It implements sections 5.1, 5.2 and 5.4 of ../FORMAT.md: systematic Reed–Solomon over GF(2^8), in the
// default matrix of github.com/klauspost/reedsolomon, whose kernels do the work.
//
// A [Code] is K and N: what is computed from what. A [Stripe] is the memory of one stripe, in the shape that a
// [blobstore.Coding] gives it: it knows how long each block is, fills the short last chunk with zeros, and counts the
// chunks that the last stripe lacks as zeros at hand.
//
//	code, err := erasure.New(coding.K(), 10)
//	stripe, err := code.NewStripe(coding.ChunkSize())
//	for s := range coding.Stripes() {
//		err = stripe.Reset(coding, s)
//		for c := range coding.StripeChunks(s) {
//			b := stripe.Buffer(c) // exactly as long as the chunk
//			…                     // seal into b
//			err = stripe.Put(c, b)
//		}
//		err = stripe.Encode()
//		…stripe.Block(j)… // block s of share j
//	}
//
// A reader puts any blocks it has and calls [Stripe.Decode]; who repairs share j calls [Stripe.Rebuild] with j. Neither
// needs a key, and neither notices false blocks: tags and share roots do.
//
// A point of view that the code uses: through the K chunks of a stripe goes one polynomial of degree under K, byte by
// byte, with chunk c at point c; block j is its value at point j. Every coefficient here is one of Lagrange's formula.
//
// A Code may be shared by any number of goroutines and starts none: callers work on many stripes side by side, each
// with a Stripe of its own, which is not safe for concurrent use.
package erasure
