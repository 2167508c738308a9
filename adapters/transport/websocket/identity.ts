import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { PeerIdentity } from 'virmo-sync';

/**
 * What the socket can vouch for: the peer's certificate where TLS has checked one, else the address it comes from.
 * The subject's parts are joined by ", "; a comma inside a part is escaped by a backslash.
 */
export function identify(socket: Duplex): PeerIdentity {
  if (socket instanceof TLSSocket && socket.authorized) {
    const certificate = socket.getPeerX509Certificate();
    if (certificate !== undefined) {
      const subject = certificate.subject.split('\n').join(', ');
      return { kind: 'certificate', subject, fingerprint: certificate.fingerprint256 };
    }
  }
  if (socket instanceof Socket && socket.remoteAddress !== undefined) {
    return { kind: 'address', address: socket.remoteAddress };
  }
  return { kind: 'none' };
}
