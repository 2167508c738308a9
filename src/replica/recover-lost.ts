/** What a hub lists as lost, done again as commands of the device itself (rule Y4). */
import { VirmoError } from '../errors.ts';
import { parsePath } from '../tree/uri.ts';
import type { Draft } from './draft.ts';
import type { KeptWrite } from './journal.ts';
import type { MoNode } from './mo-node.ts';
import { type Offer, offerAnew } from './offer-anew.ts';
import { isTreeRecord, type TreeRecord, writeKey } from './record.ts';
import { compareStamps } from './stamp.ts';

interface LostOffer extends Offer {
  readonly record: TreeRecord;
}

/**
 * Does the writes again in the order of their stamps, each where that is possible now; gives the ids of those that were done, or are not to be done any more. In one command; in several where that would be too
 * large (rule M7): divided between the commands in which they were written, and within one of these only where it is too large alone. What is too large all the same is not done; nor is an Exec ever.
 */
export function recoverLost(lost: readonly KeptWrite[], root: MoNode, begin: () => Draft): string[] {
  const offers = lost.flatMap(({ record, uri }) => {
    const path = pathOf(uri);
    return isTreeRecord(record) && path !== undefined ? { record, path, content: record.content } : [];
  });
  offers.sort(({ record: a }, { record: b }) => compareStamps(a.stamp, b.stamp) || a.seq - b.seq);
  return offerInParts(offers, root, begin);
}

function offerInParts(offers: readonly LostOffer[], root: MoNode, begin: () => Draft): string[] {
  const draft = begin();
  const isDone = offerAnew(offers, root, draft);
  try {
    draft.commit();
  } catch (error) {
    if (!(error instanceof VirmoError && error.code === 'message-too-large')) throw error;
    return divide(offers).flatMap((part) => offerInParts(part, root, begin));
  }
  return offers.filter((_, at) => isDone[at]).map(({ record }) => writeKey(record));
}

/** In two, near the middle; not at all where that would part what belongs together. */
function divide(offers: readonly LostOffer[]): LostOffer[][] {
  const places = [...offers.keys()].slice(1);
  const between = places.filter((at) => !isOneCommand(offers[at - 1], offers[at]));
  const within = places.filter((at) => !isValueOf(offers[at], offers[at - 1]));
  const middle = offers.length / 2;
  const distance = (at: number): number => Math.abs(at - middle);
  const [at] = (between.length > 0 ? between : within).sort((a, b) => distance(a) - distance(b));
  return at === undefined ? [] : [offers.slice(0, at), offers.slice(at)];
}

function isOneCommand(one: LostOffer | undefined, other: LostOffer | undefined): boolean {
  return (
    one !== undefined && other !== undefined && compareStamps(one.record.stamp, other.record.stamp) === 0
  );
}

/** A leaf is added together with its value. */
function isValueOf(value: LostOffer | undefined, added: LostOffer | undefined): boolean {
  return (
    value?.content.kind === 'value' &&
    added?.content.kind === 'add' &&
    value.record.node === added.record.node
  );
}

/** What a VM reported may be no URI. */
function pathOf(uri: string): readonly string[] | undefined {
  if (uri === '') return undefined;
  try {
    return parsePath(uri);
  } catch {
    return undefined;
  }
}
