#!/usr/bin/env node
/** The command line `virmo-sync`. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { ddfCommand } from './ddf.ts';
import { playDemo } from './demo/conductor.ts';
import type { VmSettings } from './demo/messages.ts';
import { runVm } from './demo/vm-process.ts';
import { repairCommand } from './repair.ts';
import { treeCommand } from './tree.ts';

const { stdout, stderr } = process;

// Whoever reads may have seen enough, as `head` has: then this ends as programs do that the signal SIGPIPE stops.
stdout.on('error', (error) => {
  if (!('code' in error) || error.code !== 'EPIPE') throw error;
  process.exit(128 + 13);
});

const program = new Command('virmo-sync')
  .description('Keeps OMA DM management objects in several virtual machines in sync')
  .version(readVersion())
  .showHelpAfterError('(virmo-sync --help shows what there is)');

program
  .command('demo')
  .description('a device VM and a Game VM keep one FUMO in sync: an update, a cut link, a merge')
  .option('--fresh', 'forget what an earlier run left', false)
  .option('--dir <directory>', 'where both VMs keep what they have', '.virmo-sync/demo')
  .action(async ({ dir, fresh }: { readonly dir: string; readonly fresh: boolean }) => {
    process.exitCode = await playDemo({ directory: dir, isFresh: fresh }, stdout);
  });

program
  .command('ddf')
  .description('what DDF files describe, and what is odd about them')
  .argument('<files...>', 'DDF files')
  .option('--json', 'one JSON array', false)
  .action(async (files: readonly string[], options: { readonly json: boolean }) => {
    process.exitCode = await ddfCommand(files, options, stdout, stderr);
  });

program
  .command('tree')
  .description('the tree that a VM has stored; the VM must not be running')
  .argument('<storage>', "the directory of the VM's lmdb storage")
  .argument('[uri]', 'the node to begin with', '.')
  .action(async (storage: string, uri: string) => {
    process.exitCode = await treeCommand(storage, uri, stdout, stderr);
  });

program
  .command('repair')
  .description('makes a damaged storage usable again; the VM must not be running')
  .argument('<storage>', "the directory of the VM's lmdb storage")
  .option('--mo <name>', "give up this management object's copy of main: all of it comes from the hub")
  .option('--empty', 'where nothing can be read, begin with an empty storage', false)
  .action(async (storage: string, options: { readonly mo?: string; readonly empty: boolean }) => {
    process.exitCode = await repairCommand(storage, options, stdout, stderr);
  });

program
  .command('demo-vm', { hidden: true })
  .argument('<settings>')
  .action(async (settings: string) => runVm(JSON.parse(settings) as VmSettings));

try {
  await program.parseAsync();
} catch (error) {
  stderr.write(`virmo-sync: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

/** The package's version: its package.json stands above both the sources and the built files. */
function readVersion(): string {
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      const found: unknown = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
      if (typeof found === 'object' && found !== null && 'version' in found) return String(found.version);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
  return 'unknown';
}
