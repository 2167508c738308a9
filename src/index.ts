export type { ErrorCode } from './errors.ts';
export { isErrorCode, VirmoError } from './errors.ts';
export type { Change } from './replica/changes.ts';
export type { ExecRule } from './replica/exec-rules.ts';
export type { ExecResult } from './replica/execs.ts';
export type { RefusalCode } from './replica/journal.ts';
export type { LostWrite } from './replica/lost-writes.ts';
export type { ExpulsionReason } from './replica/members.ts';
export type { ConflictingNode, OpenConflict, OpenConflictWhy } from './replica/open-conflicts.ts';
export type { Provenance } from './replica/provenance.ts';
export type { ExecAnswer, ExecContent, TreeContent } from './replica/record.ts';
export type { Resolution } from './replica/resolve.ts';
export type { ScopeRule, Share } from './replica/scope.ts';
export type { Storage, StorageWrite } from './storage.ts';
export type { BackoffOptions } from './sync/backoff.ts';
export type { Channel, CloseReason, Dialer, Listener, PeerIdentity } from './transport.ts';
export type {
  AddCommand,
  Addressees,
  AtomicCommand,
  Command,
  CommandContext,
  CopyCommand,
  DeleteCommand,
  ExecCommand,
  GetCommand,
  Meta,
  Outcome,
  ReplaceCommand,
  ResultItem,
  SequenceCommand,
} from './tree/command.ts';
export { checkData, isFormat } from './tree/format.ts';
export type { AccessType, Occurrence, Schema, SchemaNode } from './tree/schema.ts';
export { isSuccess, Status } from './tree/status.ts';
export type {
  NamedSubtree,
  Subtree,
  SubtreeInterior,
  SubtreeLeaf,
  SubtreeProperties,
  SubtreeUnstated,
} from './tree/subtree.ts';
export type { UriLimits } from './tree/uri.ts';
export { formatSegment, formatUri, nameProblem, parseUri } from './tree/uri.ts';
export type { Data, Format, LeafFormat, Value } from './tree/value.ts';
export {
  type AdmissionRequest,
  type Admit,
  admitAnyoneUnauthenticated,
  preSharedTokens,
} from './vm/admission.ts';
export type { ConflictSide, ExecOutcome, MountEvent, VmEvent } from './vm/events.ts';
export type { ExecHandler, ExecHandlerOptions, ExecInvocation, ExecReply } from './vm/exec-runner.ts';
export type { Connection, ConnectOptions } from './vm/follower-link.ts';
export type { Mount } from './vm/mount.ts';
export type { MoDescription, MountOptions, VmOptions } from './vm/options.ts';
export { type DocumentRepair, type ReadableUpdates, repairDocument } from './vm/repair.ts';
export type { ServeOptions, Service } from './vm/server.ts';
export { readStoredTree, type StoredTree } from './vm/stored.ts';
export type {
  FollowerSyncState,
  HubContact,
  HubSyncState,
  MemberSyncState,
  SyncState,
} from './vm/sync-state.ts';
export { openVm, type Vm } from './vm/vm.ts';
