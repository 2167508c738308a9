/** Where reading notes what is odd, and stops at what is beyond repair. */
import { VirmoError } from 'virmo-sync';
import type { DdfWarning, DdfWarningCode } from './model.ts';

/** An element, or whatever else stands in a line. */
export interface Place {
  readonly line: number;
}

/** Notes about one node, or (path '') about the document. */
export interface Notes {
  readonly path: string;
  warn(code: DdfWarningCode, place: Place, message: string): void;
}

/** All warnings about one document. Beyond the limit they throw `ddf-invalid`. */
export class Report {
  readonly warnings: DdfWarning[] = [];
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  about(path: string): Notes {
    return { path, warn: (code, place, message) => this.#warn({ code, message, line: place.line, path }) };
  }

  #warn(warning: DdfWarning): void {
    if (this.warnings.length === this.#limit) {
      throw invalid(warning, warning.path, `more than ${this.#limit} warnings: this is hardly a DDF`);
    }
    this.warnings.push(warning);
  }
}

/** The error for a document beyond repair, naming line and node path. */
export function invalid(place: Place, path: string, message: string): VirmoError {
  const where = path === '' ? `line ${place.line}` : `line ${place.line}, ${shorten(path)}`;
  return new VirmoError('ddf-invalid', `${where}: ${message}`);
}

/** Text of a document as it can stand in a message: not longer than that needs. */
export function shorten(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}...` : text;
}
