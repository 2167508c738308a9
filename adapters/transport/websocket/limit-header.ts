/** In the opening handshake, both ways: the largest message in bytes that the sender of the header takes. */
export const LIMIT_HEADER = 'virmo-max-message-bytes';

/** The smallest limit there is, in bytes: a stranger who states less must not make us chop what we send him into nothings. */
export const LEAST_LIMIT = 512;

/** What both sides take: our limit, or the peer's where it states a smaller one. */
export function agreeOnLimit(ours: number, header: string | readonly string[] | undefined): number {
  if (typeof header !== 'string' || !/^\d{1,15}$/.test(header)) return ours;
  return Math.min(ours, Math.max(LEAST_LIMIT, Number(header)));
}
