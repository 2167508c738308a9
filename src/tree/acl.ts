/** Access control lists as text and as data (TND 1.2, section 8.3.7.1). Who may do what at a node: `rights.ts`. */

/** The commands that an ACL speaks of. There is none for Copy: it takes the rights of what it does (8.3.7.1.5). */
export type AclCommand = 'Add' | 'Delete' | 'Exec' | 'Get' | 'Replace';

/** The servers that may use each command; a command that nobody may use is absent. Empty: no value, inherited. */
export type Acl = ReadonlyMap<AclCommand, ReadonlySet<string>>;

/** An ACL that was read, or why the text is none. */
export type AclResult =
  | { readonly ok: true; readonly acl: Acl }
  | { readonly ok: false; readonly reason: string };

/** The root's ACL where nobody has set one; it must have a value (8.3.7.1.2). */
export const ROOT_ACL = 'Add=*&Get=*';

/**
 * Reads an ACL; the empty text is the ACL with no value. A command that stands twice, as in the specification's own example,
 * is granted to the servers of both entries.
 */
export function parseAcl(text: string): AclResult {
  const acl = new Map<AclCommand, Set<string>>();
  if (text === '') return { ok: true, acl };
  for (const entry of text.split('&')) {
    const [command, identifiers, ...more] = entry.split('=');
    if (command === undefined || !isAclCommand(command)) {
      return { ok: false, reason: `'${command}' is no command of an ACL` };
    }
    if (identifiers === undefined || more.length > 0) {
      return { ok: false, reason: `'${entry}' is not <command>=<servers>` };
    }
    const servers = acl.get(command) ?? new Set<string>();
    acl.set(command, servers);
    for (const server of identifiers.split('+')) {
      if (server !== '*' && !isServerIdentifier(server)) {
        return { ok: false, reason: `'${server}' is no server identifier` };
      }
      servers.add(server);
    }
  }
  return { ok: true, acl };
}

/**
 * The canonical text: commands in alphabetical order, their servers in the order of their characters, '*' alone where it
 * stands for all. Equal rights have equal texts.
 */
export function formatAcl(acl: Acl): string {
  const entries: string[] = [];
  for (const command of ACL_COMMANDS) {
    const servers = acl.get(command);
    if (servers === undefined || servers.size === 0) continue;
    entries.push(`${command}=${servers.has('*') ? '*' : [...servers].sort().join('+')}`);
  }
  return entries.join('&');
}

/** Whether the ACL grants the command to the server. */
export function grants(acl: Acl, command: AclCommand, server: string): boolean {
  const servers = acl.get(command);
  return servers !== undefined && (servers.has('*') || servers.has(server));
}

/**
 * The ACL of an interior node made by a server that may not Replace at its parent (8.3.7.1.3): Add, Delete and Replace are
 * the creator's. Having a value ends inheritance for all commands, which would make the node unreadable; so Get and Exec
 * stay whose they are at the parent, and the creator may Get, as both engines that were looked at have it.
 */
export function creatorsAcl(inherited: Acl, creator: string): Acl {
  const own: ReadonlySet<string> = new Set([creator]);
  const acl = new Map<AclCommand, ReadonlySet<string>>([
    ['Add', own],
    ['Delete', own],
    ['Get', new Set([...(inherited.get('Get') ?? []), creator])],
    ['Replace', own],
  ]);
  const executors = inherited.get('Exec');
  if (executors !== undefined) acl.set('Exec', executors);
  return acl;
}

/** Whether this can be a DM server's identifier: printable, without white space and the characters of ACLs (8.3.7.1.5). */
export function isServerIdentifier(text: string): boolean {
  return SERVER_IDENTIFIER.test(text);
}

const ACL_COMMANDS: readonly AclCommand[] = ['Add', 'Delete', 'Exec', 'Get', 'Replace'];
/** No control, format, unassigned or private character, no half surrogate pair; no white space; none of = & * +. */
const SERVER_IDENTIFIER = /^[^\p{C}\s=&*+]+$/u;

function isAclCommand(word: string): word is AclCommand {
  return ACL_COMMANDS.some((command) => command === word);
}
