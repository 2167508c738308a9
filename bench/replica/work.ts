/** What is measured inside a replica, as data. */
export type ReplicaWork =
  /** One step on the way of a Replace from VM A to VM B's observer, one sample each. */
  | {
      readonly type: 'step';
      readonly step: 'replace' | 'merge' | 'apply';
      readonly nodes: number;
      readonly warmUp: number;
      readonly samples: number;
    }
  /** Many Replaces over few leaves: what stays of them. */
  | { readonly type: 'overwrites'; readonly leaves: number; readonly writes: number }
  /** Leaves come and go, day after day, by several members, one of whom is away from one day to another: what stays of them. */
  | {
      readonly type: 'churn';
      /** Leaves that stay. */
      readonly leaves: number;
      readonly members: number;
      readonly days: number;
      /** Leaves that are added each day, and deleted on the next. */
      readonly leavesPerDay: number;
      readonly awayFrom: number;
      readonly awayUntil: number;
    }
  /** Stored bytes to a usable tree: what the system named stored, and for every other system the Yjs update in that. */
  | { readonly type: 'open'; readonly nodes: number; readonly bytesOf: string; readonly opens: number };
