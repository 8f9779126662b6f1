// Package nettest is what tests of everything above [radswarm/blobstore/net] share: networks of every backend, and the
// suite that the backends pass. It is imported by tests only.
//
//	nettest.Each(t, func(t *testing.T, b *nettest.Backend) {
//		pair := b.Pair(t, dialer, listener) // two net.Handlers, such as nettest.Handler
//		stream, err := pair.Conn.Open(t.Context())
//		…
//	})
package nettest
