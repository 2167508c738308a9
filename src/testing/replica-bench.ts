/**
 * The parts of a VM by themselves, without storage, clock or network: for tools that measure them or look into them. No part of what applications use: these names and their
 * parameters may change with any release.
 */
export { BranchReader } from '../replica/branch.ts';
export { frameUpdate } from '../replica/main.ts';
export { Replica } from '../replica/replica.ts';
export { executeCommand } from '../tree/execute.ts';
export { Forest } from '../tree/forest.ts';
