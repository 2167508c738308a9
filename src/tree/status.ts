/** The status codes of OMA DM 1.2 that a command on a management tree can answer (RepPro, response status codes). */
export const Status = {
  Ok: 200,
  /** Exec: begun; the result comes later. */
  Accepted: 202,
  /** Not carried out, because an earlier command of the same Atomic or Sequence failed. */
  NotExecuted: 215,
  /** Carried out and undone, because the Atomic failed. */
  RolledBack: 216,
  BadRequest: 400,
  Forbidden: 403,
  NotFound: 404,
  NotAllowed: 405,
  OptionalFeatureUnsupported: 406,
  Incomplete: 412,
  TooLarge: 413,
  UriTooLong: 414,
  UnsupportedFormat: 415,
  AlreadyExists: 418,
  DeviceFull: 420,
  PermissionDenied: 425,
  CommandFailed: 500,
  AtomicFailed: 507,
} as const;

/** One of these codes. */
export type Status = (typeof Status)[keyof typeof Status];

/** Whether the status says that the command did what it was asked to (2xx, except 215 and 216). */
export function isSuccess(status: Status): boolean {
  return status === Status.Ok || status === Status.Accepted;
}
